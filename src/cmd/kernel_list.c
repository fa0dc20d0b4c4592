/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol kernel list: the devices that a kernel is configured for.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/kernel_arg.h"

static void
print_table(const struct cfdata *c)
{
	char name[CFDATA_TEXT_MAX], parent[CFDATA_TEXT_MAX];
	const struct cfdata_entry *e;
	size_t i;

	for (i = 0; i < c->n; i++) {
		e = &c->entries[i];
		(void)printf("%-16s at %-16s %s%s\n", cfdata_name(e, name), cfdata_parent(e, parent), e->attach,
		    cfdata_disabled(e) ? "  disabled" : "");
	}
}

static json_t *
entry_json(const struct cfdata_entry *e)
{
	bool star = e->state == CFDATA_STAR || e->state == CFDATA_DSTAR;
	char parent[CFDATA_TEXT_MAX];

	return json_pack("{s:s, s:o, s:s, s:s, s:b}", "name", e->name, "unit",
	    star ? json_null() : json_integer(e->unit), "attachment", e->attach, "at", cfdata_parent(e, parent),
	    "enabled", !cfdata_disabled(e));
}

static int
print_json(const struct kernel_arg *a, struct err *err)
{
	json_t *list = json_array(), *j;
	int failed = 0;
	size_t i;

	for (i = 0; i < a->table.n; i++)
		failed |= json_array_append_new(list, entry_json(&a->table.entries[i]));
	j = json_pack("{s:s, s:o}", "kernel", a->path, "devices", list);
	if (j == NULL || failed != 0) {
		json_decref(j);
		return err_set(err, "a name is not UTF-8, which JSON needs");
	}
	(void)json_dumpf(j, stdout, JSON_INDENT(1));
	(void)printf("\n");
	json_decref(j);
	return 0;
}

static int
list(struct kernel_arg *a, bool json, struct err *err)
{
	if (kernel_arg_table(a, err) < 0)
		return -1;
	if (json)
		return print_json(a, err);
	print_table(&a->table);
	return 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	return kernel_arg_show(argc, argv, list, err);
}

const struct command cmd_kernel_list = {
	.name = "kernel list",
	.args = "[--json] KERNEL",
	.summary = "list the devices a NetBSD kernel is configured for",
	.help = "A line each: the device (com0; com* for as many as there are), what it attaches to, its\n"
		"attachment, and whether it is disabled.  The kernel must be an ELF file with symbols.\n\n"
		"  --json  the same as a JSON object\n\n"
		"  smol kernel list kernels/netbsd-GENERIC\n",
	.run = run,
};
