/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs by host system: its architecture, and the accelerators that
 * work on it.  host.c decides; host_linux.c and its sisters look.
 */
#ifndef SMOL_HOST_HOST_H
#define SMOL_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum host_accel_kind {
	HOST_ACCEL_TCG, /* QEMU's own emulation: always there */
	HOST_ACCEL_KVM,
	HOST_ACCEL_HVF,
	HOST_ACCEL_NVMM,
};

struct host_accel {
	enum host_accel_kind kind;
	char reason[192]; /* why this one, for people */
};

/*
 * The accelerator for a guest of that architecture.  wanted is the user's word
 * (QEMU_ACCEL), or NULL; one that is unknown or cannot work is an error that
 * says why.
 */
int host_accel(const char *wanted, const char *guest_arch, struct host_accel *, struct err *);

const char *host_accel_name(enum host_accel_kind); /* QEMU's word */

/* "amd64", "i386", "evbarm-aarch64"; NULL for another. */
const char *host_arch(void);

/* What to type to install a QEMU for that machine here. */
const char *host_qemu_hint(const char *arch);

/* A file without a name, gone with its last descriptor: in TMPDIR, else /var/tmp. */
int host_temporary_file(struct err *);

/* --- one implementation a system --- */

/* How far the system's own accelerator can be used. */
enum host_native {
	HOST_NATIVE_GOOD,
	HOST_NATIVE_SLOW, /* starts, but emulates: only when asked for */
	HOST_NATIVE_ABSENT, /* cannot start */
};

extern const enum host_accel_kind host_native_kind; /* HOST_ACCEL_TCG: the system has none */
/* reason is filled in every case. */
enum host_native host_native_probe(char *reason, size_t size);
const char *host_system(void); /* "Linux" */
/* Whether we may have a tap interface of that name ("": a new one); the message says how to get one. */
int host_tap_check(const char *interface, struct err *);
/* It, for frames behind virtio's 12-byte header (Linux Documentation/networking/tuntap.rst). */
int host_tap_open(const char *interface, struct err *);
/* The directory that this program lies in, the caller's; NULL: not known. */
char *host_program_dir(void);

/*
 * A file in memory, without a name: its descriptor, and a path by which other
 * processes of the user open it as long as this process has it.
 */
#define HOST_MEMORY_PATH_MAX 64
int host_memory_file(char path[HOST_MEMORY_PATH_MAX], struct err *);

/* Whether the text of Linux's /proc/cpuinfo shows vmx or svm. */
bool host_cpuinfo_has_virt(const char *text);

#endif
