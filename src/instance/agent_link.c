/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames on a descriptor, and how a session begins (agent_link.h).
 */
#include "instance/agent_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"

#define IN_SIZE (2 * AGENT_FRAME_MAX)
#define GREET_MS 300 /* so often, until the agent answers */
#define KEEP_CAP (256 * 1024) /* more than that of an emptied queue is given back */

static uint64_t
now_ms(void)
{
	return clock_now_ns() / 1000000;
}

void
agent_link_init(struct agent_link *l, enum agent_link_kind kind, int fd, const struct agent_link_ops *ops, void *arg)
{
	*l = (struct agent_link){ .kind = kind, .fd = fd, .ops = ops, .arg = arg };
	l->in = xmalloc(IN_SIZE);
}

void
agent_link_release(struct agent_link *l)
{
	free(l->in);
	free(l->out);
	l->in = l->out = NULL;
}

/* --- out --- */

size_t
agent_link_queued(const struct agent_link *l)
{
	return l->out_len;
}

static uint8_t *
out_space(struct agent_link *l, size_t n)
{
	if (l->out_start > 0 && l->out_start + l->out_len + n > l->out_cap) {
		memmove(l->out, l->out + l->out_start, l->out_len);
		l->out_start = 0;
	}
	if (l->out_len + n > l->out_cap) {
		l->out_cap = roundup(l->out_len + n, 64 * 1024) * 2;
		l->out = xrealloc(l->out, l->out_cap, 1);
	}
	l->out_len += n;
	return l->out + l->out_start + l->out_len - n;
}

static void
queue(struct agent_link *l, uint8_t type, uint32_t stream, const void *payload, size_t len)
{
	uint8_t *p = out_space(l, AGENT_HEAD_SIZE + len);

	agent_head_put(p, type, stream, (uint32_t)len);
	if (len > 0)
		memcpy(p + AGENT_HEAD_SIZE, payload, len);
}

void
agent_link_send(struct agent_link *l, uint8_t type, uint32_t stream, const void *payload, size_t len)
{
	if (l->is_open)
		queue(l, type, stream, payload, len);
}

/* Bytes that may be written now. */
static size_t
writable(const struct agent_link *l)
{
	/* Negative: what comes before the end of START, which the window does not count. */
	int64_t left = (int64_t)l->info.link_window - (int32_t)(l->sent - l->acked);

	if (!l->is_open || l->info.link_window == 0)
		return l->out_len;
	return left <= 0 ? 0 : u64_min(l->out_len, (uint64_t)left);
}

/* -1 with errno. */
static int
flush(struct agent_link *l)
{
	size_t n;
	ssize_t done;

	while ((n = writable(l)) > 0) {
		done = send(l->fd, l->out + l->out_start, n, MSG_NOSIGNAL);
		if (done < 0 && errno == ENOTSOCK)
			done = write(l->fd, l->out + l->out_start, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno == EAGAIN ? 0 : -1;
		l->sent += (uint32_t)done;
		l->out_start += (size_t)done;
		l->out_len -= (size_t)done;
	}
	if (l->out_len == 0 && l->out_cap > KEEP_CAP) {
		free(l->out);
		l->out = NULL;
		l->out_cap = l->out_start = 0;
	}
	return 0;
}

/* --- greeting --- */

/* The first and every other one ends a frame that the agent may be in the midst of. */
static void
greet(struct agent_link *l)
{
	uint8_t hello[AGENT_HELLO_SIZE];

	l->greet_at_ms = now_ms() + GREET_MS;
	/* What has not gone yet need not go twice. */
	if (l->out_len > 0)
		return;
	if (l->greetings++ % 2 == 0)
		memset(out_space(l, AGENT_FILLER), 0, AGENT_FILLER);
	put_le32(hello, AGENT_VERSION);
	put_le64(hello + 4, l->nonce);
	queue(l, AGENT_HELLO, 0, hello, sizeof(hello));
}

static void
begin(struct agent_link *l)
{
	if (getrandom(&l->nonce, sizeof(l->nonce), 0) != sizeof(l->nonce))
		l->nonce = clock_now_ns();
	l->out_start = l->out_len = 0;
	l->greetings = 0;
	greet(l);
}

void
agent_link_fail(struct agent_link *l, const char *why)
{
	bool was_open = l->is_open;

	l->is_open = false;
	if (l->kind == AGENT_LINK_PORT)
		begin(l);
	else
		l->failed = true;
	if (was_open)
		l->ops->lost(l->arg, why);
}

bool
agent_state_read(struct agent_state *s, const uint8_t *p, size_t len)
{
	if (len != AGENT_EVENT_SIZE || p[0] > AGENT_SERVICE_ENDED || p[1] > AGENT_CLOSED)
		return false;
	*s = (struct agent_state){
		.service = (enum agent_service)p[0],
		.end = (enum agent_end)p[1],
		.stopping = p[2] != 0,
		.status = get_le32(p + 4),
		.pid = get_le32(p + 8),
	};
	return true;
}

/* False: not a WELCOME for us. */
static bool
welcome_read(struct agent_link *l, const uint8_t *p, size_t len)
{
	struct agent_info info = { .version = get_le32(p) };
	size_t i;

	if (len < AGENT_WELCOME_SIZE || info.version != AGENT_VERSION ||
	    (l->kind == AGENT_LINK_PORT && get_le64(p + 4) != l->nonce))
		return false;
	info.link_window = get_le32(p + 20);
	info.stream_window = get_le32(p + 24);
	info.max_streams = get_le32(p + 28);
	info.features = get_le32(p + 32);
	if (!agent_state_read(&info.state, p + 36, AGENT_EVENT_SIZE))
		return false;
	for (i = 0; i < sizeof(info.name) - 1 && AGENT_WELCOME_SIZE + i < len; i++) {
		uint8_t c = p[AGENT_WELCOME_SIZE + i];

		info.name[i] = c >= ' ' && c < 0x7f ? (char)c : '?';
	}
	l->info = info;
	return true;
}

static void
welcomed(struct agent_link *l, const uint8_t *p)
{
	if (l->kind == AGENT_LINK_PORT) {
		queue(l, AGENT_START, 0, p + 12, AGENT_START_SIZE);
		/* What is written from the end of START on counts. */
		l->sent = (uint32_t)-l->out_len;
		l->acked = 0;
	}
	l->is_open = true;
	l->ops->open(l->arg);
}

void
agent_link_welcome(struct agent_link *l, const struct agent_info *info)
{
	uint8_t w[AGENT_WELCOME_SIZE + sizeof(info->name)] = { 0 };
	size_t len = strlen(info->name);

	put_le32(w, AGENT_VERSION);
	put_le32(w + 24, info->stream_window);
	put_le32(w + 28, info->max_streams);
	put_le32(w + 32, info->features);
	w[36] = (uint8_t)info->state.service;
	w[37] = (uint8_t)info->state.end;
	w[38] = info->state.stopping;
	put_le32(w + 40, info->state.status);
	put_le32(w + 44, info->state.pid);
	memcpy(w + AGENT_WELCOME_SIZE, info->name, len);
	l->info = *info;
	l->info.link_window = 0;
	l->is_open = true;
	queue(l, AGENT_WELCOME, 0, w, AGENT_WELCOME_SIZE + len);
}

/* --- in --- */

static void
own_or_pass(struct agent_link *l, const struct agent_frame *f)
{
	if (l->kind == AGENT_LINK_PORT && f->type == AGENT_LOST) {
		agent_link_fail(l, "the agent has begun anew");
	} else if (l->kind == AGENT_LINK_PORT && f->type == AGENT_ACK) {
		uint32_t acked = f->len == 4 ? get_le32(f->payload) : l->sent + 1;

		if (l->sent - acked > l->sent - l->acked)
			agent_link_fail(l, "the agent acknowledges what was not sent");
		else
			l->acked = acked;
	} else if (l->kind == AGENT_LINK_PORT && f->type == AGENT_EVENT &&
		   !agent_state_read(&l->info.state, f->payload, f->len)) {
		agent_link_fail(l, "the agent tells of an event that is none");
	} else if (f->type != AGENT_WELCOME) {
		l->ops->frame(l->arg, f);
	}
}

/* How many of the bytes are done with; 0: more are needed. */
static size_t
step(struct agent_link *l, const uint8_t *p, size_t n)
{
	struct agent_head h;
	bool head = n >= AGENT_HEAD_SIZE && agent_head_get(p, &h);

	if (n < AGENT_HEAD_SIZE)
		return 0;
	if (!l->is_open && l->kind == AGENT_LINK_SERVER) {
		agent_link_fail(l, "");
		return 1;
	}
	if (!l->is_open) {
		/* Rubbish of an earlier session, or an echo. */
		if (!head || h.type != AGENT_WELCOME || h.length < AGENT_WELCOME_SIZE || h.length > 1024)
			return 1;
		if (n < AGENT_HEAD_SIZE + h.length)
			return 0;
		if (!welcome_read(l, p + AGENT_HEAD_SIZE, h.length))
			return 1;
		welcomed(l, p + AGENT_HEAD_SIZE);
		return AGENT_HEAD_SIZE + h.length;
	}
	if (!head) {
		/* Zeros: another agent's filler. */
		agent_link_fail(l, p[0] == 0 ? "the agent has begun anew" : "what the agent says is not a frame");
		return 1;
	}
	if (n < AGENT_HEAD_SIZE + h.length)
		return 0;
	own_or_pass(l, &(struct agent_frame){ h.type, h.stream, p + AGENT_HEAD_SIZE, h.length });
	return AGENT_HEAD_SIZE + h.length;
}

static int
receive(struct agent_link *l, struct err *err)
{
	ssize_t n = read(l->fd, l->in + l->in_len, IN_SIZE - l->in_len);
	size_t done = 0, k = 1;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return err_sys(err, "the connection to the agent");
	if (n == 0)
		return err_set(err, "the connection to the agent is closed");
	l->in_len += (size_t)n;
	while (k > 0 && !l->failed) {
		k = step(l, l->in + done, l->in_len - done);
		done += k;
	}
	l->in_len -= done;
	memmove(l->in, l->in + done, l->in_len);
	return 0;
}

/* --- the loop's --- */

void
agent_link_prepare(const struct agent_link *l, struct pollfd *p)
{
	*p = (struct pollfd){ .fd = l->fd, .events = POLLIN };
	if (writable(l) > 0)
		p->events |= POLLOUT;
}

int
agent_link_timeout(const struct agent_link *l)
{
	uint64_t now = now_ms();

	if (l->kind != AGENT_LINK_PORT || l->is_open)
		return -1;
	return l->greet_at_ms <= now ? 0 : (int)(l->greet_at_ms - now);
}

int
agent_link_handle(struct agent_link *l, const struct pollfd *p, struct err *err)
{
	if (p->revents & (POLLIN | POLLHUP | POLLERR) && receive(l, err) != 0)
		return -1;
	if (l->kind == AGENT_LINK_PORT && !l->is_open && now_ms() >= l->greet_at_ms) {
		if (l->greet_at_ms == 0)
			begin(l);
		else
			greet(l);
	}
	if (l->failed)
		return err_set(err, "the agent's protocol was broken");
	if (flush(l) != 0)
		return err_sys(err, "the connection to the agent");
	return 0;
}
