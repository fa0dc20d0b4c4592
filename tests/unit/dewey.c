/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of versions, and the package that a word means.
 */
#include "source/dewey.h"

#include "base/defs.h"
#include "source/summary.h"
#include "test.h"

static void
test_order(void)
{
	/* From old to new; "=" for as new as the one before. */
	static const char *const order[] = { "0", "0.9", "1.0alpha", "1.0alpha2", "1.0beta", "1.0pre1", "=1.0rc1",
		"1.0rc2", "1", "=1.0", "=1.0.0", "=1pl", "=1.0nb0", "1.0nb1", "1.0nb2", "1.0nb10", "1.0a", "=1.0.1",
		"=1.0pl1", "1.0.1nb3", "1.0b", "=1.0.2", "1.0.10", "1.1", "1.10", "2", "2.3a", "2.3z", "2.4", "10",
		"20230101", "99999999999999999999" };
	size_t i, j, first = 0, n = nitems(order);
	size_t rank[nitems(order)];

	for (i = 0; i < n; i++) {
		first += i > 0 && order[i][0] != '=';
		rank[i] = first;
	}
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			const char *a = order[i] + (order[i][0] == '='), *b = order[j] + (order[j][0] == '=');
			int want = rank[i] < rank[j] ? -1 : rank[i] > rank[j], got = dewey_compare(a, b);

			if (got != want) {
				printf("# '%s' against '%s': %d, want %d\n", a, b, got, want);
				test_failures++;
			}
		}
	}
}

static void
test_name(void)
{
	CHECK(dewey_name_len("curl-8.1.2nb1") == 4);
	CHECK(dewey_name_len("p5-Foo-Bar-1.0") == 10);
	CHECK(dewey_name_len("curl") == 4);
	CHECK(dewey_name_len("") == 0);
}

static const char text[] =
    "PKGNAME=curl-8.9.1\nFILE_SIZE=100\nFILE_CKSUM=sha1 0123456789abcdef0123456789abcdef01234567\n\n"
    "DEPENDS=a>=1\nDEPENDS=b>=2\nPKGNAME=curl-8.10.0nb1\nFILE_NAME=curl-8.10.0nb1.tgz\nFILE_SIZE=200\n\n"
    "PKGNAME=curl-8.10.0\nFILE_SIZE=x\nFILE_CKSUM=md5 00\n\n\n\n"
    "PKGNAME=curl-lite-9.0\nnonsense\n\n"
    "PKGNAME=evil-1.0\nFILE_NAME=../../evil.tgz\n\n"
    "PKGNAME=.hidden-1.0\n\n"
    "COMMENT=no name\n\n"
    "PKGNAME=last-1.0";

static void
check_word(const struct summary *s, const char *word, const char *want)
{
	const struct summary_package *p = summary_find(s, word);

	CHECK_STR(p == NULL ? "none" : p->file, want);
}

static void
check_summary(struct summary *s)
{
	check_word(s, "curl", "curl-8.10.0nb1.tgz");
	check_word(s, "curl-8.9.1", "curl-8.9.1.tgz");
	check_word(s, "curl-8.9.1.tgz", "curl-8.9.1.tgz");
	check_word(s, "curl-lite", "curl-lite-9.0.tgz");
	check_word(s, "cur", "none");
	check_word(s, "evil", "none");
	check_word(s, ".hidden", "none");
	check_word(s, "last", "last-1.0.tgz");
	CHECK(s->n == 5);
	CHECK(s->packages[0].bytes == 100 && s->packages[0].digest.kind == DIGEST_SHA1);
	CHECK(s->packages[1].bytes == 200 && s->packages[1].digest.kind == DIGEST_NONE);
	CHECK(s->packages[2].bytes == 0 && s->packages[2].digest.kind == DIGEST_NONE);
}

static void
test_summary(void)
{
	static const size_t pieces[] = { 1, 3, 7, 64, sizeof(text) - 1 };
	struct summary s;
	struct arena arena;
	size_t i, at, n;

	for (i = 0; i < nitems(pieces); i++) {
		arena_init(&arena);
		summary_init(&s, &arena);
		for (at = 0; at < sizeof(text) - 1; at += n) {
			n = u64_min(pieces[i], sizeof(text) - 1 - at);
			summary_add(&s, text + at, n);
		}
		summary_end(&s);
		check_summary(&s);
		summary_release(&s);
		arena_release(&arena);
	}
}

TEST_MAIN({ "the order of versions", test_order }, { "where a name ends", test_name },
    { "pkg_summary in pieces of any size, and what a word means", test_summary })
