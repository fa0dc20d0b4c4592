/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words as sh has them: each case says what sh -f makes of it, bracketed.
 */
#include "base/words.h"

#include "base/defs.h"
#include "base/str.h"
#include "test.h"

static void
split(const char *text, const char *want)
{
	const char *const *words;
	struct err err = { 0 };
	struct str got = { 0 };
	struct arena arena;
	size_t n, i;

	arena_init(&arena);
	str_add(&got, "");
	if (words_split(&arena, text, &words, &n, &err) < 0)
		str_add(&got, err.msg);
	else
		for (i = 0; i < n; i++)
			str_addf(&got, "[%s]", words[i]);
	CHECK_STR(got.p, want);
	CHECK(err.msg[0] == '\0' ? words[n] == NULL : err.usage);
	str_release(&got);
	arena_release(&arena);
}

static void
good(void)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ " \t\n", "" },
		{ "-device x,y=z", "[-device][x,y=z]" },
		{ "  a  b\tc\nd ", "[a][b][c][d]" },
		{ "'a b' \"c d\"", "[a b][c d]" },
		{ "a'b c'd\"e f\"g", "[ab cde fg]" },
		{ "'' \"\" x", "[][][x]" },
		{ "'a\"b' \"a'b\"", "[a\"b][a'b]" },
		{ "a\\ b c\\\\d \\'", "[a b][c\\d][']" },
		{ "\"a\\\"b\" \"a\\\\b\" \"a\\nb\" \"\\$x\"", "[a\"b][a\\b][a\\nb][$x]" },
		{ "'a\\b'", "[a\\b]" },
		{ "a\\\nb \\\nc \"d\\\ne\"", "[ab][c][de]" },
		{ "$HOME `x` *", "[$HOME][`x`][*]" },
		{ "a\\", "[a\\]" },
	};
	size_t i;

	for (i = 0; i < nitems(cases); i++)
		split(cases[i][0], cases[i][1]);
}

static void
bad(void)
{
	split("a 'b c", "a ' is not closed: 'b c");
	split("\"", "a \" is not closed: \"");
	split("x\"a\\\"", "a \" is not closed: \"a\\\"");
}

TEST_MAIN({ "words", good }, { "quotes not closed", bad })
