/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots in numbers: percentiles for people, everything for programs.
 */
#ifndef SMOL_CMD_TRACE_PRINT_H
#define SMOL_CMD_TRACE_PRINT_H

#include "instance/trace.h"

struct trace_run {
	const char *vmm; /* the backend's name */
	bool cold;
	struct trace trace;
};

/* On standard output. */
int trace_print(const char *image, const struct trace_run *, size_t n, bool json, struct err *);

#endif
