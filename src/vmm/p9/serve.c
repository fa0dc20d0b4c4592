/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a message's type to the function that answers it, and errors back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "vmm/p9/call.h"
#include "vmm/virtio/queue.h"

enum {
	RLERROR = 7,
	TVERSION = 100,
	RERROR = 107,
	TREMOVE = 122,
	TYPES = 128,
};

static const struct {
	p9_handler *fn;
	unsigned dialects; /* enum p9_dialect, or'ed; 0: at any time */
	bool changes; /* the share: refused if it is read-only */
} types[TYPES] = {
	[8] = { p9_statfs, P9_L, false },
	[12] = { p9_lopen, P9_L, false },
	[14] = { p9_lcreate, P9_L, true },
	[16] = { p9_symlink, P9_L, true },
	[18] = { p9_mknod, P9_L, true },
	[20] = { p9_rename, P9_L, true },
	[22] = { p9_readlink, P9_L, false },
	[24] = { p9_getattr, P9_L, false },
	[26] = { p9_setattr, P9_L, true },
	[30] = { p9_no_xattr, P9_L, false },
	[32] = { p9_no_xattr, P9_L, false },
	[40] = { p9_readdir, P9_L, false },
	[50] = { p9_fsync, P9_L, false },
	[52] = { p9_lock, P9_L, false },
	[54] = { p9_getlock, P9_L, false },
	[70] = { p9_link, P9_L, true },
	[72] = { p9_mkdir, P9_L, true },
	[74] = { p9_renameat, P9_L, true },
	[76] = { p9_unlinkat, P9_L, true },
	[TVERSION] = { p9_version, 0, false },
	[102] = { p9_auth, P9_U | P9_L, false },
	[104] = { p9_attach, P9_U | P9_L, false },
	[108] = { p9_flush, P9_U | P9_L, false },
	[110] = { p9_walk, P9_U | P9_L, false },
	[112] = { p9_topen, P9_U, false },
	[114] = { p9_tcreate, P9_U, true },
	[116] = { p9_read, P9_U | P9_L, false },
	[118] = { p9_write, P9_U | P9_L, false },
	[120] = { p9_clunk, P9_U | P9_L, false },
	[TREMOVE] = { p9_remove, P9_U | P9_L, false }, /* the fid goes even if the file may not */
	[124] = { p9_tstat, P9_U, false },
	[126] = { p9_twstat, P9_U, true },
};

/* --- errors --- */

/*
 * 9P2000.u sends a number of its user's system, and the one that speaks it
 * here is NetBSD, which takes the number for its own.  These are not the same
 * there; up to ERANGE all others are.
 */
static const struct {
	int linux_errno;
	uint32_t netbsd_errno;
} numbers[] = {
	{ EAGAIN, 35 },
	{ EDEADLK, 11 },
	{ ENAMETOOLONG, 63 },
	{ ENOSYS, 78 },
	{ ENOTEMPTY, 66 },
	{ ELOOP, 62 },
	{ EOVERFLOW, 84 },
	{ EPROTO, 96 },
	{ EMSGSIZE, 40 },
	{ EOPNOTSUPP, 45 },
	{ ENOBUFS, 55 },
	{ ESTALE, 70 },
	{ EDQUOT, 69 },
	{ ETIMEDOUT, 60 },
};

static uint32_t
netbsd_errno(int error)
{
	size_t i;

	for (i = 0; i < nitems(numbers); i++)
		if (numbers[i].linux_errno == error)
			return numbers[i].netbsd_errno;
	return error > 0 && error <= ERANGE ? (uint32_t)error : 5; /* EIO */
}

/* All that a reply's body may have: a handler may have taken less for itself. */
static struct p9_out
whole_body(struct p9_call *c)
{
	uint8_t *reply = c->share->reply;

	return (struct p9_out){ reply + P9_HEADER_BYTES, reply + u64_min(sizeof(c->share->reply), c->room), false };
}

static uint8_t
put_error(struct p9_call *c, int error)
{
	char text[64];

	c->share->errors++;
	c->data = 0;
	c->out = whole_body(c);
	if (c->share->dialect == P9_L) {
		p9_put32(&c->out, (uint32_t)error);
		return RLERROR;
	}
	p9_put_string(&c->out, strerror_r(error, text, sizeof(text)));
	p9_put32(&c->out, netbsd_errno(error));
	return RERROR;
}

/* --- one message --- */

static int
dispatch(struct p9_call *c, uint8_t type)
{
	struct p9_share *s = c->share;
	int error;

	if (type >= TYPES || types[type].fn == NULL ||
	    (types[type].dialects != 0 && (types[type].dialects & s->dialect) == 0))
		return EOPNOTSUPP;
	if (type != TVERSION && (c->size > s->msize || c->size > c->buffers->out_bytes))
		return EMSGSIZE;
	if (types[type].changes && s->read_only)
		return EROFS;
	error = types[type].fn(c);
	if (error == 0 && c->in.error != 0)
		error = c->in.error;
	return error == 0 && c->out.full ? EMSGSIZE : error;
}

uint32_t
p9_serve(struct p9_share *s, const struct p9_buffers *b)
{
	size_t got = iov_read(b->out, b->nout, 0, s->request, sizeof(s->request));
	struct p9_call c = { .share = s, .buffers = b };
	uint8_t type;
	int error;

	s->requests++;
	/* An error must always be possible: Rlerror, or Rerror with a string of 64 bytes. */
	if (got < P9_HEADER_BYTES || b->in_bytes < P9_HEADER_BYTES + (s->dialect == P9_L ? 4 : 2 + 64 + 4))
		return 0;
	c.size = get_le32(s->request);
	if (c.size < P9_HEADER_BYTES)
		return 0;
	c.room = (uint32_t)u64_min(b->in_bytes, s->dialect == P9_NONE ? P9_MSIZE_MIN : s->msize);
	c.in = (struct p9_in){ s->request + P9_HEADER_BYTES, s->request + u64_min(got, c.size), 0 };
	c.out = whole_body(&c);
	type = s->request[4];
	error = dispatch(&c, type);
	type = error == 0 ? (uint8_t)(type + 1) : put_error(&c, error);
	c.size = (uint32_t)(c.out.p - s->reply) + c.data;
	put_le32(s->reply, c.size);
	s->reply[4] = type;
	memcpy(s->reply + 5, s->request + 5, 2);
	(void)iov_write(b->in, b->nin, 0, s->reply, (size_t)(c.out.p - s->reply));
	return c.size;
}

/* --- fields that many messages have --- */

int
p9_call_fid(struct p9_call *c, struct p9_fid **f)
{
	uint32_t number = p9_get32(&c->in);

	return c->in.error != 0 ? c->in.error : p9_fid_get(c->share, number, f);
}

int
p9_call_name(struct p9_call *c, char name[P9_NAME_MAX + 1])
{
	p9_get_string(&c->in, name, P9_NAME_MAX + 1);
	return c->in.error != 0 ? c->in.error : p9_name_check(name);
}

int
p9_call_entry(struct p9_call *c, struct p9_fid **f, char name[P9_NAME_MAX + 1])
{
	int error = p9_call_fid(c, f);

	if (error == 0)
		error = p9_call_name(c, name);
	return error == 0 && (*f)->self->type != S_IFDIR ? ENOTDIR : error;
}

int
p9_call_qid(struct p9_call *c, const struct p9_handle *h)
{
	struct p9_qid q;
	int error = p9_handle_qid(c->share, h, &q);

	if (error == 0)
		p9_put_qid(&c->out, &q);
	return error;
}

mode_t
p9_mode(mode_t type, uint32_t mode)
{
	return mode & (type == S_IFDIR ? 03777 : 0777);
}

/* --- shares --- */

struct p9_share *
p9_share_new(int root_fd, bool read_only, struct err *err)
{
	struct p9_share *s = xcalloc(1, sizeof(*s));
	struct rlimit l = { 0 };

	(void)getrlimit(RLIMIT_NOFILE, &l);
	s->fd_end = (int)u64_min(l.rlim_cur, INT32_MAX) - P9_DESCRIPTORS_LEFT;
	s->read_only = read_only;
	s->proc_fd = -1;
	errno = p9_handle_new(root_fd, &s->root);
	if (errno != 0) {
		(void)err_sys(err, "cannot read a shared directory");
		p9_share_free(s);
		return NULL;
	}
	s->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->proc_fd < 0)
		(void)err_sys(err, "a shared directory needs /proc");
	else if (s->root->type != S_IFDIR)
		(void)err_set(err, "a share is no directory");
	else {
		s->devices[s->ndevices++] = s->root->dev;
		return s;
	}
	p9_share_free(s);
	return NULL;
}

void
p9_share_reset(struct p9_share *s)
{
	unsigned i;

	for (i = 0; i < P9_BUCKETS; i++)
		while (s->fids[i] != NULL)
			p9_fid_free(s, s->fids[i]);
	s->dialect = P9_NONE;
	s->msize = 0;
}

void
p9_share_free(struct p9_share *s)
{
	if (s == NULL)
		return;
	p9_share_reset(s);
	p9_handle_unref(s->root);
	if (s->proc_fd >= 0)
		(void)close(s->proc_fd);
	free(s);
}
