/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image diff: what two images, or parts of them, or directories differ
 * in.  Both are trees, sorted; their names are merged.  What is a hole on both
 * sides is not read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/image_side.h"

#define CHUNK_BYTES (256 * 1024)

enum change { C_TYPE, C_CONTENT, C_SIZE, C_MODE, C_OWNER, C_FLAGS, C_TARGET, C_DEVICE, C_LINKS, C_TIME, CHANGES };

static const char *const change_names[CHANGES] = { "type", "content", "size", "mode", "owner", "flags", "target",
	"device", "links", "time" };

struct diff {
	struct image_side a, b;
	bool json, exit_code, times, no_owner;
	bool host; /* a side is of the host, which has no flags, and symlinks of another mode */
	uint64_t differences;
	struct str line, path;
	char *buf[2];
};

/* --- contents --- */

/* The end of what is data, or of what is a hole, from offset on; *data tells which. */
static uint64_t
stretch(const struct tree_attr *a, uint64_t offset, uint32_t *next, bool *data)
{
	const struct tree_content *c = &a->content;

	if (c->source == NULL) {
		*data = c->mem != NULL;
		return a->size;
	}
	while (*next < c->nextents && c->extents[*next].offset + c->extents[*next].bytes <= offset)
		(*next)++;
	if (*next == c->nextents) {
		*data = false;
		return a->size;
	}
	*data = c->extents[*next].offset <= offset;
	return u64_min(a->size, *data ? c->extents[*next].offset + c->extents[*next].bytes : c->extents[*next].offset);
}

/* 1: the range differs. */
static int
compare_range(
    struct diff *d, const struct tree_node *a, const struct tree_node *b, uint64_t from, uint64_t to, struct err *err)
{
	size_t n;

	for (; from < to; from += n) {
		n = (size_t)u64_min(CHUNK_BYTES, to - from);
		if (tree_pread(a->inode, d->buf[0], n, from, err) < 0 ||
		    tree_pread(b->inode, d->buf[1], n, from, err) < 0)
			return -1;
		if (memcmp(d->buf[0], d->buf[1], n) != 0)
			return 1;
	}
	return 0;
}

/* Of files of one size. */
static int
compare_contents(struct diff *d, const struct tree_node *a, const struct tree_node *b, struct err *err)
{
	const struct tree_attr *x = &a->inode->attr, *y = &b->inode->attr;
	uint64_t at, end;
	uint32_t i = 0, j = 0;
	bool data[2];
	int rv = 0;

	for (at = 0; at < x->size && rv == 0; at = end) {
		end = u64_min(stretch(x, at, &i, &data[0]), stretch(y, at, &j, &data[1]));
		if (data[0] || data[1])
			rv = compare_range(d, a, b, at, end, err);
	}
	return rv;
}

/* --- one file --- */

/* The same bytes of the same file: nothing to read. */
static bool
is_same_place(const struct tree_attr *x, const struct tree_attr *y)
{
	const struct tree_content *c = &x->content, *e = &y->content;

	return c->source != NULL && e->source != NULL && c->source->fd == e->source->fd && c->source->fd >= 0 &&
	       c->nextents == e->nextents &&
	       (c->nextents == 0 || memcmp(c->extents, e->extents, c->nextents * sizeof(*c->extents)) == 0);
}

static int
compare_data(struct diff *d, const struct tree_node *a, const struct tree_node *b, unsigned *changes, struct err *err)
{
	const struct tree_attr *x = &a->inode->attr, *y = &b->inode->attr;
	char path[256];
	int rv;

	if (x->size != y->size) {
		*changes |= 1u << C_SIZE | 1u << C_CONTENT;
		return 0;
	}
	if (is_same_place(x, y))
		return 0;
	rv = compare_contents(d, a, b, err);
	if (rv < 0)
		return err_wrap(err, "'%s'", tree_path(a, path, sizeof(path)));
	*changes |= (unsigned)rv << C_CONTENT;
	return 0;
}

static int
compare(struct diff *d, const struct tree_node *a, const struct tree_node *b, unsigned *changes, struct err *err)
{
	const struct tree_attr *x = &a->inode->attr, *y = &b->inode->attr;
	uint32_t type = x->mode & TREE_IFMT;
	bool isdir = type == TREE_IFDIR, islink = type == TREE_IFLNK;

	*changes = 0;
	if (type != (y->mode & TREE_IFMT)) {
		*changes = 1u << C_TYPE;
		return 0;
	}
	*changes |= (unsigned)(x->mode != y->mode && !(islink && d->host)) << C_MODE;
	*changes |= (unsigned)((x->uid != y->uid || x->gid != y->gid) && !d->no_owner) << C_OWNER;
	*changes |= (unsigned)(x->flags != y->flags && !d->host) << C_FLAGS;
	*changes |= (unsigned)(x->rdev != y->rdev) << C_DEVICE;
	*changes |= (unsigned)(islink && strcmp(x->target, y->target) != 0) << C_TARGET;
	*changes |= (unsigned)(!isdir && a->inode->nlink != b->inode->nlink) << C_LINKS;
	if (d->times)
		*changes |= (unsigned)(x->mtime != y->mtime || x->mtime_nsec != y->mtime_nsec) << C_TIME;
	return type == TREE_IFREG ? compare_data(d, a, b, changes, err) : 0;
}

/* --- printing --- */

static void
add_side(struct str *out, const char *what, const struct tree_node *n)
{
	const struct tree_attr *a = &n->inode->attr;
	static const char *const types[16] = {
		[1] = "fifo", [2] = "char", [4] = "dir", [6] = "block", [8] = "file", [10] = "link", [12] = "socket"
	};
	const char *type = types[(a->mode & TREE_IFMT) >> 12];

	str_addf(out, ",\"%s\":{\"type\":\"%s\",\"mode\":\"%04o\",\"uid\":%" PRIu32 ",\"gid\":%" PRIu32 ",\"flags\":\"",
	    what, type == NULL ? "unknown" : type, a->mode & ~TREE_IFMT, a->uid, a->gid);
	tree_flags_print(a->flags, out);
	str_addf(out, "\",\"nlink\":%" PRIu32 ",\"mtime\":%" PRId64, n->inode->nlink, a->mtime);
	if (tree_is(n, TREE_IFREG))
		str_addf(out, ",\"size\":%" PRIu64, a->size);
	if (tree_is(n, TREE_IFCHR) || tree_is(n, TREE_IFBLK))
		str_addf(out, ",\"major\":%" PRIu32 ",\"minor\":%" PRIu32, tree_major(a->rdev), tree_minor(a->rdev));
	if (tree_is(n, TREE_IFLNK)) {
		str_add(out, ",\"target\":");
		str_add_json(out, a->target);
	}
	str_add(out, "}");
}

static void
add_changes(struct str *out, unsigned changes, const char *before, const char *between, const char *after)
{
	const char *sep = before;
	unsigned i;

	for (i = 0; i < CHANGES; i++) {
		if ((changes & 1u << i) == 0)
			continue;
		str_addf(out, "%s%s", sep, change_names[i]);
		sep = between;
	}
	if (changes != 0)
		str_add(out, after);
}

static void
print_json(struct diff *d, char letter, const struct tree_node *a, const struct tree_node *b, unsigned changes)
{
	struct str *out = &d->line;

	str_add(out, d->differences == 1 ? "\n {\"path\":" : ",\n {\"path\":");
	str_add_json(out, d->path.p);
	str_addf(out, ",\"status\":\"%s\"", letter == 'A' ? "added" : letter == 'D' ? "removed" : "changed");
	add_changes(out, changes, ",\"changes\":[\"", "\",\"", "\"]");
	if (a != NULL)
		add_side(out, "old", a);
	if (b != NULL)
		add_side(out, "new", b);
	str_add(out, "}");
}

/* A difference: of a alone, of b alone, or of both. */
static void
report(struct diff *d, const struct tree_node *a, const struct tree_node *b, unsigned changes)
{
	char letter = a == NULL ? 'A' : b == NULL ? 'D' : (changes & 1u << C_TYPE) != 0 ? 'T' : 'M';

	d->differences++;
	d->line.len = 0;
	if (d->json) {
		print_json(d, letter, a, b, changes);
	} else {
		str_addf(&d->line, "%c ", letter);
		str_add_escaped(&d->line, d->path.p, true);
		add_changes(&d->line, changes, "\t", ",", "");
		str_add(&d->line, "\n");
	}
	(void)fwrite(d->line.p, 1, d->line.len, stdout);
}

/* --- both trees --- */

static size_t
path_push(struct diff *d, const struct tree_node *n)
{
	size_t len = d->path.len;

	if (len == 1) /* "/" */
		d->path.len = 0;
	str_addf(&d->path, "/%s", n->name);
	return len;
}

static void
path_pop(struct diff *d, size_t len)
{
	d->path.p[d->path.len = len] = '\0';
	if (len == 1)
		d->path.p[0] = '/';
}

static void
report_all(struct diff *d, const struct tree_node *n, bool added)
{
	const struct tree_node *c;
	size_t len = path_push(d, n);

	report(d, added ? NULL : n, added ? n : NULL, 0);
	for (c = n->child; c != NULL; c = c->next)
		report_all(d, c, added);
	path_pop(d, len);
}

static int diff_children(struct diff *, const struct tree_node *, const struct tree_node *, struct err *);

static int
diff_nodes(struct diff *d, const struct tree_node *a, const struct tree_node *b, struct err *err)
{
	const struct tree_node *c;
	unsigned changes;

	if (compare(d, a, b, &changes, err) < 0)
		return -1;
	if (changes != 0)
		report(d, a, b, changes);
	if (tree_is(a, TREE_IFDIR) && tree_is(b, TREE_IFDIR))
		return diff_children(d, a, b, err);
	for (c = a->child; c != NULL; c = c->next)
		report_all(d, c, false);
	for (c = b->child; c != NULL; c = c->next)
		report_all(d, c, true);
	return 0;
}

static int
diff_children(struct diff *d, const struct tree_node *a, const struct tree_node *b, struct err *err)
{
	const struct tree_node *x = a->child, *y = b->child;
	size_t len;
	int order, rv = 0;

	while (rv == 0 && (x != NULL || y != NULL)) {
		order = x == NULL ? 1 : y == NULL ? -1 : strcmp(x->name, y->name);
		if (order != 0) {
			report_all(d, order < 0 ? x : y, order > 0);
		} else {
			len = path_push(d, x);
			rv = diff_nodes(d, x, y, err);
			path_pop(d, len);
		}
		x = order <= 0 ? x->next : x;
		y = order >= 0 ? y->next : y;
	}
	return rv;
}

static int
diff(struct diff *d, struct err *err)
{
	size_t i;
	int rv;

	d->host = !d->a.image || !d->b.image;
	tree_sort(&d->a.tree);
	tree_sort(&d->b.tree);
	for (i = 0; i < 2; i++)
		d->buf[i] = xmalloc(CHUNK_BYTES);
	str_add(&d->path, "/");
	if (d->json)
		(void)printf("[");
	rv = diff_nodes(d, d->a.node, d->b.node, err);
	if (d->json)
		(void)printf(d->differences > 0 ? "\n]\n" : "]\n");
	if (rv == 0)
		rv = cmd_flush(err);
	for (i = 0; i < 2; i++)
		free(d->buf[i]);
	str_release(&d->path);
	str_release(&d->line);
	return rv < 0 ? -1 : d->exit_code && d->differences > 0;
}

static int
parse(struct diff *d, int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "exit-code", no_argument, NULL, 'e' },
		{ "json", no_argument, NULL, 'j' }, { "no-owner", no_argument, NULL, 'n' },
		{ "times", no_argument, NULL, 't' }, { NULL, 0, NULL, 0 } };
	int ch;

	while ((ch = cmd_getopt(argc, argv, "t", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		d->exit_code |= ch == 'e';
		d->json |= ch == 'j';
		d->no_owner |= ch == 'n';
		d->times |= ch == 't';
	}
	if (argc - optind != 2)
		return err_usage(err, "want two of IMAGE[:PATH] and DIR; see 'smol image diff --help'");
	return 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	struct diff d = { 0 };
	int rv;

	if (parse(&d, argc, argv, err) < 0)
		return -1;
	argv += optind;
	rv = image_side_open(&d.a, argv[0], image_side_is_image(argv[0], true), true, err);
	if (rv == 0) {
		rv = image_side_open(&d.b, argv[1], image_side_is_image(argv[1], true), true, err);
		if (rv == 0)
			rv = diff(&d, err);
		image_side_close(&d.b);
	}
	image_side_close(&d.a);
	return rv;
}

const struct command cmd_image_diff = {
	.name = "image diff",
	.args = "[-t] [--no-owner] [--json] [--exit-code] IMAGE[:PATH]|DIR IMAGE[:PATH]|DIR",
	.summary = "tell what two images differ in",
	.help =
	    "A line for each file that was added (A), removed (D), changed (M) or is of another type (T), and in\n"
	    "what: content, size, mode, owner, flags, target, device, links, time.  Exit status 0 unless it failed.\n\n"
	    "  -t, --times  dates of last modification, too\n"
	    "  --no-owner   owners and groups do not count\n"
	    "  --exit-code  exit status 1 if there is a difference\n"
	    "  --json       a JSON array with both sides of each difference\n\n"
	    "  smol image diff base-amd64.img:/etc web-amd64.img:/etc\n",
	.run = run,
};
