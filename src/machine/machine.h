/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to boot, and with which devices: plain data, which a backend turns into
 * a process.
 *
 *	struct machine ─┬─ kernel, command line (console=, root=, append)
 *			├─ CPUs, memory
 *			├─ disks[]	ld0, ld1, ... in this order
 *			├─ nic		forwards[]: host port → guest port
 *			└─ console	what the kernel calls its console
 *
 * Strings are not owned (an arena's, a command line's).  Further devices
 * (shares, fw_cfg entries, console ports, an initrd) are further members here,
 * with their checks in machine_check(); a backend that lacks one says so in its
 * own check().
 */
#ifndef SMOL_MACHINE_MACHINE_H
#define SMOL_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define MACHINE_MEM_MIN (UINT64_C(16) << 20)
#define MACHINE_MEM_MAX (UINT64_C(1) << 40)
#define MACHINE_CPUS_MAX 255 /* 8-bit APIC ids */
#define MACHINE_DISKS_MAX 16
/* NetBSD looks for console=, root= and flags only so far into its command line. */
#define MACHINE_CMDLINE_MAX 255

enum machine_console {
	MACHINE_CONSOLE_COM, /* 16550 */
	MACHINE_CONSOLE_VIOCON, /* virtio console, from the kernel's first line on */
};

/* An image whose format is raw; nothing is ever probed from its bytes. */
struct machine_disk {
	const char *path;
	bool read_only; /* the guest sees a read-only disk */
	bool persist; /* writes reach the file, under its lock; else they end with the instance */
};

struct machine_forward {
	bool udp;
	const char *host_addr; /* IPv4; "": every address of the host */
	uint16_t host_port;
	const char *guest_addr; /* IPv4; "": the guest's 10.0.2.15 */
	uint16_t guest_port;
};

enum machine_nic_kind {
	MACHINE_NIC_NONE,
	MACHINE_NIC_USER, /* guest 10.0.2.15/24, gateway 10.0.2.2, DNS 10.0.2.3 */
};

struct machine_nic {
	enum machine_nic_kind kind;
	struct machine_forward *forwards; /* heap: machine_release() */
	size_t nforwards, forwards_cap;
};

struct machine {
	const char *name; /* of the instance, for people */
	const char *arch; /* "amd64", "i386", "evbarm-aarch64" */
	const char *kernel;
	const char *root; /* "NAME=rescueroot", "ld0a"; NULL: no root= */
	const char *append; /* flags and further arguments; "" for none */
	uint64_t mem_bytes;
	unsigned cpus;
	enum machine_console console;
	struct machine_disk *disks; /* heap: machine_release() */
	size_t ndisks, disks_cap;
	struct machine_nic nic;
	const char *const *qemu_args; /* more words for QEMU's command line, as the user wrote them */
	size_t nqemu_args;
};

/* 1 CPU, 256 MiB, a NIC of kind USER, no disk. */
void machine_init(struct machine *);
void machine_release(struct machine *);

struct machine_disk *machine_add_disk(struct machine *);

/* Whether it makes sense by itself; says what to change.  Nothing outside is looked at. */
int machine_check(const struct machine *, struct err *);

/* What smol puts on the kernel's command line, in NetBSD's order; too long is an error, never cut. */
int machine_cmdline(const struct machine *, struct str *out, struct err *);

/* "256" (MiB, as smolBSD has it), "512m", "1g". */
int machine_mem_parse(const char *text, uint64_t *bytes, struct err *);

/*
 * Adds the forwards of one -p option or hostfwd variable: comma-separated,
 * each "[ADDR:]HOST:GUEST[/udp]" (Docker's) or
 * "[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport" (QEMU's, smolBSD's).
 */
int machine_forward_parse(struct machine *, struct arena *, const char *text, struct err *);

/* "8080", "127.0.0.1:8080", "0.0.0.0:53/udp"; for messages. */
#define MACHINE_FORWARD_TEXT_MAX 32
char *machine_forward_text(const struct machine_forward *, char buf[MACHINE_FORWARD_TEXT_MAX]);

#endif
