/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fids and handles: openat2(2), O_PATH.
 */
#include "vmm/p9/fid.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"

#define CLIMB_MAX 4096 /* directories between one and the root */

/* --- handles --- */

struct p9_handle *
p9_handle_ref(struct p9_handle *h)
{
	h->refs++;
	return h;
}

void
p9_handle_unref(struct p9_handle *h)
{
	if (h == NULL || --h->refs > 0)
		return;
	(void)close(h->fd);
	free(h);
}

int
p9_fd_claim(const struct p9_share *s, int fd)
{
	if (fd < s->fd_end)
		return 0;
	(void)close(fd);
	return EMFILE;
}

int
p9_handle_new(int fd, struct p9_handle **out)
{
	struct p9_handle *h;
	struct stat st;
	int error;

	if (fstat(fd, &st) < 0) {
		error = errno;
		(void)close(fd);
		return error;
	}
	h = xcalloc(1, sizeof(*h));
	*h = (struct p9_handle){ fd, 1, st.st_dev, st.st_ino, st.st_mode & S_IFMT };
	*out = h;
	return 0;
}

static bool
same_file(const struct p9_handle *a, const struct p9_handle *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

static int
open_beneath(int dir_fd, const char *name, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

/* Whether a directory lies below the root: by going up from it. */
static int
check_beneath(const struct p9_share *s, const struct p9_handle *h)
{
	struct stat st = { .st_dev = h->dev, .st_ino = h->ino }, up;
	int fd = h->fd, next, n;

	for (n = 0; n < CLIMB_MAX && (st.st_dev != s->root->dev || st.st_ino != s->root->ino); n++) {
		next = open_beneath(fd, "..", O_PATH | O_DIRECTORY, 0);
		if (fd != h->fd)
			(void)close(fd);
		fd = next;
		if (fd < 0)
			return errno;
		/* The host's root is its own parent. */
		if (fstat(fd, &up) < 0 || (up.st_dev == st.st_dev && up.st_ino == st.st_ino)) {
			(void)close(fd);
			return ENOENT;
		}
		st = up;
	}
	if (fd != h->fd)
		(void)close(fd);
	return n < CLIMB_MAX ? 0 : ELOOP;
}

static int
lookup_parent(struct p9_share *s, const struct p9_handle *dir, struct p9_handle **out)
{
	int fd, error;

	if (same_file(dir, s->root)) {
		*out = p9_handle_ref(s->root);
		return 0;
	}
	fd = open_beneath(dir->fd, "..", O_PATH | O_DIRECTORY, 0);
	if (fd < 0)
		return errno;
	error = p9_fd_claim(s, fd);
	if (error == 0)
		error = p9_handle_new(fd, out);
	if (error == 0 && (error = check_beneath(s, *out)) != 0)
		p9_handle_unref(*out);
	return error;
}

int
p9_name_check(const char *name)
{
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return ENOENT;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? EINVAL : 0;
}

int
p9_lookup(struct p9_share *s, const struct p9_handle *dir, const char *name, struct p9_handle **out)
{
	int fd, error;

	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return ENOENT;
	if (dir->type != S_IFDIR)
		return ENOTDIR;
	if (strcmp(name, "..") == 0)
		return lookup_parent(s, dir, out);
	fd = open_beneath(dir->fd, name, O_PATH, RESOLVE_BENEATH);
	if (fd < 0)
		return errno;
	error = p9_fd_claim(s, fd);
	return error != 0 ? error : p9_handle_new(fd, out);
}

const char *
p9_proc_name(const struct p9_handle *h, char buf[16])
{
	(void)snprintf(buf, 16, "%d", h->fd);
	return buf;
}

int
p9_open(struct p9_share *s, const struct p9_handle *h, int flags, int *fd)
{
	char name[16];

	/* Devices and FIFOs are not for the guest to open; a link is read by Treadlink. */
	if (h->type != S_IFREG && h->type != S_IFDIR)
		return h->type == S_IFLNK ? ELOOP : EPERM;
	if (h->type == S_IFDIR && (flags & O_ACCMODE) != O_RDONLY)
		return EISDIR;
	*fd = openat(s->proc_fd, p9_proc_name(h, name), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return *fd < 0 ? errno : p9_fd_claim(s, *fd);
}

/* --- fids --- */

static struct p9_fid **
bucket(struct p9_share *s, uint32_t number)
{
	return &s->fids[(number ^ number >> 13) & (P9_BUCKETS - 1)];
}

struct p9_fid *
p9_fid_find(struct p9_share *s, uint32_t number)
{
	struct p9_fid *f = *bucket(s, number);

	while (f != NULL && f->number != number)
		f = f->next;
	return f;
}

int
p9_fid_get(struct p9_share *s, uint32_t number, struct p9_fid **f)
{
	*f = p9_fid_find(s, number);
	return *f == NULL ? EBADF : 0;
}

int
p9_fid_new(struct p9_share *s, uint32_t number, struct p9_fid **out)
{
	struct p9_fid **b = bucket(s, number), *f;

	if (number == UINT32_MAX || p9_fid_find(s, number) != NULL)
		return EINVAL;
	if (s->nfids == P9_FIDS_MAX)
		return ENFILE;
	f = xcalloc(1, sizeof(*f));
	f->number = number;
	f->io_fd = -1;
	f->next = *b;
	*b = f;
	s->nfids++;
	*out = f;
	return 0;
}

void
p9_fid_free(struct p9_share *s, struct p9_fid *f)
{
	struct p9_fid **p = bucket(s, f->number);

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	s->nfids--;
	if (f->io_fd >= 0)
		(void)close(f->io_fd);
	p9_handle_unref(f->self);
	p9_handle_unref(f->parent);
	free(f->name);
	free(f);
}

void
p9_fid_set(struct p9_fid *f, struct p9_handle *self, struct p9_handle *parent, const char *name)
{
	p9_handle_unref(f->self);
	p9_handle_unref(f->parent);
	free(f->name);
	f->self = self;
	f->parent = parent;
	f->name = xstrdup(name);
}

int
p9_fid_named(const struct p9_fid *f)
{
	struct stat st;

	if (f->parent == NULL)
		return EOPNOTSUPP;
	if (fstatat(f->parent->fd, f->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno;
	return st.st_dev == f->self->dev && st.st_ino == f->self->ino ? 0 : ENOENT;
}

int
p9_fid_remove(struct p9_fid *f)
{
	int error = p9_fid_named(f);

	if (error != 0)
		return error;
	return unlinkat(f->parent->fd, f->name, f->self->type == S_IFDIR ? AT_REMOVEDIR : 0) < 0 ? errno : 0;
}

void
p9_fid_moved(struct p9_share *s, const struct p9_handle *from, const char *old, struct p9_handle *to, const char *name)
{
	struct p9_fid *f;
	unsigned i;

	for (i = 0; i < P9_BUCKETS; i++)
		for (f = s->fids[i]; f != NULL; f = f->next)
			if (f->parent != NULL && same_file(f->parent, from) && strcmp(f->name, old) == 0)
				p9_fid_set(f, p9_handle_ref(f->self), p9_handle_ref(to), name);
}

/* --- qids --- */

/* Inode numbers of several file systems kept apart; the share's own stay as they are. */
static uint64_t
device_bits(struct p9_share *s, dev_t dev)
{
	unsigned i;

	for (i = 0; i < s->ndevices && s->devices[i] != dev; i++)
		continue;
	if (i == s->ndevices && i < P9_DEVICES_MAX)
		s->devices[s->ndevices++] = dev;
	return (uint64_t)i << 56;
}

void
p9_qid(struct p9_share *s, const struct stat *st, struct p9_qid *q)
{
	q->type = S_ISDIR(st->st_mode) ? 0x80 : S_ISLNK(st->st_mode) ? 0x02 : 0;
	q->path = st->st_ino ^ device_bits(s, st->st_dev);
	/* Linux trusts its cache by it. NetBSD takes another version for another file: none there. */
	q->version =
	    s->dialect != P9_L
		? 0
		: (uint32_t)((uint64_t)st->st_mtim.tv_sec ^ (uint64_t)st->st_mtim.tv_nsec ^ (uint64_t)st->st_size << 8);
}

int
p9_handle_qid(struct p9_share *s, const struct p9_handle *h, struct p9_qid *q)
{
	struct stat st;

	if (fstat(h->fd, &st) < 0)
		return errno;
	p9_qid(s, &st, q);
	return 0;
}
