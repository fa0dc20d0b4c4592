/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree from the files that scripts left: a walk of both.  Nothing runs in
 * the room any more; what lies there is not believed all the same (a script
 * may have made anything): names are opened below their directories, and never
 * followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/script.h"

/* A file with several names that a script made. */
struct made {
	uint64_t ino;
	char *path; /* its first */
};

struct take {
	struct script_room *room;
	struct tree *tree;
	int64_t date; /* that script_put() gave what no input dates */
	struct sandbox_owner *owners; /* by ino */
	size_t nowners;
	struct made *made;
	size_t nmade, cap_made;
	struct str host, at; /* where we are, on either side */
	struct err *err;
};

static int
compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct script_file *
file_of(struct take *t, uint64_t ino)
{
	return bsearch(&ino, t->room->files, t->room->nfiles, sizeof(*t->room->files), compare_numbers);
}

/* --- attributes --- */

static void
set_owner(struct take *t, const struct stat *st, struct tree_attr *a)
{
	const struct sandbox_owner *o;
	uint64_t ino = st->st_ino;

	a->mode = (uint32_t)st->st_mode;
	a->uid = a->gid = 0;
	o = bsearch(&ino, t->owners, t->nowners, sizeof(*t->owners), compare_numbers);
	if (o == NULL)
		return;
	a->uid = o->uid;
	a->gid = o->gid;
	if (o->type == 0)
		return;
	a->mode = (a->mode & 07777) | o->type;
	a->rdev = tree_makedev(o->rdev >> 8 & 0xfff, (o->rdev & 0xff) | (o->rdev >> 12 & 0xfff00));
}

static void
set_content(struct take *t, const struct stat *st, struct tree_attr *a, struct tree_extent *whole)
{
	struct arena *arena = &t->tree->arena;
	struct tree_source *source;

	a->size = (uint64_t)st->st_size;
	a->content = (struct tree_content){ 0 };
	if (a->size == 0)
		return;
	source = arena_alloc(arena, sizeof(*source));
	*source = (struct tree_source){
		.fd = -1, .path = arena_strdup(arena, t->host.p), .size = a->size, .mtime_ns = tree_stat_mtime(st)
	};
	*whole = (struct tree_extent){ .bytes = a->size };
	a->content = (struct tree_content){ .source = source, .extents = whole, .nextents = 1 };
}

static int
set_target(struct take *t, int dirfd, const char *name, struct tree_attr *a, char target[TREE_LINK_MAX + 2])
{
	ssize_t n = readlinkat(dirfd, name, target, TREE_LINK_MAX + 1);

	if (n < 0)
		return err_sys(t->err, "cannot read symlink '%s'", t->at.p);
	if (n > TREE_LINK_MAX)
		return err_set(t->err, "'%s': the symlink's target is longer than %d bytes", t->at.p, TREE_LINK_MAX);
	target[n] = '\0';
	a->target = target;
	a->size = (uint64_t)n;
	return 0;
}

/* Scripts may make what the user cannot read; the sandbox lets them, and the owner may change it. */
static void
make_readable(int dirfd, const char *name, const struct stat *st)
{
	mode_t want = S_ISDIR(st->st_mode) ? 0700 : 0400;

	if ((st->st_mode & want) != want)
		(void)fchmodat(dirfd, name, (st->st_mode | want) & 07777, 0);
}

/* --- files --- */

/* The path of another name that the walk has met; NULL: it has not. */
static const char *
first_name(const struct take *t, const struct script_file *f, const struct stat *st)
{
	size_t i;

	if (f != NULL)
		return f->path == NULL || *f->path == '\0' ? NULL : f->path;
	for (i = 0; st->st_nlink > 1 && i < t->nmade; i++)
		if (t->made[i].ino == st->st_ino)
			return t->made[i].path;
	return NULL;
}

static void
met(struct take *t, struct script_file *f, const struct stat *st, struct tree_inode *inode)
{
	if (f != NULL) {
		free(f->path);
		f->path = xstrdup(t->at.p);
		f->inode = inode;
	} else if (st->st_nlink > 1) {
		*vec_push(t->made, t->nmade, t->cap_made) = (struct made){ st->st_ino, xstrdup(t->at.p) };
	}
}

/* Nothing happened to it, but that it may have another owner. */
static int
keep(struct take *t, const struct stat *st, struct script_file *f, struct tree_inode *inode)
{
	struct tree_attr a = inode->attr;

	set_owner(t, st, &a);
	if (!S_ISLNK(st->st_mode))
		inode->attr.mode = a.mode;
	inode->attr.uid = a.uid;
	inode->attr.gid = a.gid;
	inode->attr.rdev = a.rdev;
	if (f != NULL)
		met(t, f, st, inode);
	return 0;
}

/* What is known of it by its number: where that is another file's by now, of another type at least. */
static struct tree_attr
known(const struct take *t, const struct script_file *f, const struct stat *st, bool same_name)
{
	struct tree_attr a = { .mtime = TREE_UNDATED };
	const struct tree_attr *old = f == NULL ? NULL : &f->inode->attr;
	int64_t put;

	if (f == NULL ||
	    (!same_name && f->ctime_ns != script_ctime(st) && (old->mode & TREE_IFMT) != (st->st_mode & S_IFMT)))
		return a;
	/* A mode alone, or a name, leaves the date. */
	put = (old->mtime == TREE_UNDATED ? t->date : old->mtime) * 1000000000 + old->mtime_nsec;
	a = *old;
	if (f->ctime_ns == script_ctime(st))
		return a;
	a.times = NULL;
	if (!S_ISDIR(st->st_mode) && put != tree_stat_mtime(st)) {
		a.mtime = TREE_UNDATED;
		a.mtime_nsec = 0;
	}
	if (!same_name)
		a.flags = 0;
	return a;
}

/* A new name for what was there, or what was changed or made; old bears its name now. */
static int
add_file(
    struct take *t, int dirfd, const char *name, const struct stat *st, struct script_file *f, struct tree_node *old)
{
	struct tree_attr a = known(t, f, st, old != NULL && f != NULL && old->inode == f->inode);
	bool same = f != NULL && f->ctime_ns == script_ctime(st);
	char target[TREE_LINK_MAX + 2];
	struct tree_extent whole;
	struct tree_node *n;

	set_owner(t, st, &a);
	if ((a.mode & TREE_IFMT) == TREE_IFREG && !same) {
		set_content(t, st, &a, &whole);
		make_readable(dirfd, name, st);
	}
	if (S_ISLNK(st->st_mode)) {
		a.mode = TREE_IFLNK | 0755;
		if (set_target(t, dirfd, name, &a, target) < 0)
			return -1;
	}
	if (old != NULL && tree_is(old, TREE_IFDIR))
		tree_remove(t->tree, old);
	n = tree_add(t->tree, t->at.p, &a, t->err);
	if (n == NULL)
		return -1;
	met(t, f, st, n->inode);
	return 0;
}

static int
take_file(struct take *t, int dirfd, const char *name, const struct stat *st, struct tree_node *old)
{
	struct script_file *f = file_of(t, st->st_ino);
	const char *first = first_name(t, f, st);
	const struct tree_node *other = first == NULL ? NULL : tree_lookup(t->tree, first);

	if (other != NULL && old != NULL && other->inode == old->inode)
		return 0;
	if (other != NULL) {
		if (old != NULL && tree_is(old, TREE_IFDIR))
			tree_remove(t->tree, old);
		return tree_link(t->tree, t->at.p, first, t->err) == NULL ? -1 : 0;
	}
	if (f != NULL && old != NULL && old->inode == f->inode && f->ctime_ns == script_ctime(st))
		return keep(t, st, f, old->inode);
	return add_file(t, dirfd, name, st, f, old);
}

/* --- directories --- */

static int take_below(struct take *, int parent, const char *name, struct tree_node *);

static int
take_directory(struct take *t, int parent, const char *name, const struct stat *st, struct tree_node *old)
{
	struct script_file *f = file_of(t, st->st_ino);
	struct tree_attr a;

	make_readable(parent, name, st);
	if (f != NULL && old != NULL && old->inode == f->inode) {
		(void)keep(t, st, NULL, old->inode);
		return take_below(t, parent, name, old);
	}
	a = known(t, f, st, false);
	set_owner(t, st, &a);
	/* Not changed in place: what it was may go on under another name. */
	if (old != NULL)
		tree_remove(t->tree, old);
	old = tree_add(t->tree, t->at.p, &a, t->err);
	return old == NULL ? -1 : take_below(t, parent, name, old);
}

static int
take_one(struct take *t, int dirfd, const char *name, struct tree_node *dir)
{
	struct tree_node *old = tree_child(t->tree, dir, name, strlen(name));
	struct stat st;

	if (t->at.len > TREE_LINK_MAX)
		return err_set(t->err, "scripts made a path of more than %d bytes: '%.60s...'", TREE_LINK_MAX, t->at.p);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(t->err, "cannot read '%s'", t->at.p);
	if (S_ISDIR(st.st_mode))
		return take_directory(t, dirfd, name, &st, old);
	return take_file(t, dirfd, name, &st, old);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
read_names(struct take *t, DIR *dir, char ***names, size_t *n)
{
	struct dirent *e;
	size_t cap = 0;

	while (errno = 0, (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			*vec_push(*names, *n, cap) = xstrdup(e->d_name);
	if (errno != 0)
		return err_sys(t->err, "cannot read '%s'", t->at.p);
	if (*n > 0)
		qsort(*names, *n, sizeof(**names), compare_names);
	return 0;
}

static void
remove_others(struct take *t, struct tree_node *dir, char **names, size_t n)
{
	struct tree_node *child, *next;
	const char *name;

	for (child = dir->child; child != NULL; child = next) {
		next = child->next;
		name = child->name;
		if (n == 0 || bsearch(&name, names, n, sizeof(*names), compare_names) == NULL)
			tree_remove(t->tree, child);
	}
}

static int
take_names(struct take *t, int fd, char **names, size_t n, struct tree_node *dir)
{
	size_t host = t->host.len, at = t->at.len, i;
	int rv = 0;

	remove_others(t, dir, names, n);
	for (i = 0; i < n && rv == 0; i++) {
		str_addf(&t->host, "/%s", names[i]);
		str_addf(&t->at, "/%s", names[i]);
		rv = take_one(t, fd, names[i], dir);
		t->host.p[t->host.len = host] = '\0';
		t->at.p[t->at.len = at] = '\0';
	}
	return rv;
}

static int
take_below(struct take *t, int parent, const char *name, struct tree_node *node)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rv;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char **names = NULL;
	size_t n = 0, i;

	if (dir == NULL) {
		(void)err_sys(t->err, "cannot read '%s'", t->at.p);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	rv = read_names(t, dir, &names, &n);
	if (rv == 0)
		rv = take_names(t, fd, names, n, node);
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	(void)closedir(dir);
	return rv;
}

/* --- all of it --- */

static int
read_owners(struct take *t)
{
	struct stat st;

	if (fstat(t->room->owners, &st) < 0)
		return err_sys(t->err, "cannot read the record of owners");
	t->nowners = (size_t)st.st_size / sizeof(*t->owners);
	t->owners = xcalloc(t->nowners + 1, sizeof(*t->owners));
	if (pread_full(t->room->owners, t->owners, t->nowners * sizeof(*t->owners), 0) < 0)
		return err_sys(t->err, "cannot read the record of owners");
	if (t->nowners > 0)
		qsort(t->owners, t->nowners, sizeof(*t->owners), compare_numbers);
	return 0;
}

static int
take_root(struct take *t)
{
	struct stat st, named;
	size_t i;

	if (read_owners(t) < 0)
		return -1;
	/* The name must still be that directory's: contents are opened by it. */
	if (fstat(t->room->root, &st) < 0 || lstat(t->host.p, &named) < 0 || named.st_ino != st.st_ino ||
	    named.st_dev != st.st_dev)
		return err_set(t->err, "the scripts removed or replaced the root directory itself");
	for (i = 0; i < t->room->nfiles; i++) {
		free(t->room->files[i].path);
		t->room->files[i].path = NULL;
	}
	make_readable(t->room->root, ".", &st);
	(void)keep(t, &st, NULL, t->tree->root->inode);
	return take_below(t, t->room->root, ".", t->tree->root);
}

int
script_take(struct script_room *room, struct build *b)
{
	struct take t = { .room = room, .tree = &b->tree, .date = b->newest, .err = b->err };
	size_t i;
	int rv;

	str_addf(&t.host, "%s/root", room->dir);
	str_add(&t.at, "");
	rv = take_root(&t);
	for (i = 0; i < t.nmade; i++)
		free(t.made[i].path);
	free(t.made);
	free(t.owners);
	str_release(&t.host);
	str_release(&t.at);
	return rv;
}
