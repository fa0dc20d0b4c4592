/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names made, moved and removed, as 9P2000.L asks for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "vmm/p9/call.h"

#define REMOVE_DIRECTORY 0x200u /* Linux's AT_REMOVEDIR, whatever the host's is */

/* qid[13] of what was just made. */
static int
made(struct p9_call *c, const struct p9_fid *dir, const char *name)
{
	struct p9_handle *h;
	int error = p9_lookup(c->share, dir->self, name, &h);

	if (error != 0)
		return error;
	error = p9_call_qid(c, h);
	p9_handle_unref(h);
	return error;
}

int
p9_mkdir(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir;
	uint32_t mode;
	int error = p9_call_entry(c, &dir, name);

	mode = p9_get32(&c->in);
	(void)p9_get32(&c->in); /* gid */
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	return mkdirat(dir->self->fd, name, p9_mode(S_IFDIR, mode)) < 0 ? errno : made(c, dir, name);
}

int
p9_symlink(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1], target[P9_TARGET_MAX + 1];
	struct p9_fid *dir;
	int error = p9_call_entry(c, &dir, name);

	p9_get_string(&c->in, target, sizeof(target));
	(void)p9_get32(&c->in); /* gid */
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	return symlinkat(target, dir->self->fd, name) < 0 ? errno : made(c, dir, name);
}

int
p9_mknod(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir;
	uint32_t mode;
	int error = p9_call_entry(c, &dir, name);

	mode = p9_get32(&c->in);
	(void)p9_get32(&c->in); /* major */
	(void)p9_get32(&c->in); /* minor */
	(void)p9_get32(&c->in); /* gid */
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if ((mode & S_IFMT) != S_IFREG && (mode & S_IFMT) != S_IFIFO && (mode & S_IFMT) != 0)
		return EPERM;
	return mknodat(dir->self->fd, name, (mode & S_IFMT) | p9_mode(S_IFREG, mode), 0) < 0 ? errno
											     : made(c, dir, name);
}

int
p9_readlink(struct p9_call *c)
{
	char target[P9_TARGET_MAX + 1];
	struct p9_fid *f;
	ssize_t n;
	int error = p9_call_fid(c, &f);

	if (error != 0)
		return error;
	if (f->self->type != S_IFLNK)
		return EINVAL;
	n = readlinkat(f->self->fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return errno;
	target[n] = '\0';
	p9_put_string(&c->out, target);
	return 0;
}

int
p9_link_at(struct p9_share *s, const struct p9_handle *h, const struct p9_handle *dir, const char *name)
{
	char from[16];

	if (h->type == S_IFDIR)
		return EPERM;
	return linkat(s->proc_fd, p9_proc_name(h, from), dir->fd, name, AT_SYMLINK_FOLLOW) < 0 ? errno : 0;
}

int
p9_link(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir, *f;
	int error = p9_call_fid(c, &dir);

	if (error == 0)
		error = p9_call_fid(c, &f);
	if (error == 0)
		error = p9_call_name(c, name);
	if (error != 0)
		return error;
	return dir->self->type != S_IFDIR ? ENOTDIR : p9_link_at(c->share, f->self, dir->self, name);
}

int
p9_unlinkat(struct p9_call *c)
{
	char name[P9_NAME_MAX + 1];
	struct p9_fid *dir;
	uint32_t flags;
	int error = p9_call_entry(c, &dir, name);

	flags = p9_get32(&c->in);
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if ((flags & ~REMOVE_DIRECTORY) != 0)
		return EINVAL;
	return unlinkat(dir->self->fd, name, flags != 0 ? AT_REMOVEDIR : 0) < 0 ? errno : 0;
}

/* --- rename --- */

int
p9_move(struct p9_share *s, const struct p9_handle *from, const char *old, struct p9_handle *to, const char *name)
{
	if (renameat(from->fd, old, to->fd, name) < 0)
		return errno;
	p9_fid_moved(s, from, old, to, name);
	return 0;
}

int
p9_renameat(struct p9_call *c)
{
	char old[P9_NAME_MAX + 1], name[P9_NAME_MAX + 1];
	struct p9_fid *from, *to;
	int error = p9_call_entry(c, &from, old);

	if (error == 0)
		error = p9_call_entry(c, &to, name);
	return error != 0 ? error : p9_move(c->share, from->self, old, to->self, name);
}

int
p9_rename(struct p9_call *c)
{
	char old[P9_NAME_MAX + 1], name[P9_NAME_MAX + 1];
	struct p9_handle *from;
	struct p9_fid *f, *dir;
	int error = p9_call_fid(c, &f);

	if (error == 0)
		error = p9_call_entry(c, &dir, name);
	if (error == 0)
		error = p9_fid_named(f);
	if (error != 0)
		return error;
	/* The fid's own name changes on the way. */
	from = p9_handle_ref(f->parent);
	(void)snprintf(old, sizeof(old), "%s", f->name);
	error = p9_move(c->share, from, old, dir->self, name);
	p9_handle_unref(from);
	return error;
}
