/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manifest, by jansson, in a fixed order.
 */
#include "build/manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/str.h"
#include "build/script.h"
#include "build/step.h"

#define FILE_MAX BUILD_KERNEL_MAX /* the largest of what is read whole */
#define CHUNK (64 * 1024)

/* A string that may not be UTF-8 (a file's name): then its odd bytes as \xNN. */
static json_t *
text(const char *s)
{
	json_t *j = json_string(s);
	struct str out = { 0 };

	if (j != NULL)
		return j;
	str_add(&out, "");
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x80)
			str_addn(&out, s, 1);
		else
			str_addf(&out, "\\x%02x", (unsigned char)*s);
	}
	j = json_string(out.p);
	str_release(&out);
	return j;
}

static json_t *
digest_text(const uint8_t digest[SHA256_SIZE])
{
	char hex[SHA256_HEX];

	return json_string(sha256_hex(digest, hex));
}

static json_t *
input(json_t *list, const char *kind, const char *path)
{
	json_t *j = json_object();

	(void)json_object_set_new(j, "kind", json_string(kind));
	(void)json_object_set_new(j, "path", text(path));
	(void)json_array_append_new(list, j);
	return j;
}

static int
add_host_file(json_t *list, const struct plan *p, const char *kind, const char *path, struct err *err)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha;
	size_t len;
	cleanup_free char *data = file_read(path, FILE_MAX, &len, err);

	if (data == NULL)
		return -1;
	sha256_init(&sha);
	sha256_add(&sha, data, len);
	sha256_final(&sha, digest);
	(void)json_object_set_new(input(list, kind, plan_relative(p, path)), "sha256", digest_text(digest));
	return 0;
}

static int
add_recipe(json_t *list, const struct plan *p, struct err *err)
{
	size_t i;

	for (i = 0; i < p->service->nfiles; i++)
		if (add_host_file(list, p, "recipe", p->service->files[i], err) < 0)
			return -1;
	return 0;
}

static int
file_digest(const struct tree_inode *inode, uint8_t digest[SHA256_SIZE], struct err *err)
{
	cleanup_free char *buf = xmalloc(CHUNK);
	struct sha256 sha;
	uint64_t off, n;
	int rv = 0;

	sha256_init(&sha);
	for (off = 0; off < inode->attr.size && rv == 0; off += n) {
		n = u64_min(CHUNK, inode->attr.size - off);
		rv = tree_pread(inode, buf, (size_t)n, off, err);
		sha256_add(&sha, buf, (size_t)n);
	}
	sha256_final(&sha, digest);
	return rv;
}

static int
add_file(json_t *list, const struct plan *p, const char *dir, const struct tree_node *n, struct err *err)
{
	char path[2 * TREE_LINK_MAX], mode[8];
	uint8_t digest[SHA256_SIZE];
	struct str full = { 0 };
	json_t *j;

	if (tree_is(n, TREE_IFREG) && file_digest(n->inode, digest, err) < 0)
		return -1;
	str_addf(&full, "%s%s", plan_relative(p, dir), tree_path(n, path, sizeof(path)));
	j = input(list, "file", full.p);
	str_release(&full);
	(void)snprintf(mode, sizeof(mode), "%04" PRIo32, n->inode->attr.mode & 07777);
	(void)json_object_set_new(j, "mode", json_string(mode));
	if (tree_is(n, TREE_IFLNK))
		(void)json_object_set_new(j, "link", text(n->inode->attr.target));
	if (tree_is(n, TREE_IFREG))
		(void)json_object_set_new(j, "sha256", digest_text(digest));
	return 0;
}

static int
add_dir(json_t *list, const struct plan *p, const char *dir, struct err *err)
{
	struct tree_node *n;
	struct tree tree;
	int rv;

	tree_init(&tree);
	rv = tree_add_dir(&tree, "/", dir, err);
	tree_sort(&tree);
	for (n = tree_next(tree.root, NULL); n != NULL && rv == 0; n = tree_next(tree.root, n))
		if (!tree_is(n, TREE_IFDIR))
			rv = add_file(list, p, dir, n, err);
	tree_release(&tree);
	return rv;
}

/* Keys come from all over the host: what the image got is the input. */
static int
add_keys(json_t *list, const struct tree *tree, const char *path, struct err *err)
{
	const struct tree_node *n = tree_lookup(tree, path);
	uint8_t digest[SHA256_SIZE];

	if (n == NULL)
		return 0;
	if (file_digest(n->inode, digest, err) < 0)
		return -1;
	(void)json_object_set_new(input(list, "keys", path), "sha256", digest_text(digest));
	return 0;
}

/* In the order of their installation. */
static void
add_packages(json_t *list, const struct build *b, const struct blob *blobs)
{
	const struct package_list *l = &b->packages;
	json_t *j;
	size_t i;

	for (i = 0; i < l->resolution.n; i++) {
		j = input(list, "package", plan_relative(b->plan, l->paths[i]));
		(void)json_object_set_new(j, "name", text(l->resolution.v[i].name));
		(void)json_object_set_new(j, "automatic", json_boolean(l->resolution.v[i].automatic));
		(void)json_object_set_new(j, "sha256", digest_text(blobs[i].digest));
	}
}

/* What scripts asked for; the URL of one that was a script itself is there too. */
static void
add_fetched(json_t *list, const struct script_room *room)
{
	size_t i;

	if (room == NULL)
		return;
	/* The last room is the first. */
	add_fetched(list, room->next);
	for (i = 0; i < room->nfetched; i++)
		(void)json_object_set_new(
		    input(list, "fetched", room->fetched[i].url), "sha256", digest_text(room->fetched[i].digest));
}

static json_t *
inputs(const struct build *b, struct err *err)
{
	const struct plan *p = b->plan;
	const struct blob *blobs = b->blobs;
	json_t *list = json_array(), *j;
	const struct plan_step *s;
	int rv = add_recipe(list, p, err);
	size_t i;

	for (i = 0; i < p->nsteps && rv == 0; i++) {
		s = &p->steps[i];
		if (s->kind == PLAN_IMAGE) {
			j = input(list, "image", plan_relative(p, s->source));
			(void)json_object_set_new(j, "sha256", digest_text(b->result->from_digest));
		} else if (build_step_has_blob(s)) {
			j = input(list, "set", plan_relative(p, s->source));
			(void)json_object_set_new(j, "sha256", digest_text(blobs++->digest));
		} else if (s->kind == PLAN_PACKAGES) {
			add_packages(list, b, blobs);
			blobs += b->packages.resolution.n;
		} else if (s->kind == PLAN_DIR) {
			rv = add_dir(list, p, s->source, err);
		} else if (s->kind == PLAN_MTREE) {
			rv = add_host_file(list, p, "recipe", s->source, err);
		} else if (s->kind == PLAN_KERNEL && s->source != NULL) {
			rv = add_host_file(list, p, "kernel", s->source, err);
		} else if (s->kind == PLAN_SCRIPT && strstr(s->source, "://") == NULL) {
			rv = add_host_file(list, p, "script", s->source, err);
		} else if (s->kind == PLAN_SSH_KEYS) {
			rv = add_keys(list, &b->tree, s->path, err);
		}
	}
	add_fetched(list, b->rooms);
	if (rv == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
given(const struct service *s)
{
	json_t *j = json_object();
	size_t i;

	for (i = 0; i < s->ngiven; i++)
		(void)json_object_set_new(j, s->given[i].name, text(s->given[i].value));
	return j;
}

/* As plan_step_print(), but by paths that are the same for everyone. */
static json_t *
steps(const struct plan *p)
{
	json_t *list = json_array();
	struct plan_step s;
	struct str line = { 0 };
	size_t i;

	for (i = 0; i < p->nsteps; i++) {
		s = p->steps[i];
		if (s.kind == PLAN_IMAGE || build_step_has_blob(&s) || s.kind == PLAN_DIR || s.kind == PLAN_MTREE ||
		    s.kind == PLAN_SCRIPT || (s.kind == PLAN_KERNEL && s.source != NULL))
			s.source = plan_relative(p, s.source);
		line.len = 0;
		plan_step_print(&s, &line);
		(void)json_array_append_new(list, text(line.p));
	}
	str_release(&line);
	return list;
}

static json_t *
manifest(struct build *b, json_t *input_list)
{
	const struct plan *p = b->plan;
	const struct build_result *r = b->result;
	uint8_t digest[SHA256_SIZE];

	tree_digest(&b->tree, digest);
	return json_pack("{s:i, s:s, s:s, s:s, s:s?, s:I, s:{s:I, s:o}, s:o, s:o, s:o, s:o, s:s*}", "manifest", 1,
	    "smol", SMOL_VERSION, "service", p->service->name, "arch", p->service->arch, "tag", p->service->tag,
	    "epoch", (json_int_t)b->tree.epoch, "image", "bytes", (json_int_t)r->image.bytes, "sha256",
	    digest_text(r->image.digest), "tree", digest_text(digest), "given", given(p->service), "steps", steps(p),
	    "inputs", input_list, "first_boot", b->first_boot);
}

int
manifest_write(struct build *b)
{
	const struct plan *p = b->plan;
	struct err *err = b->err;
	json_t *list = inputs(b, err), *j;
	cleanup_free char *dump = NULL, *path = NULL;
	struct str s = { 0 };

	if (list == NULL)
		return err_wrap(err, "manifest of %s", p->image);
	j = manifest(b, list);
	dump = j == NULL ? NULL : json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	if (dump == NULL)
		return err_set(err, "cannot make the manifest of '%s'", p->image);
	str_addf(&s, "%s.manifest.json", p->image);
	path = s.p;
	s = (struct str){ 0 };
	str_addf(&s, "%s\n", dump);
	free(dump);
	dump = s.p;
	return file_write(path, dump, s.len, err);
}
