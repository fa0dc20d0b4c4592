/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients' streams as streams of the agent (agent_mux.h).
 */
#include "instance/agent_mux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"

#define UNREAD_MAX (32U * 1024 * 1024) /* a client for which so much waits will not read it any more */

static void
done(struct agent_mux_client *c, uint32_t id, enum agent_end end, const char *text)
{
	uint8_t payload[AGENT_DONE_SIZE + 256] = { (uint8_t)end };
	size_t len = u64_min(strlen(text), 256);

	put_le32(payload + 4, end == AGENT_FAILED);
	memcpy(payload + AGENT_DONE_SIZE, text, len);
	agent_link_send(&c->link, AGENT_DONE, id, payload, AGENT_DONE_SIZE + len);
}

static void
hang_up(struct agent_mux_client *c)
{
	struct agent_mux *m = c->mux;
	size_t i;

	for (i = 0; i < nitems(m->streams); i++) {
		if (m->streams[i].id != 0 && m->streams[i].client == c) {
			agent_link_send(&m->port, AGENT_CLOSE, m->streams[i].id, NULL, 0);
			m->streams[i].client = NULL;
		}
	}
	(void)close(c->link.fd);
	agent_link_release(&c->link);
	c->link.fd = -1;
}

/* --- from the agent --- */

static void
port_open(void *arg)
{
	struct agent_mux *m = arg;
	size_t i;

	for (i = 0; i < nitems(m->clients); i++) {
		struct agent_mux_client *c = &m->clients[i];

		if (c->link.fd >= 0 && !c->link.is_open)
			agent_link_welcome(&c->link, &m->port.info);
	}
	if (m->changed != NULL)
		m->changed(m->arg);
}

static struct agent_mux_stream *
find(struct agent_mux *m, uint32_t id)
{
	size_t i;

	for (i = 0; i < nitems(m->streams); i++) {
		if (m->streams[i].id == id)
			return &m->streams[i];
	}
	return NULL;
}

static void
event(struct agent_mux *m, const struct agent_frame *f)
{
	size_t i;

	for (i = 0; i < nitems(m->clients); i++) {
		if (m->clients[i].link.fd >= 0)
			agent_link_send(&m->clients[i].link, AGENT_EVENT, 0, f->payload, f->len);
	}
	if (m->changed != NULL)
		m->changed(m->arg);
}

static void
port_frame(void *arg, const struct agent_frame *f)
{
	struct agent_mux *m = arg;
	struct agent_mux_stream *s;
	bool known =
	    f->type == AGENT_DATA || f->type == AGENT_ERRDATA || f->type == AGENT_CREDIT || f->type == AGENT_DONE;

	if (f->type == AGENT_EVENT && f->stream == 0) {
		event(m, f);
		return;
	}
	s = f->stream == 0 ? NULL : find(m, f->stream);
	if (s == NULL || !known || (f->type == AGENT_CREDIT && f->len != 4) ||
	    (f->type == AGENT_DONE && f->len < AGENT_DONE_SIZE)) {
		agent_link_fail(&m->port, "the agent breaks the rules of its protocol");
		return;
	}
	if (f->type == AGENT_CREDIT)
		s->credit += get_le32(f->payload);
	if (s->client != NULL)
		agent_link_send(&s->client->link, f->type, s->client_id, f->payload, f->len);
	if (f->type == AGENT_DONE)
		*s = (struct agent_mux_stream){ 0 };
}

static void
port_lost(void *arg, const char *why)
{
	struct agent_mux *m = arg;
	size_t i;

	for (i = 0; i < nitems(m->streams); i++) {
		struct agent_mux_stream *s = &m->streams[i];

		if (s->id != 0 && s->client != NULL)
			done(s->client, s->client_id, AGENT_FAILED, why);
		*s = (struct agent_mux_stream){ 0 };
	}
}

static const struct agent_link_ops port_ops = { port_open, port_frame, port_lost };

/* --- from a client --- */

static struct agent_mux_stream *
find_of(struct agent_mux_client *c, uint32_t client_id)
{
	size_t i;

	for (i = 0; i < nitems(c->mux->streams); i++) {
		struct agent_mux_stream *s = &c->mux->streams[i];

		if (s->id != 0 && s->client == c && s->client_id == client_id)
			return s;
	}
	return NULL;
}

static void
open_stream(struct agent_mux_client *c, const struct agent_frame *f)
{
	struct agent_mux *m = c->mux;
	struct agent_mux_stream *s = find(m, 0);

	if (f->stream == 0 || f->len < AGENT_OPEN_SIZE || find_of(c, f->stream) != NULL) {
		agent_link_fail(&c->link, "");
		return;
	}
	if (s == NULL || !m->port.is_open) {
		done(c, f->stream, AGENT_FAILED, s == NULL ? "too many streams" : "the guest's agent does not answer");
		return;
	}
	do {
		m->last++;
	} while (m->last == 0 || find(m, m->last) != NULL);
	*s = (struct agent_mux_stream){
		.id = m->last,
		.client = c,
		.client_id = f->stream,
		.credit = m->port.info.stream_window,
	};
	agent_link_send(&m->port, AGENT_OPEN, s->id, f->payload, f->len);
}

static void
client_frame(void *arg, const struct agent_frame *f)
{
	struct agent_mux_client *c = arg;
	struct agent_mux_stream *s = f->stream == 0 ? NULL : find_of(c, f->stream);
	bool good;

	if (f->type == AGENT_OPEN) {
		open_stream(c, f);
		return;
	}
	switch (f->type) {
	case AGENT_DATA:
		good = s == NULL || f->len <= s->credit;
		break;
	case AGENT_CREDIT:
	case AGENT_SIGNAL:
	case AGENT_WINDOW:
		good = f->len == 4;
		break;
	case AGENT_EOF:
	case AGENT_CLOSE:
		good = f->len == 0;
		break;
	default:
		good = false;
	}
	if (!good) {
		agent_link_fail(&c->link, "");
		return;
	}
	/* One that has just ended: the client cannot know yet. */
	if (s == NULL)
		return;
	if (f->type == AGENT_DATA)
		s->credit -= f->len;
	agent_link_send(&c->mux->port, f->type, s->id, f->payload, f->len);
}

static void
client_open(void *arg)
{
	(void)arg;
}

static void
client_lost(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static const struct agent_link_ops client_ops = { client_open, client_frame, client_lost };

/* --- the owner's --- */

void
agent_mux_init(struct agent_mux *m, int fd, void (*changed)(void *arg), void *arg)
{
	size_t i;

	*m = (struct agent_mux){ .changed = changed, .arg = arg };
	agent_link_init(&m->port, AGENT_LINK_PORT, fd, &port_ops, m);
	for (i = 0; i < nitems(m->clients); i++) {
		m->clients[i].mux = m;
		m->clients[i].link.fd = -1;
	}
}

void
agent_mux_release(struct agent_mux *m)
{
	size_t i;

	for (i = 0; i < nitems(m->clients); i++) {
		if (m->clients[i].link.fd >= 0)
			hang_up(&m->clients[i]);
	}
	agent_link_release(&m->port);
}

int
agent_mux_take(struct agent_mux *m, int fd, struct err *err)
{
	size_t i;

	for (i = 0; i < nitems(m->clients); i++) {
		struct agent_mux_client *c = &m->clients[i];

		if (c->link.fd >= 0)
			continue;
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0)
			return err_sys(err, "the connection");
		agent_link_init(&c->link, AGENT_LINK_SERVER, fd, &client_ops, c);
		if (m->port.is_open)
			agent_link_welcome(&c->link, &m->port.info);
		return 0;
	}
	return err_set(err, "too many clients of the agent");
}

void
agent_mux_prepare(const struct agent_mux *m, struct pollfd p[AGENT_MUX_FDS])
{
	size_t i;

	agent_link_prepare(&m->port, &p[0]);
	for (i = 0; i < nitems(m->clients); i++) {
		p[1 + i] = (struct pollfd){ .fd = -1 };
		if (m->clients[i].link.fd >= 0)
			agent_link_prepare(&m->clients[i].link, &p[1 + i]);
	}
}

int
agent_mux_timeout(const struct agent_mux *m)
{
	return agent_link_timeout(&m->port);
}

int
agent_mux_handle(struct agent_mux *m, const struct pollfd p[AGENT_MUX_FDS], struct err *err)
{
	const struct pollfd none = { .fd = -1 };
	struct err gone;
	size_t i;

	for (i = 0; i < nitems(m->clients); i++) {
		struct agent_mux_client *c = &m->clients[i];

		if (c->link.fd >= 0 && p[1 + i].fd == c->link.fd && agent_link_handle(&c->link, &p[1 + i], &gone) != 0)
			hang_up(c);
	}
	if (agent_link_handle(&m->port, &p[0], err) != 0) {
		port_lost(m, "the guest's console port is closed");
		return -1;
	}
	/* What has come for them goes at once. */
	for (i = 0; i < nitems(m->clients); i++) {
		struct agent_mux_client *c = &m->clients[i];

		if (c->link.fd >= 0 && agent_link_queued(&c->link) > 0 &&
		    (agent_link_handle(&c->link, &none, &gone) != 0 || agent_link_queued(&c->link) > UNREAD_MAX))
			hang_up(c);
	}
	return 0;
}
