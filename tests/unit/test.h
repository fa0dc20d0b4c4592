/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small test harness: each test program has functions that CHECK(), and a
 * main of TEST_MAIN({"name", fn}, ...) that prints TAP, which meson reads.
 */
#ifndef SMOL_TEST_H
#define SMOL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static int test_failures;
static const char *test_skipped; /* why */

#define CHECK(cond)                                                                                                    \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			printf("# %s:%d: failed: %s\n", __FILE__, __LINE__, #cond);                                    \
			test_failures++;                                                                               \
		}                                                                                                      \
	} while (0)

#define CHECK_STR(got, want)                                                                                           \
	do {                                                                                                           \
		const char *got_ = (got), *want_ = (want);                                                             \
		if (strcmp(got_, want_) != 0) {                                                                        \
			printf("# %s:%d: got '%s', want '%s'\n", __FILE__, __LINE__, got_, want_);                     \
			test_failures++;                                                                               \
		}                                                                                                      \
	} while (0)

/* The rest of this test is not for this host. */
static inline void
test_skip(const char *reason)
{
	test_skipped = reason;
}

struct test {
	const char *name;
	void (*fn)(void);
};

static int
test_run(const struct test *tests, size_t n)
{
	int failed = 0;
	size_t i;

	printf("1..%zu\n", n);
	for (i = 0; i < n; i++) {
		test_failures = 0;
		test_skipped = NULL;
		tests[i].fn();
		printf("%sok %zu - %s%s%s\n", test_failures == 0 ? "" : "not ", i + 1, tests[i].name,
		    test_skipped == NULL ? "" : " # SKIP ", test_skipped == NULL ? "" : test_skipped);
		(void)fflush(stdout);
		failed += test_failures != 0;
	}
	return failed != 0;
}

#define TEST_MAIN(...)                                                                                                 \
	int main(void)                                                                                                 \
	{                                                                                                              \
		static const struct test tests[] = { __VA_ARGS__ };                                                    \
		return test_run(tests, sizeof(tests) / sizeof(tests[0]));                                              \
	}

#endif
