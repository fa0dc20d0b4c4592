/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories: Treaddir's entries, and the stats that a read of a directory
 * gives in 9P2000.u.  Offsets of the first are the host's own cookies; those
 * of the second count bytes, from the start or on from where the last read
 * ended.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "vmm/p9/call.h"

#define ENTRIES_BYTES 16384

/* A stretch of the host's directory; at most as much as the reply may take, so that little is read twice. */
struct entries {
	char buf[ENTRIES_BYTES] __attribute__((aligned(8)));
	size_t at, len;
};

/* The next entry, NULL at the end or with errno; those read are valid until the next call. */
static const struct dirent64 *
next_entry(int fd, struct entries *e, size_t want)
{
	const struct dirent64 *d;
	ssize_t n;

	if (e->at == e->len) {
		errno = 0;
		n = getdents64(fd, e->buf, u64_min(sizeof(e->buf), u64_max(want, 1024)));
		if (n <= 0)
			return NULL;
		e->at = 0;
		e->len = (size_t)n;
	}
	d = (const struct dirent64 *)(const void *)(e->buf + e->at);
	e->at += d->d_reclen;
	return d;
}

static uint8_t
qid_type(const struct dirent64 *d, int fd)
{
	struct stat st = { 0 };

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR ? 0x80 : d->d_type == DT_LNK ? 0x02 : 0;
	(void)fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW);
	return S_ISDIR(st.st_mode) ? 0x80 : S_ISLNK(st.st_mode) ? 0x02 : 0;
}

/* Where the root's ".." leads is not the guest's business: to itself. */
static bool
above_root(const struct p9_share *s, const struct p9_fid *f, const char *name)
{
	return strcmp(name, "..") == 0 && f->self->dev == s->root->dev && f->self->ino == s->root->ino;
}

/* qid[13] offset[8] type[1] name[s] */
static bool
put_entry(struct p9_call *c, const struct p9_fid *f, const struct dirent64 *d)
{
	struct stat st = { .st_dev = f->self->dev, .st_ino = d->d_ino };
	struct p9_out before = c->out;
	struct p9_qid q;

	if (above_root(c->share, f, d->d_name))
		st.st_ino = f->self->ino;
	p9_qid(c->share, &st, &q);
	q.type = qid_type(d, f->io_fd);
	q.version = 0;
	p9_put_qid(&c->out, &q);
	p9_put64(&c->out, (uint64_t)d->d_off);
	p9_put8(&c->out, d->d_type);
	p9_put_string(&c->out, d->d_name);
	if (c->out.full)
		c->out = before;
	return c->out.p != before.p;
}

/* Makes room for count[4], and lets at most count bytes follow. */
static uint8_t *
begin_data(struct p9_call *c, uint32_t count)
{
	uint8_t *at = c->out.p;

	p9_put32(&c->out, 0);
	c->out.end = c->out.p + u64_min((size_t)(c->out.end - c->out.p), count);
	return at;
}

static uint32_t
end_data(struct p9_call *c, uint8_t *at)
{
	uint32_t len = (uint32_t)(c->out.p - at - 4);
	struct p9_out length = { at, at + 4, false };

	p9_put32(&length, len);
	return len;
}

int
p9_readdir(struct p9_call *c)
{
	struct entries e = { .at = 0 };
	const struct dirent64 *d;
	struct p9_fid *f;
	uint64_t offset;
	uint32_t count;
	uint8_t *at;
	int error = p9_call_fid(c, &f);

	offset = p9_get64(&c->in);
	count = p9_get32(&c->in);
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if (f->io_fd < 0 || f->self->type != S_IFDIR)
		return f->io_fd < 0 ? EBADF : ENOTDIR;
	if (offset > INT64_MAX || lseek(f->io_fd, (off_t)offset, SEEK_SET) < 0)
		return EINVAL;
	at = begin_data(c, count);
	while ((d = next_entry(f->io_fd, &e, (size_t)(c->out.end - c->out.p))) != NULL)
		if (!put_entry(c, f, d))
			break;
	if (d == NULL && errno != 0)
		return errno;
	/* One that does not fit alone: an empty reply would be the end. */
	return end_data(c, at) == 0 && d != NULL && count > 0 ? EINVAL : 0;
}

/* --- 9P2000.u --- */

static int
seek_stats(struct p9_fid *f, uint64_t offset)
{
	if (offset == 0) {
		f->dir_cookie = 0;
		f->dir_bytes = 0;
	}
	if (offset != f->dir_bytes || lseek(f->io_fd, f->dir_cookie, SEEK_SET) < 0)
		return EINVAL;
	return 0;
}

int
p9_read_stats(struct p9_call *c, struct p9_fid *f, uint64_t offset, uint32_t count)
{
	struct entries e = { .at = 0 };
	const struct dirent64 *d;
	struct p9_out before;
	const char *name;
	uint32_t len;
	uint8_t *at;
	int error = seek_stats(f, offset);

	if (error != 0)
		return error;
	at = begin_data(c, count);
	while ((d = next_entry(f->io_fd, &e, (size_t)(c->out.end - c->out.p))) != NULL) {
		before = c->out;
		name = above_root(c->share, f, d->d_name) ? "." : d->d_name;
		/* What was removed meanwhile is not there. */
		if (p9_put_stat(c->share, &c->out, f->io_fd, name, d->d_name) == 0 && c->out.full) {
			c->out = before;
			break;
		}
		f->dir_cookie = d->d_off;
	}
	if (d == NULL && errno != 0)
		return errno;
	len = end_data(c, at);
	f->dir_bytes += len;
	/* Nothing if no entry fits: mount_9p asks for 0 bytes, Linux for what is left of its buffer. */
	return 0;
}
