/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A source's tree to the host.  Everything is made relative to the descriptor
 * of the directory it belongs in, and no symlink is followed below the
 * directory that the user named: whatever the names and links of an image are,
 * they stay inside it.  A file appears under its name when it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "cmd/image_cp.h"

#define CHUNK_BYTES (1024 * 1024)

struct out {
	struct image_cp *cp;
	int top; /* the directory that the user named */
	struct str path; /* relative to it */
	const char *shown; /* its name, for messages */
	char *buf;
	char temp[64];
	mode_t mask;
};

static int
failed(const struct out *o, const char *what, struct err *err)
{
	return err_sys(err, "cannot %s '%s/%s'", what, o->shown, o->path.p);
}

/* --- attributes --- */

/* Permissions of the new file: all of the source's if owners are kept (set-id bits only with the owner), else as cp(1).
 */
static mode_t
permissions(const struct out *o, const struct tree_node *n, bool owned)
{
	mode_t mode = n->inode->attr.mode & 07777;

	if (o->cp->mode != CP_UNSET && tree_is(n, TREE_IFREG))
		return o->cp->mode;
	if (o->cp->flags)
		return owned ? mode : mode & 01777;
	return mode & 0777 & ~o->mask;
}

/* Whether the file (fd, or the symlink of that name) now belongs to whom it shall belong. */
static bool
give(const struct out *o, const struct tree_node *n, int fd, int dirfd, const char *name)
{
	const struct image_cp *cp = o->cp;
	uid_t uid = cp->owner ? n->inode->attr.uid : (uid_t)-1;
	gid_t gid = cp->owner ? n->inode->attr.gid : (gid_t)-1;

	if (cp->uid != CP_UNSET)
		uid = cp->uid;
	if (cp->gid != CP_UNSET)
		gid = cp->gid;
	if (uid == (uid_t)-1 && gid == (gid_t)-1)
		return false;
	if (fd >= 0)
		return fchown(fd, uid, gid) == 0;
	return fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Owner, mode and date, by descriptor but of a symlink: what bears the name may be another by now. */
static int
finish(struct out *o, const struct tree_node *n, int fd, int dirfd, const char *name, struct err *err)
{
	const struct tree_attr *a = &n->inode->attr;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = a->mtime, .tv_nsec = a->mtime_nsec } };
	bool owned = give(o, n, fd, dirfd, name);
	int rv;

	/* Only root can give files away; for others that is no failure, as in tar(1). */
	if (!owned && geteuid() == 0 && (o->cp->owner || o->cp->uid != CP_UNSET || o->cp->gid != CP_UNSET))
		return failed(o, "set the owner of", err);
	if (fd >= 0 && fchmod(fd, permissions(o, n, owned)) < 0)
		return failed(o, "set the mode of", err);
	if (!o->cp->dates)
		return 0;
	rv = fd >= 0 ? futimens(fd, times) : utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW);
	return rv < 0 ? failed(o, "set the date of", err) : 0;
}

/* --- files --- */

static int
copy_range(const struct out *o, const struct tree_node *n, int fd, const struct tree_extent *x, struct err *err)
{
	uint64_t at, end = u64_min(x->offset + x->bytes, n->inode->attr.size);
	size_t len;

	for (at = x->offset; at < end; at += len) {
		len = (size_t)u64_min(CHUNK_BYTES, end - at);
		if (tree_pread(n->inode, o->buf, len, at, err) < 0)
			return err_wrap(err, "'%s/%s'", o->shown, o->path.p);
		if (pwrite_full(fd, o->buf, len, at) < 0)
			return failed(o, "write", err);
	}
	return 0;
}

/* Holes stay holes. */
static int
copy_contents(const struct out *o, const struct tree_node *n, int fd, struct err *err)
{
	const struct tree_content *c = &n->inode->attr.content;
	uint32_t i;

	for (i = 0; i < c->nextents; i++)
		if (copy_range(o, n, fd, &c->extents[i], err) < 0)
			return -1;
	if (n->inode->attr.size > INT64_MAX || ftruncate(fd, (off_t)n->inode->attr.size) < 0)
		return failed(o, "write", err);
	return 0;
}

/* A file without a name where the system has such, so that a kill leaves nothing; else under the temporary one. */
static int
open_new(const struct out *o, int dirfd, bool *named)
{
	int fd = -1;

#ifdef O_TMPFILE
	fd = openat(dirfd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
#endif
	*named = fd < 0;
	return fd >= 0 ? fd : openat(dirfd, o->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int
make_regular(struct out *o, const struct tree_node *n, int dirfd, struct err *err)
{
	char proc[64];
	bool named;
	int fd = open_new(o, dirfd, &named), rv;

	if (fd < 0)
		return failed(o, "make", err);
	rv = copy_contents(o, n, fd, err);
	if (rv == 0)
		rv = finish(o, n, fd, dirfd, o->temp, err);
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (rv == 0 && !named && linkat(AT_FDCWD, proc, dirfd, o->temp, AT_SYMLINK_FOLLOW) < 0)
		rv = failed(o, "make", err);
	if (close(fd) < 0 && rv == 0)
		rv = failed(o, "write", err);
	return rv;
}

static int
make_fifo(struct out *o, const struct tree_node *n, int dirfd, struct err *err)
{
	cleanup_close int fd = -1;

	if (mkfifoat(dirfd, o->temp, 0600) < 0)
		return failed(o, "make", err);
	fd = openat(dirfd, o->temp, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? failed(o, "make", err) : finish(o, n, fd, dirfd, o->temp, err);
}

static int
make_symlink(struct out *o, const struct tree_node *n, int dirfd, struct err *err)
{
	if (symlinkat(n->inode->attr.target, dirfd, o->temp) < 0)
		return failed(o, "make", err);
	return finish(o, n, -1, dirfd, o->temp, err);
}

/* Made under a temporary name. */
static int
make(struct out *o, const struct tree_node *n, int dirfd, const char *first, struct err *err)
{
	(void)unlinkat(dirfd, o->temp, 0);
	if (first != NULL)
		return linkat(o->top, first, dirfd, o->temp, 0) < 0 ? failed(o, "link", err) : 0;
	if (tree_is(n, TREE_IFREG))
		return make_regular(o, n, dirfd, err);
	return tree_is(n, TREE_IFLNK) ? make_symlink(o, n, dirfd, err) : make_fifo(o, n, dirfd, err);
}

/* What has the name already must be a file or a link to be replaced. */
static int
put_file(struct out *o, const struct tree_node *n, int dirfd, const char *name, struct err *err)
{
	const char *first = NULL;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) &&
	    !S_ISFIFO(st.st_mode))
		return err_set(err, "'%s/%s' is a %s, which is not replaced", o->shown, o->path.p,
		    S_ISDIR(st.st_mode) ? "directory" : "device or socket");
	if (n->inode->nlink > 1)
		first = image_cp_first(o->cp, n, o->path.p);
	if (make(o, n, dirfd, first, err) < 0) {
		(void)unlinkat(dirfd, o->temp, 0);
		return -1;
	}
	if (renameat(dirfd, o->temp, dirfd, name) < 0) {
		(void)failed(o, "make", err);
		(void)unlinkat(dirfd, o->temp, 0);
		return -1;
	}
	/* Of two links to one file rename(2) leaves both. */
	(void)unlinkat(dirfd, o->temp, 0);
	if (first != NULL)
		return 0;
	o->cp->files += tree_is(n, TREE_IFREG);
	o->cp->others += !tree_is(n, TREE_IFREG);
	o->cp->bytes += tree_is(n, TREE_IFREG) ? n->inode->attr.size : 0;
	return 0;
}

/* --- directories --- */

static int put(struct out *, const struct tree_node *, int dirfd, const char *name, struct err *);

static int
put_children(struct out *o, const struct tree_node *n, int dirfd, struct err *err)
{
	const struct tree_node *c;
	size_t len = o->path.len;
	int rv = 0;

	for (c = n->child; c != NULL && rv == 0; c = c->next) {
		str_addf(&o->path, "%s%s", len > 0 ? "/" : "", c->name);
		rv = put(o, c, dirfd, c->name, err);
		o->path.p[o->path.len = len] = '\0';
	}
	return rv;
}

static int
put_dir(struct out *o, const struct tree_node *n, int dirfd, const char *name, struct err *err)
{
	bool made = mkdirat(dirfd, name, 0700) == 0;
	cleanup_close int fd = -1;

	if (!made && errno != EEXIST)
		return failed(o, "make", err);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(o, "enter", err);
	o->cp->directories++;
	if (put_children(o, n, fd, err) < 0)
		return -1;
	return made || o->cp->flags ? finish(o, n, fd, dirfd, name, err) : 0;
}

static int
put(struct out *o, const struct tree_node *n, int dirfd, const char *name, struct err *err)
{
	if (image_cp_is_foreign(n)) {
		o->cp->skipped++;
		return 0;
	}
	return tree_is(n, TREE_IFDIR) ? put_dir(o, n, dirfd, name, err) : put_file(o, n, dirfd, name, err);
}

/* --- where to --- */

/* The directory to write in, open, and the name there ("": its contents go into it). */
static int
open_top(struct out *o, const struct image_side *src, const char *path, char **dir, char **name, struct err *err)
{
	struct stat st;
	char *slash;
	size_t len;

	*dir = xstrdup(path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		*name = xstrdup(src->name);
	} else {
		if (o->cp->several || (str_ends(path, "/") && !tree_is(src->node, TREE_IFDIR)))
			return err_set(err, "'%s' is not a directory", path);
		for (len = strlen(*dir); len > 1 && (*dir)[len - 1] == '/'; len--)
			(*dir)[len - 1] = '\0';
		slash = strrchr(*dir, '/');
		*name = xstrdup(slash == NULL ? *dir : slash + 1);
		if (slash == NULL)
			memcpy(*dir, ".", 2); /* not longer than the name */
		else
			slash[slash == *dir] = '\0';
	}
	o->top = open(*dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->top < 0)
		return err_sys(err, "cannot open directory '%s'", *dir);
	o->shown = *dir;
	return 0;
}

static int
copy(struct out *o, const struct image_side *src, const char *name, struct err *err)
{
	if (name[0] == '\0')
		return put_children(o, src->node, o->top, err);
	str_add(&o->path, name);
	return put(o, src->node, o->top, name, err);
}

int
image_cp_out(struct image_cp *cp, const struct image_side *src, const char *path, struct err *err)
{
	struct out o = { .cp = cp, .top = -1, .mask = umask(0) };
	cleanup_free char *dir = NULL, *name = NULL;
	int rv;

	(void)umask(o.mask);
	(void)snprintf(o.temp, sizeof(o.temp), ".smol-cp.%ld", (long)getpid());
	o.buf = xmalloc(CHUNK_BYTES);
	str_add(&o.path, "");
	rv = path[0] == '\0' ? err_usage(err, "the destination is an empty name")
			     : open_top(&o, src, path, &dir, &name, err);
	if (rv == 0)
		rv = copy(&o, src, name, err);
	image_cp_forget(cp);
	if (o.top >= 0)
		(void)close(o.top);
	str_release(&o.path);
	free(o.buf);
	return rv;
}
