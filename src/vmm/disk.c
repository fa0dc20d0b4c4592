/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw file and overlay.  Where there is an overlay, each run of clusters that
 * lie in the same of the two files is one system call.
 */
#include "vmm/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"

/* Buffers taken one after the other, by parts that end where a cluster's file changes. */
struct cursor {
	const struct iovec *iov;
	unsigned n;
	size_t at; /* in the first */
};

/* The next len bytes as a list of at most IOV_MAX buffers; how many bytes they have. */
static uint64_t
take(struct cursor *c, uint64_t len, struct iovec *out, int *nout)
{
	uint64_t done = 0, part;

	for (*nout = 0; c->n > 0 && done < len && *nout < 64; done += part) {
		part = u64_min(c->iov->iov_len - c->at, len - done);
		if (part > 0)
			out[(*nout)++] = (struct iovec){ (uint8_t *)c->iov->iov_base + c->at, part };
		c->at += part;
		if (c->at == c->iov->iov_len) {
			c->iov++;
			c->n--;
			c->at = 0;
		}
	}
	return done;
}

static int
transfer(int fd, struct cursor *c, uint64_t offset, uint64_t len, bool write)
{
	struct iovec iov[64], *v;
	uint64_t part;
	ssize_t got;
	int n;

	while (len > 0) {
		part = take(c, len, iov, &n);
		if (part == 0) {
			errno = EINVAL;
			return -1;
		}
		len -= part;
		for (v = iov; part > 0; part -= (uint64_t)got, offset += (uint64_t)got) {
			got = write ? pwritev(fd, v, n, (off_t)offset) : preadv(fd, v, n, (off_t)offset);
			if (got < 0 && errno == EINTR) {
				got = 0;
				continue;
			}
			if (got <= 0) {
				if (got == 0)
					errno = EIO; /* the file became shorter */
				return -1;
			}
			for (size_t skip = (size_t)got; n > 0 && skip > 0;) {
				size_t s = v->iov_len < skip ? v->iov_len : skip;

				v->iov_base = (uint8_t *)v->iov_base + s;
				v->iov_len -= s;
				skip -= s;
				if (v->iov_len == 0) {
					v++;
					n--;
				}
			}
		}
	}
	return 0;
}

/* --- the overlay --- */

static bool
has(const struct disk *d, uint64_t cluster)
{
	return (d->bitmap[cluster / 8] & 1u << cluster % 8) != 0;
}

/* Bytes from offset on, at most len, that lie in the same file. */
static uint64_t
run_length(const struct disk *d, uint64_t offset, uint64_t len, bool here)
{
	uint64_t end = offset;

	while (end < offset + len && has(d, end / DISK_CLUSTER) == here)
		end = rounddown(end, DISK_CLUSTER) + DISK_CLUSTER;
	return u64_min(end, offset + len) - offset;
}

/* A cluster that is to be written in part, taken over whole first. */
static int
copy_up(struct disk *d, uint64_t cluster)
{
	uint64_t at = cluster * DISK_CLUSTER, len = u64_min(DISK_CLUSTER, d->bytes - at);
	uint8_t buf[DISK_CLUSTER];

	if (has(d, cluster))
		return 0;
	if (pread_full(d->fd, buf, len, at) < 0 || pwrite_full(d->overlay_fd, buf, len, at) < 0)
		return -1;
	d->bitmap[cluster / 8] |= (uint8_t)(1u << cluster % 8);
	return 0;
}

/* The clusters at both ends that a write covers in part only. */
static int
copy_up_ends(struct disk *d, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len;

	if (offset % DISK_CLUSTER != 0 && copy_up(d, offset / DISK_CLUSTER) < 0)
		return -1;
	return end % DISK_CLUSTER != 0 && end != d->bytes ? copy_up(d, end / DISK_CLUSTER) : 0;
}

static void
mark(struct disk *d, uint64_t offset, uint64_t len)
{
	uint64_t c;

	for (c = offset / DISK_CLUSTER; c * DISK_CLUSTER < offset + len; c++)
		d->bitmap[c / 8] |= (uint8_t)(1u << c % 8);
}

/* --- */

int
disk_open(struct disk *d, int fd, int overlay_fd, bool read_only, struct err *err)
{
	struct stat st;
	uint64_t at;
	void *map;

	*d = (struct disk){ .fd = fd, .overlay_fd = overlay_fd, .read_only = read_only };
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read a disk");
	/* Devices have whole sectors. */
	d->bytes = rounddown((uint64_t)st.st_size, 512);
	if (!S_ISREG(st.st_mode) || d->bytes == 0)
		return err_set(err, "a disk is no regular file of at least 512 bytes");
	if (overlay_fd < 0)
		return 0;
	at = roundup(d->bytes, DISK_CLUSTER);
	d->bitmap_bytes = roundup(howmany(at / DISK_CLUSTER, 8), DISK_CLUSTER);
	if (ftruncate(overlay_fd, (off_t)(at + d->bitmap_bytes)) < 0)
		return err_sys(err, "cannot make an overlay");
	map = mmap(NULL, d->bitmap_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, overlay_fd, (off_t)at);
	if (map == MAP_FAILED)
		return err_sys(err, "cannot map an overlay's bitmap");
	d->bitmap = map;
	return 0;
}

void
disk_close(struct disk *d)
{
	if (d->bitmap != NULL)
		(void)munmap(d->bitmap, d->bitmap_bytes);
	if (d->fd >= 0)
		(void)close(d->fd);
	if (d->overlay_fd >= 0)
		(void)close(d->overlay_fd);
	*d = (struct disk){ .fd = -1, .overlay_fd = -1 };
}

int
disk_read(const struct disk *d, const struct iovec *iov, unsigned n, uint64_t offset, uint64_t len)
{
	struct cursor c = { iov, n, 0 };
	uint64_t part;
	bool here;

	if (d->overlay_fd < 0)
		return transfer(d->fd, &c, offset, len, false);
	for (; len > 0; len -= part, offset += part) {
		here = has(d, offset / DISK_CLUSTER);
		part = run_length(d, offset, len, here);
		if (transfer(here ? d->overlay_fd : d->fd, &c, offset, part, false) < 0)
			return -1;
	}
	return 0;
}

int
disk_write(struct disk *d, const struct iovec *iov, unsigned n, uint64_t offset, uint64_t len)
{
	struct cursor c = { iov, n, 0 };

	if (d->overlay_fd < 0)
		return transfer(d->fd, &c, offset, len, true);
	if (copy_up_ends(d, offset, len) < 0 || transfer(d->overlay_fd, &c, offset, len, true) < 0)
		return -1;
	mark(d, offset, len);
	return 0;
}

/* What cannot be punched is written. */
static int
write_zeros(int fd, uint64_t offset, uint64_t len)
{
	static const uint8_t zeros[65536];
	uint64_t part;

	for (; len > 0; len -= part, offset += part) {
		part = u64_min(len, sizeof(zeros));
		if (pwrite_full(fd, zeros, part, offset) < 0)
			return -1;
	}
	return 0;
}

int
disk_zero(struct disk *d, uint64_t offset, uint64_t len, bool discard)
{
	int fd = d->overlay_fd < 0 ? d->fd : d->overlay_fd;

	if (d->overlay_fd >= 0 && copy_up_ends(d, offset, len) < 0)
		return -1;
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len) < 0 &&
	    !(discard && d->overlay_fd < 0) && write_zeros(fd, offset, len) < 0)
		return -1;
	if (d->overlay_fd >= 0)
		mark(d, offset, len);
	return 0;
}

int
disk_flush(struct disk *d)
{
	return fdatasync(d->overlay_fd < 0 ? d->fd : d->overlay_fd);
}
