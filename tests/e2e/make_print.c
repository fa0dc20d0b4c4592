/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests/e2e/make_bmake.py: reads each make file, with the NAME=VALUE that
 * come before the first, and prints, each ended by a NUL byte, "ok" and the
 * value of R, or "error" and the message.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "service/make.h"

static void
print_file(const char *path, char **vars, int nvars)
{
	struct make *m = make_new();
	struct err err = { 0 };
	const char *value = NULL;
	struct arena arena;
	char *equal;
	int i, rv;

	arena_init(&arena);
	for (i = 0; i < nvars; i++) {
		equal = strchr(vars[i], '=');
		make_override(m, arena_strndup(&arena, vars[i], (size_t)(equal - vars[i])), equal + 1);
	}
	rv = make_read(m, path, &err);
	if (rv == 0)
		rv = make_get(m, &arena, "R", &value, &err);
	if (rv == 0)
		printf("ok%c%s%c", '\0', value == NULL ? "" : value, '\0');
	else
		printf("error%c%s%c", '\0', err.msg, '\0');
	arena_release(&arena);
	make_free(m);
}

int
main(int argc, char **argv)
{
	int i, nvars = 0;

	while (nvars + 1 < argc && strchr(argv[nvars + 1], '=') != NULL)
		nvars++;
	for (i = nvars + 1; i < argc; i++)
		print_file(argv[i], argv + 1, nvars);
	return 0;
}
