/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and inodes of a file system into a tree, depth first.  How deep is
 * bounded by the length of a path in a tree.
 */
#include "fs/ffs_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"

#define SLOTS_MIN 1024
#define FLAG_SNAPSHOT 0x00200000 /* SF_SNAPSHOT */

/* Inodes that have a name already: number to the first one. */
struct known {
	uint64_t ino; /* 0: empty */
	struct tree_node *node;
};

struct reading {
	const struct ffs_reader *r;
	struct tree *tree;
	struct tree_source *source;
	struct ffs_tree_lost *lost;
	struct ffs_extents x;
	struct known *known;
	size_t nknown, nslots;
	struct str path;
	struct tree_node *dir; /* that is being read */
};

static struct known *
known_slot(struct known *slots, size_t nslots, uint64_t ino)
{
	size_t i = (size_t)((ino * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (nslots - 1);

	while (slots[i].ino != 0 && slots[i].ino != ino)
		i = (i + 1) & (nslots - 1);
	return &slots[i];
}

static struct known *
known_find(struct reading *rd, uint64_t ino)
{
	size_t n = rd->nslots == 0 ? SLOTS_MIN : rd->nslots * 2, i;
	struct known *slots;

	if (rd->nknown * 2 >= rd->nslots) {
		slots = xcalloc(n, sizeof(*slots));
		for (i = 0; i < rd->nslots; i++)
			if (rd->known[i].ino != 0)
				*known_slot(slots, n, rd->known[i].ino) = rd->known[i];
		free(rd->known);
		rd->known = slots;
		rd->nslots = n;
	}
	return known_slot(rd->known, rd->nslots, ino);
}

/* --- one inode --- */

static uint32_t
nanoseconds(int32_t n)
{
	return n >= 0 && n < 1000000000 ? (uint32_t)n : 0;
}

/* The other times, if they say more than that of the last modification. */
static const struct tree_times *
read_times(struct reading *rd, const struct ffs_dinode *d)
{
	bool v2 = rd->r->super.ver == 2;
	struct tree_times t = { .atime = d->atime,
		.ctime = d->ctime,
		.birthtime = v2 ? d->birthtime : d->mtime,
		.atime_nsec = nanoseconds(d->atimensec),
		.ctime_nsec = nanoseconds(d->ctimensec),
		.birth_nsec = nanoseconds(v2 ? d->birthnsec : d->mtimensec) };
	uint32_t nsec = nanoseconds(d->mtimensec);

	if (t.atime == d->mtime && t.ctime == d->mtime && t.birthtime == d->mtime && t.atime_nsec == nsec &&
	    t.ctime_nsec == nsec && t.birth_nsec == nsec)
		return NULL;
	return memcpy(arena_alloc(&rd->tree->arena, sizeof(t)), &t, sizeof(t));
}

static int
read_content(struct reading *rd, const struct ffs_dinode *d, struct tree_attr *a, struct err *err)
{
	a->size = d->size;
	if (d->size > 0)
		a->content = (struct tree_content){ .source = rd->source };
	/* Of a snapshot not every block address is one: it is counted, and becomes a hole. */
	if ((d->flags & FLAG_SNAPSHOT) != 0)
		return 0;
	if (ffs_extents_find(&rd->x, d, err) < 0)
		return -1;
	a->content.extents = rd->x.extents;
	a->content.nextents = rd->x.n;
	return 0;
}

static int
read_target(struct reading *rd, const struct ffs_dinode *d, struct tree_attr *a, char **target, struct err *err)
{
	*target = ffs_readlink(rd->r, d, err);
	if (*target == NULL)
		return -1;
	if (strlen(*target) != d->size)
		return err_set(err, "a symlink with a NUL in its target");
	a->target = *target;
	return 0;
}

/* The file itself, with its first name. */
static struct tree_node *
add_inode(struct reading *rd, uint64_t ino, const struct ffs_dinode *d, struct err *err)
{
	struct tree_attr a = { .mode = d->mode,
		.uid = d->uid,
		.gid = d->gid,
		.flags = d->flags,
		.mtime = d->mtime,
		.mtime_nsec = nanoseconds(d->mtimensec) };
	cleanup_free char *target = NULL;
	int rv = 0;

	rd->lost->attributes += d->extsize != 0;
	rd->lost->snapshots += (d->flags & FLAG_SNAPSHOT) != 0;
	switch (d->mode & TREE_IFMT) {
	case TREE_IFREG:
		rv = read_content(rd, d, &a, err);
		break;
	case TREE_IFLNK:
		rv = read_target(rd, d, &a, &target, err);
		break;
	case TREE_IFCHR:
	case TREE_IFBLK:
		a.rdev = (uint32_t)d->db[0];
		break;
	case 0:
		rv = err_set(err, "inode %" PRIu64 " is not in use; 'smol image check' tells more", ino);
		break;
	}
	if (rv < 0)
		return NULL;
	a.times = read_times(rd, d);
	return tree_add(rd->tree, rd->path.p, &a, err);
}

/* --- names --- */

static int add_file(struct reading *, uint64_t ino, struct err *);

static int
add_name(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *err)
{
	struct reading *rd = arg;
	size_t len = rd->path.len;
	int rv;

	(void)type;
	if (ino < FFS_ROOTINO) {
		rd->lost->whiteouts++;
		return 0;
	}
	str_addf(&rd->path, "/%s", name);
	if (tree_child(rd->tree, rd->dir, name, strlen(name)) != NULL)
		rv = err_set(err, "'%s': the name is there twice; 'smol image check' tells more", rd->path.p);
	else
		rv = add_file(rd, ino, err);
	rd->path.p[rd->path.len = len] = '\0';
	return rv;
}

static int
add_below(struct reading *rd, struct tree_node *dir, const struct ffs_dinode *d, struct err *err)
{
	struct tree_node *up = rd->dir;
	int rv;

	if (ffs_extents_find(&rd->x, d, err) < 0)
		return err_wrap(err, "'%s'", rd->path.p);
	rd->dir = dir;
	rv = ffs_readdir(rd->r, d, add_name, rd, err);
	rd->dir = up;
	return rv;
}

/* A further name of a file that is in the tree. */
static int
add_link(struct reading *rd, const struct tree_node *node, uint64_t ino, struct err *err)
{
	char target[TREE_LINK_MAX + 2];

	if (tree_is(node, TREE_IFDIR))
		return err_set(err, "directory inode %" PRIu64 " is reached twice; 'smol image check' tells more", ino);
	return tree_link(rd->tree, rd->path.p, tree_path(node, target, sizeof(target)), err) == NULL ? -1 : 0;
}

static int
add_file(struct reading *rd, uint64_t ino, struct err *err)
{
	struct known *k = known_find(rd, ino);
	struct tree_node *node;
	struct ffs_dinode d;

	if (k->ino != 0)
		return add_link(rd, k->node, ino, err) < 0 ? err_wrap(err, "'%s'", rd->path.p) : 0;
	node = ffs_read_inode(rd->r, ino, &d, err) < 0 ? NULL : add_inode(rd, ino, &d, err);
	if (node == NULL)
		return err_wrap(err, "'%s'", rd->path.p);
	*k = (struct known){ ino, node };
	rd->nknown++;
	return tree_is(node, TREE_IFDIR) ? add_below(rd, node, &d, err) : 0;
}

int
ffs_tree_read(const struct ffs_reader *r, const char *image, uint64_t ino, struct tree *tree, const char *at,
    struct ffs_tree_lost *lost, struct err *err)
{
	struct reading rd = { .r = r, .tree = tree, .lost = lost };
	int rv;

	*lost = (struct ffs_tree_lost){ 0 };
	rd.source = arena_alloc(&tree->arena, sizeof(*rd.source));
	*rd.source = (struct tree_source){ .fd = r->fd, .path = image };
	str_add(&rd.path, at);
	ffs_extents_init(&rd.x, r);
	rv = add_file(&rd, ino, err);
	ffs_extents_release(&rd.x);
	free(rd.known);
	str_release(&rd.path);
	return rv;
}
