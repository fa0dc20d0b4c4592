/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the QEMU backend share:
 *
 *	qemu.c		finding it, refusing what it cannot do
 *	qemu_args.c	machine → argument list
 *	qemu_version.c	what its version is
 *	qemu_explain.c	what its messages mean
 */
#ifndef SMOL_BACKEND_QEMU_IMPL_H
#define SMOL_BACKEND_QEMU_IMPL_H

#include "backend/backend.h"

/* amd64 and i386 are QEMU's "microvm", or with a BIOS its "pc"; aarch64 is its "virt". */
bool qemu_is_microvm(const struct machine *);
const char *qemu_machine_name(const struct machine *);

/* It gets ACPI tables, and with them a power button (virt: a device tree's). */
bool qemu_has_acpi(const struct machine *, const struct backend_env *);

const char *const *qemu_argv(const struct machine *, const struct backend_env *, struct arena *, struct err *);
int qemu_explain(const struct machine *, const char *output, struct err *);

/* What "--version" printed, as BACKEND_VERSION(); 0 if it is not QEMU's line. */
unsigned qemu_version_parse(const char *text);

/* The version of the program at path, from the cache while the file is the same, else asked; 0 if it does not say. */
unsigned qemu_version(const char *path);

#endif
