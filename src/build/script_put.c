/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree as files of the host: contents, modes, dates and links are true;
 * owners and devices are lines in the room's record.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/script.h"

#define CHUNK (256 * 1024)

struct put {
	struct script_room *room;
	int64_t date; /* of what no input dates */
	uint32_t user;
	char *buf;
	struct str path; /* below root/, where we are */
	struct str owners;
	struct err *err;
};

static int
failed(struct put *p, const char *what)
{
	return err_sys(p->err, "cannot make '%s' for scripts: %s", p->path.p, what);
}

/* --- contents --- */

/* By the file system itself, which may share the blocks; false where it cannot. */
static bool
copy_ranges(const struct tree_content *c, int fd)
{
	uint32_t i;

	for (i = 0; i < c->nextents; i++) {
		off_t from = (off_t)c->extents[i].source_offset, to = (off_t)c->extents[i].offset;
		uint64_t left = c->extents[i].bytes;
		ssize_t n;

		for (; left > 0; left -= (uint64_t)n) {
			n = copy_file_range(c->source->fd, &from, fd, &to, left, 0);
			if (n <= 0)
				return false;
		}
	}
	return true;
}

static int
put_content(struct put *p, const struct tree_inode *inode, int fd)
{
	const struct tree_attr *a = &inode->attr;
	uint64_t at, n;

	if (ftruncate(fd, (off_t)a->size) < 0)
		return failed(p, "its size");
	if (a->size >= CHUNK && a->content.source != NULL && a->content.source->fd >= 0 && copy_ranges(&a->content, fd))
		return 0;
	for (at = 0; at < a->size; at += n) {
		n = u64_min(CHUNK, a->size - at);
		if (tree_pread(inode, p->buf, (size_t)n, at, p->err) < 0)
			return -1;
		if (pwrite_full(fd, p->buf, (size_t)n, at) < 0)
			return failed(p, "its contents");
	}
	return 0;
}

/* --- attributes --- */

static int
put_attributes(struct put *p, int dirfd, const char *name, const struct tree_attr *a)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = a->mtime == TREE_UNDATED ? p->date : a->mtime, .tv_nsec = a->mtime_nsec } };

	if (p->user != UINT32_MAX && fchownat(dirfd, name, p->user, p->user, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(p, "its owner");
	if ((a->mode & TREE_IFMT) != TREE_IFLNK && fchmodat(dirfd, name, a->mode & 07777, 0) < 0)
		return failed(p, "its mode");
	if (utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(p, "its date");
	return 0;
}

/* What is not as on the host. */
static void
record_owner(struct put *p, const struct tree_attr *a)
{
	uint32_t type = a->mode & TREE_IFMT;
	bool stands_for = type == TREE_IFCHR || type == TREE_IFBLK || type == TREE_IFSOCK;

	if (a->uid == 0 && a->gid == 0 && !stands_for)
		return;
	str_addf(
	    &p->owners, "%u %u %u %u %s", a->uid, a->gid, stands_for ? type : 0, stands_for ? a->rdev : 0, p->path.p);
	str_addn(&p->owners, "", 1);
}

static struct script_file *
file_of(struct put *p, const struct tree_inode *inode)
{
	return inode->index == 0 ? NULL : &p->room->files[inode->index - 1];
}

/* As it is now. */
static int
remember(struct put *p, int dirfd, const char *name, struct tree_inode *inode)
{
	struct script_file *f = file_of(p, inode);
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(p, "it went");
	if (f == NULL) {
		f = vec_push(p->room->files, p->room->nfiles, p->room->cap_files);
		*f = (struct script_file){ .inode = inode };
		f->path = inode->nlink > 1 && (inode->attr.mode & TREE_IFMT) != TREE_IFDIR ? xstrdup(p->path.p) : NULL;
		inode->index = (uint32_t)p->room->nfiles;
	}
	f->ino = st.st_ino;
	f->ctime_ns = script_ctime(&st);
	return 0;
}

/* --- files --- */

static int
put_regular(struct put *p, int dirfd, const struct tree_node *n)
{
	bool regular = tree_is(n, TREE_IFREG);
	cleanup_close int fd = openat(dirfd, n->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return failed(p, "no file");
	return regular ? put_content(p, n->inode, fd) : 0;
}

static int
put_file(struct put *p, int dirfd, const struct tree_node *n)
{
	const struct tree_attr *a = &n->inode->attr;
	struct script_file *f = file_of(p, n->inode);

	if (f != NULL) {
		if (linkat(p->room->root, f->path, dirfd, n->name, 0) < 0)
			return failed(p, "no link");
		return remember(p, dirfd, n->name, n->inode);
	}
	if (tree_is(n, TREE_IFLNK)) {
		if (symlinkat(a->target, dirfd, n->name) < 0)
			return failed(p, "no link");
	} else if (tree_is(n, TREE_IFIFO)) {
		if (mkfifoat(dirfd, n->name, 0600) < 0)
			return failed(p, "no FIFO");
	} else if (put_regular(p, dirfd, n) < 0) {
		return -1;
	}
	record_owner(p, a);
	return put_attributes(p, dirfd, n->name, a) < 0 ? -1 : remember(p, dirfd, n->name, n->inode);
}

static int put_below(struct put *, int dirfd, const struct tree_node *);

static int
put_directory(struct put *p, int parent, const struct tree_node *n)
{
	cleanup_close int fd = -1;

	if (mkdirat(parent, n->name, 0700) < 0)
		return failed(p, "no directory");
	fd = openat(parent, n->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(p, "no directory");
	record_owner(p, &n->inode->attr);
	if (put_below(p, fd, n) < 0 || put_attributes(p, parent, n->name, &n->inode->attr) < 0)
		return -1;
	return remember(p, parent, n->name, n->inode);
}

static int
put_below(struct put *p, int dirfd, const struct tree_node *dir)
{
	const struct tree_node *n;
	size_t len = p->path.len;
	int rv = 0;

	for (n = dir->child; n != NULL && rv == 0; n = n->next) {
		str_addf(&p->path, "%s%s", len > 0 ? "/" : "", n->name);
		rv = tree_is(n, TREE_IFDIR) ? put_directory(p, dirfd, n) : put_file(p, dirfd, n);
		p->path.p[p->path.len = len] = '\0';
	}
	return rv;
}

/* --- all of it --- */

/* Until the clock of the file system has gone on: what changes from now on has another time of change. */
static void
wait_for_tick(const struct script_room *room)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int64_t last = 0;
	struct timespec now;
	size_t i;

	for (i = 0; i < room->nfiles; i++)
		if (room->files[i].ctime_ns > last)
			last = room->files[i].ctime_ns;
	for (i = 0; i < 50; i++) {
#ifdef CLOCK_REALTIME_COARSE
		(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
#else
		(void)clock_gettime(CLOCK_REALTIME, &now);
#endif
		if ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec > last)
			return;
		(void)nanosleep(&ms, NULL);
	}
}

static int
compare_files(const void *a, const void *b)
{
	const struct script_file *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int
put_root(struct put *p, struct tree *t)
{
	str_add(&p->path, "");
	if (put_below(p, p->room->root, t->root) < 0)
		return -1;
	str_add(&p->path, ".");
	record_owner(p, &t->root->inode->attr);
	if (put_attributes(p, p->room->root, ".", &t->root->inode->attr) < 0)
		return -1;
	if (p->owners.len > 0 && pwrite_full(p->room->owners, p->owners.p, p->owners.len, 0) < 0)
		return err_sys(p->err, "cannot write the record of owners");
	return 0;
}

int
script_put(struct script_room *room, struct build *b)
{
	struct put p = {
		.room = room, .date = b->newest, .user = sandbox_view_user(), .buf = xmalloc(CHUNK), .err = b->err
	};
	struct tree_node *n;
	mode_t mask = umask(0);
	int rv;

	for (n = b->tree.root; n != NULL; n = tree_next(b->tree.root, n))
		n->inode->index = 0;
	rv = put_root(&p, &b->tree);
	(void)umask(mask);
	if (rv == 0 && room->nfiles > 0)
		qsort(room->files, room->nfiles, sizeof(*room->files), compare_files);
	wait_for_tick(room);
	free(p.buf);
	str_release(&p.path);
	str_release(&p.owners);
	return rv;
}
