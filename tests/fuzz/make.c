/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile options.mk: whatever the text is, reading it and expanding R ends
 * soon, with a value or one message.  Includes find nothing: the name of the
 * file is in no directory.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "service/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct make *m = make_new();
	struct err err = { 0 };
	struct arena arena;
	const char *value;

	arena_init(&arena);
	make_preset(m, "ARCH", "amd64");
	make_override(m, "O", "$$ ${ARCH:S/a/b/}");
	if ((make_read_text(m, "/nonexistent/options.mk", (const char *)data, len, &err) < 0 ||
		make_get(m, &arena, "R", &value, &err) < 0) &&
	    err.msg[0] == '\0')
		abort();
	arena_release(&arena);
	make_free(m);
	return 0;
}
