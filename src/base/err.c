/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error values: formatting into the caller's struct err.  Control characters
 * that came in with a file name or a tar member are shown as '?', so that a
 * message is one line and cannot drive the terminal.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
clean(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

static void
format(struct err *err, const char *fmt, va_list ap)
{
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	clean(err->msg);
}

int
err_set(struct err *err, const char *fmt, ...)
{
	va_list ap;

	err->usage = false;
	va_start(ap, fmt);
	format(err, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_usage(struct err *err, const char *fmt, ...)
{
	va_list ap;

	err->usage = true;
	va_start(ap, fmt);
	format(err, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t len;

	err->usage = false;
	va_start(ap, fmt);
	format(err, fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", strerror(saved));
	return -1;
}

int
err_at(struct err *err, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	err->usage = false;
	va_start(ap, fmt);
	format(err, fmt, ap);
	va_end(ap);
	return line == 0 ? err_wrap(err, "%s", file) : err_wrap(err, "%s:%u", file, line);
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	char tail[ERR_MAX];
	va_list ap;
	size_t len;

	memcpy(tail, err->msg, sizeof(tail));
	va_start(ap, fmt);
	format(err, fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", tail);
	return -1;
}
