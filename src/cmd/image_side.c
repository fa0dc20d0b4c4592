/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images and host paths into trees.
 */
#include "cmd/image_side.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "fs/ffs_tree.h"

bool
image_side_is_image(const char *arg, bool may_be_whole)
{
	struct stat st;
	char *colon, *copy;
	bool found = false;

	if (stat(arg, &st) == 0)
		return may_be_whole && !S_ISDIR(st.st_mode);
	copy = xstrdup(arg);
	while (!found && (colon = strrchr(copy, ':')) != NULL) {
		*colon = '\0';
		found = stat(copy, &st) == 0 && !S_ISDIR(st.st_mode);
	}
	free(copy);
	return found;
}

/* The last name of a path, "" where it has none of its own. */
static int
take_name(struct image_side *s, const char *path, struct err *err)
{
	size_t end = strlen(path), start;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	if (end - start > TREE_NAME_MAX)
		return err_set(err, "'%s': a name of %zu bytes", path, end - start);
	if (path[start] == '.' && (end - start == 1 || (end - start == 2 && path[start + 1] == '.')))
		return 0;
	memcpy(s->name, path + start, end - start);
	return 0;
}

static int
read_image(struct image_side *s, bool follow, struct err *err)
{
	struct ffs_tree_lost lost;
	struct ffs_dinode d;
	const char *at;
	uint64_t ino;

	if (take_name(s, s->a.path, err) < 0 || ffs_lookup(&s->a.r, s->a.path, follow, &ino, err) < 0 ||
	    ffs_read_inode(&s->a.r, ino, &d, err) < 0)
		return -1;
	at = (d.mode & TREE_IFMT) == TREE_IFDIR ? "" : s->name;
	if (ffs_tree_read(&s->a.r, s->a.image, ino, &s->tree, at, &lost, err) < 0)
		return -1;
	s->node = tree_lookup(&s->tree, at);
	return 0;
}

static int
open_image(struct image_side *s, bool follow, struct err *err)
{
	s->image = true;
	if (image_arg_open(&s->a, s->arg, err) < 0)
		return -1;
	image_arg_note(&s->a);
	return read_image(s, follow, err) < 0 ? err_wrap(err, "image '%s'", s->a.image) : 0;
}

static int
open_host(struct image_side *s, bool follow, struct err *err)
{
	/* By its real name: contents are opened later, and then no symlink is followed. */
	cleanup_free char *real = follow ? realpath(s->arg, NULL) : xstrdup(s->arg);
	struct stat st;
	const char *at;

	if (real == NULL || lstat(real, &st) < 0)
		return err_sys(err, "cannot open '%s'", s->arg);
	if (take_name(s, s->arg, err) < 0)
		return -1;
	at = S_ISDIR(st.st_mode) ? "" : s->name;
	if (tree_add_host(&s->tree, at, real, err) < 0)
		return -1;
	s->node = tree_lookup(&s->tree, at);
	return 0;
}

int
image_side_open(struct image_side *s, const char *arg, bool image, bool follow, struct err *err)
{
	*s = (struct image_side){ .arg = arg, .a = { .fd = -1 } };
	tree_init(&s->tree);
	return image ? open_image(s, follow, err) : open_host(s, follow, err);
}

void
image_side_close(struct image_side *s)
{
	tree_release(&s->tree);
	image_arg_close(&s->a);
}
