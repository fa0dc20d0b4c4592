/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stays in an image and why, and what is missing, for people or as JSON.
 */
#ifndef SMOL_CMD_MINIMISE_PRINT_H
#define SMOL_CMD_MINIMISE_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "minimise/minimise.h"

struct minimise_print {
	bool explain; /* each file, by path, with its chain of reasons */
	bool check; /* what is missing is an error */
	bool json;
	uint64_t ns; /* it took */
};

/* Fails if something is missing and check is set, after all was printed. */
int minimise_print(const struct minimise *, const struct minimise_print *, struct err *);

/* What is missing on stderr, and unless quiet how much stays on stdout. */
void minimise_warn(const struct minimise *, bool quiet);

#endif
