/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function for each kind of step.
 */
#include "build/step.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"

#define CUT_FILE_MAX (1024 * 1024)

struct blob *
build_blob(struct build *b, const char *archive)
{
	struct blob *blob = &b->blobs[b->nblobs++];
	uint64_t start = clock_now_ns();

	if (blob_open(blob, archive, b->err) < 0)
		return NULL;
	b->result->unpacked += blob->unpacked_now;
	b->result->sets_ns += clock_now_ns() - start;
	return blob;
}

static int
step_set(struct build *b, const struct plan_step *s)
{
	struct blob *blob = build_blob(b, s->source);

	return blob == NULL ? -1 : blob_overlay(blob, &b->tree, s->glob, &b->newest, b->err);
}

static int
step_mkdir(struct build *b, const struct plan_step *s)
{
	struct err ignored = { 0 };
	struct tree_place place;

	/* What is there may be a link to one, as in a root where /bin is /usr/bin. */
	if (tree_resolve(&b->tree, s->path, true, &place, &ignored) == 0 && place.node != NULL &&
	    tree_is(place.node, TREE_IFDIR))
		return 0;
	return tree_mkdir(&b->tree, s->path, s->mode, b->err) == NULL ? -1 : 0;
}

static int
step_write(struct build *b, const struct plan_step *s)
{
	return tree_write(&b->tree, s->path, s->mode, s->text, strlen(s->text), b->err) == NULL ? -1 : 0;
}

static int
step_dir(struct build *b, const struct plan_step *s)
{
	return tree_add_dir(&b->tree, s->path, s->source, b->err);
}

static int
step_link(struct build *b, const struct plan_step *s)
{
	if (tree_lookup(&b->tree, s->source) == NULL) {
		if (s->optional)
			return 0;
		return err_set(b->err, "%s is to be a link to %s, which none of the sets holds: add rescue to SETS",
		    s->path, s->source);
	}
	return tree_symlink(&b->tree, s->path, s->source, b->err) == NULL ? -1 : 0;
}

/* Files whose path begins with what stands before the '*'; none is no error (a set may lack MAKEDEV.local). */
static int
step_copy_glob(struct build *b, const struct plan_step *s)
{
	const char *slash = strrchr(s->source, '/'), *star = strchr(slash, '*');
	struct tree_node *dir, *n;
	struct str path = { 0 };
	int rv = 0;

	str_addn(&path, s->source, (size_t)(slash - s->source));
	dir = tree_lookup(&b->tree, path.p);
	for (n = dir == NULL ? NULL : dir->child; n != NULL && rv == 0; n = n->next) {
		if (!tree_is(n, TREE_IFREG) || strncmp(n->name, slash + 1, (size_t)(star - slash) - 1) != 0)
			continue;
		path.len = 0;
		str_addf(&path, "%s/%s", s->path, n->name);
		/* What the service brought itself stays. */
		if (tree_lookup(&b->tree, path.p) == NULL &&
		    tree_add(&b->tree, path.p, &n->inode->attr, b->err) == NULL)
			rv = -1;
	}
	str_release(&path);
	return rv;
}

/* A file that is not there has nothing to cut. */
static int
step_cut(struct build *b, const struct plan_step *s)
{
	struct tree_node *n = tree_lookup(&b->tree, s->path);
	size_t len, cut = strlen(s->text);
	cleanup_free char *text = NULL;
	struct tree_attr attr;
	char *p;

	if (n == NULL || !tree_is(n, TREE_IFREG))
		return 0;
	text = tree_read(n, CUT_FILE_MAX, &len, b->err);
	if (text == NULL)
		return -1;
	while ((p = memmem(text, len, s->text, cut)) != NULL) {
		len -= cut;
		memmove(p, p + cut, len - (size_t)(p - text));
	}
	attr = n->inode->attr;
	n = tree_write(&b->tree, s->path, attr.mode & 07777, text, len, b->err);
	if (n == NULL)
		return -1;
	n->inode->attr.mtime = attr.mtime;
	return 0;
}

static int
step_ssh_keys(struct build *b, const struct plan_step *s)
{
	cleanup_free char *keys = ssh_keys_collect(b->plan->service, b->err);

	if (keys == NULL)
		return -1;
	return tree_write(&b->tree, s->path, s->mode, keys, strlen(keys), b->err) == NULL ? -1 : 0;
}

/* Who brings what the step adds: a root made by hand, or an image, is a set. */
static enum minimise_origin
origin(const struct build *b, const struct plan_step *s)
{
	const char *base = b->plan->service->base_dir;

	if (s->kind == PLAN_SET || s->kind == PLAN_IMAGE || (s->kind == PLAN_DIR && base != NULL && s->source == base))
		return MINIMISE_SET;
	return s->kind == PLAN_PACKAGES ? MINIMISE_PACKAGE : MINIMISE_OWN;
}

int
build_step(struct build *b, const struct plan_step *s)
{
	b->tree.origin = (uint8_t)origin(b, s);
	switch (s->kind) {
	case PLAN_IMAGE:
		return build_step_image(b, s);
	case PLAN_PACKAGES:
		return build_packages(b);
	case PLAN_SET:
		return step_set(b, s);
	case PLAN_MKDIR:
		return step_mkdir(b, s);
	case PLAN_WRITE:
		return step_write(b, s);
	case PLAN_DIR:
		return step_dir(b, s);
	case PLAN_LINK:
		return step_link(b, s);
	case PLAN_COPY_GLOB:
		return step_copy_glob(b, s);
	case PLAN_CUT:
		return step_cut(b, s);
	case PLAN_MTREE:
		return tree_mtree_apply(&b->tree, s->source, b->err);
	case PLAN_SSH_KEYS:
		return step_ssh_keys(b, s);
	case PLAN_KERNEL:
		return build_kernel(b, s);
	case PLAN_BOOT:
		return build_boot(b, s);
	case PLAN_MINIMISE:
		return step_minimise(b);
	case PLAN_SCRIPT:
		return step_script(b, s);
	}
	return 0;
}
