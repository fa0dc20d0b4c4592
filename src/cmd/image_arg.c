/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IMAGE[:PATH], directories in order, and safe names.
 */
#include "cmd/image_arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"

static void
split(struct image_arg *a, const char *arg)
{
	size_t i;

	a->image = xstrdup(arg);
	a->path = NULL;
	if (access(arg, F_OK) == 0)
		return;
	for (i = strlen(arg); i-- > 0;) {
		if (arg[i] != ':')
			continue;
		a->image[i] = '\0';
		if (access(a->image, F_OK) == 0) {
			a->path = xstrdup(arg + i + 1);
			return;
		}
	}
	/* Nothing is there: complain about the whole, or about what stands before the first ':'. */
	free(a->image);
	a->image = xstrdup(arg);
	a->image[strcspn(arg, ":")] = '\0';
}

int
image_arg_open(struct image_arg *a, const char *arg, struct err *err)
{
	memset(a, 0, sizeof(*a));
	a->fd = -1;
	split(a, arg);
	if (a->path == NULL || a->path[0] == '\0') {
		free(a->path);
		a->path = xstrdup("/");
	}
	if (image_open(a->image, &a->fd, &a->part, err) < 0)
		return -1;
	if (a->part.note[0] != '\0')
		(void)fprintf(stderr, "smol: note: image '%s': %s\n", a->image, a->part.note);
	if (ffs_open(&a->r, a->fd, a->part.offset, a->part.bytes, err) < 0)
		return err_wrap(err, "cannot read image '%s'", a->image);
	return 0;
}

void
image_arg_close(struct image_arg *a)
{
	if (a->fd >= 0)
		(void)close(a->fd);
	free(a->image);
	free(a->path);
	a->fd = -1;
	a->image = a->path = NULL;
}

void
image_arg_note(const struct image_arg *a)
{
	const struct ffs_super *s = &a->r.super;
	bool live = (s->ver == 2 || (s->old_flags & FFS_FLAGS_UPDATED) != 0) && (s->flags & FFS_FLAG_WAPBL) != 0;

	if (s->clean != FFS_CLEAN || live)
		(void)fprintf(stderr, "smol: note: image '%s' was not unmounted: what is read may be old\n", a->image);
}

/* --- directories --- */

struct loader {
	struct image_dir *dir;
	const struct ffs_reader *r;
};

int
image_dir_add(struct image_dir *dir, const struct ffs_reader *r, const char *name, uint64_t ino, struct err *err)
{
	struct image_file *f = vec_push(dir->files, dir->n, dir->cap);

	*f = (struct image_file){ .name = xstrdup(name), .ino = ino };
	if (ffs_read_inode(r, ino, &f->d, err) < 0)
		return err_wrap(err, "'%s'", name);
	return 0;
}

static int
load_entry(void *arg, const char *name, uint64_t ino, uint8_t type, struct err *err)
{
	struct loader *l = arg;

	(void)type;
	if (ino < FFS_ROOTINO) /* a whiteout */
		return 0;
	return image_dir_add(l->dir, l->r, name, ino, err);
}

static int
by_name(const void *a, const void *b)
{
	const struct image_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
image_dir_load(struct image_dir *dir, const struct ffs_reader *r, const struct ffs_dinode *d, struct err *err)
{
	struct loader l = { dir, r };

	if (ffs_readdir(r, d, load_entry, &l, err) < 0)
		return -1;
	if (dir->n > 1)
		qsort(dir->files, dir->n, sizeof(*dir->files), by_name);
	return 0;
}

void
image_dir_release(struct image_dir *dir)
{
	size_t i;

	for (i = 0; i < dir->n; i++)
		free(dir->files[i].name);
	free(dir->files);
	memset(dir, 0, sizeof(*dir));
}

int
image_seen_add(struct image_seen *seen, const struct ffs_reader *r, uint64_t ino, struct err *err)
{
	if (seen->map == NULL)
		seen->map = xcalloc(howmany((uint64_t)r->super.ncg * r->super.ipg, 8), 1);
	if (ffs_bit(seen->map, ino))
		return err_set(err,
		    "the image is damaged: directory inode %" PRIu64 " is reached twice; 'smol image check' tells more",
		    ino);
	ffs_bit_set(seen->map, ino);
	return 0;
}

/* --- names --- */

/* Bytes of the printable UTF-8 character at s, 0 if it is none. */
static size_t
utf8_length(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t n = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4, i;
	static const uint32_t least[] = { 0, 0, 0xa0, 0x800, 0x10000 }; /* 0x80 to 0x9f are controls */
	uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	if (n == 4 && (s[0] & 0xf8) != 0xf0)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (n == 1 && (c < ' ' || c == 0x7f))
		return 0;
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	/* Marks that turn the direction of writing, and line separators. */
	if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029)
		return 0;
	return n;
}

void
str_add_escaped(struct str *out, const char *s, bool all)
{
	static const char plain[] = "\a\b\f\n\r\t\v", letter[] = "abfnrtv";
	const char *p;
	size_t n;

	for (; *s != '\0'; s += n) {
		n = utf8_length(s);
		if (*s == '\\' && all) {
			str_add(out, "\\\\");
		} else if (n > 0) {
			str_addn(out, s, n);
		} else {
			n = 1;
			p = strchr(plain, *s);
			if (p != NULL)
				str_addf(out, "\\%c", letter[p - plain]);
			else
				str_addf(out, "\\%03o", (uint8_t)*s);
		}
	}
}

void
str_add_json(struct str *out, const char *s)
{
	size_t n;

	str_add(out, "\"");
	for (; *s != '\0'; s += n) {
		n = utf8_length(s);
		if (*s == '"' || *s == '\\') {
			str_addf(out, "\\%c", *s);
		} else if (n > 0) {
			str_addn(out, s, n);
		} else {
			n = 1;
			if ((uint8_t)*s < 0x80)
				str_addf(out, "\\u%04x", (unsigned)*s);
			else
				str_add(out, "\xef\xbf\xbd");
		}
	}
	str_add(out, "\"");
}
