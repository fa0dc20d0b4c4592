/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kind of kernel a file holds, read from its own headers: class, entry,
 * the PVH entry (note Xen/18), NetBSD's ident note, and whether it has the
 * early virtio console.  The bytes are not trusted.
 *
 *	amd64, i386	ELF with a PVH entry, or Linux's bzImage
 *	evbarm-aarch64	Image: Linux's, or what NetBSD calls netbsd.img
 */
#ifndef SMOL_MACHINE_KERNEL_H
#define SMOL_MACHINE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What the kernel of that architecture is called, in kernels/ and at KDIST; NULL: no such architecture. */
const char *kernel_default_name(const char *arch);

enum kernel_kind {
	KERNEL_ELF,
	KERNEL_LINUX_X86, /* bzImage */
	KERNEL_IMAGE_ARM64, /* Linux's Image, and NetBSD's netbsd.img */
	KERNEL_COMPRESSED,
	KERNEL_UNKNOWN,
};

enum kernel_machine {
	KERNEL_MACHINE_OTHER,
	KERNEL_MACHINE_I386,
	KERNEL_MACHINE_AMD64,
	KERNEL_MACHINE_AARCH64,
};

struct kernel {
	enum kernel_kind kind;
	const char *compression; /* KERNEL_COMPRESSED: "gzip", ... */
	enum kernel_machine machine;
	unsigned bits; /* 32 or 64 */
	uint64_t entry; /* ELF's */
	bool pvh;
	uint64_t pvh_entry; /* physical */
	bool viocon; /* has the symbol viocon_earlyinit; an Image has no symbols */
	bool is_linux; /* for certain: machine.guest */
	bool netbsd; /* has NetBSD's ident note */
	uint32_t netbsd_version; /* __NetBSD_Version__ */
};

/* "amd64", ...; "another architecture". */
const char *kernel_machine_name(enum kernel_machine);

/* The bytes of a kernel file; writable: to change them in memory, not in the file. */
struct kernel_map {
	uint8_t *p;
	size_t len;
	unsigned mode; /* permissions of the file */
};

int kernel_map(struct kernel_map *, const char *path, bool writable, struct err *);
void kernel_unmap(struct kernel_map *);

/* Fails if the file cannot be read, or is an ELF file that contradicts itself. */
int kernel_probe(const char *path, struct kernel *, struct err *);

/* The same for bytes in memory. */
int kernel_parse(const void *data, size_t len, struct kernel *, struct err *);

/* Whether a machine of that architecture can boot it; the message says what to do. */
int kernel_check(const struct kernel *, const char *path, const char *arch, struct err *);

#endif
