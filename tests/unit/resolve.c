/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkg_summary read, and the packages that are chosen of it, against small
 * repositories written as lines "NAME[ KEY PATTERN]...".
 */
#include "source/resolve.h"

#include <stdlib.h>

#include "base/defs.h"
#include "source/summary.h"
#include "test.h"

/* --- reading --- */

static const char text[] =
    "PKGNAME=curl-8.9.1\nFILE_SIZE=100\nFILE_CKSUM=sha1 0123456789abcdef0123456789abcdef01234567\n\n"
    "DEPENDS=a>=1\nDEPENDS=b>=2\nPKGNAME=curl-8.10.0nb1\nFILE_NAME=curl-8.10.0nb1.tgz\nFILE_SIZE=200\n\n"
    "PKGNAME=curl-8.10.0\nFILE_SIZE=x\nFILE_CKSUM=md5 00\nDEPENDS=a\nCONFLICTS=c\nDEPENDS=b\n\n\n\n"
    "PKGNAME=curl-lite-9.0\nnonsense\nCOMMENT=a=b\n\n"
    "PKGNAME=evil-1.0\nFILE_NAME=../../evil.tgz\n\n"
    "PKGNAME=.hidden-1.0\n\n"
    "PKGNAME=two words-1.0\n\n"
    "COMMENT=no name\n\n"
    "PKGNAME=last-1.0";

static void
check_list(const struct repo *r, uint32_t i, enum repo_field field, const char *want)
{
	struct str s = { 0 };
	const char *p;

	str_add(&s, "");
	for (p = repo_get(r, i, field); *p != '\0'; p = repo_next(p))
		str_addf(&s, "%s%s", s.len > 0 ? " " : "", p);
	CHECK_STR(s.p, want);
	str_release(&s);
}

static void
check_repo(const struct repo *r)
{
	CHECK(r->n == 5);
	CHECK_STR(repo_get(r, 0, REPO_NAME), "curl-8.10.0");
	CHECK(repo_number(r, 0, REPO_BYTES) == 0 && repo_digest(r, 0).kind == DIGEST_NONE);
	check_list(r, 0, REPO_DEPENDS, "a b");
	check_list(r, 0, REPO_CONFLICTS, "c");
	CHECK_STR(repo_get(r, 1, REPO_NAME), "curl-8.10.0nb1");
	CHECK(repo_number(r, 1, REPO_BYTES) == 200);
	check_list(r, 1, REPO_DEPENDS, "a>=1 b>=2");
	CHECK_STR(repo_get(r, 2, REPO_FILE), "curl-8.9.1.tgz");
	CHECK(repo_digest(r, 2).kind == DIGEST_SHA1);
	CHECK_STR(repo_get(r, 3, REPO_COMMENT), "a=b");
	CHECK_STR(repo_get(r, 4, REPO_NAME), "last-1.0");
	CHECK(repo_search(r, "curl-8", 6) == 0 && repo_search(r, "curl-lite", 9) == 3 && repo_search(r, "z", 1) == 5);
	CHECK_STR(repo_get(r, 99, REPO_NAME), "");
}

static void
read_text(struct repo *r, const char *data, size_t len, size_t piece)
{
	struct repo_builder b;
	struct summary s;
	size_t at, n;

	repo_builder_init(&b);
	summary_init(&s, &b);
	for (at = 0; at < len; at += n) {
		n = u64_min(piece, len - at);
		summary_add(&s, data + at, n);
	}
	summary_end(&s);
	repo_build(r, &b);
}

static void
test_summary(void)
{
	static const size_t pieces[] = { 1, 3, 7, 64, sizeof(text) - 1 };
	struct repo r;
	size_t i;

	for (i = 0; i < nitems(pieces); i++) {
		read_text(&r, text, sizeof(text) - 1, pieces[i]);
		check_repo(&r);
		repo_release(&r);
	}
}

/* --- choosing --- */

/* "app-1 D lib>=1 C old" a line; D, C, S, P, R. */
static void
make_repo(struct repo *r, const char *lines)
{
	static const char *const keys[] = { "DEPENDS", "CONFLICTS", "SUPERSEDES", "PROVIDES", "REQUIRES" };
	char *copy = xstrdup(lines), *rest = copy, *line, *word, *key;
	struct str s = { 0 };
	size_t i;

	while ((line = strsep(&rest, "\n")) != NULL) {
		word = strsep(&line, " ");
		if (*word == '\0')
			continue;
		str_addf(&s, "PKGNAME=%s\n", word);
		while ((key = strsep(&line, " ")) != NULL) {
			word = strsep(&line, " ");
			for (i = 0; i < nitems(keys); i++)
				if (keys[i][0] == *key)
					str_addf(&s, "%s=%s\n", keys[i], word);
		}
		str_add(&s, "\n");
	}
	read_text(r, s.p == NULL ? "" : s.p, s.len, 4096);
	str_release(&s);
	free(copy);
}

/* The result as text: "lib-1* app-1", '*' for what came by itself; notes, or the error. */
static void
choose(const struct repo *const *repos, size_t nrepos, const char *words, struct str *out)
{
	char *copy = xstrdup(words), *rest = copy, *word;
	const char *v[16];
	struct resolution res;
	struct err err = { 0 };
	struct arena arena;
	size_t n = 0, i;

	while ((word = strsep(&rest, " ")) != NULL)
		v[n++] = word;
	arena_init(&arena);
	out->len = 0;
	str_add(out, "");
	if (resolve(&arena, repos, nrepos, v, n, &res, &err) < 0) {
		str_addf(out, "error: %s", err.msg);
	} else {
		for (i = 0; i < res.n; i++)
			str_addf(out, "%s%s%s", i > 0 ? " " : "", res.v[i].name, res.v[i].automatic ? "*" : "");
		for (i = 0; i < res.nnotes; i++)
			str_addf(out, "; %s", res.notes[i]);
	}
	arena_release(&arena);
	free(copy);
}

static const struct {
	const char *what, *repo, *words, *want;
} cases[] = {
	{ "one", "a-1\nb-1", "a", "a-1" },
	{ "the newest", "a-1\na-1nb10\na-1nb9\na-1rc1", "a", "a-1nb10" },
	{ "what it needs comes first", "app-1 D lib>=1\nlib-1 D base-[0-9]*\nbase-3", "app", "base-3* lib-1* app-1" },
	{ "a word that is needed too is no dependency", "app-1 D lib>=1\nlib-1", "app lib", "lib-1 app-1" },
	{ "a diamond", "top-1 D l>=1 D r>=1\nl-1 D base>=1<3\nr-1 D base>=1<2\nbase-1\nbase-2", "top",
	    "base-1* l-1* r-1* top-1" },
	{ "the other way round", "top-1 D r>=1 D l>=1\nl-1 D base>=1<3\nr-1 D base>=1<2\nbase-1\nbase-2", "top",
	    "base-1* r-1* l-1* top-1" },
	{ "a cycle", "a-1 D b>=1\nb-1 D c>=1\nc-1 D a>=1", "a", "c-1* b-1* a-1" },
	{ "itself", "a-1 D a>=1", "a", "a-1" },
	{ "a cycle with a choice", "a-1 D b>=1\nb-2 D a>=2\nb-1 D a>=1", "a", "b-1* a-1" },
	{ "alternatives: the newer version", "app-1 D {x,y}-[0-9]*\nx-1\ny-2", "app", "y-2* app-1" },
	{ "alternatives: what is there already", "app-1 D {x,y}-[0-9]*\nx-1\ny-2", "x app", "x-1 app-1" },
	{ "alternatives: what does not conflict", "app-1 D {x,y}-[0-9]*\nx-1\ny-2 C z-[0-9]*\nz-1", "z app",
	    "z-1 x-1* app-1" },
	{ "... though it comes later", "app-1 D {x,y}-[0-9]*\nx-1\ny-2 C z-[0-9]*\nz-1", "app z", "x-1* app-1 z-1" },
	{ "an older one whose needs can be met", "app-2 D gone>=1\napp-1", "app", "app-1" },
	{ "... deeper", "top-1 D app>=1\napp-2 D m>=1\nm-1 D gone>=1\napp-1", "top", "app-1* top-1" },
	{ "a bound of a second word", "app-1 D lib>=1\nlib-1\nlib-2", "app lib<2", "lib-1 app-1" },
	{ "a name in two patterns", "curl-8.9\ncurl-8.10", "curl curl-8.9", "curl-8.9" },
	{ "superseded", "new-2 S old-[0-9]*", "old", "new-2" },
	{ "superseded, and both asked for", "new-2 S old<2\nold-1", "old new",
	    "error: new-2 and old-1 cannot both be installed: new-2 supersedes 'old<2'" },
	{ "libraries", "a-1 R /usr/pkg/lib/libb.so.2 R /usr/lib/libc.so.12 D b\nb-1 P /usr/pkg/lib/libb.so.2", "a",
	    "b-1* a-1" },
	{ "libraries that are not there", "a-1 R /usr/pkg/lib/libb.so.2 D b\nb-1 P /usr/pkg/lib/libb.so.3", "a",
	    "b-1* a-1; a-1 needs the library /usr/pkg/lib/libb.so.2, which none of its packages provides" },
	{ "a typing error", "curl-8.1\nwget-1\ncurly-1", "curll",
	    "error: no package matches 'curll'; nearest: curl, curly" },
	{ "letters swapped", "curl-8.1", "crul", "error: no package matches 'crul'; nearest: curl" },
	{ "part of a name", "py311-numpy-1\npy312-numpy-1", "numpy",
	    "error: no package matches 'numpy'; nearest: py311-numpy, py312-numpy" },
	{ "nothing like it", "curl-8.1", "xyzzy", "error: no package matches 'xyzzy'" },
	{ "another version", "curl-8.1\ncurl-8.2", "curl>=9",
	    "error: no package matches 'curl>=9'; there is curl-8.2, curl-8.1" },
	{ "what is missing deeper, and for whom", "a-1 D b>=1\nb-1 D gone>=2\ngone-1", "a",
	    "error: no package matches 'gone>=2' (wanted by b-1, for a-1); there is gone-1" },
	{ "a conflict", "a-1 D x>=1\nb-1 D y>=1\nx-1 C y-[0-9]*\ny-1", "a b",
	    "error: y-1 (wanted by b-1) and x-1 (wanted by a-1) cannot both be installed: x-1 conflicts with "
	    "'y-[0-9]*'" },
	{ "two versions", "a-1 D x>=2\nb-1 D x<2\nx-1\nx-2", "a b",
	    "error: x-1 (wanted by b-1) and x-2 (wanted by a-1) cannot both be installed: 'x<2' is wanted, and "
	    "'x>=2'" },
	{ "a conflict with itself counts nothing", "a-2 C a<2", "a", "a-2" },
	{ "a brace", "a-1 D {b", "a", "error: the pattern '{b' has a '{' that is not closed" },
};

static void
test_cases(void)
{
	struct str got = { 0 };
	size_t i;

	for (i = 0; i < nitems(cases); i++) {
		struct repo r;
		const struct repo *v[] = { &r };

		make_repo(&r, cases[i].repo);
		choose(v, 1, cases[i].words, &got);
		if (strcmp(got.p, cases[i].want) != 0) {
			printf("# %s: got '%s', want '%s'\n", cases[i].what, got.p, cases[i].want);
			test_failures++;
		}
		repo_release(&r);
	}
	str_release(&got);
}

static void
test_two_repos(void)
{
	struct str got = { 0 };
	struct repo here, site;
	const struct repo *v[] = { &here, &site };

	make_repo(&here, "a-1 D b>=1\nb-1");
	make_repo(&site, "a-2 D b>=2\nb-2\nb-1 D gone\nc-1 D b>=2");
	choose(v, 2, "a", &got);
	CHECK_STR(got.p, "b-1* a-1");
	choose(v, 2, "a c", &got);
	CHECK_STR(got.p, "b-2* a-1 c-1");
	choose(v, 2, "b-1", &got);
	CHECK_STR(got.p, "b-1");
	v[0] = &site;
	v[1] = &here;
	choose(v, 2, "a", &got);
	CHECK_STR(got.p, "b-2* a-2");
	repo_release(&here);
	repo_release(&site);
	str_release(&got);
}

/* Chains of choices of which the last is wrong: blame keeps the search from trying all of them. */
static void
test_hard(void)
{
	struct str lines = { 0 }, got = { 0 };
	struct repo r;
	const struct repo *v[] = { &r };
	unsigned i;

	str_add(&lines, "top-1 D bad>=1 D end>=1\nbad-2\nbad-1\nend-1 D p0>=1 D bad<2\n");
	for (i = 0; i < 300; i++)
		str_addf(&lines, "p%u-3 D p%u>=1\np%u-2 D p%u>=1\np%u-1 D p%u>=1\n", i, i + 1, i, i + 1, i, i + 1);
	str_add(&lines, "p300-1 D gone>=1\np300-0 D gone>=2\n");
	make_repo(&r, lines.p);
	choose(v, 1, "top", &got);
	CHECK(strstr(got.p, "error: no package matches 'gone>=1' (wanted by p300-1, for p299-3, for ") != NULL);
	repo_release(&r);
	/* With a way out at the very end. */
	str_add(&lines, "gone-2 C bad>=2\n");
	make_repo(&r, lines.p);
	choose(v, 1, "top", &got);
	CHECK(strstr(got.p, "error") == NULL && strstr(got.p, "bad-1*") != NULL && strstr(got.p, "gone-2*") != NULL);
	repo_release(&r);
	str_release(&lines);
	str_release(&got);
}

TEST_MAIN({ "pkg_summary in pieces of any size", test_summary }, { "what is chosen", test_cases },
    { "files here, and a site", test_two_repos }, { "choices to be made anew", test_hard })
