/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P2000.u's own: open and create, stat and wstat.
 *
 *	stat: size[2] type[2] dev[4] qid[13] mode[4] atime[4] mtime[4] length[8]
 *	      name[s] uid[s] gid[s] muid[s] extension[s] n_uid[4] n_gid[4] n_muid[4]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/endian.h"
#include "vmm/p9/call.h"

#define DM_DIR 0x80000000u
#define DM_SYMLINK 0x02000000u
#define DM_LINK 0x01000000u
#define DM_DEVICE 0x00800000u
#define DM_NAMEDPIPE 0x00200000u
#define DM_SOCKET 0x00100000u
#define DM_SETUID 0x00080000u
#define DM_SETGID 0x00040000u
#define DM_SETVTX 0x00010000u
#define NO_CHANGE UINT32_MAX

enum {
	OPEN_EXEC = 3,
	OPEN_TRUNC = 0x10,
	OPEN_REMOVE = 0x40,
	OPEN_APPEND = 0x80,
	EXTENSION_MAX = P9_TARGET_MAX + 1,
};

/* --- stat --- */

static uint32_t
mode_of(const struct stat *st)
{
	static const struct {
		mode_t type;
		uint32_t bit;
	} types[] = {
		{ S_IFDIR, DM_DIR },
		{ S_IFLNK, DM_SYMLINK },
		{ S_IFIFO, DM_NAMEDPIPE },
		{ S_IFSOCK, DM_SOCKET },
		{ S_IFCHR, DM_DEVICE },
		{ S_IFBLK, DM_DEVICE },
	};
	uint32_t mode = st->st_mode & 0777;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((st->st_mode & S_IFMT) == types[i].type)
			mode |= types[i].bit;
	return mode | ((st->st_mode & S_ISUID) != 0 ? DM_SETUID : 0) | ((st->st_mode & S_ISGID) != 0 ? DM_SETGID : 0) |
	       ((st->st_mode & S_ISVTX) != 0 ? DM_SETVTX : 0);
}

/* A link's target, a device's numbers, or how many links a file has. */
static void
extension_of(int dir_fd, const char *name, const struct stat *st, char buf[EXTENSION_MAX])
{
	ssize_t n;

	buf[0] = '\0';
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(dir_fd, name, buf, EXTENSION_MAX - 1);
		buf[n < 0 ? 0 : n] = '\0';
	} else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		(void)snprintf(buf, EXTENSION_MAX, "%c %u %u", S_ISCHR(st->st_mode) ? 'c' : 'b', major(st->st_rdev),
		    minor(st->st_rdev));
	} else if (!S_ISDIR(st->st_mode)) {
		(void)snprintf(buf, EXTENSION_MAX, "HARDLINKCOUNT %lu", (unsigned long)st->st_nlink);
	}
}

/* Of name in a directory, or of the descriptor itself if name is "". 0 or an errno; out may be full. */
int
p9_put_stat(struct p9_share *s, struct p9_out *out, int dir_fd, const char *name, const char *shown)
{
	char extension[EXTENSION_MAX];
	uint8_t *size = out->p;
	struct p9_qid q;
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return errno;
	extension_of(dir_fd, name, &st, extension);
	p9_qid(s, &st, &q);
	p9_put16(out, 0);
	p9_put16(out, 0); /* type */
	p9_put32(out, 0); /* dev */
	p9_put_qid(out, &q);
	p9_put32(out, mode_of(&st));
	p9_put32(out, (uint32_t)st.st_atim.tv_sec);
	p9_put32(out, (uint32_t)st.st_mtim.tv_sec);
	p9_put64(out, (uint64_t)st.st_size);
	p9_put_string(out, shown);
	p9_put_string(out, ""); /* uid, gid, muid: numbers below */
	p9_put_string(out, "");
	p9_put_string(out, "");
	p9_put_string(out, extension);
	p9_put32(out, st.st_uid);
	p9_put32(out, st.st_gid);
	p9_put32(out, NO_CHANGE);
	if (!out->full)
		put_le16(size, (uint16_t)(out->p - size - 2));
	return 0;
}

int
p9_tstat(struct p9_call *c)
{
	uint8_t *length = c->out.p;
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	if (error != 0)
		return error;
	p9_put16(&c->out, 0);
	error = p9_put_stat(c->share, &c->out, f->self->fd, "", f->name);
	if (error == 0 && !c->out.full)
		put_le16(length, (uint16_t)(c->out.p - length - 2));
	return error;
}

/* --- open and create --- */

static int
open_flags(uint8_t mode)
{
	int flags = (mode & 3) == OPEN_EXEC ? O_RDONLY : mode & 3; /* as O_RDONLY, O_WRONLY, O_RDWR */

	return flags | ((mode & OPEN_TRUNC) != 0 ? O_TRUNC : 0) | ((mode & OPEN_APPEND) != 0 ? O_APPEND : 0);
}

/* qid[13] iounit[4] */
static int
opened(struct p9_call *c, struct p9_fid *f, uint8_t mode)
{
	int error = p9_call_qid(c, f->self);

	f->remove = (mode & OPEN_REMOVE) != 0;
	p9_put32(&c->out, c->share->msize - P9_IO_HEADER);
	return error;
}

int
p9_topen(struct p9_call *c)
{
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);
	uint8_t mode = p9_get8(&c->in);

	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if ((mode & OPEN_REMOVE) != 0 && c->share->read_only)
		return EROFS;
	error = p9_fid_open(c->share, f, open_flags(mode));
	return error != 0 ? error : opened(c, f, mode);
}

static int
link_to_fid(struct p9_share *s, const struct p9_fid *dir, const char *name, const char *extension)
{
	struct p9_fid *f;
	unsigned number;
	int len = 0;

	/* Linux puts a newline behind it. */
	if (sscanf(extension, "%u%n", &number, &len) != 1 || extension[len + (extension[len] == '\n')] != '\0')
		return EINVAL;
	f = p9_fid_find(s, number);
	return f == NULL ? EBADF : p9_link_at(s, f->self, dir->self, name);
}

/* What is not a regular file: by the bits of perm. */
static int
make_special(struct p9_share *s, const struct p9_fid *dir, const char *name, uint32_t perm, const char *extension)
{
	int fd = dir->self->fd, rv;

	if ((perm & DM_LINK) != 0)
		return link_to_fid(s, dir, name, extension);
	if ((perm & DM_DIR) != 0)
		rv = mkdirat(fd, name, p9_mode(S_IFDIR, perm & 0777));
	else if ((perm & DM_SYMLINK) != 0)
		rv = symlinkat(extension, fd, name);
	else if ((perm & DM_NAMEDPIPE) != 0)
		rv = mknodat(fd, name, S_IFIFO | p9_mode(S_IFIFO, perm), 0);
	else
		return EPERM; /* devices, sockets */
	return rv < 0 ? errno : 0;
}

static int
create_special(struct p9_share *s, struct p9_fid *f, const char *name, uint32_t perm, const char *extension)
{
	struct p9_handle *h;
	int error;

	if (f->io_fd >= 0)
		return EBUSY;
	error = make_special(s, f, name, perm, extension);
	if (error == 0)
		error = p9_lookup(s, f->self, name, &h);
	if (error != 0)
		return error;
	p9_fid_set(f, h, p9_handle_ref(f->self), name);
	return h->type == S_IFDIR ? p9_fid_open(s, f, O_RDONLY) : 0;
}

int
p9_tcreate(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1], extension[EXTENSION_MAX];
	struct p9_fid *f;
	uint32_t perm;
	uint8_t mode;
	int error = p9_call_entry(c, &f, name);

	perm = p9_get32(&c->in);
	mode = p9_get8(&c->in);
	p9_get_string(&c->in, extension, sizeof(extension));
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if ((perm & (DM_DIR | DM_SYMLINK | DM_LINK | DM_DEVICE | DM_NAMEDPIPE | DM_SOCKET)) != 0)
		error = create_special(c->share, f, name, perm, extension);
	else
		error = p9_fid_create(c->share, f, name, open_flags(mode), perm & 0777);
	return error != 0 ? error : opened(c, f, mode);
}

/* --- wstat --- */

struct wstat {
	uint32_t mode, atime, mtime, uid, gid;
	uint64_t length;
	char name[P9_NAME_MAX + 1];
};

static int
get_wstat(struct p9_in *in, struct wstat *w)
{
	char text[EXTENSION_MAX];
	int i;

	(void)p9_get16(in); /* n */
	(void)p9_get16(in); /* size */
	(void)p9_get16(in); /* type */
	(void)p9_get32(in); /* dev */
	(void)p9_get8(in); /* qid */
	(void)p9_get32(in);
	(void)p9_get64(in);
	w->mode = p9_get32(in);
	w->atime = p9_get32(in);
	w->mtime = p9_get32(in);
	w->length = p9_get64(in);
	p9_get_string(in, w->name, sizeof(w->name));
	for (i = 0; i < 4; i++) /* uid, gid, muid, extension */
		p9_get_string(in, text, sizeof(text));
	w->uid = p9_get32(in);
	w->gid = p9_get32(in);
	(void)p9_get32(in); /* n_muid */
	return in->error;
}

static struct timespec
wstat_time(uint32_t seconds)
{
	return seconds == NO_CHANGE ? (struct timespec){ .tv_nsec = UTIME_OMIT } : (struct timespec){ seconds, 0 };
}

static int
wstat_attributes(struct p9_share *s, const struct p9_fid *f, const struct wstat *w)
{
	struct timespec times[2] = { wstat_time(w->atime), wstat_time(w->mtime) };
	int error;

	if (w->mode != NO_CHANGE) {
		if (((w->mode & DM_DIR) != 0) != (f->self->type == S_IFDIR))
			return EINVAL;
		error = p9_chmod(s, f->self,
		    (w->mode & 0777) | ((w->mode & DM_SETVTX) != 0 ? S_ISVTX : 0) |
			((w->mode & DM_SETGID) != 0 ? S_ISGID : 0));
		if (error != 0)
			return error;
	}
	if ((w->uid != NO_CHANGE || w->gid != NO_CHANGE) &&
	    fchownat(f->self->fd, "", w->uid, w->gid, AT_EMPTY_PATH) < 0)
		return errno;
	if (w->length != UINT64_MAX && (error = p9_truncate(s, f, w->length)) != 0)
		return error;
	if ((w->atime != NO_CHANGE || w->mtime != NO_CHANGE) && utimensat(f->self->fd, "", times, AT_EMPTY_PATH) < 0)
		return errno;
	return 0;
}

/* Another name in the same directory. */
static int
wstat_rename(struct p9_share *s, struct p9_fid *f, const char *name)
{
	struct p9_handle *parent;
	char old[P9_NAME_MAX + 1];
	int error = p9_name_check(name);

	if (error == 0)
		error = p9_fid_named(f);
	if (error != 0 || strcmp(name, f->name) == 0)
		return error;
	parent = p9_handle_ref(f->parent);
	(void)snprintf(old, sizeof(old), "%s", f->name);
	error = p9_move(s, parent, old, parent, name);
	p9_handle_unref(parent);
	return error;
}

int
p9_twstat(struct p9_call *c)
{
	struct p9_fid *f;
	struct wstat w;
	int error = p9_call_fid(c, &f);

	if (error == 0)
		error = get_wstat(&c->in, &w);
	if (error == 0)
		error = wstat_attributes(c->share, f, &w);
	return error == 0 && w.name[0] != '\0' ? wstat_rename(c->share, f, w.name) : error;
}
