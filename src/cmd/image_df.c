/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image df: how full the file systems of images are, as df(1) tells it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

#define AMOUNT_MAX 24

struct usage {
	char *name; /* NULL: the total */
	uint64_t bytes, used, avail; /* of the file system, without its metadata */
	uint64_t inodes, inodes_free;
	uint64_t file_bytes, allocated; /* of the image file */
};

struct df {
	bool human, json;
	struct usage *rows;
	size_t n, cap;
};

static int
measure(const struct image_arg *a, struct usage *u, struct err *err)
{
	const struct ffs_super *s = &a->r.super;
	int64_t avail = s->cstotal.nbfree * s->frag + s->cstotal.nffree;
	uint64_t inodes = (uint64_t)s->ncg * s->ipg;
	struct stat st;

	/* Each by itself first: what an image claims must not overflow. */
	if (s->cstotal.nbfree < 0 || s->cstotal.nbfree > s->size || s->cstotal.nffree < 0 ||
	    s->cstotal.nffree > s->size || s->dsize < 0 || s->dsize > s->size || avail > s->dsize ||
	    s->cstotal.nifree < 0 || (uint64_t)s->cstotal.nifree > inodes)
		return err_set(err, "its counts of free blocks are damaged; 'smol image check' tells more");
	if (fstat(a->fd, &st) < 0)
		return err_sys(err, "cannot be examined");
	*u = (struct usage){ .bytes = (uint64_t)s->dsize << s->fshift,
		.avail = (uint64_t)avail << s->fshift,
		.inodes = inodes - u64_min(inodes, FFS_ROOTINO),
		.inodes_free = (uint64_t)s->cstotal.nifree,
		.file_bytes = (uint64_t)st.st_size,
		.allocated = (uint64_t)st.st_blocks * 512 };
	u->used = u->bytes - u->avail;
	u->inodes_free = u64_min(u->inodes_free, u->inodes);
	return 0;
}

static int
add_image(struct df *df, const char *arg, struct err *err)
{
	struct usage *u = vec_push(df->rows, df->n, df->cap);
	struct image_arg a;
	int rv;

	*u = (struct usage){ 0 };
	rv = image_arg_open(&a, arg, err);
	if (rv == 0) {
		image_arg_note(&a);
		rv = measure(&a, u, err);
		if (rv < 0)
			(void)err_wrap(err, "image '%s'", a.image);
	}
	u->name = a.image == NULL ? NULL : xstrdup(a.image);
	image_arg_close(&a);
	return rv;
}

static struct usage
sum(const struct df *df)
{
	struct usage t = { 0 };
	size_t i;

	for (i = 0; i < df->n; i++) {
		t.bytes += df->rows[i].bytes;
		t.used += df->rows[i].used;
		t.avail += df->rows[i].avail;
		t.inodes += df->rows[i].inodes;
		t.inodes_free += df->rows[i].inodes_free;
		t.file_bytes += df->rows[i].file_bytes;
		t.allocated += df->rows[i].allocated;
	}
	return t;
}

/* --- as a table --- */

/* Rounded up, as df(1): what is not quite empty is not 0 %. */
static unsigned
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (unsigned)((double)part * 100 / (double)whole + 0.999999);
}

static const char *
amount(const struct df *df, uint64_t bytes, char text[AMOUNT_MAX])
{
	if (df->human)
		return size_text(bytes, text);
	(void)snprintf(text, AMOUNT_MAX, "%" PRIu64, howmany(bytes, 1024));
	return text;
}

static void
print_row(const struct df *df, const struct usage *u, int width)
{
	char size[AMOUNT_MAX], used[AMOUNT_MAX], avail[AMOUNT_MAX];
	struct str name = { 0 };

	str_add_escaped(&name, u->name == NULL ? "total" : u->name, true);
	(void)printf("%-*s %11s %11s %11s %4u%% %10" PRIu64 " %10" PRIu64 " %4u%%\n", width, name.p,
	    amount(df, u->bytes, size), amount(df, u->used, used), amount(df, u->avail, avail),
	    percent(u->used, u->bytes), u->inodes - u->inodes_free, u->inodes_free,
	    percent(u->inodes - u->inodes_free, u->inodes));
	str_release(&name);
}

static void
print_table(const struct df *df)
{
	struct usage total = sum(df);
	size_t i, width = 5;

	for (i = 0; i < df->n; i++) {
		struct str name = { 0 };

		str_add_escaped(&name, df->rows[i].name, true);
		width = u64_max(width, name.len);
		str_release(&name);
	}
	(void)printf("%-*s %11s %11s %11s %5s %10s %10s %5s\n", (int)width, "Image", df->human ? "Size" : "1K-blocks",
	    "Used", "Avail", "Cap", "iUsed", "iAvail", "iCap");
	for (i = 0; i < df->n; i++)
		print_row(df, &df->rows[i], (int)width);
	if (df->n > 1)
		print_row(df, &total, (int)width);
}

/* --- as JSON --- */

static void
add_json(struct str *out, const struct usage *u)
{
	str_add(out, "{");
	if (u->name != NULL) {
		str_add(out, "\"image\":");
		str_add_json(out, u->name);
		str_add(out, ",");
	}
	str_addf(out,
	    "\"bytes\":%" PRIu64 ",\"used_bytes\":%" PRIu64 ",\"free_bytes\":%" PRIu64 ",\"inodes\":%" PRIu64
	    ",\"used_inodes\":%" PRIu64 ",\"free_inodes\":%" PRIu64 ",\"image_bytes\":%" PRIu64
	    ",\"allocated_bytes\":%" PRIu64 "}",
	    u->bytes, u->used, u->avail, u->inodes, u->inodes - u->inodes_free, u->inodes_free, u->file_bytes,
	    u->allocated);
}

static void
print_json(const struct df *df)
{
	struct usage total = sum(df);
	struct str out = { 0 };
	size_t i;

	str_add(&out, "{\"images\":[");
	for (i = 0; i < df->n; i++) {
		str_add(&out, i == 0 ? "\n " : ",\n ");
		add_json(&out, &df->rows[i]);
	}
	str_add(&out, "],\n \"total\":");
	add_json(&out, &total);
	(void)printf("%s}\n", out.p);
	str_release(&out);
}

static int
run(int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "human", no_argument, NULL, 'h' }, { "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 } };
	struct df df = { 0 };
	int ch, rv = 0;
	size_t i;

	while ((ch = cmd_getopt(argc, argv, "h", longs, err)) != -1) {
		if (ch == -2)
			return -1;
		*(ch == 'h' ? &df.human : &df.json) = true;
	}
	if (optind == argc)
		return err_usage(err, "want IMAGE...; see 'smol image df --help'");
	for (; optind < argc && rv == 0; optind++)
		rv = add_image(&df, argv[optind], err);
	if (rv == 0) {
		if (df.json)
			print_json(&df);
		else
			print_table(&df);
		rv = cmd_flush(err);
	}
	for (i = 0; i < df.n; i++)
		free(df.rows[i].name);
	free(df.rows);
	return rv;
}

const struct command cmd_image_df = {
	.name = "image df",
	.args = "[-h] [--json] IMAGE...",
	.summary = "tell how full images are",
	.help = "Blocks and inodes of the file systems: all, in use, and free; the total of several.\n\n"
		"  -h, --human  sizes as people read them, not in KiB\n"
		"  --json       a JSON object, in bytes; also the size of the files, and what they take on the disk\n\n"
		"  smol image df -h images/*.img\n",
	.run = run,
};
