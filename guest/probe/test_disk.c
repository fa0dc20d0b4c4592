/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of one virtio-blk disk: its edges, odd lengths, many segments, and
 * writing, for which the last sectors are saved and restored.
 */
#include "tests.h"

#include "cmdline.h"
#include "string.h"

enum { SECTORS = 8 };

static uint8_t saved[SECTORS * SECTOR] __attribute__((aligned(512)));
static uint8_t data[SECTORS * SECTOR] __attribute__((aligned(512)));
static uint8_t again[SECTORS * SECTOR] __attribute__((aligned(512)));

static enum test_result
no_disk(struct test_context *c)
{
	return test_because(c, TEST_SKIP, "no disk");
}

static enum blk_status
raw_read(struct blk *b, uint64_t sector, uint32_t len)
{
	const struct segment s = { data, len, true };

	return blk_request(b, BLK_IN, sector, &s, len > 0 ? 1 : 0);
}

static enum test_result
read_first(struct test_context *c)
{
	if (c->disk == NULL)
		return no_disk(c);
	return test_pass_if(raw_read(c->disk, 0, SECTOR) == BLK_OK);
}

static enum test_result
read_last(struct test_context *c)
{
	if (c->disk == NULL)
		return no_disk(c);
	return test_because(c, test_pass_if(raw_read(c->disk, c->disk->capacity - 1, SECTOR) == BLK_OK),
	    "capacity %llu", (unsigned long long)c->disk->capacity);
}

static enum test_result
read_past_end(struct test_context *c)
{
	uint64_t end;

	if (c->disk == NULL)
		return no_disk(c);
	end = c->disk->capacity;
	if (raw_read(c->disk, end, SECTOR) == BLK_OK)
		return test_because(c, TEST_FAIL, "the sector behind the last");
	if (raw_read(c->disk, end - 1, 2 * SECTOR) == BLK_OK)
		return test_because(c, TEST_FAIL, "across the end");
	if (raw_read(c->disk, UINT64_MAX, SECTOR) == BLK_OK || raw_read(c->disk, UINT64_MAX / SECTOR, SECTOR) == BLK_OK)
		return test_because(c, TEST_FAIL, "sector 2^64 - 1 or 2^55 - 1");
	return test_because(c, test_pass_if(raw_read(c->disk, 0, SECTOR) == BLK_OK), "unusable afterwards");
}

/* It must be answered; the specification does not say how. */
static enum test_result
read_nothing(struct test_context *c)
{
	if (c->disk == NULL)
		return no_disk(c);
	return test_pass_if(raw_read(c->disk, 0, 0) < BLK_TIMEOUT && raw_read(c->disk, 0, SECTOR) == BLK_OK);
}

static enum test_result
read_odd_length(struct test_context *c)
{
	if (c->disk == NULL)
		return no_disk(c);
	return test_pass_if(raw_read(c->disk, 0, 100) != BLK_OK && raw_read(c->disk, 0, SECTOR) == BLK_OK);
}

static enum test_result
read_segments(struct test_context *c)
{
	struct segment segs[SECTORS];
	uint32_t n;

	if (c->disk == NULL)
		return no_disk(c);
	n = min_u32(c->disk->seg_max, SECTORS);
	if (n < 2 || c->disk->capacity < SECTORS)
		return test_because(c, TEST_SKIP, "SEG_MAX is 1");
	memset(data, 0xa5, sizeof(data));
	for (uint32_t i = 0; i < n; i++)
		segs[i] = (struct segment){ data + i * SECTOR, SECTOR, true };
	return test_pass_if(blk_request(c->disk, BLK_IN, 0, segs, n) == BLK_OK && blk_read(c->disk, 0, again, n) &&
			    memcmp(data, again, n * SECTOR) == 0);
}

static enum test_result
seg_max_offered(struct test_context *c)
{
	if (c->disk == NULL)
		return no_disk(c);
	return test_because(c, c->disk->seg_max > 1 ? TEST_PASS : TEST_FAIL, "NetBSD sends one segment a request then");
}

static enum test_result
unknown_request(struct test_context *c)
{
	const struct segment s = { data, SECTOR, true };

	if (c->disk == NULL)
		return no_disk(c);
	return test_pass_if(blk_request(c->disk, (enum blk_type)0x7777, 0, &s, 1) == BLK_UNSUPPORTED);
}

static enum test_result
get_id(struct test_context *c)
{
	const struct segment s = { data, 20, true };
	enum blk_status status;

	if (c->disk == NULL)
		return no_disk(c);
	status = blk_request(c->disk, BLK_GET_ID, 0, &s, 1);
	return test_pass_if(status == BLK_OK || status == BLK_UNSUPPORTED);
}

static enum test_result
flush(struct test_context *c)
{
	if (c->disk == NULL)
		return no_disk(c);
	if (!c->disk->flush)
		return test_because(c, TEST_SKIP, "not offered");
	return test_pass_if(blk_request(c->disk, BLK_FLUSH, 0, NULL, 0) == BLK_OK);
}

static enum test_result
read_only(struct test_context *c)
{
	const struct segment s = { data, SECTOR, false };

	if (c->disk == NULL)
		return no_disk(c);
	if (!c->disk->read_only)
		return test_because(c, TEST_SKIP, "writable");
	blk_read(c->disk, 0, data, 1);
	return test_pass_if(blk_request(c->disk, BLK_OUT, 0, &s, 1) != BLK_OK);
}

static enum test_result
write_last(struct test_context *c)
{
	uint64_t sector;
	bool ok;

	if (c->disk == NULL)
		return no_disk(c);
	if (c->disk->read_only || !cmdline.write)
		return test_because(c, TEST_SKIP, "%s", c->disk->read_only ? "read-only" : "no probe.write=1");
	if (c->disk->capacity < SECTORS)
		return test_because(c, TEST_SKIP, "too small");
	sector = c->disk->capacity - SECTORS;
	if (!blk_read(c->disk, sector, saved, SECTORS))
		return test_because(c, TEST_FAIL, "cannot save");
	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i ^ i >> 8 ^ saved[i] ^ 0xff);
	ok = blk_write(c->disk, sector, data, SECTORS) && blk_read(c->disk, sector, again, SECTORS) &&
	     memcmp(data, again, sizeof(data)) == 0;
	if (!blk_write(c->disk, sector, saved, SECTORS) || !blk_read(c->disk, sector, again, SECTORS) ||
	    memcmp(saved, again, sizeof(saved)) != 0)
		return test_because(c, TEST_FAIL, "cannot restore");
	return test_pass_if(ok);
}

static enum test_result
write_past_end(struct test_context *c)
{
	const struct segment s = { data, SECTOR, false };

	if (c->disk == NULL)
		return no_disk(c);
	if (!cmdline.write)
		return test_because(c, TEST_SKIP, "no probe.write=1");
	return test_pass_if(blk_request(c->disk, BLK_OUT, c->disk->capacity, &s, 1) != BLK_OK);
}

static enum test_result
gpt_sums(struct test_context *c)
{
	bool present, ok;

	if (c->disk == NULL)
		return no_disk(c);
	ok = gpt_entries_sum_ok(c->disk, &present);
	if (!present)
		return test_because(c, TEST_SKIP, "no GPT");
	return test_pass_if(ok);
}

static enum test_result
interrupts(struct test_context *c)
{
	return test_interrupts(c, c->disk != NULL ? c->disk->dev : NULL);
}

static const struct test tests[] = { { "blk% reads sector 0", read_first }, { "blk% reads the last sector", read_last },
	{ "blk% past the end fails", read_past_end }, { "blk% zero length is answered", read_nothing },
	{ "blk% odd length fails", read_odd_length }, { "blk% offers SEG_MAX", seg_max_offered },
	{ "blk% reads into segments", read_segments }, { "blk% unknown request is unsupported", unknown_request },
	{ "blk% get id", get_id }, { "blk% flush", flush }, { "blk% read-only refuses writing", read_only },
	{ "blk% writes and reads back", write_last }, { "blk% writing past the end fails", write_past_end },
	{ "blk% gpt entries checksum", gpt_sums }, { "blk% interrupts (ioapic, level)", interrupts } };

const struct test_group test_disk = { tests, nitems(tests) };
