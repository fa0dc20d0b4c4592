/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: lines in, requests out, who waits for which answer.
 */
#include "backend/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1u << 20)

void
control_init(struct control *c, const struct control_ops *ops, int fd, bool power_button)
{
	*c = (struct control){ .ops = ops, .fd = fd, .power_button = power_button };
}

static void
hang_up(struct control *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	while (c->nwaiting > 0)
		control_answered(c, NULL, "the machine has ended");
}

void
control_release(struct control *c)
{
	hang_up(c);
	str_release(&c->in);
}

void
control_answered(struct control *c, json_t *result, const char *error)
{
	control_answer *fn = c->waiting[0].fn;
	void *arg = c->waiting[0].arg;

	if (c->nwaiting == 0)
		return;
	c->nwaiting--;
	memmove(c->waiting, c->waiting + 1, c->nwaiting * sizeof(c->waiting[0]));
	if (fn != NULL)
		fn(arg, result, error);
}

void
control_ended(struct control *c, enum control_end end, const char *reason)
{
	c->end = end;
	(void)snprintf(c->end_reason, sizeof(c->end_reason), "%s", reason);
}

/* All complete lines; the rest stays for the next read. */
static int
lines(struct control *c, struct err *err)
{
	char *start = c->in.p, *end = c->in.p + c->in.len, *nl;
	int rv = 0;

	while (rv == 0 && (nl = memchr(start, '\n', (size_t)(end - start))) != NULL) {
		rv = c->ops->line(c, start, (size_t)(nl - start), err);
		start = nl + 1;
	}
	c->in.len = (size_t)(end - start);
	memmove(c->in.p, start, c->in.len);
	return rv;
}

int
control_read(struct control *c, struct err *err)
{
	char buf[4096];
	ssize_t n;

	while (c->fd >= 0) {
		n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0) {
			hang_up(c);
			return 0;
		}
		str_addn(&c->in, buf, (size_t)n);
		if (lines(c, err) < 0)
			return -1;
		if (c->in.len > LINE_MAX_BYTES)
			return err_set(err, "its control channel sent a line over %u bytes", LINE_MAX_BYTES);
	}
	return 0;
}

int
control_ask(
    struct control *c, enum control_verb verb, const uint64_t args[2], control_answer *fn, void *arg, struct err *err)
{
	static const uint64_t none[2];
	struct str out = { 0 };
	int rv;

	if (c->fd < 0)
		return err_set(err, "the machine has ended");
	if (verb == CONTROL_STOP && !c->power_button)
		return err_set(err, "the guest has no power button");
	if (c->nwaiting == CONTROL_WAITING_MAX)
		return err_set(err, "too many requests wait for their answers");
	rv = c->ops->request(verb, args == NULL ? none : args, &out, err);
	/* Short, and few of them: the socket always has room. */
	if (rv == 0 && send(c->fd, out.p, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)out.len)
		rv = err_sys(err, "cannot ask the machine");
	str_release(&out);
	if (rv < 0)
		return -1;
	c->waiting[c->nwaiting].fn = fn;
	c->waiting[c->nwaiting++].arg = arg;
	return 0;
}
