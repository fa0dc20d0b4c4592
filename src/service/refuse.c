/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two tables of what is not there yet: a row goes when its feature comes.
 */
#include "service/refuse.h"

#include <glob.h>
#include <string.h>

#include "base/defs.h"

/* Files of a service directory, by pattern. */
static const struct {
	const char *pattern, *what;
} files[] = {
	{ "NETBSD_ONLY", "this service asks to be built on NetBSD, which smol does not provide yet" },
};

static const struct {
	const char *name, *what;
	const char *but; /* the one value that asks for nothing; NULL: only the empty one */
} variables[] = {
	{ "BIOSBOOT", "images that boot by BIOS are not made yet", "n" },
	{ "SMOLIFY", "kernels are not changed yet", "n" },
};

static int
refuse_file(const char *dir, size_t row, struct err *err)
{
	size_t len = strlen(dir);
	char pattern[4096];
	glob_t g;
	int rv = 0;

	/* The directory's own name is no pattern. */
	if (len + strlen(files[row].pattern) + 2 > sizeof(pattern) || strpbrk(dir, "*?[\\") != NULL)
		return err_set(err, "%s: a directory with such a name is not understood", dir);
	(void)memcpy(pattern, dir, len);
	pattern[len] = '/';
	(void)strcpy(pattern + len + 1, files[row].pattern);
	if (glob(pattern, 0, NULL, &g) != 0)
		return 0;
	if (g.gl_pathc > 0)
		rv = err_set(err, "%s: %s", g.gl_pathv[0], files[row].what);
	globfree(&g);
	return rv;
}

static int
refuse_variable(struct arena *arena, struct make *m, size_t row, struct err *err)
{
	const char *name = variables[row].name, *value;

	if (make_get(m, arena, name, &value, err) < 0)
		return -1;
	if (value == NULL || value[strspn(value, " \t")] == '\0')
		return 0;
	if (variables[row].but != NULL && strcmp(value, variables[row].but) == 0)
		return 0;
	return err_set(err, "%s: %s=%.80s: %s", make_where(m, name), name, value, variables[row].what);
}

int
service_refuse(struct arena *arena, const char *dir, struct make *m, struct err *err)
{
	size_t i;

	for (i = 0; i < nitems(variables); i++)
		if (refuse_variable(arena, m, i, err) < 0)
			return -1;
	for (i = 0; i < nitems(files); i++)
		if (refuse_file(dir, i, err) < 0)
			return -1;
	return 0;
}
