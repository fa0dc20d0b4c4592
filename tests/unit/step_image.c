/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an image that a build starts from has and the new one has not: told in
 * a note, or, of a snapshot, an error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/step.h"

#include "ffs_image.h"
#include "test.h"

static char noted[256];

static void
note(void *arg, const char *text)
{
	(void)arg;
	(void)snprintf(noted, sizeof(noted), "%s", text);
}

/* The step, carried out; the tree is looked at and gone. */
static int
start_from(const struct img *im, struct build_result *result, struct err *err, bool *has_link)
{
	char path[64];
	struct plan_step step = { .kind = PLAN_IMAGE, .source = path };
	const struct service service = { 0 };
	const struct plan plan = { .service = &service };
	const struct build_options options = { .note = note };
	struct build b = { .plan = &plan, .options = &options, .result = result, .err = err };
	int rv;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", im->fd);
	*result = (struct build_result){ 0 };
	*err = (struct err){ 0 };
	noted[0] = '\0';
	tree_init(&b.tree);
	rv = build_step(&b, &step);
	*has_link = tree_lookup(&b.tree, "bin/sh2") != NULL;
	if (rv == 0)
		CHECK(tree_lookup(&b.tree, "bin/sh") != NULL && b.newest == 1700000000);
	tree_release(&b.tree);
	build_image_close(&b);
	return rv;
}

static void
test_lost(void)
{
	struct build_result result;
	struct ffs_dinode d;
	struct err err;
	struct img im;
	bool has_link;

	if (access("/proc/self/fd", X_OK) < 0) {
		test_skip("there is no /proc to name an unlinked file by");
		return;
	}
	make_image(&im, 2);
	CHECK(start_from(&im, &result, &err, &has_link) == 0 && has_link);
	CHECK_STR(noted, "");
	/* One of two names becomes a whiteout. */
	d = get_inode(&im, find(&im, "/bin/sh"));
	d.nlink--;
	put_inode(&im, find(&im, "/bin/sh"), &d);
	put_entry_byte(&im, "/bin", "sh2", 6, 14);
	put_entry_u32(&im, "/bin", "sh2", 1);
	d = get_inode(&im, find(&im, "/etc/rc"));
	d.extsize = 100;
	put_inode(&im, find(&im, "/etc/rc"), &d);
	CHECK(start_from(&im, &result, &err, &has_link) == 0 && !has_link);
	CHECK(strstr(noted, "extended attributes (of 1 files) and 1 whiteouts are left out") != NULL);
	d = get_inode(&im, find(&im, "/etc/rd"));
	d.flags = 0x00200000;
	put_inode(&im, find(&im, "/etc/rd"), &d);
	CHECK(start_from(&im, &result, &err, &has_link) < 0);
	CHECK(strstr(err.msg, "it has a snapshot of itself") != NULL);
	(void)close(im.fd);
}

static char dir[] = "/tmp/smol-step-image.XXXXXX"; /* the cache */

static void
test_begin(void)
{
	CHECK(mkdtemp(dir) != NULL && setenv("SMOL_CACHE", dir, 1) == 0);
}

static void
test_end(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	CHECK(system(command) == 0);
}

TEST_MAIN({ "a cache is made", test_begin }, { "what is left out is told", test_lost }, { "and removed", test_end })
