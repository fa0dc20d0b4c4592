/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table read: symbol, entries, strings, each within the file.
 */
#include "machine/cfdata.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/endian.h"
#include "machine/elf.h"

#define NAME_MAX_BYTES 63

struct table {
	struct elf elf;
	uint64_t addr; /* of cfdata[] in the kernel */
	struct cfdata *out;
	struct err *err;
};

static int
find_table(struct table *t)
{
	uint64_t bytes;

	if (t->elf.nsymbols == 0)
		return err_set(
		    t->err, "it has no symbols, by which its table of devices is found; take one that is not stripped");
	if (!elf_symbol(&t->elf, "cfdata", &t->addr, &bytes))
		return err_set(t->err, "it has no table of devices (no symbol cfdata): it is no NetBSD kernel");
	return 0;
}

/* The string that the pointer at that offset leads to; NULL and *null if it is NULL. */
static const char *
string_at(const struct table *t, uint64_t offset, bool *null)
{
	uint64_t addr = elf_pointer(&t->elf, offset);

	*null = addr == 0;
	return addr == 0 ? NULL : elf_string(&t->elf, addr, NAME_MAX_BYTES);
}

static int
bad_entry(const struct table *t, const char *what)
{
	return err_set(t->err,
	    "entry %zu of its table of devices has no %s: it is damaged, or of a NetBSD that smol does not know",
	    t->out->n, what);
}

static int
read_parent(const struct table *t, struct cfdata_entry *e, uint64_t pspec)
{
	uint64_t width = t->elf.is64 ? 8 : 4, at;
	bool null;

	e->parent_unit = -1;
	if (pspec == 0)
		return 0;
	if (!elf_find(&t->elf, pspec, 2 * width + 4, &at))
		return bad_entry(t, "parent");
	e->parent = string_at(t, at + width, &null);
	if (null)
		e->parent = string_at(t, at, &null);
	else
		e->parent_unit = (int32_t)get_le32(t->elf.p + at + 2 * width);
	return e->parent == NULL ? bad_entry(t, "parent's name") : 0;
}

/* 1: read.  0: it ends the table. */
static int
read_entry(const struct table *t, uint64_t at, struct cfdata_entry *e)
{
	uint64_t width = t->elf.is64 ? 8 : 4;
	bool null;

	*e = (struct cfdata_entry){ .state_offset = at + 2 * width };
	e->name = string_at(t, at, &null);
	if (null)
		return 0;
	if (e->name == NULL)
		return bad_entry(t, "name");
	e->attach = string_at(t, at + width, &null);
	if (e->attach == NULL)
		return bad_entry(t, "attachment");
	return read_parent(t, e, elf_pointer(&t->elf, at + (t->elf.is64 ? 40 : 20))) < 0 ? -1 : 1;
}

static int
read_entries(struct table *t)
{
	uint64_t size = t->elf.is64 ? 48 : 24, at;
	struct cfdata_entry e;
	size_t cap = 0;
	int rv;

	for (;; t->addr += size) {
		if (t->out->n > CFDATA_MAX || !elf_find(&t->elf, t->addr, size, &at))
			return err_set(t->err, "its table of devices has no end: it is damaged");
		rv = read_entry(t, at, &e);
		if (rv <= 0)
			return rv;
		*vec_push(t->out->entries, t->out->n, cap) = e;
	}
}

/*
 * state_offset is where unit and state begin.  NetBSD 10 has the state in the
 * last byte of the four, before it was in the two last ones: then the last is
 * 0 in every entry, and in some the third is not (units have two bytes).
 */
static int
read_states(struct table *t)
{
	const uint8_t *p;
	struct cfdata_entry *e;
	bool old = false;
	size_t i;

	for (i = 0; i < t->out->n; i++)
		old |= t->elf.p[t->out->entries[i].state_offset + 2] != 0;
	for (i = 0; i < t->out->n; i++) {
		e = &t->out->entries[i];
		p = t->elf.p + e->state_offset;
		e->unit = get_le16(p);
		e->state = old ? p[2] : p[3];
		if ((old && p[3] != 0) || e->state > CFDATA_DNOTFOUND)
			return err_set(t->err,
			    "entry %zu of its table of devices is in state %u: it is damaged, or of a NetBSD that smol "
			    "does not know",
			    i, (unsigned)get_le16(p + 2));
		e->state_offset += old ? 2 : 3;
	}
	return 0;
}

int
cfdata_read(struct cfdata *c, const void *kernel, size_t len, struct err *err)
{
	struct table t = { .out = c, .err = err };

	*c = (struct cfdata){ 0 };
	if (!elf_is(kernel, len))
		return err_set(err, "it is not an ELF file, in which alone the table of devices is found");
	if (elf_open(&t.elf, kernel, len, err) == 0 && find_table(&t) == 0 && read_entries(&t) == 0 &&
	    read_states(&t) == 0)
		return 0;
	cfdata_release(c);
	return -1;
}

void
cfdata_release(struct cfdata *c)
{
	free(c->entries);
	*c = (struct cfdata){ 0 };
}

char *
cfdata_name(const struct cfdata_entry *e, char buf[CFDATA_TEXT_MAX])
{
	if (e->state == CFDATA_STAR || e->state == CFDATA_DSTAR)
		(void)snprintf(buf, CFDATA_TEXT_MAX, "%s*", e->name);
	else
		(void)snprintf(buf, CFDATA_TEXT_MAX, "%s%" PRIu32, e->name, e->unit);
	return buf;
}

char *
cfdata_parent(const struct cfdata_entry *e, char buf[CFDATA_TEXT_MAX])
{
	if (e->parent == NULL)
		(void)strcpy(buf, "root");
	else if (e->parent_unit == -1)
		(void)snprintf(buf, CFDATA_TEXT_MAX, "%s?", e->parent);
	else
		(void)snprintf(buf, CFDATA_TEXT_MAX, "%s%" PRId32, e->parent, e->parent_unit);
	return buf;
}
