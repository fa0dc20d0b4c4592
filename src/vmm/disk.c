/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw file and overlay.  Where there is an overlay, each run of clusters that
 * lie in the same of the two files is one system call.
 */
#include "vmm/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
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

static void
blocks(const struct disk *d)
{
	if (d->blocks != NULL)
		d->blocks(d->blocks_arg);
}

/* What is in the page cache is read at once; only what is not waits. */
static ssize_t
some(const struct disk *d, int fd, const struct iovec *iov, int n, uint64_t offset, bool write)
{
	ssize_t got;

	if (write)
		return pwritev(fd, iov, n, (off_t)offset);
	if (d->blocks == NULL)
		return preadv(fd, iov, n, (off_t)offset);
	got = preadv2(fd, iov, n, (off_t)offset, RWF_NOWAIT);
	if (got >= 0 || (errno != EAGAIN && errno != EOPNOTSUPP))
		return got;
	blocks(d);
	return preadv(fd, iov, n, (off_t)offset);
}

/* The buffers without their first len bytes. */
static void
skip(struct iovec **iov, int *n, size_t len)
{
	size_t part;

	for (; *n > 0 && len > 0; len -= part) {
		part = len < (*iov)->iov_len ? len : (*iov)->iov_len;
		(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + part;
		(*iov)->iov_len -= part;
		if ((*iov)->iov_len == 0) {
			(*iov)++;
			(*n)--;
		}
	}
}

static int
transfer(const struct disk *d, int fd, struct cursor *c, uint64_t offset, uint64_t len, bool write)
{
	struct iovec iov[64], *v;
	uint64_t part;
	ssize_t got;
	int n;

	for (; len > 0; len -= part) {
		part = take(c, len, iov, &n);
		if (part == 0) {
			errno = EINVAL;
			return -1;
		}
		for (v = iov; n > 0; offset += (uint64_t)got) {
			got = some(d, fd, v, n, offset, write);
			if (got < 0 && errno == EINTR)
				got = 0;
			else if (got == 0)
				errno = EIO; /* the file became shorter */
			if (got <= 0 && errno != EINTR)
				return -1;
			skip(&v, &n, (size_t)got);
		}
	}
	return 0;
}

int
disk_open(struct disk *d, int fd, int overlay_fd, bool read_only, struct err *err)
{
	struct stat st;

	*d = (struct disk){ .fd = fd, .read_only = read_only, .overlay.fd = overlay_fd };
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read a disk");
	/* Devices have whole sectors. */
	d->bytes = rounddown((uint64_t)st.st_size, 512);
	if (!S_ISREG(st.st_mode) || d->bytes == 0)
		return err_set(err, "a disk is no regular file of at least 512 bytes");
	return overlay_open(&d->overlay, overlay_fd, d->bytes, read_only, err);
}

void
disk_close(struct disk *d)
{
	overlay_close(&d->overlay);
	if (d->fd >= 0)
		(void)close(d->fd);
	d->fd = -1;
}

int
disk_read(const struct disk *d, const struct iovec *iov, unsigned n, uint64_t offset, uint64_t len)
{
	const struct overlay *o = &d->overlay;
	struct cursor c = { iov, n, 0 };
	uint64_t part;
	bool here;
	int rv;

	if (o->fd < 0)
		return transfer(d, d->fd, &c, offset, len, false);
	for (; len > 0; len -= part, offset += part) {
		part = overlay_run(o, offset, len, &here);
		rv = here ? transfer(d, o->fd, &c, o->data_at + offset, part, false)
			  : transfer(d, d->fd, &c, offset, part, false);
		if (rv < 0)
			return -1;
	}
	return 0;
}

int
disk_write(struct disk *d, const struct iovec *iov, unsigned n, uint64_t offset, uint64_t len)
{
	struct overlay *o = &d->overlay;
	struct cursor c = { iov, n, 0 };
	int rv;

	if (o->fd < 0)
		return transfer(d, d->fd, &c, offset, len, true);
	/* The ends are read first. */
	if ((offset | len) % OVERLAY_CLUSTER != 0)
		blocks(d);
	if (pthread_mutex_trylock(&o->lock) != 0) {
		blocks(d);
		(void)pthread_mutex_lock(&o->lock);
	}
	rv = overlay_copy_ends(o, d->fd, offset, len);
	if (rv == 0)
		rv = transfer(d, o->fd, &c, o->data_at + offset, len, true);
	if (rv == 0)
		overlay_mark(o, offset, len);
	(void)pthread_mutex_unlock(&o->lock);
	return rv;
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

static int
punch(int fd, uint64_t offset, uint64_t len)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len);
}

static int
zero(int fd, uint64_t offset, uint64_t len)
{
	return punch(fd, offset, len) == 0 ? 0 : write_zeros(fd, offset, len);
}

int
disk_zero(struct disk *d, uint64_t offset, uint64_t len, bool discard)
{
	struct overlay *o = &d->overlay;
	int rv;

	blocks(d);
	if (o->fd < 0) {
		if (punch(d->fd, offset, len) == 0 || discard)
			return 0; /* a discard that cannot be done need not be */
		return write_zeros(d->fd, offset, len);
	}
	(void)pthread_mutex_lock(&o->lock);
	rv = overlay_copy_ends(o, d->fd, offset, len);
	if (rv == 0)
		rv = zero(o->fd, o->data_at + offset, len);
	/* A hole that is marked: the raw file's bytes stay covered. */
	if (rv == 0)
		overlay_mark(o, offset, len);
	(void)pthread_mutex_unlock(&o->lock);
	return rv;
}

int
disk_flush(struct disk *d)
{
	blocks(d);
	return d->overlay.fd < 0 ? fdatasync(d->fd) : overlay_flush(&d->overlay);
}

/* --- commit and reset --- */

/* One piece from the overlay into the raw file; what is zero becomes a hole. */
static int
commit_piece(struct disk *d, uint8_t *buf, uint64_t offset, uint64_t len)
{
	if (pread_full(d->overlay.fd, buf, len, d->overlay.data_at + offset) < 0)
		return -1;
	if (buf[0] == 0 && memcmp(buf, buf + 1, len - 1) == 0)
		return zero(d->fd, offset, len);
	return pwrite_full(d->fd, buf, len, offset);
}

static int
commit_all(struct disk *d)
{
	const uint64_t piece = 16 * OVERLAY_CLUSTER;
	cleanup_free uint8_t *buf = xmalloc(piece);
	uint64_t at, part;
	bool here;

	for (at = 0; at < d->bytes; at += part) {
		part = overlay_run(&d->overlay, at, d->bytes - at, &here);
		if (!here)
			continue;
		part = u64_min(part, piece);
		if (commit_piece(d, buf, at, part) < 0)
			return -1;
	}
	return fdatasync(d->fd);
}

int
disk_commit(struct disk *d, struct err *err)
{
	int flags = fcntl(d->fd, F_GETFL);

	if (d->overlay.fd < 0)
		return err_set(err, "the disk has no overlay");
	if (d->read_only || flags < 0 || (flags & O_ACCMODE) != O_RDWR)
		return err_set(err, "the disk is open for reading alone");
	if (commit_all(d) < 0)
		return err_sys(err, "cannot write the overlay into its disk");
	return overlay_empty(&d->overlay) < 0 ? err_sys(err, "cannot empty an overlay") : 0;
}

int
disk_reset(struct disk *d, struct err *err)
{
	if (d->overlay.fd < 0)
		return err_set(err, "the disk has no overlay");
	if (d->read_only)
		return err_set(err, "the disk is open for reading alone");
	return overlay_empty(&d->overlay) < 0 ? err_sys(err, "cannot empty an overlay") : 0;
}
