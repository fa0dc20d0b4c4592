/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to boot, and with which devices: plain data, which a backend turns into
 * a process.
 *
 *	struct machine ─┬─ kernel, command line (console=, root=, append), initrd;
 *			│  or a BIOS, which boots the first disk
 *			├─ CPUs, memory
 *			├─ disks[]	ld0, ld1, ... in this order
 *			├─ nic		forwards[]: host port → guest port
 *			├─ taps[]	NICs on the host's own network
 *			├─ shares[]	host directories, by 9p: vio9p0, ...
 *			├─ fwcfg[]	variables and files for the guest
 *			├─ console	what the kernel calls its console
 *			└─ ports[]	further virtio console ports: ttyVI01, ...
 *
 * Strings are not owned (an arena's, a command line's); the arrays are heap
 * memory, freed by machine_release().  A backend that lacks something says so
 * in its own check().
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
#define MACHINE_CMDLINE_LINUX_MAX 2047 /* COMMAND_LINE_SIZE of x86 and arm64, with its NUL */
#define MACHINE_PORTS_MAX 30 /* QEMU's virtio-serial has 31, the console's among them */
#define MACHINE_SOCKET_MAX 107 /* bytes of a path in sockaddr_un */
#define MACHINE_TAG_MAX 31
#define MACHINE_FWCFG_NAME_MAX 55
#define MACHINE_INTERFACE_MAX 15 /* IFNAMSIZ */

enum machine_guest {
	MACHINE_GUEST_NETBSD,
	MACHINE_GUEST_LINUX, /* its words for console and root; no limit of 255 */
};

enum machine_console {
	MACHINE_CONSOLE_COM, /* 16550 */
	MACHINE_CONSOLE_VIOCON, /* virtio console, from the kernel's first line on */
};

/* An image whose format is raw; nothing is ever probed from its bytes. */
struct machine_disk {
	const char *path;
	bool read_only; /* the guest sees a read-only disk */
	bool persist; /* writes reach the file, under its lock; else they end with the instance */
	bool unlocked; /* only with persist: without the lock, others may write too */
	const char *overlay; /* file that keeps the writes, of smol-vmm's format; only without persist; NULL: none */
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

/* A destination of a restricted guest. */
struct machine_allow {
	bool udp;
	const char *prefix; /* "192.0.2.0/24" */
	const char *ports; /* "443", "1024-65535", "*" */
};

struct machine_nic {
	enum machine_nic_kind kind;
	struct machine_forward *forwards;
	size_t nforwards, forwards_cap;
	bool restricted; /* nothing goes out but answers, and what is allowed */
	struct machine_allow *allows;
	size_t nallows, allows_cap;
};

struct machine_tap {
	const char *interface; /* "tap0"; NULL or "": the backend makes one */
};

struct machine_share {
	const char *tag; /* 9p's mount tag, one word */
	const char *path; /* directory of the host */
	bool read_only;
};

/* QEMU's fw_cfg: what mount_qemufwcfg(8) shows under opt/. */
struct machine_fwcfg {
	const char *name; /* "opt/org.smolbsd.var.K", one word */
	const char *text; /* not empty; NULL: of the file */
	const char *file; /* path on the host */
};

/* A console port beside the console: port 1 is ttyVI01. */
struct machine_port {
	const char *socket; /* path of a Unix stream socket to listen on; NULL: none */
};

struct machine {
	const char *name; /* of the instance, for people */
	const char *arch; /* "amd64", "i386", "evbarm-aarch64" */
	enum machine_guest guest;
	bool bios; /* a PC: kernel, initrd and root are NULL, the first disk boots */
	const char *kernel;
	const char *initrd; /* NULL: none; NetBSD mounts it as its root, md0 */
	const char *root; /* "NAME=rescueroot", "ld0a"; NULL: no root= */
	const char *append; /* flags and further arguments; "" for none */
	uint64_t mem_bytes;
	unsigned cpus;
	enum machine_console console;
	bool acpi; /* ACPI tables: by them Linux, as distributions build it, finds its devices */
	bool balloon; /* memory can be taken back from the running guest */
	struct machine_disk *disks;
	size_t ndisks, disks_cap;
	struct machine_nic nic;
	struct machine_tap *taps;
	size_t ntaps, taps_cap;
	struct machine_share *shares;
	size_t nshares, shares_cap;
	struct machine_fwcfg *fwcfg;
	size_t nfwcfg, fwcfg_cap;
	struct machine_port *ports;
	size_t nports, ports_cap;
	const char *qmp; /* "localhost:4444": QEMU's QMP for others, by TCP; NULL: none */
	const char *pidfile; /* the backend writes its process id there; NULL: none */
	const char *const *qemu_args; /* more words for QEMU's command line, as the user wrote them */
	size_t nqemu_args;
};

/* 1 CPU, 256 MiB, a NIC of kind USER, no disk. */
void machine_init(struct machine *);
void machine_release(struct machine *);

/* A new element at the end of an array, zeroed. */
struct machine_disk *machine_add_disk(struct machine *);
struct machine_tap *machine_add_tap(struct machine *);
struct machine_share *machine_add_share(struct machine *);
struct machine_fwcfg *machine_add_fwcfg(struct machine *);
struct machine_port *machine_add_port(struct machine *);

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

/* Adds what a restricted guest may reach: "ADDR[/BITS]:PORT[-LAST][/udp]", "dns". */
int machine_allow_parse(struct machine *, struct arena *, const char *text, struct err *);

/*
 * Adds fw_cfg entries as startnb.sh's options have them: "K=V,..." become
 * opt/org.smolbsd.var.K, with files "F=PATH,..." become opt/org.smolbsd.file.F.
 */
int machine_fwcfg_parse(struct machine *, struct arena *, const char *text, bool files, struct err *);

/* "8080", "127.0.0.1:8080", "0.0.0.0:53/udp"; for messages. */
#define MACHINE_FORWARD_TEXT_MAX 32
char *machine_forward_text(const struct machine_forward *, char buf[MACHINE_FORWARD_TEXT_MAX]);

#endif
