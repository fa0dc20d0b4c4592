/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-tests, reported in TAP (testanything.org version 12):
 *
 *	1..N
 *	ok 1 - blk0 reads sector 0
 *	not ok 2 - ...		behind lines "# why"
 *	ok 3 - ... # SKIP why
 *
 * A new test is a function and a row of its file's table.
 */
#ifndef PROBE_TESTS_H
#define PROBE_TESTS_H

#include "ffs.h"

enum test_result { TEST_PASS, TEST_FAIL, TEST_SKIP };

struct test_context {
	struct ffs *root; /* NULL where none is mounted */
	struct blk *disk; /* for the tests of one disk */
	char why[128];
};

struct test {
	const char *name;
	enum test_result (*run)(struct test_context *);
};

struct test_group {
	const struct test *tests;
	uint32_t count;
};

extern const struct test_group test_platform, test_time, test_disk, test_net, test_virtio, test_root;

/* Runs all; the number of failures. */
uint32_t tests_run(struct ffs *root);
/* Keeps the reason and returns the result. */
enum test_result
test_because(struct test_context *, enum test_result, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum test_result test_pass_if(bool);
/* The device's interrupts have reached us. */
enum test_result test_interrupts(struct test_context *, struct virtio_device *);

#endif
