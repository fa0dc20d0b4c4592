/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image make: tars and directories, each over the one before, into an image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/image_result.h"
#include "image/gpt.h"
#include "image/image.h"
#include "source/source.h"
#include "tree/tree.h"

struct make {
	struct image_options image;
	const char *out, *mtree;
	bool json, quiet, digest;
	bool version, log; /* --ffs or --log was given, which only FFS has */
	uint64_t bsize, fsize;
};

static const struct option longs[] = {
	{ "bsize", required_argument, NULL, 'b' },
	{ "digest", no_argument, NULL, 'd' },
	{ "ffs", required_argument, NULL, 'f' },
	{ "free", required_argument, NULL, 'F' },
	{ "fs", required_argument, NULL, 't' },
	{ "fsize", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "label", required_argument, NULL, 'L' },
	{ "log", required_argument, NULL, 'l' },
	{ "mtree", required_argument, NULL, 'm' },
	{ "no-gpt", no_argument, NULL, 'G' },
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "ro", no_argument, NULL, 'r' },
	{ "size", required_argument, NULL, 'S' },
	{ NULL, 0, NULL, 0 },
};

/* SIZE, or N% of what the files take. */
static int
set_free(struct make *m, const char *text, struct err *err)
{
	size_t len = strlen(text);
	char number[16];
	uint64_t percent;

	if (len == 0 || text[len - 1] != '%')
		return parse_size(text, "free space", &m->image.fs.free_bytes, err);
	if (len > sizeof(number))
		return err_usage(err, "bad free space '%s': at most 1000%%", text);
	memcpy(number, text, len - 1);
	number[len - 1] = '\0';
	if (parse_u64(number, 0, 1000, "free space in %", &percent, err) < 0)
		return -1;
	m->image.fs.free_percent = (unsigned)percent;
	return 0;
}

static int
set_log(struct make *m, const char *text, struct err *err)
{
	m->log = true;
	if (strcmp(text, "auto") == 0) {
		m->image.fs.log_bytes = FS_LOG_AUTO;
		return 0;
	}
	return parse_size(text, "journal size", &m->image.fs.log_bytes, err);
}

static int
set_type(struct make *m, const char *text, struct err *err)
{
	if (!image_fs_by_name(text, &m->image.type))
		return err_usage(err, "there is no file system '%s' here: ffs or ext2", text);
	return 0;
}

static int
set_option(struct make *m, int ch, struct err *err)
{
	uint64_t version;

	switch (ch) {
	case 'b':
		return parse_size(optarg, "block size", &m->bsize, err);
	case 'd':
		m->digest = true;
		return 0;
	case 'f':
		if (parse_u64(optarg, 1, 2, "FFS version", &version, err) < 0)
			return -1;
		m->image.fs.version = (unsigned)version;
		m->version = true;
		return 0;
	case 'F':
		return set_free(m, optarg, err);
	case 't':
		return set_type(m, optarg, err);
	case 'l':
		return set_log(m, optarg, err);
	case 's':
		return parse_size(optarg, "fragment size", &m->fsize, err);
	case 'j':
		m->json = true;
		return 0;
	case 'L':
		m->image.label = optarg;
		return 0;
	case 'm':
		m->mtree = optarg;
		return 0;
	case 'G':
		m->image.gpt = false;
		return 0;
	case 'o':
		m->out = optarg;
		return 0;
	case 'q':
		m->quiet = true;
		return 0;
	case 'r':
		m->image.fs.spare_inodes = false;
		return 0;
	default: /* 'S' */
		if (strcmp(optarg, "auto") == 0) {
			m->image.bytes = IMAGE_SIZE_AUTO;
			return 0;
		}
		if (parse_size(optarg, "image size", &m->image.bytes, err) < 0)
			return -1;
		return m->image.bytes == 0 ? err_usage(err, "bad image size '%s': not zero", optarg) : 0;
	}
}

static int
parse(struct make *m, int argc, char **argv, struct err *err)
{
	uint8_t units[2 * GPT_LABEL_UNITS];
	int ch;

	while ((ch = cmd_getopt(argc, argv, "o:q", longs, err)) != -1)
		if (ch == -2 || set_option(m, ch, err) < 0)
			return -1;
	if (m->out == NULL)
		return err_usage(err, "no output: -o FILE names it");
	if (optind == argc)
		return err_usage(err, "nothing to put into the image: name a TAR or a DIR");
	if (m->image.gpt && gpt_label_encode(m->image.label, units, GPT_LABEL_UNITS) < 0)
		return err_usage(
		    err, "bad label '%s': UTF-8 of at most %d characters", m->image.label, GPT_LABEL_UNITS);
	if (m->bsize > UINT32_MAX || m->fsize > UINT32_MAX)
		return err_usage(err, "bad block or fragment size: too large");
	m->image.fs.bsize = (uint32_t)m->bsize;
	m->image.fs.fsize = (uint32_t)m->fsize;
	if (m->image.bytes != IMAGE_SIZE_AUTO && (m->image.fs.free_bytes != 0 || m->image.fs.free_percent != 0))
		return err_usage(err, "--free goes with --size auto");
	if (m->image.type != IMAGE_FFS && (m->version || m->log || m->fsize != 0))
		return err_usage(err, "--ffs, --fsize and --log go with --fs ffs");
	return 0;
}

/* The output must be none of the inputs: it would replace what it was made from. */
static int
check_inputs(const struct make *m, int argc, char **argv, struct err *err)
{
	struct stat out, in;
	int i;

	if (stat(m->out, &out) < 0)
		return 0;
	for (i = 0; i < argc; i++)
		if (stat(argv[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			return err_usage(err, "the output '%s' is also an input", m->out);
	return 0;
}

/* Adds one argument; a tar's blob is kept in *blob as long as the tree lives. */
static int
add_input(struct tree *tree, const char *path, struct blob *blob, int64_t *newest, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode))
		return tree_add_dir(tree, "/", path, err);
	if (blob_open(blob, path, err) < 0)
		return -1;
	return blob_overlay(blob, tree, NULL, newest, err);
}

static int
make_image(struct make *m, struct tree *tree, struct blob *blobs, int argc, char **argv, struct err *err)
{
	struct image_result result;
	struct cmd_progress progress;
	uint64_t start = clock_now_ns(), read_ns;
	int64_t newest = 0;
	int i, rv;

	tree->epoch = TREE_UNDATED;
	tree->root->inode->attr.mtime = TREE_UNDATED;
	for (i = 0; i < argc; i++)
		if (add_input(tree, argv[i], &blobs[i], &newest, err) < 0)
			return -1;
	if (m->mtree != NULL && tree_mtree_apply(tree, m->mtree, err) < 0)
		return -1;
	if (tree_date(tree, newest, err) < 0)
		return -1;
	read_ns = clock_now_ns() - start;
	m->image.digest = m->digest || m->image.bytes <= IMAGE_DIGEST_MAX;
	cmd_progress_init(&progress, m->out, m->quiet);
	m->image.progress = cmd_progress;
	m->image.progress_arg = &progress;
	rv = image_write(m->out, tree, &m->image, &result, err);
	cmd_progress_end(&progress);
	if (rv < 0)
		return -1;
	return m->quiet ? 0 : image_result_print(m->out, &m->image, &result, read_ns, m->json, err);
}

static int
run(int argc, char **argv, struct err *err)
{
	struct make m = { .image = { .fs = { .version = 1, .spare_inodes = true }, .gpt = true, .label = "root" } };
	struct blob *blobs;
	struct tree tree;
	int i, rv;

	if (parse(&m, argc, argv, err) < 0)
		return -1;
	argc -= optind;
	argv += optind;
	if (check_inputs(&m, argc, argv, err) < 0)
		return -1;
	blobs = xcalloc((size_t)argc, sizeof(*blobs));
	for (i = 0; i < argc; i++)
		blobs[i].source.fd = -1;
	tree_init(&tree);
	rv = make_image(&m, &tree, blobs, argc, argv, err);
	tree_release(&tree);
	for (i = 0; i < argc; i++)
		if (blobs[i].source.fd >= 0)
			blob_close(&blobs[i]);
	free(blobs);
	return rv;
}

const struct command cmd_image_make = {
	.name = "image make",
	.args = "[--fs ffs|ext2] [--size N[KMG]|auto] [--free N[KMG]|N%] [--label L] [--ro] -o FILE TAR|DIR...",
	.summary = "write tars and directories as a disk image",
	.help = "  -o, --output FILE   the image; replaced only when the new one is whole\n"
		"  --fs ffs|ext2       file system (ffs)\n"
		"  --ffs 1|2           version of FFS (1)\n"
		"  --size N[KMGT]      size of the image; auto: as small as the files allow (auto)\n"
		"  --free N[KMGT]|N%   with --size auto: room to leave, or % of the files\n"
		"  --log N[KM]|auto    FFS: room for a journal, for mount -o log (none)\n"
		"  --ro                for read-only use: no spare inodes\n"
		"  --bsize N           block size, 4096 to 65536 (by size, as newfs)\n"
		"  --fsize N           fragment size (an eighth of the block size)\n"
		"  --label L           name of the partition, for root=NAME=L (root)\n"
		"  --no-gpt            the bare file system, no partition table\n"
		"  --mtree SPEC        owners, modes, flags by an mtree(5) specification\n"
		"  --digest            compute the SHA-256 of images over 64 GiB too\n"
		"  --json              print the result as JSON\n"
		"  -q, --quiet         print nothing but errors\n"
		"\n"
		"Later arguments go over earlier ones.  From a tar, owners and modes are the\n"
		"tar's; a directory's files are root's, with their modes, dated\n"
		"SOURCE_DATE_EPOCH or as the newest file of the tars.\n"
		"\n"
		"example: smol image make --size 256M --label demoroot -o demo.img base.tar.xz etc.tar.xz rootdir\n",
	.run = run,
};
