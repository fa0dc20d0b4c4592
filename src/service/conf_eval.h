/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A conf as sh reads it.  /bin/sh runs a few lines of ours that source the
 * file and report its variables on a descriptor of their own:
 *
 *	NAME=VALUE NUL ... "end" NUL
 *
 * What the file prints on standard output is thrown away; what it prints on
 * standard error is kept for the message if it fails.  A complaint of sh
 * itself, which has a line number, is a failure even where sh goes on: a
 * command that is not there has set a variable to nothing.
 */
#ifndef SMOL_SERVICE_CONF_EVAL_H
#define SMOL_SERVICE_CONF_EVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

#define CONF_VALUE_MAX (64 * 1024)
#define CONF_REPORT_MAX (1024 * 1024)

struct conf_name {
	const char *name;
	bool environment; /* what the environment has of it stays */
};

struct conf_script {
	const char *path, *root, *svc;
	const char *prelude; /* lines of sh before the file; NULL: none */
	const struct conf_name *names; /* to report */
	size_t nnames;
	unsigned time_ms;
};

/* report, empty before, holds the above after 0. */
int conf_eval(const struct conf_script *, struct str *report, struct err *);

/* The file as sh knows it, and as messages name it. */
struct conf_place {
	const char *script, *shown;
};

/*
 * The first complaint of sh (dash, bash, busybox, ksh) among what was printed
 * on standard error: true, and err has it with its place.
 */
bool conf_complaint(const char *messages, const struct conf_place *, struct err *);

#endif
