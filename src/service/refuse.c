/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not there yet.
 */
#include "service/refuse.h"

#include <string.h>
#include <unistd.h>

/* smolBSD writes such a service from its SMOLerfile; what lies in the directory is only a part of it. */
int
service_refuse(struct arena *arena, const struct workspace *w, const char *dir, struct err *err)
{
	const char *file = workspace_smolerfile(w, arena, strrchr(dir, '/') + 1);

	if (file == NULL || access(arena_printf(arena, "%s/options.mk", dir), F_OK) == 0 ||
	    access(arena_printf(arena, "%s/etc/rc", dir), F_OK) == 0)
		return 0;
	return err_set(err, "%s: SMOLerfiles are not built yet, and %s is only a part of that service", file, dir);
}
