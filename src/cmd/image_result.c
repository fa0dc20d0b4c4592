/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An image's path, size, use, digest and times, for people or as JSON.
 */
#include "cmd/image_result.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "cmd/cmd.h"

static double
seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}

static int
print_json(
    const char *path, const struct image_options *o, const struct image_result *r, uint64_t read_ns, struct err *err)
{
	char hex[SHA256_HEX];
	const struct fs_usage *u = &r->fs;
	const char *type = image_type(o->type)->name;
	json_t *j;

	j = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:s?, s:{s:f, s:f, s:f}}", "path", path,
	    "bytes", (json_int_t)r->bytes, "fs", type, "used_bytes", (json_int_t)u->used_bytes, "free_bytes",
	    (json_int_t)u->free_bytes, "file_bytes", (json_int_t)u->file_bytes, "log_bytes", (json_int_t)u->log_bytes,
	    "bsize", (int)u->bsize, "fsize", (int)u->fsize, "inodes", (json_int_t)u->inodes, "free_inodes",
	    (json_int_t)u->free_inodes, "sha256", o->digest ? sha256_hex(r->digest, hex) : NULL, "seconds", "read",
	    seconds(read_ns), "layout", seconds(r->layout_ns), "write", seconds(r->write_ns));
	if (j != NULL && o->type == IMAGE_FFS)
		(void)json_object_set_new(j, "ffs", json_integer((json_int_t)o->fs.version));
	if (j == NULL)
		return err_set(err, "the path is not UTF-8, which JSON needs");
	(void)json_dumpf(j, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	(void)printf("\n");
	json_decref(j);
	return cmd_flush(err);
}

int
image_result_print(const char *path, const struct image_options *o, const struct image_result *r, uint64_t read_ns,
    bool json, struct err *err)
{
	const struct fs_usage *u = &r->fs;
	char hex[SHA256_HEX], text[SIZE_TEXT_MAX];

	if (json)
		return print_json(path, o, r, read_ns, err);
	(void)printf("path    %s\n", path);
	(void)printf("size    %" PRIu64 " bytes (%s)\n", r->bytes, size_text(r->bytes, text));
	(void)printf("used    %" PRIu64 " bytes (%s)\n", u->used_bytes, size_text(u->used_bytes, text));
	(void)printf("free    %" PRIu64 " bytes (%s)\n", u->free_bytes, size_text(u->free_bytes, text));
	if (u->log_bytes != 0)
		(void)printf("journal %" PRIu64 " bytes (%s)\n", u->log_bytes, size_text(u->log_bytes, text));
	if (o->type == IMAGE_FFS)
		(void)printf("ffs     v%u, blocks %" PRIu32 ", fragments %" PRIu32, o->fs.version, u->bsize, u->fsize);
	else
		(void)printf("%-7s blocks %" PRIu32, image_type(o->type)->name, u->bsize);
	(void)printf(", %" PRIu64 " inodes, %" PRIu64 " free\n", u->inodes, u->free_inodes);
	if (o->digest)
		(void)printf("sha256  %s\n", sha256_hex(r->digest, hex));
	else
		(void)printf("sha256  not computed for so large an image; --digest asks for it\n");
	(void)printf("time    read %.3f s, layout %.3f s, write %.3f s\n", seconds(read_ns), seconds(r->layout_ns),
	    seconds(r->write_ns));
	return cmd_flush(err);
}
