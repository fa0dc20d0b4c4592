/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not there yet: a row goes when its feature comes.
 */
#include "service/refuse.h"

#include <string.h>
#include <unistd.h>

#include "base/defs.h"

static const struct {
	const char *name, *what;
	const char *but; /* the one value that asks for nothing; NULL: only the empty one */
} variables[] = {
	{ "BIOSBOOT", "images that boot by BIOS are not made yet", "n" },
	{ "SMOLIFY", "kernels are not changed yet", "n" },
};

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

/* smolBSD writes such a service from its SMOLerfile; what lies in the directory is only a part of it. */
static int
refuse_smolerfile(struct arena *arena, const struct workspace *w, const char *dir, struct err *err)
{
	const char *file = workspace_smolerfile(w, arena, strrchr(dir, '/') + 1);

	if (file == NULL || access(arena_printf(arena, "%s/options.mk", dir), F_OK) == 0 ||
	    access(arena_printf(arena, "%s/etc/rc", dir), F_OK) == 0)
		return 0;
	return err_set(err, "%s: SMOLerfiles are not built yet, and %s is only a part of that service", file, dir);
}

int
service_refuse(struct arena *arena, const struct workspace *w, const char *dir, struct make *m, struct err *err)
{
	size_t i;

	for (i = 0; i < nitems(variables); i++)
		if (refuse_variable(arena, m, i, err) < 0)
			return -1;
	return refuse_smolerfile(arena, w, dir, err);
}
