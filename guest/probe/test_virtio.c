/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the small virtio devices: rng, console, 9p.
 */
#include "tests.h"

#include "p9.h"
#include "print.h"
#include "rng.h"
#include "string.h"
#include "viocon.h"

enum { DIR_FID = 2, FILE_FID = 3, LISTED_MAX = 200, PLAIN_FILE = 8 };

static enum test_result
all_answered(struct test_context *c)
{
	for (int i = 0; i < virtio_count(); i++)
		if (virtio_get(i)->version != 2)
			return test_because(c, TEST_FAIL, "%s is version %u", virtio_type_name(virtio_get(i)->type),
			    virtio_get(i)->version);
	return test_because(c, virtio_count() > 0 ? TEST_PASS : TEST_SKIP, "no devices");
}

static enum test_result
rng_differs(struct test_context *c)
{
	static uint8_t a[32], b[32], zero[32];

	if (!rng_init())
		return test_because(c, TEST_SKIP, "no rng");
	if (!rng_read(a, sizeof(a)) || !rng_read(b, sizeof(b)))
		return test_because(c, TEST_FAIL, "no answer");
	return test_pass_if(memcmp(a, b, sizeof(a)) != 0 && memcmp(a, zero, sizeof(a)) != 0);
}

static enum test_result
console_queues(struct test_context *c)
{
	if (!viocon_find())
		return test_because(c, TEST_SKIP, "no console");
	if (!viocon_start())
		return test_because(c, TEST_FAIL, "does not start");
	viocon_write(0, "# written by the console test\n", 30);
	return test_pass_if(viocon_drain());
}

static enum test_result
console_port1(struct test_context *c)
{
	if (!viocon_find())
		return test_because(c, TEST_SKIP, "no console");
	if (!viocon_has_port(1))
		return test_because(c, TEST_SKIP, "no second port");
	viocon_write(1, "probe\n", 6);
	return test_pass_if(viocon_drain());
}

static enum test_result
p9_attaches(struct test_context *c)
{
	char tag[64];

	if (!p9_init())
		return test_because(c, TEST_SKIP, "no 9p");
	p9_tag(tag, sizeof(tag));
	print("# 9p tag %s\n", tag);
	return test_because(c, test_pass_if(tag[0] != '\0' && p9_attach()), "errno %u", p9_errno());
}

/* Also finds the first plain file, for the next test. */
static bool
p9_list(char *file, size_t size, uint32_t *count)
{
	struct p9_entry e = { .next = 0 };
	uint64_t off = 0;
	bool error;

	*count = 0;
	file[0] = '\0';
	if (!p9_walk(P9_ROOT_FID, DIR_FID, NULL) || !p9_open(DIR_FID, 0))
		return false;
	while (*count < LISTED_MAX && p9_readdir(DIR_FID, off, &e, &error)) {
		off = e.next;
		++*count;
		if (file[0] == '\0' && e.type == PLAIN_FILE)
			copy_string(file, size, e.name, strlen(e.name));
	}
	return p9_clunk(DIR_FID) && (*count == LISTED_MAX || !error);
}

static enum test_result
p9_lists(struct test_context *c)
{
	char file[P9_NAME_MAX + 1];
	uint32_t count = 0;

	if (!p9_init())
		return test_because(c, TEST_SKIP, "no 9p");
	return test_because(c, test_pass_if(p9_list(file, sizeof(file), &count) && count >= 2), "%u entries, errno %u",
	    count, p9_errno());
}

static enum test_result
p9_reads(struct test_context *c)
{
	static uint8_t data[4096];
	char file[P9_NAME_MAX + 1];
	uint32_t count, mode;
	uint64_t size;
	int32_t n;

	if (!p9_init())
		return test_because(c, TEST_SKIP, "no 9p");
	if (!p9_list(file, sizeof(file), &count) || file[0] == '\0')
		return test_because(c, TEST_SKIP, "no file there");
	if (!p9_walk(P9_ROOT_FID, FILE_FID, file) || !p9_getattr(FILE_FID, &mode, &size) || !p9_open(FILE_FID, 0))
		return test_because(c, TEST_FAIL, "%s: errno %u", file, p9_errno());
	n = p9_read(FILE_FID, 0, data, sizeof(data));
	print("# 9p %s mode %x size %llu\n", file, mode, (unsigned long long)size);
	return test_because(c, test_pass_if(p9_clunk(FILE_FID) && (size < sizeof(data) ? n == (int32_t)size : n > 0)),
	    "%s: read %d of %u", file, n, (uint32_t)size);
}

static enum test_result
p9_absent(struct test_context *c)
{
	if (!p9_init())
		return test_because(c, TEST_SKIP, "no 9p");
	return test_because(c, test_pass_if(!p9_walk(P9_ROOT_FID, FILE_FID, "no such file") && p9_errno() == 2),
	    "errno %u", p9_errno());
}

static enum test_result
p9_interrupts(struct test_context *c)
{
	return test_interrupts(c, p9_device());
}

static const struct test tests[] = { { "virtio devices are version 2", all_answered },
	{ "rng0 gives two different values", rng_differs }, { "console0 transmits", console_queues },
	{ "console0 port 1 transmits", console_port1 }, { "9p0 attaches", p9_attaches },
	{ "9p0 lists its root", p9_lists }, { "9p0 reads a file", p9_reads },
	{ "9p0 refuses an absent file", p9_absent }, { "9p0 interrupts (ioapic, level)", p9_interrupts } };

const struct test_group test_virtio = { tests, nitems(tests) };
