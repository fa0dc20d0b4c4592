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
		tests[i].fn();
		printf("%sok %zu - %s\n", test_failures == 0 ? "" : "not ", i + 1, tests[i].name);
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
