/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The argument of 'smol kernel': a kernel file, mapped, with what it is and
 * its table of devices.
 */
#ifndef SMOL_CMD_KERNEL_ARG_H
#define SMOL_CMD_KERNEL_ARG_H

#include "machine/cfdata.h"
#include "machine/kernel.h"

struct kernel_arg {
	const char *path;
	struct kernel_map map;
	struct kernel kernel;
	struct cfdata table;
};

/* The file, which must be a kernel; kernel_arg_close() in any case. */
int kernel_arg_open(struct kernel_arg *, const char *path, bool writable, struct err *);
/* Its table of devices; the error names the file. */
int kernel_arg_table(struct kernel_arg *, struct err *);
void kernel_arg_close(struct kernel_arg *);

/* A command's run(): [--json] KERNEL, of which show() tells. */
int kernel_arg_show(int argc, char **argv, int (*show)(struct kernel_arg *, bool json, struct err *), struct err *);

#endif
