/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands before the host's files in a script's /etc: users and groups are
 * the guest's, so that "chown www x" means its number there.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/script.h"
#include "build/tool.h"

#define RESOLV_MAX (64 * 1024)

static int
put_text(int dirfd, const char *name, const char *text, struct err *err)
{
	cleanup_close int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || write_full(fd, text, strlen(text)) < 0 || fchmod(fd, 0644) < 0)
		return err_sys(err, "cannot make '%s' for scripts", name);
	return 0;
}

static int
put_link(int dirfd, const char *name, const char *target, struct err *err)
{
	return symlinkat(target, dirfd, name) < 0 ? err_sys(err, "cannot make '%s' for scripts", name) : 0;
}

/* The tree's own file while scripts run, if it has one: what they add counts at once. */
static int
put_ids(const struct build *b, int dirfd, const char *name, const char *path, const char *ours)
{
	cleanup_free char *target = NULL;
	struct str s = { 0 };

	if (tree_lookup(&b->tree, path) == NULL)
		return put_text(dirfd, name, ours, b->err);
	str_addf(&s, "/build/root%s", path);
	target = s.p;
	return put_link(dirfd, name, target, b->err);
}

static int
put_network(int dirfd, struct err *err)
{
	struct err ignored;
	cleanup_free char *text = file_read("/etc/resolv.conf", RESOLV_MAX, NULL, &ignored);

	/* Often a link to where scripts do not see. */
	return text == NULL ? 0 : put_text(dirfd, "resolv.conf", text, err);
}

static int
fill(struct build *b, int etc)
{
	struct str passwd = { 0 }, group = { 0 };
	int rv = -1;

	tree_ids_print(&passwd, &group);
	if (put_ids(b, etc, "passwd", "/etc/passwd", passwd.p) == 0 &&
	    put_ids(b, etc, "group", "/etc/group", group.p) == 0 &&
	    put_text(etc, "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n", b->err) == 0 &&
	    put_link(etc, "include", "/build/service/common", b->err) == 0)
		rv = b->options->network ? put_network(etc, b->err) : 0;
	str_release(&passwd);
	str_release(&group);
	return rv;
}

int
script_etc_fill(struct script_room *room, struct build *b)
{
	cleanup_close int etc = openat(room->fd, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int bin = openat(room->fd, "bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (etc < 0 || bin < 0)
		return err_sys(b->err, "cannot open '%s'", room->dir);
	return fill(b, etc) < 0 ? -1 : tool_install(bin, b->err);
}
