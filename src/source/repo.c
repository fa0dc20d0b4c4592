/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packages in memory: access, and building.
 */
#include "source/repo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"

#define PACKAGES_MAX 1000000
#define STRINGS_MAX (UINT32_C(1) << 28)
#define NUMBER_MAX (UINT64_C(1) << 40)

/* Offset 0 is "", and an empty list. */
#define EMPTY "\0"

const char *
repo_get(const struct repo *r, uint32_t package, enum repo_field field)
{
	size_t at = package >= r->n ? 0 : get_le32(r->entries + ((size_t)package * REPO_FIELDS + field) * 4);

	/* The last two bytes are NUL: every string and list ends. */
	return at + 2 > r->strings_bytes ? EMPTY : r->strings + at;
}

uint64_t
repo_number(const struct repo *r, uint32_t package, enum repo_field field)
{
	struct err ignored;
	uint64_t n;

	return parse_u64(repo_get(r, package, field), 0, NUMBER_MAX, "number", &n, &ignored) < 0 ? 0 : n;
}

struct digest
repo_digest(const struct repo *r, uint32_t package)
{
	const char *text = repo_get(r, package, REPO_DIGEST), *blank = strchr(text, ' ');
	struct digest d = { 0 };

	if (blank == NULL ||
	    !digest_read(&d, digest_kind_of(text, (size_t)(blank - text)), blank + 1, strlen(blank + 1)))
		d = (struct digest){ 0 };
	return d;
}

uint32_t
repo_search(const struct repo *r, const char *prefix, size_t len)
{
	uint32_t low = 0, high = r->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strncmp(repo_get(r, mid, REPO_NAME), prefix, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
repo_release(struct repo *r)
{
	if (r->map != NULL)
		(void)munmap(r->map, r->map_bytes);
	free(r->built);
	str_release(&r->text);
	*r = (struct repo){ 0 };
}

/* --- building --- */

void
repo_builder_init(struct repo_builder *b)
{
	*b = (struct repo_builder){ .list = REPO_FIELDS };
	str_addn(&b->strings, EMPTY, 2);
}

void
repo_builder_release(struct repo_builder *b)
{
	free(b->entries);
	str_release(&b->strings);
}

static void
end_list(struct repo_builder *b)
{
	if (b->list != REPO_FIELDS)
		str_addn(&b->strings, EMPTY, 1);
	b->list = REPO_FIELDS;
}

/* A list that was left and is come back to: its parts are put together. */
static void
reopen_list(struct repo_builder *b, enum repo_field field)
{
	size_t from = b->now[field], len;

	b->now[field] = (uint32_t)b->strings.len;
	for (; b->strings.p[from] != '\0'; from += len + 1) {
		cleanup_free char *item = xstrdup(b->strings.p + from);

		len = strlen(item);
		str_addn(&b->strings, item, len);
		str_addn(&b->strings, EMPTY, 1);
	}
}

void
repo_add(struct repo_builder *b, enum repo_field field, const char *value, size_t len)
{
	const char *nul = memchr(value, '\0', len);

	if (nul != NULL)
		len = (size_t)(nul - value);
	if (len == 0 || b->full)
		return;
	if (b->strings.len + len > STRINGS_MAX) {
		b->full = true;
		return;
	}
	if (field < REPO_LISTS || field != b->list) {
		end_list(b);
		if (field >= REPO_LISTS && b->now[field] != 0)
			reopen_list(b, field);
		else
			b->now[field] = (uint32_t)b->strings.len;
		b->list = field >= REPO_LISTS ? field : REPO_FIELDS;
	}
	str_addn(&b->strings, value, len);
	str_addn(&b->strings, EMPTY, 1);
}

/* A name that can stand in a URL and in a path: no directory, nothing hidden, nothing that a terminal or a line minds.
 */
static bool
name_ok(const char *name)
{
	const char *p;

	for (p = name; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '/' || *p == '\\')
			return false;
	return *name != '\0' && *name != '.' && p - name <= 255;
}

static const char *
text(const struct repo_builder *b, enum repo_field field)
{
	return b->strings.p + b->now[field];
}

void
repo_add_end(struct repo_builder *b)
{
	end_list(b);
	if (b->now[REPO_NAME] != 0 && b->now[REPO_FILE] == 0) {
		cleanup_free char *file = NULL;
		struct str s = { 0 };

		str_addf(&s, "%s.tgz", text(b, REPO_NAME));
		file = s.p;
		repo_add(b, REPO_FILE, file, s.len);
	}
	if (b->now[REPO_NAME] != 0 && name_ok(text(b, REPO_NAME)) && b->now[REPO_FILE] != 0 && b->n < PACKAGES_MAX)
		(void)memcpy(*vec_push(b->entries, b->n, b->cap), b->now, sizeof(b->now));
	(void)memset(b->now, 0, sizeof(b->now));
}

struct named {
	const char *name;
	const uint32_t *fields;
};

/* Of the same name the one that came first. */
static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : x->name < y->name ? -1 : x->name > y->name;
}

void
repo_build(struct repo *r, struct repo_builder *b)
{
	cleanup_free struct named *sorted = xcalloc(b->n + 1, sizeof(*sorted));
	size_t i, field;

	str_addn(&b->strings, EMPTY, 2);
	for (i = 0; i < b->n; i++)
		sorted[i] = (struct named){ b->strings.p + b->entries[i][REPO_NAME], b->entries[i] };
	qsort(sorted, b->n, sizeof(*sorted), by_name);
	*r = (struct repo){ .n = (uint32_t)b->n, .text = b->strings, .strings_bytes = b->strings.len };
	r->built = xcalloc(b->n + 1, (size_t)REPO_FIELDS * 4);
	for (i = 0; i < b->n; i++)
		for (field = 0; field < REPO_FIELDS; field++)
			put_le32(r->built + (i * REPO_FIELDS + field) * 4, sorted[i].fields[field]);
	r->entries = r->built;
	r->strings = r->text.p;
	b->strings = (struct str){ 0 };
	repo_builder_release(b);
}
