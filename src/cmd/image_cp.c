/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image cp: files out of images, into them, and between them.  An image
 * that is a destination is read into a tree, which is changed and written
 * anew; the old image stays until the new one is whole.
 */
#include "cmd/image_cp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/defs.h"
#include "cmd/cmd.h"
#include "fs/ffs_tree.h"

const char *
image_cp_first(struct image_cp *cp, const struct tree_node *n, const char *path)
{
	if (n->inode->index != 0)
		return cp->first[n->inode->index - 1];
	*vec_push(cp->first, cp->nfirst, cp->first_cap) = xstrdup(path);
	n->inode->index = cp->nfirst;
	return NULL;
}

void
image_cp_forget(struct image_cp *cp)
{
	while (cp->nfirst > 0)
		free(cp->first[--cp->nfirst]);
	free(cp->first);
	cp->first = NULL;
	cp->first_cap = 0;
}

/* --- sources --- */

static int
open_source(const struct image_cp *cp, struct image_side *s, const char *arg, bool to_host, struct err *err)
{
	bool image = image_side_is_image(arg, false);
	struct stat st;

	if (!image && to_host && lstat(arg, &st) == 0)
		return err_usage(err, "neither '%s' nor the destination is in an image (IMAGE:PATH)", arg);
	if (image_side_open(s, arg, image, !cp->recursive, err) < 0)
		return -1;
	if (tree_is(s->node, TREE_IFDIR) && !cp->recursive)
		return err_set(err, "'%s' is a directory: -r copies it", arg);
	return 0;
}

/* --- to the host --- */

/* An image as the destination, where its ":PATH" was forgotten, would be lost. */
static int
check_destination(const char *path, struct err *err)
{
	struct err ignored = { 0 };
	struct image_partition part;
	struct ffs_reader r;
	struct stat st;
	int fd, rv;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || image_open(path, &fd, &part, &ignored) < 0)
		return 0;
	rv = ffs_open(&r, fd, part.offset, part.bytes, &ignored);
	(void)close(fd);
	if (rv == 0)
		return err_usage(err, "'%s' is an image: '%s:/' copies into it", path, path);
	return 0;
}

static int
copy_out(struct image_cp *cp, int n, char **args, const char *dst, struct err *err)
{
	struct image_side src;
	int i, rv = check_destination(dst, err);

	for (i = 0; i < n && rv == 0; i++) {
		src = (struct image_side){ .a = { .fd = -1 } };
		rv = open_source(cp, &src, args[i], true, err);
		if (rv == 0)
			rv = image_cp_out(cp, &src, dst, err);
		image_side_close(&src);
	}
	return rv;
}

/* --- into an image --- */

struct into {
	struct image_cp *cp;
	struct image_arg a;
	struct image_old old;
	struct image_options options;
	struct tree tree;
	struct image_side *src;
	int nsrc;
};

/* They did not fit: say how much would, and how to get it. */
static int
explain(struct into *in, struct err *err)
{
	struct err ignored = { 0 };
	char text[SIZE_TEXT_MAX];
	uint64_t need;

	if (image_bytes_needed(&in->tree, &in->options, &need, &ignored) < 0 || need <= in->options.bytes)
		return -1;
	need = roundup(need, 1024);
	return err_set(err, "the files do not fit: '%s' would have to be %s large; 'smol image resize %s %" PRIu64 "K'",
	    in->a.image, size_text(need, text), in->a.image, need >> 10);
}

static int
write_image(struct into *in, struct err *err)
{
	struct image_result result;
	struct cmd_progress progress;
	int rv;

	cmd_progress_init(&progress, in->a.image, in->cp->quiet);
	in->options.progress = cmd_progress;
	in->options.progress_arg = &progress;
	rv = image_write(in->old.lock.path, &in->tree, &in->options, &result, err);
	cmd_progress_end(&progress);
	return rv < 0 ? explain(in, err) : 0;
}

static int
read_image(struct into *in, const char *dst, struct err *err)
{
	struct ffs_tree_lost lost;

	if (image_arg_open(&in->a, dst, err) < 0 ||
	    image_rewrite_open(&in->old, &in->options, in->a.image, &in->a.part, &in->a.r, err) < 0)
		return -1;
	in->tree.epoch = in->a.r.super.time;
	if (ffs_tree_read(&in->a.r, in->a.image, FFS_ROOTINO, &in->tree, "", &lost, err) < 0 ||
	    image_rewrite_lost(&lost, err) < 0)
		return err_wrap(err, "image '%s'", in->a.image);
	return 0;
}

static int
change(struct into *in, int n, char **args, const char *dst, struct err *err)
{
	int i;

	if (read_image(in, dst, err) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		in->nsrc = i + 1; /* to be closed in any case */
		if (open_source(in->cp, &in->src[i], args[i], false, err) < 0)
			return -1;
		if (image_cp_in(in->cp, &in->src[i], &in->tree, in->a.path, err) < 0)
			return err_wrap(err, "image '%s'", in->a.image);
	}
	return write_image(in, err);
}

static int
copy_in(struct image_cp *cp, int n, char **args, const char *dst, struct err *err)
{
	struct into in = { .cp = cp, .a = { .fd = -1 }, .old = { .lock = { .fd = -1 } } };
	int i, rv;

	tree_init(&in.tree);
	in.src = xcalloc((size_t)n, sizeof(*in.src));
	for (i = 0; i < n; i++)
		in.src[i].a.fd = -1;
	rv = change(&in, n, args, dst, err);
	/* The tree's contents lie in the sources. */
	tree_release(&in.tree);
	for (i = 0; i < in.nsrc; i++)
		image_side_close(&in.src[i]);
	free(in.src);
	image_rewrite_close(&in.old);
	image_arg_close(&in.a);
	return rv;
}

/* --- arguments --- */

static int
parse_id(
    const char *text, size_t len, int32_t (*by_name)(const char *), const char *what, uint32_t *id, struct err *err)
{
	cleanup_free char *word = xstrdup(text);
	int32_t known;
	uint64_t n;

	word[len] = '\0';
	if (len == 0)
		return 0;
	known = by_name(word);
	if (known >= 0) {
		*id = (uint32_t)known;
		return 0;
	}
	if (parse_u64(word, 0, UINT32_MAX - 1, what, &n, err) < 0)
		return -1;
	*id = (uint32_t)n;
	return 0;
}

static int
parse_owner(struct image_cp *cp, const char *text, struct err *err)
{
	size_t len = strcspn(text, ":");

	if (parse_id(text, len, tree_user_id, "user", &cp->uid, err) < 0)
		return -1;
	return text[len] == '\0'
		   ? 0
		   : parse_id(text + len + 1, strlen(text + len + 1), tree_group_id, "group", &cp->gid, err);
}

static int
parse_mode(struct image_cp *cp, const char *text, struct err *err)
{
	size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, "01234567") != len || strtoul(text, NULL, 8) > 07777)
		return err_usage(err, "bad mode '%s': an octal number up to 7777", text);
	cp->mode = (uint32_t)strtoul(text, NULL, 8);
	return 0;
}

static int
set_option(struct image_cp *cp, int ch, struct err *err)
{
	switch (ch) {
	case 'a':
		cp->recursive = cp->dates = cp->owner = cp->flags = true;
		return 0;
	case 'r':
	case 'R':
		cp->recursive = true;
		return 0;
	case 'p':
		cp->dates = true;
		return 0;
	case 'o':
		cp->owner = true;
		return 0;
	case 'j':
		cp->json = true;
		return 0;
	case 'q':
		cp->quiet = true;
		return 0;
	case 'c':
		return parse_owner(cp, optarg, err);
	case 'm':
		return parse_mode(cp, optarg, err);
	default:
		return -1;
	}
}

static int
parse(struct image_cp *cp, int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "chmod", required_argument, NULL, 'm' },
		{ "chown", required_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' },
		{ "owner", no_argument, NULL, 'o' }, { "quiet", no_argument, NULL, 'q' },
		{ "recursive", no_argument, NULL, 'r' }, { NULL, 0, NULL, 0 } };
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t epoch = INT64_MAX;
	int ch;

	while ((ch = cmd_getopt(argc, argv, "arRpq", longs, err)) != -1)
		if (set_option(cp, ch, err) < 0)
			return -1;
	if (argc - optind < 2)
		return err_usage(err, "want SOURCE... DESTINATION; see 'smol image cp --help'");
	if (text != NULL && parse_u64(text, 0, INT64_MAX, "SOURCE_DATE_EPOCH", &epoch, err) < 0)
		return -1;
	cp->epoch = (int64_t)epoch;
	cp->several = argc - optind > 2;
	return 0;
}

static int
report(const struct image_cp *cp, struct err *err)
{
	if (cp->skipped > 0 && !cp->quiet)
		(void)fprintf(stderr,
		    "smol: note: %" PRIu64 " device%s not copied: between an image and the host they "
		    "mean nothing\n",
		    cp->skipped, cp->skipped == 1 ? " or socket was" : "s or sockets were");
	if (!cp->json)
		return 0;
	(void)printf("{\"files\":%" PRIu64 ",\"directories\":%" PRIu64 ",\"others\":%" PRIu64 ",\"skipped\":%" PRIu64
		     ",\"bytes\":%" PRIu64 "}\n",
	    cp->files, cp->directories, cp->others, cp->skipped, cp->bytes);
	return cmd_flush(err);
}

static int
run(int argc, char **argv, struct err *err)
{
	struct image_cp cp = { .uid = CP_UNSET, .gid = CP_UNSET, .mode = CP_UNSET };
	const char *dst;
	int n, rv;

	if (parse(&cp, argc, argv, err) < 0)
		return -1;
	n = argc - optind - 1;
	argv += optind;
	dst = argv[n];
	rv = image_side_is_image(dst, false) ? copy_in(&cp, n, argv, dst, err) : copy_out(&cp, n, argv, dst, err);
	return rv < 0 ? -1 : report(&cp, err);
}

const struct command cmd_image_cp = {
	.name = "image cp",
	.args = "[-arpq] [--owner] [--chown USER:GROUP] [--chmod MODE] [--json] SOURCE... DESTINATION",
	.summary = "copy files out of images, into them and between them",
	.help = "Each of SOURCE and DESTINATION is IMAGE:PATH or a path of the host.  An image that is changed is\n"
		"written anew in its size and replaced when it is whole.\n\n"
		"  -r, --recursive      directories, with all that is in them; symlinks stay symlinks\n"
		"  -p                   out of an image: keep the dates (into one they always are the source's)\n"
		"  --owner              keep owner and group numbers (into an image: else root:wheel)\n"
		"  -a                   -r -p --owner, all of the mode, and between images the flags\n"
		"  --chown USER:GROUP   owners of what is copied, names as NetBSD has them, or numbers\n"
		"  --chmod MODE         mode of the regular files that are copied\n"
		"  --json               print as JSON what was copied\n"
		"  -q, --quiet          print nothing but errors\n\n"
		"  smol image cp rc.local images/web-amd64.img:/etc/\n"
		"  smol image cp -r images/web-amd64.img:/var/log logs\n",
	.run = run,
};
