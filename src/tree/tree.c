/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree itself: nodes, their names in one hash table for all directories,
 * adding, linking and removing.  Walking and sorting are in tree_walk.c, what
 * is built from tree_add() alone in tree_make.c.
 *
 * A node is found by the hash of its name seeded with its parent's hash, so
 * that a directory of 100,000 entries costs no more than one of ten.
 */
#include "tree/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/defs.h"

#define BUCKETS_MIN 4096
#define BUCKETS_MAX (1u << 30)
#define FNV_PRIME 16777619u
#define FNV_BASIS 2166136261u
#define PERM_MASK 07777u

static uint32_t
name_hash(uint32_t seed, const char *name, size_t len)
{
	uint32_t h = seed ^ FNV_BASIS;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * FNV_PRIME;
	/* FNV's low bits mix badly for short names, and they choose the bucket. */
	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	return h ^ h >> 13;
}

/*
 * At the chain's end: what was added first, directories above all, is looked
 * up most and is found without touching what lies behind it.
 */
static void
chain_append(struct tree_node **p, struct tree_node *n)
{
	while (*p != NULL)
		p = &(*p)->hash_next;
	n->hash_next = NULL;
	*p = n;
}

static void
grow_buckets(struct tree *t)
{
	uint32_t n = t->nbuckets * 2, i;
	struct tree_node **buckets = xcalloc(n, sizeof(*buckets)), *node, *next;

	for (i = 0; i < t->nbuckets; i++)
		for (node = t->buckets[i]; node != NULL; node = next) {
			next = node->hash_next;
			chain_append(&buckets[node->hash & (n - 1)], node);
		}
	free(t->buckets);
	t->buckets = buckets;
	t->nbuckets = n;
}

static void
hash_insert(struct tree *t, struct tree_node *n)
{
	if (t->nnodes >= t->nbuckets && t->nbuckets < BUCKETS_MAX)
		grow_buckets(t);
	chain_append(&t->buckets[n->hash & (t->nbuckets - 1)], n);
}

static void
hash_remove(struct tree *t, struct tree_node *n)
{
	struct tree_node **p = &t->buckets[n->hash & (t->nbuckets - 1)];

	while (*p != n)
		p = &(*p)->hash_next;
	*p = n->hash_next;
}

struct tree_node *
tree_child(const struct tree *t, const struct tree_node *dir, const char *name, size_t len)
{
	uint32_t h = name_hash(dir->hash, name, len);
	struct tree_node *n;

	for (n = t->buckets[h & (t->nbuckets - 1)]; n != NULL; n = n->hash_next)
		if (n->hash == h && n->parent == dir && n->namelen == len && memcmp(n->name, name, len) == 0)
			return n;
	return NULL;
}

/* --- nodes --- */

static struct tree_node *
new_node(struct tree *t, struct tree_node *parent, const char *name, size_t len, struct tree_inode *inode)
{
	struct tree_node *n = arena_alloc(&t->arena, sizeof(*n) + len + 1);

	memcpy(n->name, name, len);
	n->namelen = (uint16_t)len;
	n->inode = inode;
	n->origin = t->origin;
	inode->nlink++;
	t->nnodes++;
	if (parent == NULL) {
		n->parent = n;
		return n;
	}
	n->parent = parent;
	n->hash = name_hash(parent->hash, name, len);
	hash_insert(t, n);
	if (parent->last_child == NULL)
		parent->child = n;
	else
		parent->last_child->next = n;
	parent->last_child = n;
	parent->nchildren++;
	if (tree_is(n, TREE_IFDIR))
		parent->inode->nlink++;
	return n;
}

static int
check_attr(const struct tree_attr *a, struct err *err)
{
	size_t len;

	switch (a->mode & TREE_IFMT) {
	case TREE_IFDIR:
	case TREE_IFREG:
	case TREE_IFIFO:
	case TREE_IFCHR:
	case TREE_IFBLK:
	case TREE_IFSOCK:
		return 0;
	case TREE_IFLNK:
		len = a->target == NULL ? 0 : strlen(a->target);
		if (len == 0)
			return err_set(err, "a symlink to an empty name");
		if (len > TREE_LINK_MAX)
			return err_set(
			    err, "the symlink's target has %zu bytes, at most %d are possible", len, TREE_LINK_MAX);
		return 0;
	default:
		return err_set(err, "unknown file type %#o", a->mode & TREE_IFMT);
	}
}

/* Copies what attr points to and clears what its type does not have. */
static void
set_attr(struct tree *t, struct tree_inode *inode, const struct tree_attr *from)
{
	struct tree_attr *a = &inode->attr;
	const struct tree_extent *extents = from->content.extents;
	uint32_t type = from->mode & TREE_IFMT;
	size_t bytes;

	*a = *from;
	a->mode &= TREE_IFMT | PERM_MASK;
	a->target = type == TREE_IFLNK ? arena_strdup(&t->arena, from->target) : NULL;
	if (type != TREE_IFCHR && type != TREE_IFBLK)
		a->rdev = 0;
	if (type != TREE_IFREG) {
		a->size = type == TREE_IFLNK ? strlen(from->target) : 0;
		a->content = (struct tree_content){ 0 };
	} else if (a->content.nextents > 0) {
		bytes = a->content.nextents * sizeof(*extents);
		a->content.extents = memcpy(arena_alloc(&t->arena, bytes), extents, bytes);
	}
}

static struct tree_inode *
new_inode(struct tree *t, const struct tree_attr *attr)
{
	struct tree_inode *inode = arena_alloc(&t->arena, sizeof(*inode));

	set_attr(t, inode, attr);
	if ((attr->mode & TREE_IFMT) == TREE_IFDIR)
		inode->nlink = 1; /* its own "." */
	return inode;
}

void
tree_init(struct tree *t)
{
	struct tree_attr attr = { .mode = TREE_IFDIR | 0755 };

	*t = (struct tree){ .nbuckets = BUCKETS_MIN };
	t->buckets = xcalloc(t->nbuckets, sizeof(struct tree_node *));
	t->root = new_node(t, NULL, "", 0, new_inode(t, &attr));
}

void
tree_release(struct tree *t)
{
	free(t->buckets);
	arena_release(&t->arena);
	*t = (struct tree){ 0 };
}

/* --- paths --- */

struct component {
	const char *p;
	size_t len; /* 0: there is no more */
};

/* Takes the next component off the path; "." and empty ones do not count. */
static struct component
next_component(const char **path)
{
	struct component c = { 0 };

	do {
		while (**path == '/')
			(*path)++;
		c.p = *path;
		*path = strchrnul(*path, '/');
		c.len = (size_t)(*path - c.p);
	} while (c.len == 1 && c.p[0] == '.');
	return c;
}

static int
check_component(const struct component *c, const char *path, struct err *err)
{
	if (c->len == 2 && c->p[0] == '.' && c->p[1] == '.')
		return err_set(err, "the path '%.200s' has a '..' component", path);
	if (c->len > TREE_NAME_MAX)
		return err_set(
		    err, "the name '%.40s...' has %zu bytes, at most %d are possible", c->p, c->len, TREE_NAME_MAX);
	return 0;
}

static const char *
type_name(const struct tree_node *n)
{
	switch (n->inode->attr.mode & TREE_IFMT) {
	case TREE_IFLNK:
		return "a symlink";
	case TREE_IFREG:
		return "a file";
	default:
		return "a device, FIFO or socket";
	}
}

/* One step down; makes the directory if make is set. */
static struct tree_node *
enter(struct tree *t, struct tree_node *dir, const struct component *c, const char *path, bool make, struct err *err)
{
	struct tree_attr attr = { .mode = TREE_IFDIR | 0755, .mtime = t->epoch };
	struct tree_node *n = tree_child(t, dir, c->p, c->len);
	int len = (int)(c->p + c->len - path);

	if (n == NULL && make) {
		if (dir->inode->nlink >= TREE_NLINK_MAX) {
			err_set(err, "'%.*s': too many subdirectories", len, path);
			return NULL;
		}
		return new_node(t, dir, c->p, c->len, new_inode(t, &attr));
	}
	if (n == NULL) {
		err_set(err, "there is no '%.*s'", len, path);
		return NULL;
	}
	if (!tree_is(n, TREE_IFDIR)) {
		err_set(err, "'%.*s' is %s, not a directory", len, path, type_name(n));
		return NULL;
	}
	return n;
}

int
tree_path_clean(const char *path, char out[TREE_LINK_MAX + 1], struct err *err)
{
	const char *p = path;
	struct component c;
	size_t len = 0;

	for (c = next_component(&p); c.len > 0; c = next_component(&p)) {
		if (check_component(&c, path, err) < 0)
			return -1;
		if (len + (len > 0) + c.len > TREE_LINK_MAX)
			return err_set(err, "the path '%.40s...' is longer than %d bytes", path, TREE_LINK_MAX);
		if (len > 0)
			out[len++] = '/';
		memcpy(out + len, c.p, c.len);
		len += c.len;
	}
	out[len] = '\0';
	return (int)len;
}

/*
 * The directory that holds (or is to hold) the last component of path, which
 * is stored in *last; of the root itself that is the root and an empty name.
 */
static struct tree_node *
walk(struct tree *t, const char *path, bool make, struct component *last, struct err *err)
{
	struct tree_node *dir = t->root;
	const char *p = path;
	struct component c, ahead;
	size_t total = 0;

	for (c = next_component(&p); c.len > 0; c = ahead) {
		ahead = next_component(&p);
		total += c.len + 1;
		if (check_component(&c, path, err) < 0)
			return NULL;
		if (total > TREE_LINK_MAX) {
			err_set(err, "the path '%.40s...' is longer than %d bytes", path, TREE_LINK_MAX);
			return NULL;
		}
		if (ahead.len == 0)
			break;
		dir = enter(t, dir, &c, path, make, err);
		if (dir == NULL)
			return NULL;
	}
	*last = c;
	return dir;
}

struct tree_node *
tree_lookup(const struct tree *t, const char *path)
{
	struct component last;
	struct tree_node *dir;
	struct err err;

	/* Nothing is made, so the tree stays as it is. */
	dir = walk((struct tree *)(uintptr_t)t, path, false, &last, &err);
	return dir == NULL || last.len == 0 ? dir : tree_child(t, dir, last.p, last.len);
}

/* --- changing --- */

/* Takes the inode away from a node that gets another, or that goes. */
static void
drop_inode(struct tree_node *n)
{
	if (tree_is(n, TREE_IFDIR)) {
		n->parent->inode->nlink--;
		n->inode->nlink--;
	}
	n->inode->nlink--;
}

static void
give_inode(struct tree_node *n, struct tree_inode *inode)
{
	drop_inode(n);
	n->inode = inode;
	inode->nlink++;
	if (tree_is(n, TREE_IFDIR))
		n->parent->inode->nlink++;
}

/* May the name in dir be given to a new file (of type directory, or not)? */
static int
check_place(const struct tree_node *dir, const struct tree_node *old, bool isdir, struct err *err)
{
	if (old != NULL && !isdir && old->nchildren > 0)
		return err_set(err, "'%s' is a directory with files in it already", old->name);
	if (isdir && (old == NULL || !tree_is(old, TREE_IFDIR)) && dir->inode->nlink >= TREE_NLINK_MAX)
		return err_set(err, "'%s': too many subdirectories", dir->name);
	return 0;
}

struct tree_node *
tree_add(struct tree *t, const char *path, const struct tree_attr *attr, struct err *err)
{
	bool isdir = (attr->mode & TREE_IFMT) == TREE_IFDIR;
	struct tree_node *dir, *old;
	struct component last;

	if (check_attr(attr, err) < 0)
		return NULL;
	dir = walk(t, path, true, &last, err);
	if (dir == NULL)
		return NULL;
	old = last.len == 0 ? t->root : tree_child(t, dir, last.p, last.len);
	if (old == t->root && !isdir) {
		err_set(err, "the root must be a directory");
		return NULL;
	}
	if (check_place(dir, old, isdir, err) < 0)
		return NULL;
	if (old == NULL)
		return new_node(t, dir, last.p, last.len, new_inode(t, attr));
	old->origin = t->origin;
	if (isdir && tree_is(old, TREE_IFDIR))
		set_attr(t, old->inode, attr);
	else
		give_inode(old, new_inode(t, attr));
	return old;
}

/* The file a hard link is to be made to. */
static struct tree_node *
link_target(struct tree *t, const char *target, struct err *err)
{
	struct tree_node *n = tree_lookup(t, target);

	if (n == NULL) {
		err_set(err, "a hard link to '%.200s', which is not there", target);
		return NULL;
	}
	if (tree_is(n, TREE_IFDIR)) {
		err_set(err, "a hard link to '%.200s', which is a directory", target);
		return NULL;
	}
	return n;
}

struct tree_node *
tree_link(struct tree *t, const char *path, const char *target, struct err *err)
{
	struct tree_node *to = link_target(t, target, err), *dir, *old;
	struct component last;

	if (to == NULL)
		return NULL;
	dir = walk(t, path, true, &last, err);
	if (dir == NULL)
		return NULL;
	old = last.len == 0 ? t->root : tree_child(t, dir, last.p, last.len);
	if (old == t->root) {
		err_set(err, "the root must be a directory");
		return NULL;
	}
	if (old != NULL && old->inode == to->inode)
		return old;
	if (to->inode->nlink >= TREE_NLINK_MAX) {
		err_set(err, "'%.200s' has too many hard links, at most %d are possible", target, TREE_NLINK_MAX);
		return NULL;
	}
	if (check_place(dir, old, false, err) < 0)
		return NULL;
	if (old == NULL)
		return new_node(t, dir, last.p, last.len, to->inode);
	give_inode(old, to->inode);
	old->origin = t->origin;
	return old;
}

/* Takes the node out of the hash and off its inode. */
static void
forget(struct tree *t, struct tree_node *n)
{
	hash_remove(t, n);
	drop_inode(n);
	t->nnodes--;
}

/* Children first, without recursion: a hostile tree may be deep. */
static void
forget_below(struct tree *t, struct tree_node *top)
{
	struct tree_node *n = top;

	for (;;) {
		while (n->child != NULL)
			n = n->child;
		if (n == top)
			return;
		forget(t, n);
		/* The parent's list shortens as we go, so that child is always what is left. */
		n->parent->child = n->next;
		n->parent->nchildren--;
		n = n->parent;
	}
}

void
tree_remove(struct tree *t, struct tree_node *n)
{
	struct tree_node *dir = n->parent, *prev = NULL, *c;

	forget_below(t, n);
	n->last_child = NULL;
	if (n == t->root)
		return;
	forget(t, n);
	for (c = dir->child; c != n; c = c->next)
		prev = c;
	if (prev == NULL)
		dir->child = n->next;
	else
		prev->next = n->next;
	if (dir->last_child == n)
		dir->last_child = prev;
	dir->nchildren--;
}
