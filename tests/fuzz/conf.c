/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile etc/NAME.conf: a struct conf or one message, and nothing read past
 * the end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "service/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xmalloc(len + 1);
	struct err err = { 0 };
	struct arena arena;
	struct conf c;

	memcpy(text, data, len);
	text[len] = '\0';
	arena_init(&arena);
	if (conf_read_text(&arena, "etc/x.conf", text, len, &c, &err) == 0)
		conf_release(&c);
	else if (err.msg[0] == '\0')
		abort();
	arena_release(&arena);
	free(text);
	return 0;
}
