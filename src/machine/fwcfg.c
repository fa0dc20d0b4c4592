/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fw_cfg entries as users write them: startnb.sh's -e and -E.
 */
#include <string.h>

#include "machine/machine.h"

static int
add_item(struct machine *m, struct arena *arena, char *item, bool files, struct err *err)
{
	const char *what = files ? "file" : "variable";
	char *value = strchr(item, '=');
	struct machine_fwcfg *f;

	if (value == NULL || value == item)
		return err_usage(err, "bad guest %s '%s': want %s", what, item, files ? "NAME=PATH" : "NAME=VALUE");
	*value++ = '\0';
	if (files && *value == '\0')
		return err_usage(err, "bad guest file '%s': no path after the '='", item);
	f = machine_add_fwcfg(m);
	f->name = arena_printf(arena, "opt/org.smolbsd.%s.%s", files ? "file" : "var", item);
	f->text = files ? NULL : value;
	f->file = files ? value : NULL;
	return 0;
}

int
machine_fwcfg_parse(struct machine *m, struct arena *arena, const char *text, bool files, struct err *err)
{
	char *list = arena_strdup(arena, text), *item;

	while ((item = strsep(&list, ",")) != NULL)
		if (*item != '\0' && add_item(m, arena, item, files, err) < 0)
			return -1;
	return 0;
}
