/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan carried out: its inputs looked for, its steps (step.c), the image.
 */
#include "build/build.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "build/manifest.h"
#include "build/script.h"
#include "build/step.h"
#include "source/source.h"
#include "tree/tree.h"

#define MB (UINT64_C(1) << 20)

/* --- before the first --- */

/* Before minutes of work, not after. */
static int
check_scripts(const struct plan *p, struct err *err)
{
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == PLAN_SCRIPT)
			return script_check(err);
	return 0;
}

/* --- and after the last --- */

/* The image could not be written: if IMGSIZE is the reason, say so, and in its unit. */
static int
explain_size(struct build *b, const struct image_options *o)
{
	struct err ignored = { 0 };
	uint64_t need;

	if (o->bytes == IMAGE_SIZE_AUTO || image_bytes_needed(&b->tree, o, &need, &ignored) < 0 || need <= o->bytes)
		return -1;
	return err_set(b->err, "IMGSIZE=%" PRIu64 " is too small: the files need IMGSIZE=%" PRIu64, o->bytes / MB,
	    howmany(need, MB));
}

/* IMGSIZE, or if that was not said, what the image had that is started from, and what the files need now. */
static int
image_bytes(struct build *b, struct image_options *o)
{
	uint64_t need;

	o->bytes = b->plan->bytes;
	if (!b->plan->bytes_of_image)
		return 0;
	tree_sort(&b->tree);
	if (image_bytes_needed(&b->tree, o, &need, b->err) < 0)
		return -1;
	o->bytes = u64_max(o->bytes, u64_max(rounddown(b->image.part.file_bytes, MB), roundup(need, MB)));
	return 0;
}

static int
write_image(struct build *b, const struct build_options *bo)
{
	const struct plan *p = b->plan;
	struct image_options *o = &b->result->options;

	*o = (struct image_options){
		.type = p->fs == SERVICE_EXT2 ? IMAGE_EXT2 : IMAGE_FFS,
		.fs = { .version = p->fs == SERVICE_FFS2 ? 2 : 1,
		    .spare_inodes = !p->read_only,
		    .free_bytes = p->free_bytes,
		    .free_percent = p->free_percent,
		    .log_bytes = p->log ? FS_LOG_AUTO : 0,
		    .boot = b->boot.present ? b->boot.area : NULL },
		.label = p->label,
		.gpt = true,
		.mbr_code = b->boot.present ? b->boot.mbr : NULL,
		.digest = true,
		.progress = bo->progress,
		.progress_arg = bo->progress_arg,
	};
	if (image_bytes(b, o) < 0 || dir_make_parent(p->image, b->err) < 0)
		return -1;
	if (image_write(p->image, &b->tree, o, &b->result->image, b->err) < 0)
		return explain_size(b, o);
	return 0;
}

static int
tell_minimised(struct build *b)
{
	const struct build_options *o = b->options;

	if (o->no_image && !b->has_minimise && step_minimise(b) < 0)
		return -1;
	if (!b->has_minimise || o->minimised == NULL)
		return 0;
	return o->minimised(o->minimised_arg, &b->minimise, b->result, b->err);
}

static int
steps(struct build *b)
{
	uint64_t start = clock_now_ns();
	size_t i;

	b->tree.epoch = TREE_UNDATED;
	b->tree.root->inode->attr.mtime = TREE_UNDATED;
	for (i = 0; i < b->plan->nsteps; i++)
		if (build_step(b, &b->plan->steps[i]) < 0)
			return -1;
	if (tell_minimised(b) < 0)
		return -1;
	if (b->options->no_image)
		return 0;
	if (tree_date(&b->tree, b->newest, b->err) < 0)
		return -1;
	b->result->tree_ns = clock_now_ns() - start - b->result->sets_ns - b->result->scripts_ns;
	if (write_image(b, b->options) < 0)
		return -1;
	return manifest_write(b);
}

static int
build(struct build *b)
{
	size_t i, nblobs = b->plan->nsteps + b->packages.resolution.n;
	int rv;

	tree_init(&b->tree);
	b->blobs = xcalloc(nblobs, sizeof(*b->blobs));
	for (i = 0; i < nblobs; i++)
		b->blobs[i].source.fd = -1;
	rv = steps(b);
	step_scripts_end(b);
	if (b->has_minimise)
		minimise_release(&b->minimise);
	tree_release(&b->tree);
	build_image_close(b);
	for (i = 0; i < b->nblobs; i++)
		blob_close(&b->blobs[i]);
	free(b->blobs);
	return rv;
}

int
build_run(const struct plan *p, const struct build_options *o, struct build_result *result, struct err *err)
{
	struct build b = { .plan = p, .options = o, .result = result, .err = err };
	int rv;

	*result = (struct build_result){ 0 };
	if (check_scripts(p, err) < 0 || fetch_sets(p->workspace, p->service, &o->fetch, err) < 0 ||
	    fetch_bios_kernel(p->workspace, p->service, &o->fetch, err) < 0)
		return -1;
	arena_init(&b.arena);
	rv = packages_get(&b.arena, p->workspace, p->service, &o->fetch, &b.packages, err);
	if (rv == 0) {
		rv = build(&b);
		packages_release(&b.packages);
	}
	arena_release(&b.arena);
	return rv;
}

void
build_note(const struct build *b, const char *fmt, ...)
{
	char text[ERR_MAX];
	va_list ap;

	if (b->options->note == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->options->note(b->options->note_arg, text);
}
