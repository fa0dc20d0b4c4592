/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pkgsrc's patterns: what pkg_match() of pkg_install makes of them.
 */
#include "source/pattern.h"

#include "base/defs.h"
#include "test.h"

static const struct {
	const char *pattern, *name;
	bool match;
} rows[] = {
	/* A name alone, or with its version. */
	{ "curl", "curl-8.1", true },
	{ "curl", "curl-8.1nb2", true },
	{ "curl", "curl", true },
	{ "curl", "curl-lite-8.1", false },
	{ "curl", "libcurl-8.1", false },
	{ "curl", "curl-beta", false },
	{ "curl-8.1", "curl-8.1", true },
	{ "curl-8.1", "curl-8.1nb1", false },
	{ "curl-8.1", "curl-8.10", false },
	{ "p5-Foo-Bar", "p5-Foo-Bar-1.0", true },
	{ "p5-Foo", "p5-Foo-Bar-1.0", false },
	{ "foo-1", "foo-1-2.0", true }, /* as pkg_match: foo-1-[0-9]* */
	{ "", "curl-8.1", false },
	/* Globs, with or without the version. */
	{ "curl-[0-9]*", "curl-8.1", true },
	{ "curl-[0-9]*", "curl-lite-8.1", false },
	{ "curl-*", "curl-lite-8.1", true },
	{ "cur?", "curl-8.1", true },
	{ "c*l-8*", "curl-8.1", true },
	{ "*", "curl-8.1", true },
	{ "*", ".hidden-1", false }, /* FNM_PERIOD */
	{ "?hidden-1", ".hidden-1", false },
	{ "php[78]-*", "php8-1.0", true },
	{ "php[!78]-*", "php8-1.0", false },
	{ "php[78", "php7-1.0", true }, /* "-[0-9]*" behind it closes the bracket */
	{ "curl-8.1{,nb[0-9]*}", "curl-8.1", true },
	{ "curl-8.1{,nb[0-9]*}", "curl-8.1nb3", true },
	{ "curl-8.1{,nb[0-9]*}", "curl-8.10", false },
	/* One bound. */
	{ "curl>=8", "curl-8.1", true },
	{ "curl>=8.1", "curl-8.1", true },
	{ "curl>8.1", "curl-8.1", false },
	{ "curl>8.1", "curl-8.1nb1", true },
	{ "curl<8.1", "curl-8.1rc1", true },
	{ "curl<8.1", "curl-8.1", false },
	{ "curl<=8.1", "curl-8.1", true },
	{ "curl<=8.1", "curl-8.1nb1", false },
	{ "curl>=8", "curl-lite-8.1", false },
	{ "curl-lite>=8", "curl-lite-8.1", true },
	{ "curl>=8", "curl", false },
	{ "curl>=8", "xcurl-9", false },
	{ "curl>=", "curl-0", true },
	{ ">=1", "curl-8.1", false },
	{ "cur*>=8", "curl-8.1", false }, /* the name is taken as it is */
	/* Two. */
	{ "curl>=7<8", "curl-7.9nb3", true },
	{ "curl>=7<8", "curl-8", false },
	{ "curl>=7<8", "curl-8.0rc1", true },
	{ "curl>=7<8", "curl-6.9", false },
	{ "curl>7<=8", "curl-8.0", true },
	{ "curl>7<=8", "curl-7", false },
	{ "curl>=1.0nb2<1.1", "curl-1.0nb1", false },
	{ "curl>=1.0nb2<1.1", "curl-1.0nb10", true },
	/* Behind an upper bound all is version: 8>7 is 8 7, which is 8.0.7. */
	{ "curl<8>7", "curl-8", true },
	{ "curl<8>7", "curl-9", false },
	/* Alternatives. */
	{ "{curl,wget}", "wget-1.0", true },
	{ "{curl,wget}>=2", "wget-1.0", false },
	{ "{curl,wget}>=2", "curl-2.0", true },
	{ "{curl>=8,wget>=1}", "wget-1.0", true },
	{ "{curl>=8,wget>=1}", "curl-7", false },
	{ "lib{a,b{c,d}}-[0-9]*", "libbd-1", true },
	{ "lib{a,b{c,d}}-[0-9]*", "libb-1", false },
	{ "{a,b}{c,d}", "bd-1", true },
	{ "{,x}curl", "curl-1", true },
	{ "{}curl", "curl-1", true },
	{ "php{7,8}-curl>=1<2", "php8-curl-1.5", true },
	{ "{curl", "curl-1", false },
	{ "cur}l", "cur}l-1", true },
};

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		bool got = pattern_match(rows[i].pattern, rows[i].name);

		if (got != rows[i].match) {
			printf("# '%s' and '%s': %d\n", rows[i].pattern, rows[i].name, got);
			test_failures++;
		}
	}
}

static void
test_expand(void)
{
	struct err err = { 0 };
	struct arena arena;
	const char **v;
	size_t n;

	arena_init(&arena);
	CHECK(pattern_expand(&arena, "a{b,c{d,}}e", &v, &n, &err) == 0 && n == 3);
	CHECK_STR(v[0], "abe");
	CHECK_STR(v[1], "acde");
	CHECK_STR(v[2], "ace");
	CHECK(pattern_expand(&arena, "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", &v, &n, &err) == 0 && n == 256);
	CHECK(pattern_expand(&arena, "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", &v, &n, &err) < 0);
	CHECK(strstr(err.msg, "more than 256 alternatives") != NULL);
	CHECK(pattern_expand(&arena, "a{b,{c}", &v, &n, &err) < 0);
	CHECK_STR(err.msg, "the pattern 'a{b,{c}' has a '{' that is not closed");
	arena_release(&arena);
}

static void
test_order(void)
{
	CHECK(pattern_order("a-2", "a-1") < 0);
	CHECK(pattern_order("a-1", "b-2") > 0);
	CHECK(pattern_order("a-1", "b-1") < 0);
	CHECK(pattern_order("a-1nb2", "a-1nb10") > 0);
	CHECK(pattern_order("a-1.0", "a-1.0") == 0);
}

TEST_MAIN({ "what matches", test_rows }, { "alternatives", test_expand }, { "the better of two", test_order })
