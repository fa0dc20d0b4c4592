/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An error is a value: the caller owns a struct err, a function that fails
 * fills it and returns -1 or NULL.  Only main() and the tests print it.
 *
 * Message form: "cannot open 'x': reason", lower case, no full stop; the
 * user's file:line first where there is one.
 */
#ifndef SMOL_BASE_ERR_H
#define SMOL_BASE_ERR_H

#include <stdbool.h>

#define ERR_MAX 1024

struct err {
	bool usage; /* the user's command was wrong: exit status 2 */
	char msg[ERR_MAX]; /* one line, empty while nothing failed */
};

/* All of these return -1, so that a function can end in "return err_set(...)". */
int err_set(struct err *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_usage(struct err *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends ": " and the text of errno. */
int err_sys(struct err *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "file:line: " in front; "file: " where line is 0. */
int err_at(struct err *, const char *file, unsigned line, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Puts context and ": " in front of what is already there. */
int err_wrap(struct err *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
