/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packing lists, and the database of files: its pages, read back.
 */
#include "source/pkgdb.h"

#include <stdlib.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/str.h"
#include "source/btree.h"
#include "source/plist.h"
#include "test.h"

#define PAGE 4096

static void
test_plist(void)
{
	static const char text[] = "@name a-1\n@cwd /usr/pkg \n\n@pkgdep b>=1\nbin/a\n@comment MD5:x\n@ignore\n+BUILD\n"
				   "@MODE 4755\n@mode\n@nonsense x\n@commentary\n@pkgdir share/a b";
	static const struct {
		enum plist_kind kind;
		const char *arg;
		unsigned line;
	} want[] = {
		{ PLIST_NAME, "a-1", 1 },
		{ PLIST_CWD, "/usr/pkg", 2 },
		{ PLIST_PKGDEP, "b>=1", 4 },
		{ PLIST_FILE, "bin/a", 5 },
		{ PLIST_COMMENT, "MD5:x", 6 },
		{ PLIST_MODE, "4755", 9 },
		{ PLIST_MODE, "", 10 },
		{ PLIST_UNKNOWN, "x", 11 },
		{ PLIST_UNKNOWN, "", 12 },
		{ PLIST_PKGDIR, "share/a b", 13 },
	};
	struct plist_line line = { 0 };
	const char *p = text;
	size_t i;

	for (i = 0; i < nitems(want); i++) {
		CHECK(plist_next(&p, &line));
		CHECK(line.kind == want[i].kind && line.number == want[i].line && line.len == strlen(want[i].arg) &&
		      strncmp(line.arg, want[i].arg, line.len) == 0);
	}
	CHECK(!plist_next(&p, &line));
}

/* What dbopen(3) would find: down by keys, then the item. */
static const char *
lookup(const struct str *db, const char *key)
{
	uint32_t page = 1, next, n, i;

	for (;;) {
		const uint8_t *p = (const uint8_t *)db->p + (size_t)page * PAGE, *item;
		bool leaf = get_le32(p + 12) == 2;

		n = (get_le16(p + 16) - 20u) / 2;
		for (i = next = 0; i < n; i++) {
			item = p + get_le16(p + 20 + i * 2);
			if (leaf && strcmp((const char *)item + 9, key) == 0)
				return (const char *)item + 9 + get_le32(item);
			if (!leaf && (get_le32(item) == 0 || strcmp((const char *)item + 9, key) <= 0))
				next = get_le32(item + 4);
		}
		if (leaf || next == 0)
			return "none";
		page = next;
	}
}

/* The leaves from left to right hold all keys in order. */
static size_t
count_leaves(const struct str *db)
{
	const uint8_t *p = (const uint8_t *)db->p + PAGE;
	uint32_t before = 0, number = 1;
	const char *last = "";
	size_t keys = 0, i, n;

	while (get_le32(p + 12) == 1) {
		CHECK(get_le32(p + 4) == 0);
		number = get_le32(p + get_le16(p + 20) + 4);
		p = (const uint8_t *)db->p + (size_t)number * PAGE;
	}
	for (;;) {
		CHECK(get_le32(p) == number && get_le32(p + 4) == before && get_le32(p + 12) == 2);
		n = (get_le16(p + 16) - 20u) / 2;
		for (i = 0; i < n; i++, keys++) {
			const char *key = (const char *)p + get_le16(p + 20 + i * 2) + 9;

			CHECK(strcmp(last, key) < 0);
			last = key;
		}
		before = number;
		number = get_le32(p + 8);
		if (number == 0)
			return keys;
		p = (const uint8_t *)db->p + (size_t)number * PAGE;
	}
}

static void
check_btree(struct arena *arena, size_t n, size_t key_len)
{
	struct btree_record *r = arena_calloc(arena, n + 1, sizeof(*r));
	struct str db = { 0 };
	char want[32];
	size_t i;

	for (i = 0; i < n; i++) {
		r[i].key = arena_printf(arena, "/usr/pkg/%0*zu", (int)key_len, i * 7919 % n);
		r[i].value = arena_printf(arena, "package-%zu", i * 7919 % n);
	}
	btree_make(r, n, &db);
	CHECK(
	    db.len % PAGE == 0 && get_le32(db.p) == 0x053162 && get_le32(db.p + 4) == 3 && get_le32(db.p + 20) == 0x20);
	CHECK(count_leaves(&db) == n);
	for (i = 0; i < n; i += n / 50 + 1) {
		(void)snprintf(want, sizeof(want), "package-%zu", i);
		CHECK_STR(lookup(&db, arena_printf(arena, "/usr/pkg/%0*zu", (int)key_len, i)), want);
	}
	CHECK_STR(lookup(&db, "/usr/pkg/x"), "none");
	CHECK_STR(lookup(&db, ""), "none");
	str_release(&db);
}

static void
test_btree(void)
{
	static const size_t counts[] = { 0, 1, 2, 100, 101, 5000, 50000 };
	struct arena arena;
	size_t i;

	for (i = 0; i < nitems(counts); i++) {
		arena_init(&arena);
		check_btree(&arena, counts[i], 6);
		arena_release(&arena);
	}
	arena_init(&arena);
	check_btree(&arena, 3000, 1000); /* long keys: four levels */
	arena_release(&arena);
}

static void
test_btree_doubles(void)
{
	char huge[BTREE_RECORD_MAX + 1];
	struct btree_record r[] = { { "b", "1" }, { "a", "2" }, { huge, "3" } };
	struct str db = { 0 };

	(void)memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	btree_make(r, nitems(r), &db);
	CHECK(count_leaves(&db) == 2);
	CHECK_STR(lookup(&db, "a"), "2");
	CHECK_STR(lookup(&db, "b"), "1");
	str_release(&db);
}

TEST_MAIN({ "packing lists", test_plist }, { "pkgdb.byfile.db", test_btree },
    { "what is left out of it", test_btree_doubles })
