/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading files: neighbouring blocks become one request, whole sectors go
 * straight to the reader's memory, small or odd pieces by a bounce buffer.
 */
#include "ffs.h"

#include "bytes.h"
#include "string.h"

enum { BOUNCE = 8192 };

bool
ffs_map(struct ffs *fs, const struct ffs_node *n, uint64_t lbn, uint64_t *frag)
{
	uint32_t shift = fs->bshift - (fs->v2 ? 3 : 2), level, index;
	uint64_t within, addr;
	const uint8_t *block;

	if (lbn < FFS_DIRECT) {
		*frag = n->direct[lbn];
		return true;
	}
	within = lbn - FFS_DIRECT;
	for (level = 0; level < 3 && within >> (shift * (level + 1)) != 0; level++)
		within -= 1ull << (shift * (level + 1));
	if (level == 3)
		return false;
	addr = n->indirect[level];
	for (uint32_t left = level + 1; left > 0 && addr != 0; left--) {
		block = ffs_cached(fs, addr, fs->bsize);
		if (block == NULL)
			return false;
		index = (uint32_t)(within >> (shift * (left - 1))) & ((1u << shift) - 1);
		addr = fs->v2 ? get_le64(block + 8 * index) : get_le32(block + 4 * index);
	}
	*frag = addr;
	return true;
}

/* Through the bounce buffer; returns the bytes got, 0 on error. */
static uint32_t
bounce_read(struct ffs *fs, uint64_t addr, uint8_t *buf, uint32_t len)
{
	static uint8_t bounce[BOUNCE] __attribute__((aligned(16)));
	uint32_t skip = (uint32_t)addr % SECTOR;
	uint32_t n = min_u32(len, BOUNCE - skip);

	if (!blk_read(fs->wedge.disk, fs->wedge.start + addr / SECTOR, bounce, (skip + n + SECTOR - 1) / SECTOR))
		return 0;
	memcpy(buf, bounce + skip, n);
	return n;
}

/* Bytes at a byte address of the file system. */
static bool
disk_read(struct ffs *fs, uint64_t addr, uint8_t *buf, uint32_t len)
{
	uint32_t n;

	while (len > 0) {
		if (addr % SECTOR != 0 || len < SECTOR || (len <= BOUNCE && len % SECTOR != 0)) {
			n = bounce_read(fs, addr, buf, len);
			if (n == 0)
				return false;
		} else {
			n = len & ~(uint32_t)(SECTOR - 1);
			if (!blk_read(fs->wedge.disk, fs->wedge.start + addr / SECTOR, buf, n / SECTOR))
				return false;
		}
		addr += n;
		buf += n;
		len -= n;
	}
	return true;
}

/* Length of the run of neighbouring blocks at off, at most len bytes. */
static uint32_t
run_length(struct ffs *fs, const struct ffs_node *n, uint64_t off, uint32_t len, uint64_t first)
{
	uint64_t lbn = off >> fs->bshift, next, expect = first;
	uint32_t run = fs->bsize - ((uint32_t)off & (fs->bsize - 1));

	while (run < len) {
		expect += first == 0 ? 0 : 1u << fs->fragshift;
		if (!ffs_map(fs, n, ++lbn, &next) || next != expect)
			break;
		run += fs->bsize;
	}
	return min_u32(run, len);
}

int32_t
ffs_read(struct ffs *fs, const struct ffs_node *n, uint64_t off, void *buf, uint32_t len)
{
	uint32_t done = 0, run;
	uint64_t frag, addr;

	if (off >= n->size || len > INT32_MAX)
		return off >= n->size ? 0 : -1;
	if (len > n->size - off)
		len = (uint32_t)(n->size - off);
	for (; done < len; done += run, off += run) {
		if (!ffs_map(fs, n, off >> fs->bshift, &frag))
			return -1;
		run = run_length(fs, n, off, len - done, frag);
		if (frag == 0) {
			memset((uint8_t *)buf + done, 0, run);
			continue;
		}
		if (frag >= fs->size)
			return -1;
		addr = (frag << fs->fshift) + (off & (fs->bsize - 1));
		if (addr + run > fs->size << fs->fshift || !disk_read(fs, addr, (uint8_t *)buf + done, run))
			return -1;
	}
	return (int32_t)len;
}
