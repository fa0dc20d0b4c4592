/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams over a link (agent_client.h): their numbers and their credit.
 */
#include "instance/agent_client.h"

#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"

#define QUEUE_MAX (256 * 1024) /* no more is taken from the caller while so much waits */

struct agent_stream {
	struct agent_client *client;
	struct agent_stream *next;
	uint32_t id;
	const struct agent_stream_ops *ops;
	void *arg;
	uint64_t credit; /* that the agent has given us */
	uint32_t allowed; /* that it may still send */
	uint32_t taken; /* to be given back */
	bool eof;
};

static void
end_stream(struct agent_client *c, struct agent_stream *s, enum agent_end end, uint32_t status, const char *text)
{
	struct agent_stream **p = &c->streams;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	s->ops->done(s->arg, end, status, text);
	free(s);
}

static void
on_open(void *arg)
{
	struct agent_client *c = arg;

	c->ops->open(c->arg);
}

static void
on_lost(void *arg, const char *why)
{
	struct agent_client *c = arg;

	while (c->streams != NULL)
		end_stream(c, c->streams, AGENT_FAILED, 1, why);
	c->ops->lost(c->arg, why);
}

static void
done(struct agent_client *c, struct agent_stream *s, const struct agent_frame *f)
{
	char text[257];
	size_t i, n = f->len - AGENT_DONE_SIZE;

	if (n > sizeof(text) - 1)
		n = sizeof(text) - 1;
	for (i = 0; i < n; i++) {
		uint8_t b = f->payload[AGENT_DONE_SIZE + i];

		text[i] = b >= ' ' && b != 0x7f ? (char)b : '?';
	}
	text[n] = '\0';
	end_stream(c, s, (enum agent_end)f->payload[0], get_le32(f->payload + 4), text);
}

static void
on_frame(void *arg, const struct agent_frame *f)
{
	struct agent_client *c = arg;
	struct agent_stream *s = c->streams;

	if (f->type == AGENT_EVENT && f->stream == 0) {
		struct agent_state state;

		if (agent_state_read(&state, f->payload, f->len) && c->ops->event != NULL)
			c->ops->event(c->arg, &state);
		return;
	}
	while (s != NULL && s->id != f->stream)
		s = s->next;
	if (s != NULL && (f->type == AGENT_DATA || f->type == AGENT_ERRDATA) && f->len <= s->allowed) {
		s->allowed -= (uint32_t)f->len;
		s->ops->data(s->arg, f->type == AGENT_ERRDATA, f->payload, f->len);
	} else if (s != NULL && f->type == AGENT_CREDIT && f->len == 4) {
		s->credit += get_le32(f->payload);
		if (s->ops->room != NULL)
			s->ops->room(s->arg);
	} else if (s != NULL && f->type == AGENT_DONE && f->len >= AGENT_DONE_SIZE && f->payload[0] <= AGENT_CLOSED) {
		done(c, s, f);
	} else {
		agent_link_fail(&c->link, "the agent breaks the rules of its protocol");
	}
}

static const struct agent_link_ops link_ops = { on_open, on_frame, on_lost };

void
agent_client_init(
    struct agent_client *c, enum agent_link_kind kind, int fd, const struct agent_client_ops *ops, void *arg)
{
	*c = (struct agent_client){ .ops = ops, .arg = arg };
	agent_link_init(&c->link, kind, fd, &link_ops, c);
}

void
agent_client_release(struct agent_client *c)
{
	struct agent_stream *s;

	while ((s = c->streams) != NULL) {
		c->streams = s->next;
		free(s);
	}
	agent_link_release(&c->link);
}

void
agent_client_prepare(const struct agent_client *c, struct pollfd *p)
{
	agent_link_prepare(&c->link, p);
}

int
agent_client_timeout(const struct agent_client *c)
{
	return agent_link_timeout(&c->link);
}

int
agent_client_handle(struct agent_client *c, const struct pollfd *p, struct err *err)
{
	size_t before = agent_link_queued(&c->link);
	struct agent_stream *s, *next;

	if (agent_link_handle(&c->link, p, err) != 0)
		return -1;
	/* The queue was what held them up. */
	if (before >= QUEUE_MAX && agent_link_queued(&c->link) < QUEUE_MAX) {
		for (s = c->streams; s != NULL; s = next) {
			next = s->next;
			if (s->credit > 0 && s->ops->room != NULL)
				s->ops->room(s->arg);
		}
	}
	return 0;
}

/* --- streams --- */

static uint16_t
add_strings(struct str *to, const char *const *strings)
{
	size_t n;

	for (n = 0; strings != NULL && strings[n] != NULL && n < UINT16_MAX; n++)
		str_addn(to, strings[n], strlen(strings[n]) + 1);
	return (uint16_t)n;
}

static void
add_open(struct str *to, const struct agent_request *r)
{
	uint8_t head[AGENT_OPEN_SIZE] = { (uint8_t)r->kind, r->flags };
	uint16_t argc, envc;

	str_addn(to, (const char *)head, sizeof(head));
	str_addn(to, r->user == NULL ? "" : r->user, r->user == NULL ? 1 : strlen(r->user) + 1);
	str_addn(to, r->dir == NULL ? "" : r->dir, r->dir == NULL ? 1 : strlen(r->dir) + 1);
	argc = add_strings(to, r->argv);
	envc = add_strings(to, r->env);
	put_le16(to->p + 2, r->rows);
	put_le16(to->p + 4, r->columns);
	put_le16(to->p + 6, argc);
	put_le16(to->p + 8, envc);
	put_le32(to->p + 12, AGENT_CREDIT_BYTES);
}

static bool
number_used(const struct agent_client *c, uint32_t id)
{
	const struct agent_stream *s = c->streams;

	while (s != NULL && s->id != id)
		s = s->next;
	return id == 0 || s != NULL;
}

struct agent_stream *
agent_stream_open(struct agent_client *c, const struct agent_request *r, const struct agent_stream_ops *ops, void *arg,
    struct err *err)
{
	struct str payload = { 0 };
	struct agent_stream *s = NULL;

	add_open(&payload, r);
	if (!c->link.is_open) {
		(void)err_set(err, "the guest's agent does not answer");
	} else if (payload.len > AGENT_PAYLOAD_MAX) {
		(void)err_set(err, "arguments and environment have %zu bytes; the agent takes %d", payload.len,
		    AGENT_PAYLOAD_MAX);
	} else {
		s = xcalloc(1, sizeof(*s));
		do {
			c->last++;
		} while (number_used(c, c->last));
		*s = (struct agent_stream){ .client = c, .next = c->streams, .id = c->last, .ops = ops, .arg = arg };
		s->credit = c->link.info.stream_window;
		s->allowed = AGENT_CREDIT_BYTES;
		c->streams = s;
		agent_link_send(&c->link, AGENT_OPEN, s->id, payload.p, payload.len);
	}
	str_release(&payload);
	return s;
}

size_t
agent_stream_room(const struct agent_stream *s)
{
	size_t queued = agent_link_queued(&s->client->link);

	return s->eof || queued >= QUEUE_MAX ? 0 : u64_min(s->credit, QUEUE_MAX - queued);
}

void
agent_stream_write(struct agent_stream *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	for (; len > 0; len -= n, p += n) {
		n = u64_min(len, AGENT_PAYLOAD_MAX);
		agent_link_send(&s->client->link, AGENT_DATA, s->id, p, n);
		s->credit -= n;
	}
}

void
agent_stream_eof(struct agent_stream *s)
{
	if (!s->eof)
		agent_link_send(&s->client->link, AGENT_EOF, s->id, NULL, 0);
	s->eof = true;
}

static void
send_number(struct agent_stream *s, uint8_t type, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	agent_link_send(&s->client->link, type, s->id, b, sizeof(b));
}

void
agent_stream_taken(struct agent_stream *s, size_t n)
{
	s->taken += (uint32_t)n;
	if (s->taken < AGENT_CREDIT_BYTES / 4)
		return;
	s->allowed += s->taken;
	send_number(s, AGENT_CREDIT, s->taken);
	s->taken = 0;
}

void
agent_stream_signal(struct agent_stream *s, enum agent_signal sig)
{
	send_number(s, AGENT_SIGNAL, sig);
}

void
agent_stream_resize(struct agent_stream *s, uint16_t rows, uint16_t columns)
{
	send_number(s, AGENT_WINDOW, rows | (uint32_t)columns << 16);
}

void
agent_stream_close(struct agent_stream *s)
{
	s->eof = true;
	agent_link_send(&s->client->link, AGENT_CLOSE, s->id, NULL, 0);
}
