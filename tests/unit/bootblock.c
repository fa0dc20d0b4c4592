/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot blocks: the parameters where installboot(8) writes them, and what is no
 * boot block refused.
 */
#include "image/bootblock.h"

#include "base/defs.h"
#include "base/endian.h"
#include "test.h"

#define MAGIC_1 0x7886b6d1
#define LEN 4096

static void
stage1(uint8_t *p)
{
	size_t i;

	for (i = 0; i < LEN; i++)
		p[i] = (uint8_t)(i * 7 + 1);
	memset(p + 446, 0, 64);
	memset(p + 512, 0, 512);
	p[0] = 0xeb;
	p[2] = 0x90;
	p[510] = 0x55;
	p[511] = 0xaa;
	put_le32(p + 1028, MAGIC_1);
	put_le32(p + 1032, 104);
	put_le32(p + 1048, 9600);
}

static void
params(void)
{
	static struct boot_blocks b;
	struct boot_params bp = { .consdev = 1 };
	uint8_t p[LEN], want[LEN];
	struct err err;
	size_t i;

	stage1(p);
	for (i = 0; i < 2; i++) {
		memset(&b, 0xff, sizeof(b));
		bp.speed = i == 0 ? 0 : 115200;
		bp.timeout_s = (uint32_t)i;
		CHECK(bootblock_stage1(&b, "x", p, LEN, &bp, &err) == 0);
		memcpy(want, p, LEN);
		put_le32(want + 1040, (uint32_t)i);
		put_le32(want + 1044, 1);
		put_le32(want + 1048, i == 0 ? 9600 : 115200);
		CHECK(memcmp(b.area, want, LEN) == 0);
		CHECK(b.area[LEN] == 0 && memcmp(b.area + LEN, b.area + LEN + 1, sizeof(b.area) - LEN - 1) == 0);
	}
}

static void
refused(size_t at, uint8_t value, size_t len, const char *want)
{
	static struct boot_blocks b;
	const struct boot_params bp = { 0 };
	uint8_t p[16384] = { 0 };
	struct err err = { 0 };

	stage1(p);
	p[at] = value;
	CHECK(bootblock_stage1(&b, "x", p, len, &bp, &err) < 0);
	CHECK_STR(err.msg, want);
}

static void
errors(void)
{
	static const uint8_t loader[8] = { 0, 0, 0, 0, 0xd2, 0xb6, 0x86, 0x78 };
	static struct boot_blocks b;
	uint8_t mbr[512] = { 1, 2, 3 };
	struct err err = { 0 };

	refused(0, 0xeb, 8193, "x has 8193 bytes: there is room for 8192");
	refused(0, 0xeb, 1535, "x has 1535 bytes, which is too little for a boot block");
	refused(0, 0xe9, LEN, "x does not begin as a boot block");
	refused(511, 0, LEN, "x does not begin as a boot block");
	refused(446, 1, LEN, "x has data where the partitions and the disklabel have their places");
	refused(1023, 1, LEN, "x has data where the partitions and the disklabel have their places");
	refused(1028, 0xd4, LEN, "x has no boot parameters: it is no boot block of NetBSD's");
	refused(1032, 19, LEN, "x has boot parameters of 19 bytes, which smol does not know");
	refused(1033, 2, LEN, "x has boot parameters of 616 bytes, which smol does not know");

	CHECK(bootblock_mbr(&b, "m", mbr, 440, &err) == 0 && memcmp(b.mbr, mbr, 440) == 0);
	CHECK(bootblock_mbr(&b, "m", mbr, 512, &err) < 0);
	CHECK_STR(err.msg, "m has 512 bytes: the boot code of an MBR has 440");
	CHECK(bootblock_loader_check("l", loader, 8, &err) == 0);
	CHECK(bootblock_loader_check("l", loader, 7, &err) < 0);
	CHECK(bootblock_loader_check("l", mbr, 8, &err) < 0);
	CHECK_STR(err.msg, "l is no boot loader of NetBSD's for x86");
}

TEST_MAIN({ "parameters", params }, { "what is no boot block", errors })
