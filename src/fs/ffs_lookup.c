/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories as they are read: their entries, and the way from a path to an
 * inode.  The strict look at directories is ffs_check_dir.c; here an entry must
 * only be safe to use.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/str.h"
#include "fs/ffs.h"

#define LINKS_MAX 32
#define IFMT TREE_IFMT

/* Before 4.4BSD there was no type, and the length of the name was 16 bits wide. */
static void
old_entry(const struct ffs_super *s, struct ffs_dirent *e, const uint8_t *p)
{
	if (s->ver == 2 || s->old_inodefmt >= FFS_INODEFMT_44)
		return;
	e->namelen = (uint8_t)get_u16(p + 6, s->big);
	e->type = 0;
}

static int
entry_check(const struct ffs_dirent *e, uint64_t left)
{
	if (e->reclen < 8 || e->reclen > left || e->reclen % 4 != 0)
		return -1;
	if (e->ino == 0)
		return 0;
	if (e->namelen == 0 || 8u + e->namelen > e->reclen)
		return -1;
	return memchr(e->name, '\0', e->namelen) != NULL || memchr(e->name, '/', e->namelen) != NULL ? -1 : 0;
}

struct dir_walk {
	int (*fn)(void *, const char *, uint64_t, uint8_t, struct err *);
	void *arg;
};

static bool
is_dot_name(const struct ffs_dirent *e)
{
	return e->name[0] == '.' && (e->namelen == 1 || (e->namelen == 2 && e->name[1] == '.'));
}

/* The entries of one 512 bytes (the last may be shorter), which lie at offset of the directory. */
static int
walk_dirblk(const struct ffs_reader *r, const struct dir_walk *w, const uint8_t *p, uint64_t len, uint64_t offset,
    struct err *err)
{
	char name[FFS_NAME_MAX + 1];
	struct ffs_dirent e;
	uint64_t at = 0;
	int rv;

	while (at < len) {
		if (len - at < 8)
			return err_set(err, "bad directory entry at byte %" PRIu64, offset + at);
		ffs_dirent_decode(&e, p + at, r->super.big);
		old_entry(&r->super, &e, p + at);
		if (entry_check(&e, len - at) < 0)
			return err_set(
			    err, "bad directory entry at byte %" PRIu64 "; 'smol image check' tells more", offset + at);
		at += e.reclen;
		if (e.ino == 0 || is_dot_name(&e))
			continue;
		memcpy(name, e.name, e.namelen);
		name[e.namelen] = '\0';
		rv = w->fn(w->arg, name, e.ino, e.type, err);
		if (rv != 0)
			return rv;
	}
	return 0;
}

int
ffs_readdir(const struct ffs_reader *r, const struct ffs_dinode *dir,
    int (*fn)(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *), void *arg, struct err *err)
{
	const struct dir_walk w = { fn, arg };
	uint64_t offset, at, n, bsize = (uint64_t)r->super.bsize;
	cleanup_free uint8_t *buf = NULL;
	int rv;

	if ((dir->mode & IFMT) != TREE_IFDIR)
		return err_set(err, "it is not a directory");
	/* A directory has no holes, so it cannot be larger than what holds it. */
	if (dir->size > r->bytes || dir->size > INT32_MAX)
		return err_set(err, "a directory of %" PRIu64 " bytes", dir->size);
	buf = xmalloc(bsize);
	for (offset = 0; offset < dir->size; offset += n) {
		n = u64_min(bsize, dir->size - offset);
		if (ffs_read(r, dir, buf, n, offset, err) < 0)
			return -1;
		for (at = 0; at < n; at += FFS_DIRBLK) {
			rv = walk_dirblk(r, &w, buf + at, u64_min(FFS_DIRBLK, n - at), offset + at, err);
			if (rv != 0)
				return rv;
		}
	}
	return 0;
}

/* --- paths --- */

struct search {
	const char *name;
	uint64_t ino;
};

static int
match(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *err)
{
	struct search *s = arg;

	(void)type;
	(void)err;
	if (strcmp(name, s->name) != 0)
		return 0;
	s->ino = ino;
	return 1;
}

/* A path on its way: the directories walked through, and what is still to do. */
struct walk {
	const struct ffs_reader *r;
	const char *path; /* as the caller gave it */
	uint64_t *stack; /* inodes from the root to here */
	size_t depth, cap;
	char *rest;
	unsigned links;
	bool follow;
};

static void
walk_push(struct walk *w, uint64_t ino)
{
	*vec_push(w->stack, w->depth, w->cap) = ino;
}

/* The symlink d was reached: its text replaces it in what is still to do. */
static int
walk_link(struct walk *w, const struct ffs_dinode *d, const char *rest, struct err *err)
{
	char *text;
	struct str s = { 0 };

	if (++w->links > LINKS_MAX)
		return err_set(err, "'%s': more than %d symlinks", w->path, LINKS_MAX);
	text = ffs_readlink(w->r, d, err);
	if (text == NULL)
		return err_wrap(err, "'%s'", w->path);
	if (text[0] == '/')
		w->depth = 1;
	str_addf(&s, "%s/%s", text, rest);
	free(text);
	free(w->rest);
	w->rest = s.p;
	return 0;
}

/* One component; rest is what follows it.  1: rest was replaced. */
static int
walk_step(struct walk *w, const char *name, const char *rest, struct err *err)
{
	struct search found = { .name = name };
	struct ffs_dinode d;
	bool last = rest[strspn(rest, "/")] == '\0';
	int rv;

	if (ffs_read_inode(w->r, w->stack[w->depth - 1], &d, err) < 0)
		return -1;
	if ((d.mode & IFMT) != TREE_IFDIR)
		return err_set(err, "'%s': not a directory", w->path);
	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		w->depth -= w->depth > 1;
		return 0;
	}
	rv = ffs_readdir(w->r, &d, match, &found, err);
	if (rv < 0)
		return err_wrap(err, "directory inode %" PRIu64, w->stack[w->depth - 1]);
	if (rv == 0)
		return err_set(err, "'%s': no such file in the image", w->path);
	if (ffs_read_inode(w->r, found.ino, &d, err) < 0)
		return err_wrap(err, "'%s'", w->path);
	if ((d.mode & IFMT) == TREE_IFLNK && (!last || w->follow || rest[0] == '/'))
		return walk_link(w, &d, rest, err) < 0 ? -1 : 1;
	walk_push(w, found.ino);
	return 0;
}

static int
walk_path(struct walk *w, struct err *err)
{
	char name[FFS_NAME_MAX + 1];
	const char *p = w->rest;
	size_t len;
	int rv;

	for (;;) {
		p += strspn(p, "/");
		if (*p == '\0')
			return 0;
		len = strcspn(p, "/");
		if (len > FFS_NAME_MAX)
			return err_set(err, "'%s': a name of %zu bytes", w->path, len);
		memcpy(name, p, len);
		name[len] = '\0';
		rv = walk_step(w, name, p + len, err);
		if (rv < 0)
			return -1;
		p = rv > 0 ? w->rest : p + len;
	}
}

int
ffs_lookup(const struct ffs_reader *r, const char *path, bool follow, uint64_t *ino, struct err *err)
{
	struct walk w = { .r = r, .path = path, .rest = xstrdup(path), .follow = follow };
	struct ffs_dinode d;
	size_t len = strlen(path);
	int rv;

	walk_push(&w, FFS_ROOTINO);
	rv = walk_path(&w, err);
	*ino = w.stack[w.depth - 1];
	if (rv == 0 && len > 0 && path[len - 1] == '/') {
		rv = ffs_read_inode(r, *ino, &d, err);
		if (rv == 0 && (d.mode & IFMT) != TREE_IFDIR)
			rv = err_set(err, "'%s': not a directory", path);
	}
	free(w.rest);
	free(w.stack);
	return rv;
}
