/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes an image bootable by a PC's BIOS: the kernel in it, and NetBSD's
 * boot blocks and loader from the base set's usr/mdec.
 */
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/step.h"
#include "machine/cfdata.h"
#include "machine/kernel.h"

#define MDEC "/usr/mdec"
#define FILE_MAX (1024 * 1024)

/* --- the kernel --- */

static int
check_kernel(const struct build *b, const char *name, const void *data, size_t len)
{
	const char *arch = b->plan->service->arch, *is;
	struct kernel k;

	if (kernel_parse(data, len, &k, b->err) < 0)
		return err_wrap(b->err, "the kernel '%s' is damaged", name);
	if (k.kind == KERNEL_COMPRESSED)
		return err_set(b->err, "the kernel '%s' is compressed with %s; unpack it first", name, k.compression);
	is = kernel_machine_name(k.machine);
	if (k.kind != KERNEL_ELF || k.is_linux)
		return err_set(b->err, "the kernel '%s' is none that NetBSD's loader starts: want an ELF file", name);
	if (strcmp(is, arch) != 0)
		return err_set(b->err, "the kernel '%s' is for %s, the image for %s", name, is, arch);
	return 0;
}

static char *
read_kernel(struct build *b, const struct plan_step *s, const char *name, size_t *len)
{
	struct tree_node *n;
	char *data;

	if (s->source != NULL)
		data = file_read(s->source, BUILD_KERNEL_MAX, len, b->err);
	else if ((n = tree_lookup(&b->tree, s->path)) != NULL && tree_is(n, TREE_IFREG))
		data = tree_read(n, BUILD_KERNEL_MAX, len, b->err);
	else {
		(void)err_set(b->err, "none of the sets has the kernel %s: name one by BIOSKERNEL", s->path);
		return NULL;
	}
	if (data != NULL && check_kernel(b, name, data, *len) == 0)
		return data;
	free(data);
	return NULL;
}

static int
trim(const struct build *b, const char *name, void *data, size_t len)
{
	static const struct cfdata_choice choice = { .list = cfdata_keep_default, .keep = true, .any = true };
	struct cfdata_count count;
	struct cfdata table;
	int rv;

	if (cfdata_read(&table, data, len, b->err) < 0)
		return err_wrap(b->err, "the kernel '%s'", name);
	rv = cfdata_disable(&table, data, &choice, &count, b->err);
	cfdata_release(&table);
	return rv < 0 ? err_wrap(b->err, "the kernel '%s'", name) : 0;
}

int
build_kernel(struct build *b, const struct plan_step *s)
{
	const struct service_bios *bios = &b->plan->service->bios;
	const char *name = s->source == NULL ? s->path : s->source;
	size_t len;
	cleanup_free char *data = read_kernel(b, s, name, &len);

	if (data == NULL)
		return err_wrap(b->err, "%s", bios->kernel_where);
	if (s->text != NULL && trim(b, name, data, len) < 0)
		return err_wrap(b->err, "%s: SMOLIFY=y", bios->smolify_where);
	return tree_write(&b->tree, s->path, s->mode, data, len, b->err) == NULL ? -1 : 0;
}

/* --- what boots it --- */

/* A file of the tree's usr/mdec; NULL and err that says where it was looked for. */
static char *
read_mdec(const struct build *b, const struct tree *tree, const char *from, const char *name, size_t *len)
{
	cleanup_free char *path = NULL;
	struct str s = { 0 };
	struct tree_node *n;

	str_addf(&s, MDEC "/%s", name);
	path = s.p;
	n = tree_lookup(tree, path);
	if (n != NULL && tree_is(n, TREE_IFREG))
		return tree_read(n, FILE_MAX, len, b->err);
	(void)err_set(b->err, "%s has no %s", from, path);
	return NULL;
}

static int
take_blocks(struct build *b, const struct plan_step *s, const struct tree *tree)
{
	const struct service_bios *bios = &b->plan->service->bios;
	const struct boot_params params = { .consdev = bios->consdev, .speed = bios->speed };
	const char *stage1 = b->plan->fs == SERVICE_FFS2 ? "bootxx_ffsv2" : "bootxx_ffsv1";
	const char *from = s->source == NULL ? "the root directory" : s->source;
	cleanup_free char *mbr = NULL, *one = NULL, *loader = NULL;
	size_t mbr_len, one_len, loader_len;

	mbr = read_mdec(b, tree, from, "gptmbr.bin", &mbr_len);
	one = mbr == NULL ? NULL : read_mdec(b, tree, from, stage1, &one_len);
	loader = one == NULL ? NULL : read_mdec(b, tree, from, "boot", &loader_len);
	if (loader == NULL)
		return -1;
	if (bootblock_mbr(&b->boot, "gptmbr.bin", mbr, mbr_len, b->err) < 0 ||
	    bootblock_stage1(&b->boot, stage1, one, one_len, &params, b->err) < 0 ||
	    bootblock_loader_check("boot", loader, loader_len, b->err) < 0)
		return err_wrap(b->err, MDEC " of %s", from);
	b->boot.present = true;
	return tree_write(&b->tree, s->path, s->mode, loader, loader_len, b->err) == NULL ? -1 : 0;
}

static int
boot(struct build *b, const struct plan_step *s)
{
	const struct blob *blob;
	struct tree tree;
	int rv;

	if (tree_lookup(&b->tree, "/netbsd") == NULL)
		return err_set(b->err, "there is no kernel /netbsd in the image: name one by BIOSKERNEL");
	if (s->source == NULL)
		return take_blocks(b, s, &b->tree);
	blob = build_blob(b, s->source);
	if (blob == NULL)
		return -1;
	tree_init(&tree);
	rv = blob_overlay(blob, &tree, MDEC "/*", NULL, b->err);
	if (rv == 0)
		rv = take_blocks(b, s, &tree);
	tree_release(&tree);
	return rv;
}

int
build_boot(struct build *b, const struct plan_step *s)
{
	return boot(b, s) < 0 ? err_wrap(b->err, "%s: BIOSBOOT=y", b->plan->service->bios.boot_where) : 0;
}
