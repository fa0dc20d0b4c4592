/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image resize: the image written anew in another size, or a file that is
 * only extended, for a guest that then grows its own file system.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"
#include "cmd/image_result.h"
#include "fs/ffs_tree.h"
#include "image/gpt.h"

enum size_kind { SIZE_BYTES, SIZE_MORE, SIZE_AUTO, SIZE_MIN };

struct resize {
	bool append, json, quiet;
	uint64_t free_bytes;
	const char *path, *text; /* the arguments */
	enum size_kind kind;
	uint64_t bytes;
};

static int
parse_target(struct resize *r, struct err *err)
{
	const char *text = r->text;

	if (strcmp(text, "auto") == 0 || strcmp(text, "min") == 0) {
		r->kind = text[0] == 'a' ? SIZE_AUTO : SIZE_MIN;
		return r->append ? err_usage(err, "--append wants a size, or +SIZE") : 0;
	}
	r->kind = text[0] == '+' ? SIZE_MORE : SIZE_BYTES;
	if (parse_size(text + (text[0] == '+'), "image size", &r->bytes, err) < 0)
		return -1;
	if (r->bytes % GPT_SECTOR != 0 || (r->kind == SIZE_BYTES && r->bytes == 0))
		return err_usage(err, "bad image size '%s': a multiple of %d bytes, not zero", text, GPT_SECTOR);
	return 0;
}

/* The size that is asked for of a file of that size. */
static int
target_bytes(const struct resize *r, uint64_t old, uint64_t *bytes, struct err *err)
{
	*bytes = r->bytes;
	if (r->kind == SIZE_MORE)
		*bytes += old;
	if (*bytes < r->bytes || *bytes > INT64_MAX)
		return err_usage(err, "bad image size '%s': too large", r->text);
	return 0;
}

/* --- in place --- */

static int
extend(const struct resize *r, const struct image_lock *l, uint64_t *old, uint64_t *bytes, struct err *err)
{
	struct stat st;

	if (fstat(l->fd, &st) < 0)
		return err_sys(err, "cannot examine '%s'", r->path);
	*old = (uint64_t)st.st_size;
	if (target_bytes(r, *old, bytes, err) < 0)
		return -1;
	if (*bytes < *old)
		return err_set(err, "'%s' has %" PRIu64 " bytes already: --append only makes it larger", r->path, *old);
	if (ftruncate(l->fd, (off_t)*bytes) < 0 || fsync(l->fd) < 0)
		return err_sys(err, "cannot extend '%s'", r->path);
	return 0;
}

static int
append(const struct resize *r, struct err *err)
{
	struct image_lock lock;
	char from[SIZE_TEXT_MAX], to[SIZE_TEXT_MAX];
	struct str name = { 0 };
	uint64_t old = 0, bytes = 0;
	int rv;

	rv = image_lock(&lock, r->path, -1, err);
	if (rv == 0)
		rv = extend(r, &lock, &old, &bytes, err);
	image_unlock(&lock);
	if (rv < 0)
		return -1;
	if (r->json)
		str_add_json(&name, r->path);
	else
		str_add_escaped(&name, r->path, true);
	if (r->json)
		(void)printf("{\"path\":%s,\"old_bytes\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n", name.p, old, bytes);
	else if (!r->quiet)
		(void)printf("%s: %s to %s; the guest's own partitions and file systems are as they were\n", name.p,
		    size_text(old, from), size_text(bytes, to));
	str_release(&name);
	return cmd_flush(err);
}

/* --- anew --- */

/* It did not fit: the need, in this command's terms. */
static int
explain(const struct resize *r, struct tree *tree, const struct image_options *o, struct err *err)
{
	struct err ignored = { 0 };
	char text[2][SIZE_TEXT_MAX];
	uint64_t need;

	if (o->bytes == IMAGE_SIZE_AUTO || image_bytes_needed(tree, o, &need, &ignored) < 0 || need <= o->bytes)
		return -1;
	need = roundup(need, 1024);
	return err_set(err, "'%s' cannot be made as small as %s: its files need %s (%" PRIu64 "K)", r->path,
	    size_text(o->bytes, text[0]), size_text(need, text[1]), need >> 10);
}

static int
print(const struct resize *r, const struct image_options *o, uint64_t old, const struct image_result *result,
    struct err *err)
{
	char from[SIZE_TEXT_MAX], to[SIZE_TEXT_MAX], left[SIZE_TEXT_MAX];
	struct str name = { 0 };

	if (r->json)
		return image_result_print(r->path, o, result, 0, true, err);
	if (r->quiet)
		return 0;
	str_add_escaped(&name, r->path, true);
	(void)printf("%s: %s to %s (%" PRIu64 " bytes), %s and %" PRIu64 " inodes free\n", name.p, size_text(old, from),
	    size_text(result->bytes, to), result->bytes, size_text(result->fs.free_bytes, left),
	    result->fs.free_inodes);
	str_release(&name);
	return cmd_flush(err);
}

static int
rewrite(const struct resize *r, const struct image_arg *a, struct tree *tree, struct image_options *o, struct err *err)
{
	struct ffs_tree_lost lost;
	struct image_result result;
	struct cmd_progress progress;
	uint64_t old = o->bytes;
	int rv;

	o->bytes = IMAGE_SIZE_AUTO;
	if (r->kind != SIZE_AUTO && r->kind != SIZE_MIN && target_bytes(r, old, &o->bytes, err) < 0)
		return -1;
	o->fs.spare_inodes = r->kind != SIZE_MIN;
	o->fs.free_bytes = r->free_bytes;
	tree->epoch = a->r.super.time;
	if (ffs_tree_read(&a->r, a->image, FFS_ROOTINO, tree, "", &lost, err) < 0 || image_rewrite_lost(&lost, err) < 0)
		return err_wrap(err, "image '%s'", a->image);
	cmd_progress_init(&progress, a->image, r->quiet);
	o->progress = cmd_progress;
	o->progress_arg = &progress;
	rv = image_write(o->old->lock.path, tree, o, &result, err);
	cmd_progress_end(&progress);
	if (rv < 0)
		return explain(r, tree, o, err);
	return print(r, o, old, &result, err);
}

static int
resize(const struct resize *r, struct err *err)
{
	struct image_old old = { .lock = { .fd = -1 } };
	struct image_options options;
	struct image_arg a;
	struct tree tree;
	int rv;

	tree_init(&tree);
	rv = image_arg_open(&a, r->path, err);
	if (rv == 0 && strcmp(a.path, "/") != 0)
		rv = err_usage(err, "want an IMAGE, without a path in it; see 'smol image resize --help'");
	if (rv == 0)
		rv = image_rewrite_open(&old, &options, a.image, &a.part, &a.r, err);
	if (rv == 0)
		rv = rewrite(r, &a, &tree, &options, err);
	tree_release(&tree);
	image_rewrite_close(&old);
	image_arg_close(&a);
	return rv;
}

static int
run(int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "append", no_argument, NULL, 'a' },
		{ "free", required_argument, NULL, 'F' }, { "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' }, { NULL, 0, NULL, 0 } };
	struct resize r = { 0 };
	int ch;

	while ((ch = cmd_getopt(argc, argv, "q", longs, err)) != -1) {
		if (ch == -2 || (ch == 'F' && parse_size(optarg, "free space", &r.free_bytes, err) < 0))
			return -1;
		r.append |= ch == 'a';
		r.json |= ch == 'j';
		r.quiet |= ch == 'q';
	}
	if (argc - optind != 2)
		return err_usage(err, "want an IMAGE and a SIZE; see 'smol image resize --help'");
	r.path = argv[optind];
	r.text = argv[optind + 1];
	if (parse_target(&r, err) < 0)
		return -1;
	if (r.free_bytes != 0 && r.kind != SIZE_AUTO && r.kind != SIZE_MIN)
		return err_usage(err, "--free goes with the sizes auto and min");
	return r.append ? append(&r, err) : resize(&r, err);
}

const struct command cmd_image_resize = {
	.name = "image resize",
	.args = "[--append] [--free N[KMGT]] [--json] [-q] IMAGE SIZE|+SIZE|auto|min",
	.summary = "make an image larger or smaller",
	.help = "The image is written anew in that size and replaced when it is whole; its files, its file system's\n"
		"kind, its GUIDs and its label stay.  auto: as small as its files allow, with spare inodes; min: "
		"without.\n\n"
		"  --append        extend the file and write nothing: for any image, of a NetBSD that resizes itself\n"
		"  --free N[KMGT]  with auto and min: room to leave for the guest\n"
		"  --json          print the result as JSON\n"
		"  -q, --quiet     print nothing but errors\n\n"
		"  smol image resize images/web-amd64.img 2G\n"
		"  smol image resize --append live.img 8G\n",
	.run = run,
};
