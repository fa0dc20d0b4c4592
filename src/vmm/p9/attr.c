/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes, as 9P2000.L has them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "vmm/p9/call.h"

#define GETATTR_BASIC 0x7ffull /* all up to ctime and blocks */

enum {
	SET_MODE = 0x001,
	SET_UID = 0x002,
	SET_GID = 0x004,
	SET_SIZE = 0x008,
	SET_ATIME = 0x010,
	SET_MTIME = 0x020,
	SET_CTIME = 0x040,
	SET_ATIME_TO = 0x080,
	SET_MTIME_TO = 0x100,
};

int
p9_no_xattr(struct p9_call *c)
{
	(void)c;
	return EOPNOTSUPP;
}

int
p9_statfs(struct p9_call *c)
{
	struct statfs fs;
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	if (error != 0)
		return error;
	if (fstatfs(f->self->fd, &fs) < 0)
		return errno;
	p9_put32(&c->out, (uint32_t)fs.f_type);
	p9_put32(&c->out, (uint32_t)fs.f_bsize);
	p9_put64(&c->out, fs.f_blocks);
	p9_put64(&c->out, fs.f_bfree);
	p9_put64(&c->out, fs.f_bavail);
	p9_put64(&c->out, fs.f_files);
	p9_put64(&c->out, fs.f_ffree);
	p9_put64(&c->out, 0); /* fsid */
	p9_put32(&c->out, P9_NAME_MAX);
	return 0;
}

static void
put_time(struct p9_out *out, const struct timespec *t)
{
	p9_put64(out, (uint64_t)t->tv_sec);
	p9_put64(out, (uint64_t)t->tv_nsec);
}

int
p9_getattr(struct p9_call *c)
{
	const struct timespec never = { 0 };
	struct p9_out *out = &c->out;
	struct p9_fid *f;
	struct p9_qid q;
	struct stat st;
	int error = p9_call_fid(c, &f);

	(void)p9_get64(&c->in); /* what it wants: it gets all */
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if (fstat(f->self->fd, &st) < 0)
		return errno;
	p9_qid(c->share, &st, &q);
	p9_put64(out, GETATTR_BASIC);
	p9_put_qid(out, &q);
	p9_put32(out, st.st_mode);
	p9_put32(out, st.st_uid);
	p9_put32(out, st.st_gid);
	p9_put64(out, st.st_nlink);
	p9_put64(out, st.st_rdev);
	p9_put64(out, (uint64_t)st.st_size);
	p9_put64(out, (uint64_t)st.st_blksize);
	p9_put64(out, (uint64_t)st.st_blocks);
	put_time(out, &st.st_atim);
	put_time(out, &st.st_mtim);
	put_time(out, &st.st_ctim);
	put_time(out, &never); /* birth */
	p9_put64(out, 0); /* generation */
	p9_put64(out, 0); /* data version */
	return 0;
}

/* --- setattr --- */

int
p9_chmod(struct p9_share *s, const struct p9_handle *h, uint32_t mode)
{
	char name[16];

	if (h->type == S_IFLNK)
		return EOPNOTSUPP;
	return fchmodat(s->proc_fd, p9_proc_name(h, name), p9_mode(h->type, mode), 0) < 0 ? errno : 0;
}

/* By the open file if there is one to write to: its mode may forbid to open it anew. */
int
p9_truncate(struct p9_share *s, const struct p9_fid *f, uint64_t size)
{
	int error, fd;

	if (size > INT64_MAX)
		return EINVAL;
	if (f->self->type != S_IFREG)
		return f->self->type == S_IFDIR ? EISDIR : EINVAL;
	if (f->io_fd >= 0 && ftruncate(f->io_fd, (off_t)size) == 0)
		return 0;
	error = p9_open(s, f->self, O_WRONLY, &fd);
	if (error != 0)
		return error;
	error = ftruncate(fd, (off_t)size) < 0 ? errno : 0;
	(void)close(fd);
	return error;
}

static int
get_time(struct p9_in *in, uint32_t valid, uint32_t now, uint32_t to, struct timespec *t)
{
	uint64_t sec = p9_get64(in), nsec = p9_get64(in);

	*t = (struct timespec){ .tv_nsec = (valid & now) == 0 ? UTIME_OMIT : UTIME_NOW };
	if ((valid & now) == 0 || (valid & to) == 0)
		return 0;
	if (nsec >= 1000000000)
		return EINVAL;
	*t = (struct timespec){ (time_t)sec, (long)nsec };
	return 0;
}

struct change {
	uint32_t valid, mode, uid, gid;
	uint64_t size;
	struct timespec times[2];
};

static int
get_change(struct p9_in *in, struct change *ch)
{
	int error;

	ch->valid = p9_get32(in);
	ch->mode = p9_get32(in);
	ch->uid = p9_get32(in);
	ch->gid = p9_get32(in);
	ch->size = p9_get64(in);
	error = get_time(in, ch->valid, SET_ATIME, SET_ATIME_TO, &ch->times[0]);
	if (error == 0)
		error = get_time(in, ch->valid, SET_MTIME, SET_MTIME_TO, &ch->times[1]);
	return in->error != 0 ? in->error : error;
}

int
p9_setattr(struct p9_call *c)
{
	struct change ch;
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	if (error == 0)
		error = get_change(&c->in, &ch);
	if (error != 0)
		return error;
	if ((ch.valid & SET_MODE) != 0 && (error = p9_chmod(c->share, f->self, ch.mode)) != 0)
		return error;
	if ((ch.valid & (SET_UID | SET_GID)) != 0 &&
	    fchownat(f->self->fd, "", (ch.valid & SET_UID) != 0 ? ch.uid : (uid_t)-1,
		(ch.valid & SET_GID) != 0 ? ch.gid : (gid_t)-1, AT_EMPTY_PATH) < 0)
		return errno;
	if ((ch.valid & SET_SIZE) != 0 && (error = p9_truncate(c->share, f, ch.size)) != 0)
		return error;
	if ((ch.valid & (SET_ATIME | SET_MTIME)) != 0 && utimensat(f->self->fd, "", ch.times, AT_EMPTY_PATH) < 0)
		return errno;
	/* ctime alone: Linux does so when it has dropped a mode's bits itself. */
	return 0;
}
