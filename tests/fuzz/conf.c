/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile output of a conf's sh: the report of its variables, its text, and
 * what it said on standard error.  A struct conf or one message, and nothing
 * read past the end.  sh itself does not run.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "service/conf.h"
#include "service/conf_eval.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct conf_place place = { .script = "/w/etc/x.conf", .shown = "etc/x.conf" };
	char *report = xmalloc(len == 0 ? 1 : len), *text = xmalloc(len + 1);
	struct err err = { 0 };
	struct arena arena;
	struct conf c;

	memcpy(report, data, len);
	memcpy(text, data, len);
	text[len] = '\0';
	arena_init(&arena);
	conf_init(&arena, "etc/x.conf", &c);
	if ((conf_take(&arena, report, len, text, &c, &err) < 0) != (err.msg[0] != '\0'))
		abort();
	conf_release(&c);
	err.msg[0] = '\0';
	if (conf_complaint(text, &place, &err) != (err.msg[0] != '\0'))
		abort();
	arena_release(&arena);
	free(report);
	free(text);
	return 0;
}
