/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host directory into the tree: names in sorted order, opened below its
 * parent's descriptor and never through a symlink; contents stay where they
 * are until they are read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "tree/tree.h"

/* A host file with several links, and the name it got first. */
struct seen {
	dev_t dev;
	ino_t ino;
	const char *path;
};

struct add_dir {
	struct tree *tree;
	struct str host, at; /* where we are, on either side */
	struct seen *seen;
	size_t nseen, nslots;
	char link[TREE_LINK_MAX + 2];
	bool as_is; /* owners, times and sockets, too */
};

/* --- hard links --- */

static struct seen *
seen_find(struct seen *slots, size_t n, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino ^ (uint64_t)dev << 48) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h >> 32) & (n - 1);

	while (slots[i].path != NULL && (slots[i].dev != dev || slots[i].ino != ino))
		i = (i + 1) & (n - 1);
	return &slots[i];
}

static struct seen *
seen_slot(struct add_dir *d, const struct stat *st)
{
	size_t n = d->nslots == 0 ? 64 : d->nslots * 2, i;
	struct seen *slots;

	if (d->nseen * 2 >= d->nslots) {
		slots = xcalloc(n, sizeof(*slots));
		for (i = 0; i < d->nslots; i++)
			if (d->seen[i].path != NULL)
				*seen_find(slots, n, d->seen[i].dev, d->seen[i].ino) = d->seen[i];
		free(d->seen);
		d->seen = slots;
		d->nslots = n;
	}
	return seen_find(d->seen, d->nslots, st->st_dev, st->st_ino);
}

/* --- one file --- */

static int
attr_content(struct add_dir *d, int dirfd, const char *name, const struct stat *st, struct tree_attr *attr,
    struct tree_extent *whole, struct err *err)
{
	struct arena *arena = &d->tree->arena;
	struct tree_source *source;

	if (faccessat(dirfd, name, R_OK, AT_EACCESS) < 0)
		return err_sys(err, "cannot read '%s'", d->host.p);
	attr->size = (uint64_t)st->st_size;
	if (attr->size == 0)
		return 0;
	source = arena_alloc(arena, sizeof(*source));
	*source = (struct tree_source){
		.fd = -1, .path = arena_strdup(arena, d->host.p), .size = attr->size, .mtime_ns = tree_stat_mtime(st)
	};
	*whole = (struct tree_extent){ .bytes = attr->size };
	attr->content = (struct tree_content){ .source = source, .extents = whole, .nextents = 1 };
	return 0;
}

static int
attr_symlink(struct add_dir *d, int dirfd, const char *name, struct tree_attr *attr, struct err *err)
{
	ssize_t n = readlinkat(dirfd, name, d->link, sizeof(d->link));

	if (n < 0)
		return err_sys(err, "cannot read symlink '%s'", d->host.p);
	if (n > TREE_LINK_MAX)
		return err_set(err, "'%s': the symlink's target is longer than %d bytes", d->host.p, TREE_LINK_MAX);
	d->link[n] = '\0';
	attr->target = d->link;
	return 0;
}

static int
attr_device(struct add_dir *d, const struct stat *st, struct tree_attr *attr, struct err *err)
{
	if (major(st->st_rdev) > 0xfff || minor(st->st_rdev) > 0xfffff)
		return err_set(err, "'%s': its device number is out of range", d->host.p);
	attr->rdev = tree_makedev((uint32_t)major(st->st_rdev), (uint32_t)minor(st->st_rdev));
	return 0;
}

static struct tree_attr
host_attr(const struct add_dir *d, const struct stat *st)
{
	struct tree_attr attr = { .mode = (uint32_t)st->st_mode, .mtime = d->tree->epoch };

	if (!d->as_is)
		return attr;
	attr.uid = st->st_uid;
	attr.gid = st->st_gid;
	attr.mtime = st->st_mtime;
	attr.mtime_nsec = (uint32_t)(tree_stat_mtime(st) - (int64_t)st->st_mtime * 1000000000);
	return attr;
}

static int
add_file(struct add_dir *d, int dirfd, const char *name, const struct stat *st, struct err *err)
{
	struct tree_attr attr = host_attr(d, st);
	struct seen *first = st->st_nlink > 1 ? seen_slot(d, st) : NULL;
	struct tree_extent whole;
	int rv = 0;

	if (first != NULL && first->path != NULL)
		return tree_link(d->tree, d->at.p, first->path, err) == NULL ? err_wrap(err, "'%s'", d->host.p) : 0;
	if (S_ISREG(st->st_mode))
		rv = attr_content(d, dirfd, name, st, &attr, &whole, err);
	else if (S_ISLNK(st->st_mode))
		rv = attr_symlink(d, dirfd, name, &attr, err);
	else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		rv = attr_device(d, st, &attr, err);
	if (rv < 0)
		return -1;
	if (S_ISLNK(st->st_mode)) /* Linux shows 0777, others what the umask left */
		attr.mode = TREE_IFLNK | 0755;
	if (tree_add(d->tree, d->at.p, &attr, err) == NULL)
		return err_wrap(err, "'%s'", d->host.p);
	if (first != NULL) {
		*first = (struct seen){ st->st_dev, st->st_ino, arena_strdup(&d->tree->arena, d->at.p) };
		d->nseen++;
	}
	return 0;
}

/* --- directories --- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
free_names(char **names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* The sorted names of an open directory, which is closed. */
static int
read_names(struct add_dir *d, DIR *dir, char ***names, size_t *n, struct err *err)
{
	struct dirent *e;
	size_t cap = 0;

	while (errno = 0, (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			*vec_push(*names, *n, cap) = xstrdup(e->d_name);
	if (errno != 0)
		return err_sys(err, "cannot read directory '%s'", d->host.p);
	if (*n > 0)
		qsort(*names, *n, sizeof(**names), compare_names);
	return 0;
}

static int add_below(struct add_dir *, int dirfd, const char *name, struct err *);

static int
add_one(struct add_dir *d, int dirfd, const char *name, struct err *err)
{
	struct tree_attr attr;
	struct tree_node *n;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot read '%s'", d->host.p);
	if (S_ISSOCK(st.st_mode) && !d->as_is)
		return err_set(err, "'%s' is a socket, which cannot be in an image", d->host.p);
	if (!S_ISDIR(st.st_mode))
		return add_file(d, dirfd, name, &st, err);
	attr = host_attr(d, &st);
	n = d->as_is ? tree_add(d->tree, d->at.p, &attr, err) : tree_mkdir(d->tree, d->at.p, (uint32_t)st.st_mode, err);
	if (n == NULL)
		return err_wrap(err, "'%s'", d->host.p);
	return add_below(d, dirfd, name, err);
}

/* Calls add_one() with host and at one name longer. */
static int
add_child(struct add_dir *d, int dirfd, const char *name, struct err *err)
{
	size_t host = d->host.len, at = d->at.len;
	int rv;

	str_addf(&d->host, "/%s", name);
	str_addf(&d->at, "/%s", name);
	rv = add_one(d, dirfd, name, err);
	d->host.p[d->host.len = host] = '\0';
	d->at.p[d->at.len = at] = '\0';
	return rv;
}

static int
add_below(struct add_dir *d, int parent, const char *name, struct err *err)
{
	/* The argument of the user may be a symlink, nothing below it. */
	int nofollow = parent == AT_FDCWD ? 0 : O_NOFOLLOW, rv;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | nofollow);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char **names = NULL;
	size_t n = 0, i;

	if (dir == NULL) {
		(void)err_sys(err, "cannot open directory '%s'", d->host.p);
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	rv = read_names(d, dir, &names, &n, err);
	for (i = 0; rv == 0 && i < n; i++)
		rv = add_child(d, fd, names[i], err);
	free_names(names, n);
	(void)closedir(dir);
	return rv;
}

/* The user's own spelling of a path, without slashes at its end. */
static void
set_paths(struct add_dir *d, const char *at, const char *path)
{
	str_add(&d->host, path);
	while (d->host.len > 1 && d->host.p[d->host.len - 1] == '/')
		d->host.p[--d->host.len] = '\0';
	str_add(&d->at, at);
}

static void
release(struct add_dir *d)
{
	str_release(&d->host);
	str_release(&d->at);
	free(d->seen);
}

int
tree_add_dir(struct tree *t, const char *at, const char *dir, struct err *err)
{
	struct add_dir d = { .tree = t };
	int rv;

	set_paths(&d, at, dir);
	rv = tree_mkdir(t, at, 0755, err) == NULL ? err_wrap(err, "'%s'", dir) : add_below(&d, AT_FDCWD, dir, err);
	release(&d);
	return rv;
}

int
tree_add_host(struct tree *t, const char *at, const char *path, struct err *err)
{
	struct add_dir d = { .tree = t, .as_is = true };
	int rv;

	set_paths(&d, at, path);
	rv = add_one(&d, AT_FDCWD, path, err);
	release(&d);
	return rv;
}
