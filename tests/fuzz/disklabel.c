/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile disklabels, with and without the right checksum: what is taken has
 * no more partitions than there is room for, and no offset that could wrap.
 */
#include "image/disklabel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/endian.h"
#include "base/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look(int fd, size_t len)
{
	struct err err = { 0 };
	struct disklabel l;
	unsigned i;

	if (disklabel_read(&l, fd, len, &err) <= 0)
		return;
	if (l.npartitions > DISKLABEL_PARTITIONS_MAX || (l.npartitions == 0 && !l.in_mbr) ||
	    (l.in_mbr && (l.mbr_bytes == 0 || l.mbr_offset >= len)))
		abort();
	for (i = 0; i < l.npartitions; i++)
		if (((l.partitions[i].offset | l.partitions[i].bytes) >> 48) != 0)
			abort();
}

/* What begins like a label gets the checksum that it wants. */
static void
mend(uint8_t *p, size_t len)
{
	size_t i, n;
	uint16_t sum = 0;

	for (i = 0; i + 148 <= len && get_le32(p + i) != 0x82564557; i += 4)
		;
	if (i + 148 > len)
		return;
	p += i;
	len -= i;
	n = 148 + 16 * (size_t)get_le16(p + 138);
	for (i = 0; i < n && i + 2 <= len; i += 2)
		sum ^= i == 136 ? 0 : get_le16(p + i);
	put_le16(p + 136, sum);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);
	uint8_t *copy = xmalloc(len + 1);

	if (fd < 0 || write_full(fd, data, len) < 0)
		abort();
	look(fd, len);
	memcpy(copy, data, len);
	mend(copy, len);
	if (pwrite_full(fd, copy, len, 0) < 0)
		abort();
	look(fd, len);
	free(copy);
	(void)close(fd);
	return 0;
}
