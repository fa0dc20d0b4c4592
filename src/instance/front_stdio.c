/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front in the foreground: standard input, a terminal or not, and standard
 * output.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "instance/front.h"
#include "instance/terminal.h"

#define KEY_PREFIX 0x01 /* Ctrl-A */

enum { IN, OUT };

struct stdio {
	struct front front;
	struct terminal terminal;
	bool started, all_keys;
	bool ended; /* standard input */
	bool prefix; /* Ctrl-A was the last key */
	int output;
	size_t output_max;
};

static void
stdio_prepare(struct front *f, bool keys, struct pollfd p[FRONT_FDS])
{
	struct stdio *s = (struct stdio *)f;
	bool input = keys && s->started && !s->ended &&
		     (s->terminal.fd < 0 || (s->terminal.raw && terminal_foreground(&s->terminal)));

	p[IN] = (struct pollfd){ input ? STDIN_FILENO : -1, POLLIN, 0 };
	/* Even with nothing to write: that nobody reads it is worth to know. */
	p[OUT] = (struct pollfd){ s->output, f->out.len > 0 ? POLLOUT : 0, 0 };
}

/* True if it asks for the end. */
static bool
key(struct stdio *s, uint8_t byte, struct relay *keys)
{
	bool prefix = s->prefix;

	if (!s->all_keys || s->terminal.fd < 0) {
		relay_push(keys, byte);
		return false;
	}
	s->prefix = !prefix && byte == KEY_PREFIX;
	if (prefix && (byte == 'x' || byte == 'X'))
		return true;
	if (prefix ? byte == KEY_PREFIX : byte != KEY_PREFIX)
		relay_push(keys, byte);
	return false;
}

static enum front_event
stdio_input(struct stdio *s, struct relay *keys)
{
	uint8_t buf[1024];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf)), i;

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		s->ended = true;
	for (i = 0; i < n; i++)
		if (key(s, buf[i], keys))
			return FRONT_QUIT;
	return FRONT_OK;
}

static enum front_event
stdio_output(struct stdio *s, short revents, struct err *err)
{
	if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
		return FRONT_UNREAD;
	if (s->front.out.len == 0 || relay_write(&s->front.out, s->output, s->output_max) == 0)
		return FRONT_OK;
	if (errno == EPIPE || errno == EIO)
		return FRONT_UNREAD;
	(void)err_sys(err, "cannot write the guest's output");
	return FRONT_FAILED;
}

static enum front_event
stdio_handle(struct front *f, const struct pollfd p[FRONT_FDS], struct relay *keys, struct err *err)
{
	struct stdio *s = (struct stdio *)f;
	enum front_event event = FRONT_OK;

	if (p[IN].revents != 0 && relay_room(keys))
		event = stdio_input(s, keys);
	if (p[OUT].revents != 0 && event == FRONT_OK)
		event = stdio_output(s, p[OUT].revents, err);
	return event;
}

static void
stdio_free(struct front *f)
{
	struct stdio *s = (struct stdio *)f;

	terminal_close(&s->terminal);
	if (s->output >= 0)
		(void)close(s->output);
	free(s);
}

static const struct front_ops stdio_ops = {
	.prepare = stdio_prepare,
	.handle = stdio_handle,
	.free = stdio_free,
};

struct front *
front_stdio_new(bool all_keys, struct err *err)
{
	struct stdio *s = xcalloc(1, sizeof(*s));

	s->front.ops = &stdio_ops;
	s->front.waits = true;
	s->all_keys = all_keys;
	s->output = -1;
	if (terminal_open(&s->terminal, STDIN_FILENO, all_keys, err) == 0)
		s->output = relay_output_open(STDOUT_FILENO, &s->output_max, err);
	if (s->output >= 0)
		return &s->front;
	stdio_free(&s->front);
	return NULL;
}

struct terminal *
front_stdio_terminal(struct front *f)
{
	return &((struct stdio *)f)->terminal;
}

void
front_stdio_start(struct front *f)
{
	struct stdio *s = (struct stdio *)f;

	terminal_sync(&s->terminal);
	s->started = true;
}
