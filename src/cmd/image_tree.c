/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image tree: the directories of an image as a drawing, with sizes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

#define DEPTH_MAX 1000 /* of directories: a stack, and a line, must have an end */

struct drawing {
	struct image_arg a;
	bool colour;
	struct image_seen seen;
	struct str prefix, line;
	unsigned depth;
	uint64_t directories, files, bytes;
};

static const char *
colour_of(const struct image_file *f)
{
	switch (f->d.mode & TREE_IFMT) {
	case TREE_IFDIR:
		return "\033[1;34m";
	case TREE_IFLNK:
		return "\033[1;36m";
	case TREE_IFCHR:
	case TREE_IFBLK:
		return "\033[1;33m";
	case TREE_IFREG:
		return (f->d.mode & 0111) != 0 ? "\033[1;32m" : "";
	default:
		return "\033[35m";
	}
}

static void
add_name(struct drawing *dr, const struct image_file *f)
{
	const char *colour = dr->colour ? colour_of(f) : "";

	str_add(&dr->line, colour);
	str_add_escaped(&dr->line, f->name, true);
	if (colour[0] != '\0')
		str_add(&dr->line, "\033[0m");
}

static void
end_line(struct drawing *dr)
{
	str_add(&dr->line, "\n");
	(void)fwrite(dr->line.p, 1, dr->line.len, stdout);
	dr->line.len = 0;
}

static int
draw_file(struct drawing *dr, const struct image_file *f, bool last, struct err *err)
{
	char size[SIZE_TEXT_MAX];
	char *target;

	str_addn(&dr->line, dr->prefix.len > 0 ? dr->prefix.p : "", dr->prefix.len);
	str_add(&dr->line, last ? "└── " : "├── ");
	if (image_file_is(f, TREE_IFREG))
		str_addf(&dr->line, "[%9s]  ", size_text(f->d.size, size));
	add_name(dr, f);
	if (image_file_is(f, TREE_IFLNK)) {
		target = ffs_readlink(&dr->a.r, &f->d, err);
		if (target == NULL)
			return err_wrap(err, "symlink inode %" PRIu64, f->ino);
		str_add(&dr->line, " -> ");
		str_add_escaped(&dr->line, target, true);
		free(target);
	}
	end_line(dr);
	return 0;
}

static int draw_dir(struct drawing *, const struct image_file *, struct err *);

static int
draw_below(struct drawing *dr, const struct image_file *f, bool last, struct err *err)
{
	size_t len = dr->prefix.len;
	int rv;

	if (dr->depth == DEPTH_MAX)
		return err_set(err, "more than %d directories deep", DEPTH_MAX);
	str_add(&dr->prefix, last ? "    " : "│   ");
	dr->depth++;
	rv = draw_dir(dr, f, err);
	dr->depth--;
	dr->prefix.len = len;
	return rv;
}

static int
draw_dir(struct drawing *dr, const struct image_file *dir, struct err *err)
{
	struct image_dir list = { 0 };
	const struct image_file *f;
	size_t i;
	int rv;

	if (image_seen_add(&dr->seen, &dr->a.r, dir->ino, err) < 0)
		return -1;
	rv = image_dir_load(&list, &dr->a.r, &dir->d, err);
	if (rv < 0)
		(void)err_wrap(err, "directory '%s'", dir->name);
	for (i = 0; i < list.n && rv == 0; i++) {
		f = &list.files[i];
		rv = draw_file(dr, f, i + 1 == list.n, err);
		if (!image_file_is(f, TREE_IFDIR)) {
			dr->files++;
			dr->bytes += image_file_is(f, TREE_IFREG) ? f->d.size : 0;
			continue;
		}
		dr->directories++;
		if (rv == 0)
			rv = draw_below(dr, f, i + 1 == list.n, err);
	}
	image_dir_release(&list);
	return rv;
}

static int
draw(struct drawing *dr, struct err *err)
{
	struct image_dir root = { 0 };
	char size[SIZE_TEXT_MAX];
	uint64_t ino;
	int rv;

	if (ffs_lookup(&dr->a.r, dr->a.path, true, &ino, err) < 0)
		return -1;
	rv = image_dir_add(&root, &dr->a.r, dr->a.path, ino, err);
	if (rv == 0 && !image_file_is(&root.files[0], TREE_IFDIR))
		rv = err_set(err, "'%s' is not a directory", dr->a.path);
	if (rv == 0) {
		add_name(dr, &root.files[0]);
		end_line(dr);
	}
	if (rv == 0)
		rv = draw_dir(dr, &root.files[0], err);
	image_dir_release(&root);
	if (rv < 0)
		return -1;
	(void)printf("\n%" PRIu64 " director%s, %" PRIu64 " file%s, %s\n", dr->directories,
	    dr->directories == 1 ? "y" : "ies", dr->files, dr->files == 1 ? "" : "s", size_text(dr->bytes, size));
	return 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { NULL, 0, NULL, 0 } };
	struct drawing dr = { 0 };
	int rv;

	if (cmd_getopt(argc, argv, "", longs, err) != -1)
		return -1;
	if (argc - optind != 1)
		return err_usage(err, "want one IMAGE[:PATH]; see 'smol image tree --help'");
	dr.colour = cmd_is_terminal(STDOUT_FILENO);
	rv = image_arg_open(&dr.a, argv[optind], err);
	if (rv == 0) {
		image_arg_note(&dr.a);
		rv = draw(&dr, err);
		if (rv < 0)
			(void)err_wrap(err, "image '%s'", dr.a.image);
	}
	if (rv == 0)
		rv = cmd_flush(err);
	image_arg_close(&dr.a);
	free(dr.seen.map);
	str_release(&dr.prefix);
	str_release(&dr.line);
	return rv;
}

const struct command cmd_image_tree = {
	.name = "image tree",
	.args = "IMAGE[:PATH]",
	.summary = "draw the directory tree of an image",
	.help = "Names and sizes; in colour on a terminal, unless NO_COLOR is set.\n\n"
		"  smol image tree images/rescue-amd64.img:/etc\n",
	.run = run,
};
