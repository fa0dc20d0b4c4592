/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries of the table disabled: FSTATE_NOTFOUND becomes FSTATE_DNOTFOUND,
 * FSTATE_STAR FSTATE_DSTAR (sys/kern/subr_userconf.c).
 */
#include <string.h>

#include "machine/cfdata.h"

#define BETWEEN ", \t\n"

const char cfdata_keep_default[] =
    "mainbus cpu acpicpu ioapic pci isa pcdisplay wsdisplay com virtio ld vioif qemufwcfg";

/* The next name; NULL at the end. */
static const char *
next_name(const char **list, size_t *len)
{
	const char *name = *list + strspn(*list, BETWEEN);

	*len = strcspn(name, BETWEEN);
	*list = name + *len;
	return *len == 0 ? NULL : name;
}

static bool
is_named(const struct cfdata_entry *e, const char *name, size_t len)
{
	return strlen(e->name) == len && memcmp(e->name, name, len) == 0;
}

static bool
is_listed(const struct cfdata_entry *e, const char *list)
{
	const char *name;
	size_t len;

	while ((name = next_name(&list, &len)) != NULL)
		if (is_named(e, name, len))
			return true;
	return false;
}

/* A name that was misspelt would else do the opposite of what is meant. */
static int
check_names(const struct cfdata *c, const char *list, struct err *err)
{
	const char *name;
	size_t len, i;

	while ((name = next_name(&list, &len)) != NULL) {
		for (i = 0; i < c->n && !is_named(&c->entries[i], name, len); i++)
			;
		if (i == c->n)
			return err_usage(err, "the kernel has no driver '%.*s'; 'smol kernel list' tells which it has",
			    (int)(len > 60 ? 60 : len), name);
	}
	return 0;
}

int
cfdata_disable(
    struct cfdata *c, uint8_t *kernel, const struct cfdata_choice *choice, struct cfdata_count *count, struct err *err)
{
	struct cfdata_entry *e;
	size_t i;

	*count = (struct cfdata_count){ 0 };
	if (!choice->any && check_names(c, choice->list, err) < 0)
		return -1;
	for (i = 0; i < c->n; i++) {
		e = &c->entries[i];
		if (cfdata_disabled(e))
			continue;
		if (is_listed(e, choice->list) == choice->keep) {
			count->left++;
			continue;
		}
		e->state = e->state == CFDATA_STAR ? CFDATA_DSTAR : CFDATA_DNOTFOUND;
		kernel[e->state_offset] = (uint8_t)e->state;
		count->disabled++;
	}
	return count->left > 0 ? 0 : err_set(err, "it would be left without any device");
}
