/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pseudo-terminal: we hold the master; another program, now or later or
 * never, opens the slave.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/arena.h"
#include "instance/front.h"

struct pty {
	struct front front;
	int master;
	int slave; /* kept open: without any, the master only reports a hangup */
	char path[64];
};

static void
pty_prepare(struct front *f, bool keys, struct pollfd p[FRONT_FDS])
{
	struct pty *t = (struct pty *)f;

	p[0] = (struct pollfd){ t->master, (short)((keys ? POLLIN : 0) | (f->out.len > 0 ? POLLOUT : 0)), 0 };
}

static enum front_event
pty_handle(struct front *f, const struct pollfd p[FRONT_FDS], struct relay *keys, struct err *err)
{
	struct pty *t = (struct pty *)f;
	uint8_t buf[1024];
	ssize_t n;

	(void)err;
	if ((p[0].revents & POLLIN) != 0 && relay_room(keys)) {
		n = read(t->master, buf, sizeof(buf));
		if (n > 0)
			relay_add(keys, buf, (size_t)n);
	}
	if ((p[0].revents & POLLOUT) != 0)
		(void)relay_write(&f->out, t->master, SIZE_MAX);
	return FRONT_OK;
}

static void
pty_free(struct front *f)
{
	struct pty *t = (struct pty *)f;

	if (f->out.len > 0 && t->master >= 0)
		(void)relay_write(&f->out, t->master, SIZE_MAX);
	if (t->slave >= 0)
		(void)close(t->slave);
	if (t->master >= 0)
		(void)close(t->master);
	free(t);
}

static const struct front_ops pty_ops = {
	.prepare = pty_prepare,
	.handle = pty_handle,
	.free = pty_free,
};

/* Else what the guest says would come back to it as an echo. */
static int
set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -1;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t);
}

struct front *
front_pty_new(bool waits, const char **slave, struct err *err)
{
	struct pty *t = xcalloc(1, sizeof(*t));

	t->front.ops = &pty_ops;
	t->front.waits = waits;
	t->slave = -1;
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master >= 0 && grantpt(t->master) == 0 && unlockpt(t->master) == 0 &&
	    ptsname_r(t->master, t->path, sizeof(t->path)) == 0)
		t->slave = open(t->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave >= 0 && set_raw(t->slave) == 0 && fcntl(t->master, F_SETFL, O_NONBLOCK) == 0) {
		*slave = t->path;
		return &t->front;
	}
	(void)err_sys(err, "cannot make a pseudo-terminal");
	pty_free(&t->front);
	return NULL;
}
