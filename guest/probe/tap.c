/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the groups of tests and prints TAP.  The disk group runs once a disk.
 */
#include "tests.h"

#include "clock.h"
#include "print.h"
#include "string.h"

static uint32_t number, failed, skipped;

enum test_result
test_because(struct test_context *c, enum test_result r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vformat(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return r;
}

enum test_result
test_pass_if(bool ok)
{
	return ok ? TEST_PASS : TEST_FAIL;
}

enum test_result
test_interrupts(struct test_context *c, struct virtio_device *d)
{
	if (d == NULL)
		return test_because(c, TEST_SKIP, "no such device");
	if (!d->routed)
		return test_because(c, TEST_FAIL, "irq %u is no IOAPIC pin", d->irq);
	/* An answer that was there at once needed no halt: let it in now. */
	if (d->interrupts == 0)
		clock_sleep_us(1000);
	return test_because(
	    c, d->interrupts > 0 ? TEST_PASS : TEST_FAIL, "%u interrupts on pin %u", d->interrupts, d->irq);
}

static void
report(struct test_context *c, enum test_result r, const char *name, const char *number_text)
{
	static char full[96];
	size_t n = 0;

	/* "blk%" in a name stands for the disk's number. */
	for (; *name != '\0' && n + 4 < sizeof(full); name++) {
		if (*name == '%')
			full[n++] = number_text[0];
		else
			full[n++] = *name;
	}
	full[n] = '\0';
	number++;
	if (r == TEST_FAIL) {
		failed++;
		print("not ok %u - %s\n", number, full);
		if (c->why[0] != '\0')
			print("# %s\n", c->why);
	} else if (r == TEST_SKIP) {
		skipped++;
		print("ok %u - %s # SKIP %s\n", number, full, c->why);
	} else
		print("ok %u - %s\n", number, full);
}

static void
group_run(const struct test_group *g, struct ffs *root, int disk)
{
	struct test_context c;
	char digit[2] = { (char)('0' + disk), '\0' };
	enum test_result r;

	for (uint32_t i = 0; i < g->count; i++) {
		c.root = root;
		c.disk = disk < blk_count ? blk_get(disk) : NULL;
		c.why[0] = '\0';
		r = g->tests[i].run(&c);
		report(&c, r, g->tests[i].name, digit);
	}
}

uint32_t
tests_run(struct ffs *root)
{
	static const struct test_group *const before[] = { &test_platform, &test_time };
	static const struct test_group *const after[] = { &test_net, &test_virtio, &test_root };
	int disks = blk_count > 0 ? blk_count : 1;
	uint32_t total = test_disk.count * (uint32_t)disks;

	for (size_t i = 0; i < nitems(before); i++)
		total += before[i]->count;
	for (size_t i = 0; i < nitems(after); i++)
		total += after[i]->count;
	number = failed = skipped = 0;
	print("1..%u\n", total);
	for (size_t i = 0; i < nitems(before); i++)
		group_run(before[i], root, 0);
	for (int d = 0; d < disks; d++)
		group_run(&test_disk, root, d);
	for (size_t i = 0; i < nitems(after); i++)
		group_run(after[i], root, 0);
	print("# %u tests, %u failed, %u skipped\n", total, failed, skipped);
	return failed;
}
