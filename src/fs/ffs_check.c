/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker's frame: its state, the order of its passes, and problems, which
 * get the paths of their inodes when all directories have been read.
 */
#include "fs/ffs_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"

#define PATH_DEPTH_MAX 1024

int
check_read(const struct check *c, void *buf, uint64_t len, uint64_t offset, const char *what, struct err *err)
{
	if (offset > c->r->bytes || len > c->r->bytes - offset)
		return err_set(err, "%s at byte %" PRIu64 " lies outside of the file system", what, offset);
	if (pread_full(c->r->fd, buf, len, c->r->offset + offset) < 0)
		return err_sys(err, "cannot read %s at byte %" PRIu64, what, offset);
	return 0;
}

struct check_inode *
check_inode_get(const struct check *c, uint64_t ino)
{
	uint64_t g = ino / c->s->ipg, i = ino % c->s->ipg;

	if (g >= c->s->ncg || i >= c->groups[g].ninodes || c->groups[g].inodes[i].state == CHECK_FREE)
		return NULL;
	return &c->groups[g].inodes[i];
}

static int
by_ino(const void *a, const void *b)
{
	const struct check_dir *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

struct check_dir *
check_dir_get(const struct check *c, uint64_t ino)
{
	struct check_dir key = { .ino = (uint32_t)ino };

	return c->ndirs == 0 ? NULL : bsearch(&key, c->dirs, c->ndirs, sizeof(key), by_ino);
}

/* --- names for the inodes of problems --- */

struct name {
	uint32_t ino, parent;
	const char *text;
};

struct names {
	struct check *c;
	struct name *names; /* one an inode that has a problem, by inode number */
	uint32_t n, cap;
};

static int
name_by_ino(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static struct name *
name_get(const struct names *names, uint32_t ino)
{
	struct name key = { .ino = ino };

	return names->n == 0 ? NULL : bsearch(&key, names->names, names->n, sizeof(key), name_by_ino);
}

static void
names_want(struct names *names, uint32_t ino)
{
	if (ino != 0)
		*vec_push(names->names, names->n, names->cap) = (struct name){ .ino = ino };
}

/* One entry an inode, sorted. */
static void
names_sort(struct names *names)
{
	uint32_t i, n = 0;

	if (names->n == 0)
		return;
	qsort(names->names, names->n, sizeof(*names->names), name_by_ino);
	for (i = 1; i < names->n; i++)
		if (names->names[i].ino != names->names[n].ino)
			names->names[++n] = names->names[i];
	names->n = n + 1;
}

static void
note_name(void *arg, const struct check_dir *dir, const char *text, uint32_t ino)
{
	struct names *names = arg;
	struct name *n = name_get(names, ino);

	if (n == NULL || n->text != NULL)
		return;
	n->parent = dir->ino;
	n->text = arena_strdup(&names->c->arena, text);
}

/* "/etc/rc", or false where no path from the root is known. */
static bool
path_of(const struct names *names, uint32_t ino, struct str *out)
{
	const char *parts[PATH_DEPTH_MAX];
	const struct check_dir *d;
	const struct name *n;
	unsigned depth = 0;

	if (ino != FFS_ROOTINO && check_dir_get(names->c, ino) == NULL) {
		n = name_get(names, ino);
		if (n == NULL || n->text == NULL)
			return false;
		parts[depth++] = n->text;
		ino = n->parent;
	}
	for (; ino != FFS_ROOTINO; ino = d->parent) {
		d = check_dir_get(names->c, ino);
		if (d == NULL || d->name == NULL || depth == PATH_DEPTH_MAX)
			return false;
		parts[depth++] = d->name;
	}
	if (depth == 0)
		str_add(out, "/");
	while (depth > 0)
		str_addf(out, "/%s", parts[--depth]);
	return true;
}

static void
add_inode(const struct names *names, uint32_t ino, struct str *out)
{
	struct str path = { 0 };

	str_addf(out, "inode %" PRIu32, ino);
	if (names != NULL && path_of(names, ino, &path))
		str_addf(out, " (%s)", path.p);
	str_release(&path);
}

static void
emit(struct check *c, const struct names *names, struct check_problem *p)
{
	struct str line = { 0 };

	if (p->ino != 0) {
		add_inode(names, p->ino, &line);
		str_add(&line, ": ");
	}
	str_add(&line, p->text);
	if (p->other != 0) {
		str_add(&line, " ");
		add_inode(names, p->other, &line);
	}
	c->report(c->report_arg, line.p);
	str_release(&line);
	free(p->text);
}

void
check_problem(struct check *c, uint64_t ino, uint64_t other, const char *fmt, ...)
{
	struct check_problem p = { .ino = (uint32_t)ino, .other = (uint32_t)other };
	struct str text = { 0 };
	va_list ap;
	char line[1024];

	if (c->replay)
		return;
	c->result->problems++;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	str_add(&text, line);
	p.text = text.p;
	if (c->nproblems < CHECK_PROBLEMS_KEPT)
		*vec_push(c->problems, c->nproblems, c->problems_cap) = p;
	else
		emit(c, NULL, &p);
}

static int
report_problems(struct check *c, struct err *err)
{
	struct names names = { .c = c };
	uint32_t i;
	int rv = 0;

	for (i = 0; i < c->nproblems; i++) {
		names_want(&names, c->problems[i].ino);
		names_want(&names, c->problems[i].other);
	}
	names_sort(&names);
	for (i = 0; i < c->ndirs && names.n > 0 && rv == 0; i++)
		rv = check_dir_names(c, &c->dirs[i], note_name, &names, err);
	for (i = 0; i < c->nproblems; i++)
		emit(c, &names, &c->problems[i]);
	c->nproblems = 0;
	free(names.names);
	return rv;
}

/* --- the passes --- */

static void
check_init(struct check *c, const struct ffs_reader *r)
{
	const struct ffs_super *s = &r->super;

	c->r = r;
	c->s = s;
	c->old_format = s->ver == 1 && (s->old_flags & FFS_FLAGS_UPDATED) == 0;
	c->old_entries = s->ver == 1 && s->old_inodefmt < FFS_INODEFMT_44;
	c->used = xcalloc(roundup((uint64_t)s->size, (uint64_t)s->frag * 8) / 8, 1);
	c->groups = xcalloc(s->ncg, sizeof(*c->groups));
	arena_init(&c->arena);
}

static void
check_release(struct check *c)
{
	uint32_t i;

	for (i = 0; i < c->s->ncg; i++)
		free(c->groups[i].inodes);
	for (i = 0; i < c->nproblems; i++)
		free(c->problems[i].text);
	free(c->groups);
	free(c->used);
	free(c->dirs);
	free(c->dups);
	free(c->problems);
	arena_release(&c->arena);
}

int
ffs_check(const struct ffs_reader *r, void (*report)(void *arg, const char *line), void *arg,
    struct ffs_check_result *result, struct err *err)
{
	struct check c = { .report = report, .report_arg = arg, .result = result };
	int rv = -1;

	memset(result, 0, sizeof(*result));
	check_init(&c, r);
	if (check_super(&c, err) < 0 || check_inodes(&c, err) < 0 || check_dirs(&c, err) < 0)
		goto out;
	check_links(&c);
	if (check_log(&c, err) < 0)
		goto out;
	if (check_groups(&c, err) < 0)
		goto out;
	rv = report_problems(&c, err);
out:
	check_release(&c);
	return rv;
}
