/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every directory: the structure of its 512-byte pieces, "." and "..", each
 * entry against the inode it names, no name twice.  Entries are what links are
 * counted by, and what gives a directory its parent.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/str.h"
#include "fs/ffs_check.h"

#define WHITEOUT_INO 1
#define WHITEOUT_TYPE 14
#define DIR_TYPE (TREE_IFDIR >> 12)

/* An entry and where it stands. */
struct entry {
	struct ffs_dirent e;
	uint64_t offset; /* in the directory */
	uint32_t index; /* from its start, unused ones counted */
};

struct scan {
	struct check *c;
	struct check_dir *dir;
	bool report;
	/* Returns nothing; called for entries whose structure is sound, in use or not. */
	void (*fn)(struct scan *, const struct entry *);
	void *arg;
	uint32_t index;
	struct str names; /* all names, NUL-terminated, one after the other */
	size_t nnames;
};

/* NULL, or what is wrong with the structure of the entry. */
static const char *
entry_fault(const struct ffs_dirent *e, uint64_t left)
{
	if (e->reclen < 8)
		return "its length is too small";
	if (e->reclen % 4 != 0)
		return "its length is not a multiple of 4";
	if (e->reclen > left)
		return "it crosses the end of its 512 bytes";
	if (e->ino == 0)
		return NULL;
	if (e->namelen == 0)
		return "it has no name";
	if (FFS_DIRENT_BYTES(e->namelen) > e->reclen)
		return "its name is longer than it";
	if (memchr(e->name, '\0', e->namelen) != NULL)
		return "its name has a NUL";
	if (memchr(e->name, '/', e->namelen) != NULL)
		return "its name has a '/'";
	if (e->name[e->namelen] != '\0')
		return "its name does not end in a NUL";
	return NULL;
}

static void
decode(const struct check *c, struct ffs_dirent *e, const uint8_t *p)
{
	ffs_dirent_decode(e, p, c->s->big);
	if (c->old_entries) {
		e->namelen = (uint8_t)get_u16(p + 6, c->s->big);
		e->type = 0;
	}
}

static void
scan_dirblk(struct scan *sc, const uint8_t *p, uint64_t len, uint64_t offset)
{
	struct entry en;
	const char *fault;
	uint64_t at = 0;

	while (at < len) {
		fault = "there is no room for it";
		if (len - at >= 8) {
			decode(sc->c, &en.e, p + at);
			fault = entry_fault(&en.e, len - at);
		}
		if (fault != NULL) {
			if (sc->report)
				check_problem(sc->c, sc->dir->ino, 0, "directory entry at byte %" PRIu64 ": %s",
				    offset + at, fault);
			sc->index++;
			return;
		}
		en.offset = offset + at;
		en.index = sc->index++;
		sc->fn(sc, &en);
		at += en.e.reclen;
	}
}

static int
scan_dir(struct scan *sc, struct err *err)
{
	const struct ffs_super *s = sc->c->s;
	cleanup_free uint8_t *buf = xmalloc((size_t)s->bsize);
	uint64_t end = u64_min(sc->dir->size, sc->dir->blocks << s->bshift), offset, n, at;
	struct ffs_dinode d;

	if (ffs_read_inode(sc->c->r, sc->dir->ino, &d, err) < 0)
		return -1;
	for (offset = 0; offset < end; offset += n) {
		n = u64_min((uint64_t)s->bsize, end - offset);
		if (ffs_read(sc->c->r, &d, buf, n, offset, err) < 0)
			return err_wrap(err, "directory inode %" PRIu32, sc->dir->ino);
		for (at = 0; at < n; at += FFS_DIRBLK)
			scan_dirblk(sc, buf + at, u64_min(FFS_DIRBLK, n - at), offset + at);
	}
	return 0;
}

static bool
is_name(const struct ffs_dirent *e, const char *name)
{
	return e->ino != 0 && e->namelen == strlen(name) && memcmp(e->name, name, e->namelen) == 0;
}

/* --- names alone --- */

struct names_arg {
	void (*fn)(void *, const struct check_dir *, const char *, uint32_t);
	void *arg;
};

static void
pass_name(struct scan *sc, const struct entry *en)
{
	struct names_arg *a = sc->arg;
	char name[FFS_NAME_MAX + 1];

	if (en->e.ino == 0 || is_name(&en->e, ".") || is_name(&en->e, ".."))
		return;
	memcpy(name, en->e.name, en->e.namelen);
	name[en->e.namelen] = '\0';
	a->fn(a->arg, sc->dir, name, en->e.ino);
}

int
check_dir_names(struct check *c, const struct check_dir *dir,
    void (*fn)(void *arg, const struct check_dir *, const char *name, uint32_t ino), void *arg, struct err *err)
{
	struct names_arg a = { fn, arg };
	struct check_dir copy = *dir;
	struct scan sc = { .c = c, .dir = &copy, .fn = pass_name, .arg = &a };

	return scan_dir(&sc, err);
}

/* --- the check --- */

#define ENTRY_FMT "entry '%.*s' at byte %" PRIu64
#define ENTRY_ARG(en) (int)(en)->e.namelen, (en)->e.name, (en)->offset

static void
check_type(struct scan *sc, const struct entry *en, uint8_t want)
{
	if (en->e.type != want && !sc->c->old_entries)
		check_problem(
		    sc->c, sc->dir->ino, 0, ENTRY_FMT " has type %u, should be %u", ENTRY_ARG(en), en->e.type, want);
}

static void
count_link(struct scan *sc, uint32_t ino)
{
	struct check_inode *in = check_inode_get(sc->c, ino);

	if (in != NULL)
		in->links++;
}

static void
check_dot(struct scan *sc, const struct entry *en)
{
	struct check *c = sc->c;

	if (!is_name(&en->e, ".")) {
		check_problem(c, sc->dir->ino, 0, "the first entry is not '.'");
		return;
	}
	if (en->e.ino != sc->dir->ino)
		check_problem(c, sc->dir->ino, en->e.ino, "'.' is wrong, it names");
	check_type(sc, en, DIR_TYPE);
	count_link(sc, en->e.ino);
}

static void
check_dotdot(struct scan *sc, const struct entry *en)
{
	if (!is_name(&en->e, "..")) {
		check_problem(sc->c, sc->dir->ino, 0, "the second entry is not '..'");
		return;
	}
	/* Against the parent: check_links(), when all parents are known. */
	sc->dir->dotdot = en->e.ino;
	check_type(sc, en, DIR_TYPE);
	count_link(sc, en->e.ino);
}

/* A directory has its first entry as its parent; it must not have another. */
static void
adopt(struct scan *sc, const struct entry *en)
{
	struct check_dir *child = check_dir_get(sc->c, en->e.ino);

	if (child->parent != 0) {
		check_problem(sc->c, sc->dir->ino, child->ino, ENTRY_FMT " is a second hard link to the directory",
		    ENTRY_ARG(en));
		return;
	}
	child->parent = sc->dir->ino;
	child->name = arena_strndup(&sc->c->arena, en->e.name, en->e.namelen);
}

static void
check_target(struct scan *sc, const struct entry *en)
{
	struct check *c = sc->c;
	struct check_inode *in;

	if (en->e.ino == WHITEOUT_INO && en->e.type == WHITEOUT_TYPE)
		return;
	if (en->e.ino < FFS_ROOTINO || en->e.ino >= (uint64_t)c->s->ncg * c->s->ipg) {
		check_problem(
		    c, sc->dir->ino, 0, ENTRY_FMT " names inode %" PRIu32 ", there is none", ENTRY_ARG(en), en->e.ino);
		return;
	}
	in = check_inode_get(c, en->e.ino);
	if (in == NULL) {
		check_problem(c, sc->dir->ino, 0, ENTRY_FMT " names inode %" PRIu32 ", which is not allocated",
		    ENTRY_ARG(en), en->e.ino);
		return;
	}
	in->links++;
	check_type(sc, en, in->type);
	if (check_dir_get(c, en->e.ino) != NULL)
		adopt(sc, en);
}

static void
check_entry(struct scan *sc, const struct entry *en)
{
	if (en->index == 0) {
		check_dot(sc, en);
		if (is_name(&en->e, "."))
			return;
	} else if (en->index == 1) {
		check_dotdot(sc, en);
		if (is_name(&en->e, ".."))
			return;
	}
	if (en->e.ino == 0)
		return;
	if (is_name(&en->e, ".") || is_name(&en->e, "..")) {
		check_problem(sc->c, sc->dir->ino, 0, ENTRY_FMT " is out of place", ENTRY_ARG(en));
		return;
	}
	str_addn(&sc->names, en->e.name, en->e.namelen + 1u);
	sc->nnames++;
	check_target(sc, en);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
check_duplicates(struct scan *sc)
{
	const char **sorted, *p = sc->names.p;
	size_t i;

	if (sc->nnames < 2)
		return;
	sorted = xcalloc(sc->nnames, sizeof(*sorted));
	for (i = 0; i < sc->nnames; i++) {
		sorted[i] = p;
		p += strlen(p) + 1;
	}
	qsort(sorted, sc->nnames, sizeof(*sorted), by_name);
	for (i = 1; i < sc->nnames; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			check_problem(sc->c, sc->dir->ino, 0, "the name '%s' is there twice", sorted[i]);
	free(sorted);
}

int
check_dirs(struct check *c, struct err *err)
{
	struct check_inode *root = check_inode_get(c, FFS_ROOTINO);
	struct scan sc;
	uint32_t i;
	int rv = 0;

	if (root == NULL)
		check_problem(c, FFS_ROOTINO, 0, "the root is not allocated");
	else if (root->state != CHECK_DIR)
		check_problem(c, FFS_ROOTINO, 0, "the root is not a directory");
	for (i = 0; i < c->ndirs && rv == 0; i++) {
		sc = (struct scan){ .c = c, .dir = &c->dirs[i], .report = true, .fn = check_entry };
		rv = scan_dir(&sc, err);
		check_duplicates(&sc);
		str_release(&sc.names);
	}
	return rv;
}
