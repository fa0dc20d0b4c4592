/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the bytes are an overlay's header and bitmap, and then what is
 * done to the disk, four bytes each.  Whatever the overlay was, the disk reads
 * as a model that begins with its first contents.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "vmm/disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	SECTOR = 512,
	SECTORS = 81,
	HEADER = 32,
	BITS = 2,
	DATA_AT = 8192,
	OVERLAY_BYTES = DATA_AT + 11 * 4096,
	MAGIC = 28, /* magic, and sizes that fit */
};

static void
must(int ok)
{
	if (!ok)
		abort();
}

static struct iovec
all(uint8_t *p, size_t len)
{
	return (struct iovec){ p, len };
}

static void
step(struct disk *d, uint8_t *model, uint8_t *raw, const uint8_t *op)
{
	static uint8_t buf[SECTORS * SECTOR];
	uint64_t from = op[1] % SECTORS, n = 1 + op[2] % (SECTORS - from), at = from * SECTOR, len = n * SECTOR;
	struct iovec iov = all(buf, len);
	struct err err;

	switch (op[0] % 6) {
	case 0:
		memset(buf, op[3], len);
		memset(model + at, op[3], len);
		must(disk_write(d, &iov, 1, at, len) == 0);
		break;
	case 1:
		memset(model + at, 0, len);
		must(disk_zero(d, at, len, op[3] % 2 == 0) == 0);
		break;
	case 2:
		must(disk_flush(d) == 0);
		break;
	case 3:
		must(disk_commit(d, &err) == 0);
		memcpy(raw, model, SECTORS * SECTOR);
		break;
	case 4:
		must(disk_reset(d, &err) == 0);
		memcpy(model, raw, SECTORS * SECTOR);
		break;
	default:
		must(disk_read(d, &iov, 1, at, len) == 0 && memcmp(buf, model + at, len) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t good[MAGIC] = "smol overlay 1\n\0\0\xa2\0\0\0\0\0\0\0\x10\0";
	static uint8_t raw[SECTORS * SECTOR], model[SECTORS * SECTOR];
	struct iovec iov = all(model, sizeof(model));
	struct err err;
	struct disk d;
	int raw_fd, fd;
	size_t at;

	if (size < 1 + HEADER + BITS)
		return 0;
	raw_fd = memfd_create("raw", MFD_CLOEXEC);
	fd = memfd_create("overlay", MFD_CLOEXEC);
	memset(raw, 0x11, sizeof(raw));
	must(raw_fd >= 0 && fd >= 0 && pwrite_full(raw_fd, raw, sizeof(raw), 0) == 0);
	must(pwrite_full(fd, data + 1, HEADER, 0) == 0 && pwrite_full(fd, data + 1 + HEADER, BITS, 4096) == 0);
	must(data[0] % 4 == 0 || pwrite_full(fd, good, sizeof(good), 0) == 0);
	must(ftruncate(fd, OVERLAY_BYTES - (data[0] % 4 == 1 ? data[0] * 64 : 0)) == 0);
	if (disk_open(&d, raw_fd, fd, false, &err) == 0) {
		must(disk_read(&d, &iov, 1, 0, sizeof(model)) == 0);
		for (at = 1 + HEADER + BITS; size - at >= 4; at += 4)
			step(&d, model, raw, data + at);
	}
	disk_close(&d);
	return 0;
}
