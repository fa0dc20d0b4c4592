/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a B+tree level by level, from the leaves up.
 */
#include "source/btree.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"

#define MAGIC 0x053162
#define VERSION 3
#define NO_DUPLICATES 0x20
#define PAGE 4096
#define HEADER 20
#define INNER 1
#define LEAF 2
#define ITEM_HEADER 9
#define ROOT 1

/* A page of the level below, and its first key. */
struct child {
	const char *key;
	uint32_t page;
};

struct writer {
	struct str *out;
	uint32_t pages; /* so far */
	/* The page being filled. */
	uint8_t page[PAGE];
	size_t lower, upper;
	const char *first;
	uint32_t flags, before; /* of its level */
	/* Pages of its level. */
	struct child *level;
	size_t n, cap;
};

static void
begin(struct writer *w)
{
	(void)memset(w->page, 0, PAGE);
	w->lower = HEADER;
	w->upper = PAGE;
	w->first = NULL;
}

/* The page under its number; the level goes on after it, or ends. */
static void
end(struct writer *w, uint32_t number, bool last)
{
	put_le32(w->page, number);
	put_le32(w->page + 4, w->before);
	put_le32(w->page + 8, last ? 0 : number + 1);
	put_le32(w->page + 12, w->flags);
	put_le16(w->page + 16, (uint16_t)w->lower);
	put_le16(w->page + 18, (uint16_t)w->upper);
	if (number == ROOT)
		(void)memcpy(w->out->p + (size_t)ROOT * PAGE, w->page, PAGE);
	else
		str_addn(w->out, (char *)w->page, PAGE);
	*vec_push(w->level, w->n, w->cap) = (struct child){ w->first, number };
	w->before = number;
}

/* Room for an item of so many bytes: where it goes, or NULL if the page is full. */
static uint8_t *
room(struct writer *w, size_t bytes)
{
	bytes = roundup(bytes, (size_t)4);
	if (w->upper - w->lower < bytes + 2)
		return NULL;
	w->upper -= bytes;
	put_le16(w->page + w->lower, (uint16_t)w->upper);
	w->lower += 2;
	return w->page + w->upper;
}

static bool
put_leaf(struct writer *w, const struct btree_record *r)
{
	size_t key = strlen(r->key) + 1, value = strlen(r->value) + 1;
	uint8_t *p = room(w, ITEM_HEADER + key + value);

	if (p == NULL)
		return false;
	put_le32(p, (uint32_t)key);
	put_le32(p + 4, (uint32_t)value);
	(void)memcpy(p + ITEM_HEADER, r->key, key);
	(void)memcpy(p + ITEM_HEADER + key, r->value, value);
	w->first = w->first == NULL ? r->key : w->first;
	return true;
}

static bool
put_inner(struct writer *w, const struct child *c, bool leftmost)
{
	size_t key = leftmost ? 0 : strlen(c->key) + 1;
	uint8_t *p = room(w, ITEM_HEADER + key);

	if (p == NULL)
		return false;
	put_le32(p, (uint32_t)key);
	put_le32(p + 4, c->page);
	(void)memcpy(p + ITEM_HEADER, c->key, key);
	w->first = w->first == NULL ? c->key : w->first;
	return true;
}

/* A level of inner pages over the one below; true once that is one page, the root. */
static bool
put_level(struct writer *w, struct child *below, size_t n)
{
	size_t bytes = 0, i;

	w->flags = INNER;
	w->before = 0;
	w->n = w->cap = 0;
	w->level = NULL;
	for (i = 0; i < n; i++)
		bytes += 2 + roundup(ITEM_HEADER + (i == 0 ? 0 : strlen(below[i].key) + 1), (size_t)4);
	begin(w);
	for (i = 0; i < n; i++) {
		if (put_inner(w, &below[i], i == 0))
			continue;
		end(w, w->pages++, false);
		begin(w);
		(void)put_inner(w, &below[i], false);
	}
	if (bytes <= PAGE - HEADER)
		end(w, ROOT, true);
	else
		end(w, w->pages++, true);
	free(below);
	return bytes <= PAGE - HEADER;
}

static int
by_key(const void *a, const void *b)
{
	const struct btree_record *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Those that are taken, first; how many. */
static size_t
choose(struct btree_record *r, size_t n, size_t *bytes)
{
	size_t i, kept = 0, len;

	*bytes = 0;
	for (i = 0; i < n; i++) {
		len = strlen(r[i].key) + strlen(r[i].value) + 2;
		if (len > BTREE_RECORD_MAX || (kept > 0 && strcmp(r[kept - 1].key, r[i].key) == 0))
			continue;
		r[kept++] = r[i];
		*bytes += 2 + roundup(ITEM_HEADER + len, (size_t)4);
	}
	return kept;
}

static void
put_meta(uint8_t *page)
{
	put_le32(page, MAGIC);
	put_le32(page + 4, VERSION);
	put_le32(page + 8, PAGE);
	put_le32(page + 20, NO_DUPLICATES);
}

void
btree_make(struct btree_record *r, size_t n, struct str *out)
{
	struct writer w = { .out = out, .pages = 2, .flags = LEAF };
	size_t bytes, i;
	bool one;

	out->len = 0;
	begin(&w);
	put_meta(w.page);
	str_addn(out, (char *)w.page, PAGE);
	str_addn(out, (char *)w.page, PAGE); /* the root comes last */
	if (n > 1)
		qsort(r, n, sizeof(*r), by_key);
	n = choose(r, n, &bytes);
	one = bytes <= PAGE - HEADER;
	begin(&w);
	for (i = 0; i < n; i++) {
		if (put_leaf(&w, &r[i]))
			continue;
		end(&w, w.pages++, false);
		begin(&w);
		(void)put_leaf(&w, &r[i]);
	}
	end(&w, one ? ROOT : w.pages++, true);
	while (!one)
		one = put_level(&w, w.level, w.n);
	free(w.level);
}
