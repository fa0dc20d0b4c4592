/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of versions.
 */
#include "source/dewey.h"

#include "base/defs.h"
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

TEST_MAIN({ "the order of versions", test_order }, { "where a name ends", test_name })
