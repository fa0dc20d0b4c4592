/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files: the data of a read or write goes between the guest's buffers and
 * the file without a copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/defs.h"
#include "vmm/p9/call.h"
#include "vmm/virtio/queue.h"

enum {
	WRITE_HEADER = P9_HEADER_BYTES + 16,
	READ_HEADER = P9_HEADER_BYTES + 4,
	LOCK_SUCCESS = 0,
	LOCK_UNLCK = 2,
	CREATE_TRIES = 4,
};

/* What of Linux's open flags is for the host to do. */
#define OPEN_FLAGS (O_ACCMODE | O_TRUNC | O_APPEND | O_SYNC | O_DSYNC)

static int
open_allowed(const struct p9_share *s, const struct p9_fid *f, int flags)
{
	if (f->io_fd >= 0)
		return EBUSY;
	if ((flags & O_ACCMODE) == O_ACCMODE)
		return EINVAL;
	return s->read_only && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0) ? EROFS : 0;
}

int
p9_fid_open(struct p9_share *s, struct p9_fid *f, int flags)
{
	int error = open_allowed(s, f, flags);

	if (error == 0 && (flags & O_DIRECTORY) != 0 && f->self->type != S_IFDIR)
		error = ENOTDIR;
	return error != 0 ? error : p9_open(s, f->self, flags & OPEN_FLAGS, &f->io_fd);
}

/* What is there already is opened only if the guest did not ask for a new file. */
static int
open_existing(struct p9_share *s, const struct p9_fid *dir, const char *name, int flags, struct p9_handle **h, int *fd)
{
	int error = p9_lookup(s, dir->self, name, h);

	if (error != 0)
		return error;
	error = p9_open(s, *h, flags & OPEN_FLAGS, fd);
	if (error != 0)
		p9_handle_unref(*h);
	return error;
}

static int
create_new(struct p9_share *s, const struct p9_fid *dir, const char *name, int flags, mode_t mode, struct p9_handle **h,
    int *fd)
{
	int error;

	*fd = openat(dir->self->fd, name,
	    (flags & OPEN_FLAGS & ~O_TRUNC) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
	if (*fd < 0)
		return errno;
	error = p9_fd_claim(s, *fd);
	if (error != 0)
		return error;
	error = p9_lookup(s, dir->self, name, h);
	if (error != 0)
		(void)close(*fd);
	return error;
}

/* The fid of a directory becomes that of a file in it. */
int
p9_fid_create(struct p9_share *s, struct p9_fid *f, const char *name, int flags, mode_t mode)
{
	int error = open_allowed(s, f, flags), fd = -1, tries;
	struct p9_handle *h;

	if (error != 0)
		return error;
	for (tries = 0; tries < CREATE_TRIES; tries++) {
		error = create_new(s, f, name, flags, p9_mode(S_IFREG, mode), &h, &fd);
		if (error != EEXIST || (flags & O_EXCL) != 0)
			break;
		error = open_existing(s, f, name, flags, &h, &fd);
		if (error != ENOENT)
			break;
	}
	if (error != 0)
		return error;
	f->io_fd = fd;
	p9_fid_set(f, h, p9_handle_ref(f->self), name);
	return 0;
}

/* qid[13] iounit[4] */
static int
opened(struct p9_call *c, const struct p9_fid *f)
{
	int error = p9_call_qid(c, f->self);

	p9_put32(&c->out, c->share->msize - P9_IO_HEADER);
	return error;
}

int
p9_lopen(struct p9_call *c)
{
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);
	uint32_t flags = p9_get32(&c->in);

	if (error != 0 || (error = c->in.error) != 0)
		return error;
	error = p9_fid_open(c->share, f, (int)flags & ~O_CREAT);
	return error != 0 ? error : opened(c, f);
}

int
p9_lcreate(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	uint32_t flags, mode;
	struct p9_fid *f;
	int error = p9_call_entry(c, &f, name);

	flags = p9_get32(&c->in);
	mode = p9_get32(&c->in);
	(void)p9_get32(&c->in); /* gid: files belong to the user */
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	error = p9_fid_create(c->share, f, name, (int)flags, mode);
	return error != 0 ? error : opened(c, f);
}

/* fid[4] offset[8] count[4] */
static int
transfer_fields(struct p9_call *c, struct p9_fid **f, uint64_t *offset, uint32_t *count)
{
	int error = p9_call_fid(c, f);

	*offset = p9_get64(&c->in);
	*count = p9_get32(&c->in);
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if ((*f)->io_fd < 0)
		return EBADF;
	return *offset > INT64_MAX - P9_MSIZE_MAX ? EINVAL : 0;
}

int
p9_read(struct p9_call *c)
{
	const struct p9_buffers *b = c->buffers;
	struct iovec iov[VIRTQUEUE_IOV_MAX];
	struct p9_fid *f;
	uint64_t offset;
	uint32_t count;
	ssize_t got;
	unsigned n;
	int error = transfer_fields(c, &f, &offset, &count);

	if (error != 0)
		return error;
	count = (uint32_t)u64_min(count, c->room - READ_HEADER);
	if (f->self->type == S_IFDIR)
		return c->share->dialect == P9_L ? EISDIR : p9_read_stats(c, f, offset, count);
	n = iov_slice(b->in, b->nin, READ_HEADER, count, iov);
	got = preadv(f->io_fd, iov, (int)n, (off_t)offset);
	if (got < 0)
		return errno;
	p9_put32(&c->out, (uint32_t)got);
	c->data = (uint32_t)got;
	return 0;
}

int
p9_write(struct p9_call *c)
{
	const struct p9_buffers *b = c->buffers;
	struct iovec iov[VIRTQUEUE_IOV_MAX];
	struct p9_fid *f;
	uint64_t offset;
	uint32_t count;
	ssize_t put;
	unsigned n;
	int error = transfer_fields(c, &f, &offset, &count);

	if (error != 0)
		return error;
	if (c->size < WRITE_HEADER || count > c->size - WRITE_HEADER)
		return EINVAL;
	n = iov_slice(b->out, b->nout, WRITE_HEADER, count, iov);
	put = pwritev(f->io_fd, iov, (int)n, (off_t)offset);
	if (put < 0)
		return errno;
	p9_put32(&c->out, (uint32_t)put);
	return 0;
}

int
p9_fsync(struct p9_call *c)
{
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);
	uint32_t data_only = p9_get32(&c->in);

	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if (f->io_fd < 0)
		return EBADF;
	return (data_only != 0 ? fdatasync(f->io_fd) : fsync(f->io_fd)) < 0 ? errno : 0;
}

/* --- locks: the guest keeps its own; nobody else's are in its way --- */

int
p9_lock(struct p9_call *c)
{
	char client[P9_NAME_MAX + 1];
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	(void)p9_get8(&c->in); /* type */
	(void)p9_get32(&c->in); /* flags */
	(void)p9_get64(&c->in); /* start */
	(void)p9_get64(&c->in); /* length */
	(void)p9_get32(&c->in); /* process */
	p9_get_string(&c->in, client, sizeof(client));
	p9_put8(&c->out, LOCK_SUCCESS);
	return error;
}

int
p9_getlock(struct p9_call *c)
{
	char client[P9_NAME_MAX + 1];
	uint64_t start, length;
	uint32_t process;
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	(void)p9_get8(&c->in);
	start = p9_get64(&c->in);
	length = p9_get64(&c->in);
	process = p9_get32(&c->in);
	p9_get_string(&c->in, client, sizeof(client));
	p9_put8(&c->out, LOCK_UNLCK);
	p9_put64(&c->out, start);
	p9_put64(&c->out, length);
	p9_put32(&c->out, process);
	p9_put_string(&c->out, client);
	return error;
}
