/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's log: a file, and the one before it.  A full disk loses what
 * does not fit; it does not end the machine.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "instance/front.h"

struct log {
	struct front front;
	char *path;
	int fd;
	uint64_t bytes, limit;
};

static int
log_begin(struct log *l)
{
	l->bytes = 0;
	l->fd = open(l->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return l->fd < 0 ? -1 : 0;
}

static void
log_rotate(struct log *l)
{
	char *old = xmalloc(strlen(l->path) + 3);

	(void)sprintf(old, "%s.1", l->path);
	(void)close(l->fd);
	(void)rename(l->path, old);
	free(old);
	(void)log_begin(l);
}

static void
log_flush(struct log *l)
{
	struct relay *out = &l->front.out;
	size_t before;

	while (l->fd >= 0 && out->len > 0) {
		before = out->len;
		if (relay_write(out, l->fd, (size_t)u64_min(l->limit - l->bytes, SIZE_MAX)) < 0)
			break;
		l->bytes += before - out->len;
		if (l->bytes >= l->limit)
			log_rotate(l);
	}
	out->start = out->len = 0;
}

static void
log_prepare(struct front *f, bool keys, struct pollfd p[FRONT_FDS])
{
	(void)keys;
	p[0] = (struct pollfd){ f->out.len > 0 ? ((struct log *)f)->fd : -1, POLLOUT, 0 };
}

static enum front_event
log_handle(struct front *f, const struct pollfd p[FRONT_FDS], struct relay *keys, struct err *err)
{
	(void)keys;
	(void)err;
	if (p[0].revents != 0)
		log_flush((struct log *)f);
	return FRONT_OK;
}

static void
log_free(struct front *f)
{
	struct log *l = (struct log *)f;

	log_flush(l);
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l->path);
	free(l);
}

static const struct front_ops log_ops = {
	.prepare = log_prepare,
	.handle = log_handle,
	.free = log_free,
};

struct front *
front_log_new(const char *path, uint64_t limit, struct err *err)
{
	struct log *l = xcalloc(1, sizeof(*l));

	l->front.ops = &log_ops;
	l->path = xstrdup(path);
	l->limit = limit;
	if (log_begin(l) == 0)
		return &l->front;
	(void)err_sys(err, "cannot make the console's log '%s'", path);
	log_free(&l->front);
	return NULL;
}
