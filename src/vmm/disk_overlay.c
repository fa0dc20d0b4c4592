/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The overlay's header, bitmap and order of writing.
 */
#include "vmm/disk_overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"

enum {
	H_BYTES = 16,
	H_CLUSTER = 24,
	H_EMPTYING = 28,
	HEADER_BYTES = 32,
};

static const char magic[16] = "smol overlay 1\n";

/* --- the bitmap --- */

static bool
has(const struct overlay *o, uint64_t cluster)
{
	return (__atomic_load_n(&o->bitmap[cluster / 8], __ATOMIC_ACQUIRE) & 1u << cluster % 8) != 0;
}

static void
set(struct overlay *o, uint64_t cluster)
{
	uint64_t at = cluster / 8;

	if (has(o, cluster))
		return;
	(void)__atomic_fetch_or(&o->bitmap[at], (uint8_t)(1u << cluster % 8), __ATOMIC_RELEASE);
	o->dirty[at / OVERLAY_CLUSTER] = 1;
	o->any_dirty = true;
}

uint64_t
overlay_run(const struct overlay *o, uint64_t offset, uint64_t len, bool *here)
{
	uint64_t end = offset;

	*here = has(o, offset / OVERLAY_CLUSTER);
	while (end < offset + len && has(o, end / OVERLAY_CLUSTER) == *here)
		end = rounddown(end, OVERLAY_CLUSTER) + OVERLAY_CLUSTER;
	return u64_min(end, offset + len) - offset;
}

static int
copy_up(struct overlay *o, int raw_fd, uint64_t cluster)
{
	uint64_t at = cluster * OVERLAY_CLUSTER, len = u64_min(OVERLAY_CLUSTER, o->bytes - at);
	uint8_t buf[OVERLAY_CLUSTER];

	if (has(o, cluster))
		return 0;
	if (pread_full(raw_fd, buf, len, at) < 0 || pwrite_full(o->fd, buf, len, o->data_at + at) < 0)
		return -1;
	set(o, cluster);
	return 0;
}

int
overlay_copy_ends(struct overlay *o, int raw_fd, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len;

	if (offset % OVERLAY_CLUSTER != 0 && copy_up(o, raw_fd, offset / OVERLAY_CLUSTER) < 0)
		return -1;
	return end % OVERLAY_CLUSTER != 0 && end != o->bytes ? copy_up(o, raw_fd, end / OVERLAY_CLUSTER) : 0;
}

void
overlay_mark(struct overlay *o, uint64_t offset, uint64_t len)
{
	uint64_t c;

	for (c = offset / OVERLAY_CLUSTER; c * OVERLAY_CLUSTER < offset + len; c++)
		set(o, c);
}

/* --- to the disk --- */

static int
write_bits(struct overlay *o)
{
	uint64_t i;

	for (i = 0; i < o->bitmap_bytes / OVERLAY_CLUSTER; i++) {
		if (!o->dirty[i])
			continue;
		if (pwrite_full(o->fd, o->bitmap + i * OVERLAY_CLUSTER, OVERLAY_CLUSTER, (1 + i) * OVERLAY_CLUSTER) < 0)
			return -1;
		o->dirty[i] = 0;
	}
	o->any_dirty = false;
	return 0;
}

/* With new bits nobody writes meanwhile: what they speak for must be on the disk before them. */
int
overlay_flush(struct overlay *o)
{
	int rv = 0;

	(void)pthread_mutex_lock(&o->lock);
	if (o->any_dirty && (rv = fdatasync(o->fd)) == 0)
		rv = write_bits(o);
	(void)pthread_mutex_unlock(&o->lock);
	return rv < 0 ? -1 : fdatasync(o->fd);
}

static int
write_emptying(struct overlay *o, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	return pwrite_full(o->fd, b, sizeof(b), H_EMPTYING);
}

/* Truncating gives back what was there, on every file system. */
static int
empty_locked(struct overlay *o)
{
	const off_t end = (off_t)(o->data_at + roundup(o->bytes, OVERLAY_CLUSTER));
	static const uint8_t zeros[OVERLAY_CLUSTER];
	uint64_t at;

	if (write_emptying(o, 1) < 0 || fdatasync(o->fd) < 0)
		return -1;
	for (at = 0; at < o->bitmap_bytes; at += OVERLAY_CLUSTER) {
		uint8_t *page = o->bitmap + at;

		if (memcmp(page, zeros, OVERLAY_CLUSTER) == 0 && !o->dirty[at / OVERLAY_CLUSTER])
			continue;
		memset(page, 0, OVERLAY_CLUSTER);
		if (pwrite_full(o->fd, zeros, OVERLAY_CLUSTER, OVERLAY_CLUSTER + at) < 0)
			return -1;
		o->dirty[at / OVERLAY_CLUSTER] = 0;
	}
	o->any_dirty = false;
	if (ftruncate(o->fd, (off_t)o->data_at) < 0 || ftruncate(o->fd, end) < 0 || fdatasync(o->fd) < 0)
		return -1;
	return write_emptying(o, 0) < 0 ? -1 : fdatasync(o->fd);
}

int
overlay_empty(struct overlay *o)
{
	int rv;

	(void)pthread_mutex_lock(&o->lock);
	rv = empty_locked(o);
	(void)pthread_mutex_unlock(&o->lock);
	return rv;
}

/* --- open --- */

/* Emptying until it has its length: whoever is killed in between leaves one that is emptied. */
static int
make(struct overlay *o, uint64_t file_bytes, struct err *err)
{
	uint8_t h[HEADER_BYTES] = { 0 };

	memcpy(h, magic, sizeof(magic));
	put_le64(h + H_BYTES, o->bytes);
	put_le32(h + H_CLUSTER, OVERLAY_CLUSTER);
	put_le32(h + H_EMPTYING, 1);
	if (pwrite_full(o->fd, h, sizeof(h), 0) < 0 || ftruncate(o->fd, (off_t)file_bytes) < 0 ||
	    write_emptying(o, 0) < 0)
		return err_sys(err, "cannot make an overlay");
	return 0;
}

/* Is it one, for this disk, and whole?  *emptying: it is to be emptied before it is used. */
static int
check(struct overlay *o, uint64_t file_bytes, bool *emptying, struct err *err)
{
	uint8_t h[HEADER_BYTES];
	struct stat st;

	*emptying = false;
	if (fstat(o->fd, &st) < 0)
		return err_sys(err, "cannot read an overlay");
	if (!S_ISREG(st.st_mode))
		return err_set(err, "an overlay is no regular file");
	if (st.st_size == 0)
		return make(o, file_bytes, err);
	if (st.st_size < HEADER_BYTES || pread_full(o->fd, h, sizeof(h), 0) < 0 || memcmp(h, magic, sizeof(magic)) != 0)
		return err_set(err, "the overlay is none: it does not begin with 'smol overlay 1'");
	if (get_le64(h + H_BYTES) != o->bytes || get_le32(h + H_CLUSTER) != OVERLAY_CLUSTER)
		return err_set(err, "the overlay was made for a disk of %" PRIu64 " bytes, this one has %" PRIu64,
		    get_le64(h + H_BYTES), o->bytes);
	*emptying = get_le32(h + H_EMPTYING) != 0;
	if ((uint64_t)st.st_size != file_bytes && !*emptying)
		return err_set(err, "the overlay is damaged: it has %" PRIu64 " bytes, not %" PRIu64,
		    (uint64_t)st.st_size, file_bytes);
	return 0;
}

int
overlay_open(struct overlay *o, int fd, uint64_t bytes, bool read_only, struct err *err)
{
	uint64_t clusters = howmany(bytes, OVERLAY_CLUSTER), file_bytes;
	bool emptying;
	void *map;

	*o = (struct overlay){ .fd = fd, .bytes = bytes };
	(void)pthread_mutex_init(&o->lock, NULL);
	if (fd < 0)
		return 0;
	o->bitmap_bytes = roundup(howmany(clusters, 8), OVERLAY_CLUSTER);
	o->data_at = OVERLAY_CLUSTER + o->bitmap_bytes;
	file_bytes = o->data_at + clusters * OVERLAY_CLUSTER;
	if (check(o, file_bytes, &emptying, err) < 0)
		return -1;
	if (emptying && read_only)
		return err_set(err, "the overlay was being emptied: open it for writing once");
	if (emptying && ftruncate(fd, (off_t)file_bytes) < 0)
		return err_sys(err, "cannot empty an overlay");
	o->dirty = xcalloc(o->bitmap_bytes / OVERLAY_CLUSTER, 1);
	map = mmap(NULL, o->bitmap_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, OVERLAY_CLUSTER);
	if (map == MAP_FAILED)
		return err_sys(err, "cannot map an overlay's bitmap");
	o->bitmap = map;
	if (emptying && overlay_empty(o) < 0)
		return err_sys(err, "cannot empty an overlay");
	return 0;
}

void
overlay_close(struct overlay *o)
{
	if (o->any_dirty)
		(void)overlay_flush(o);
	if (o->bitmap != NULL)
		(void)munmap(o->bitmap, o->bitmap_bytes);
	free(o->dirty);
	if (o->fd >= 0)
		(void)close(o->fd);
	(void)pthread_mutex_destroy(&o->lock);
	*o = (struct overlay){ .fd = -1 };
}
