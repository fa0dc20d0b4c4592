/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile options.mk: whatever the text is, reading it and expanding its
 * variables ends soon, with values or one message.  Includes find nothing: the
 * name of the file is in no directory.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "service/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const names[] = { "R", "A", "B", "a.x" };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct make *m = make_new();
	struct err err = { 0 };
	struct arena arena;
	const char *value;
	size_t i;
	int rv;

	arena_init(&arena);
	make_preset(m, "ARCH", "amd64");
	make_override(m, "O", "$$ ${ARCH:S/a/b/}");
	make_preset(m, ".TARGETS", "build");
	make_chdir(m, "/nonexistent");
	rv = make_read_text(m, "/nonexistent/options.mk", (const char *)data, len, &err);
	for (i = 0; rv == 0 && i < sizeof(names) / sizeof(names[0]); i++)
		rv = make_get(m, &arena, names[i], &value, &err);
	if (rv < 0 && err.msg[0] == '\0')
		abort();
	arena_release(&arena);
	make_free(m);
	return 0;
}
