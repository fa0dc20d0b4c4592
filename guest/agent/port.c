/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console port: bytes to frames and back (base/agent_protocol.h).
 *
 *	LOOKING ──HELLO──► GREETED ──START──► OPEN ──no head, HELLO──► LOOKING
 *
 * What is to be sent lies in one buffer; while there is little room in it,
 * nothing more is read, so that an answer always finds place.
 */
#include "agent.h"

#define OUT_SIZE 65536
#define IN_SIZE 32768
#define ANSWERS 8192 /* of the room are for answers, not for data */
#define ANSWER 1024 /* the longest that one frame from the host brings about */

static struct {
	int fd;
	enum { LOOKING, GREETED, OPEN } state;
	uint32_t link_window; /* 0: none */
	uint32_t read, acked; /* bytes since START */
	uint64_t host_nonce, nonce;
	size_t in_start, in_len, out_start, out_len;
} port = { .fd = -1 };

static uint8_t in[IN_SIZE], out[OUT_SIZE];

bool
port_is_open(void)
{
	return port.fd >= 0;
}

bool
port_pending(void)
{
	return port.out_len > 0;
}

/* A host that knew an agent before this one may be in the midst of a frame. */
static void
announce(void)
{
	port.out_start = 0;
	port.out_len = AGENT_FILLER;
	memset(out, 0, AGENT_FILLER);
	port_send(AGENT_LOST, 0, NULL, 0);
}

bool
port_open(const char *path, int fd)
{
	uint32_t queue;

	if (path != NULL)
		fd = (int)sys_open(path, O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0)
		return false;
	sys_nonblock(fd, true);
	port.fd = fd;
	/* Half the queue: the other half takes what comes before a session. */
	queue = sys_tty_raw(fd);
	port.link_window = queue / 2;
	port.state = LOOKING;
	port.in_start = port.in_len = port.out_start = port.out_len = 0;
	announce();
	return true;
}

void
port_close(void)
{
	stream_close_all();
	sys_close(port.fd);
	port.fd = -1;
	port.out_len = 0;
}

/* --- out --- */

static size_t
room(void)
{
	return OUT_SIZE - port.out_len;
}

bool
port_has_room(size_t payload)
{
	return room() >= AGENT_HEAD_SIZE + payload + ANSWERS;
}

static uint8_t *
out_end(size_t need)
{
	if (port.out_start + port.out_len + need > OUT_SIZE) {
		memmove(out, out + port.out_start, port.out_len);
		port.out_start = 0;
	}
	return out + port.out_start + port.out_len;
}

void
port_send(uint8_t type, uint32_t stream, const void *payload, size_t len)
{
	uint8_t *p;

	if (port.fd < 0 || room() < AGENT_HEAD_SIZE + len)
		return;
	p = out_end(AGENT_HEAD_SIZE + len);
	agent_head_put(p, type, stream, (uint32_t)len);
	memcpy(p + AGENT_HEAD_SIZE, payload, len);
	port.out_len += AGENT_HEAD_SIZE + len;
}

uint8_t *
port_payload(size_t *max)
{
	size_t n = room() - ANSWERS - AGENT_HEAD_SIZE;

	*max = n < AGENT_PAYLOAD_MAX ? n : AGENT_PAYLOAD_MAX;
	return out_end(AGENT_HEAD_SIZE + *max) + AGENT_HEAD_SIZE;
}

void
port_commit(uint8_t type, uint32_t stream, size_t len)
{
	agent_head_put(out + port.out_start + port.out_len, type, stream, (uint32_t)len);
	port.out_len += AGENT_HEAD_SIZE + len;
}

bool
port_flush(void)
{
	long n;

	while (port.fd >= 0 && port.out_len > 0) {
		n = sys_write(port.fd, out + port.out_start, port.out_len);
		if (n == -EAGAIN || n == -EINTR || n == 0)
			break;
		if (n < 0)
			return false;
		port.out_start += (size_t)n;
		port.out_len -= (size_t)n;
	}
	return true;
}

/* --- in --- */

static void
send_welcome(void)
{
	uint8_t w[AGENT_WELCOME_SIZE + 128];
	char *name = (char *)w + AGENT_WELCOME_SIZE;

	memset(w, 0, sizeof(w));
	put_le32(w, AGENT_VERSION);
	put_le64(w + 4, port.host_nonce);
	put_le64(w + 12, port.nonce);
	put_le32(w + 20, port.link_window);
	put_le32(w + 24, STREAM_WINDOW);
	put_le32(w + 28, STREAMS);
	put_le32(w + 32, (agent.init ? AGENT_FEATURE_INIT : 0) | (agent.system ? AGENT_FEATURE_SYSTEM : 0));
	service_state(w + 36);
	sys_name(name, 127);
	port_send(AGENT_WELCOME, 0, w, AGENT_WELCOME_SIZE + text_len(name));
}

void
port_event(void)
{
	uint8_t event[AGENT_EVENT_SIZE];

	service_state(event);
	if (port.state == OPEN)
		port_send(AGENT_EVENT, 0, event, sizeof(event));
}

void
port_lost(void)
{
	stream_close_all();
	port.state = LOOKING;
}

static void
hello(const uint8_t *payload)
{
	uint64_t nonce = get_le64(payload + 4);

	if (port.state == OPEN)
		port_lost();
	if (port.state != GREETED || nonce != port.host_nonce) {
		port.host_nonce = nonce;
		sys_random(&port.nonce, sizeof(port.nonce));
		port.state = GREETED;
	}
	send_welcome();
}

static void
take(size_t n)
{
	port.in_start += n;
	port.in_len -= n;
}

/* One frame, or a byte that begins none; false: more is needed. */
static bool
look(void)
{
	const uint8_t *p = in + port.in_start;
	struct agent_head h;

	if (port.in_len < AGENT_HEAD_SIZE)
		return false;
	if (!agent_head_get(p, &h) ||
	    !((h.type == AGENT_HELLO && h.length == AGENT_HELLO_SIZE) ||
		(h.type == AGENT_START && h.length == AGENT_START_SIZE && port.state == GREETED))) {
		take(1);
		return true;
	}
	if (port.in_len < AGENT_HEAD_SIZE + h.length)
		return false;
	take(AGENT_HEAD_SIZE + h.length);
	if (h.type == AGENT_HELLO) {
		hello(p + AGENT_HEAD_SIZE);
	} else if (get_le64(p + AGENT_HEAD_SIZE) == port.nonce) {
		port.state = OPEN;
		port.read = (uint32_t)port.in_len;
		port.acked = 0;
	}
	return true;
}

static bool
frame(void)
{
	const uint8_t *p = in + port.in_start;
	struct agent_head h;
	bool good;

	if (port.in_len < AGENT_HEAD_SIZE)
		return false;
	good = agent_head_get(p, &h);
	if (good && port.in_len < AGENT_HEAD_SIZE + h.length)
		return false;
	if (good) {
		take(AGENT_HEAD_SIZE + h.length);
		p += AGENT_HEAD_SIZE;
		if (h.type == AGENT_HELLO && h.length == AGENT_HELLO_SIZE)
			hello(p);
		else if (h.type == AGENT_OPEN && h.stream != 0)
			stream_open(h.stream, p, h.length);
		else
			good = stream_frame(&h, p);
	}
	if (!good) {
		port_lost();
		port_send(AGENT_LOST, 0, NULL, 0);
	}
	return true;
}

static void
acknowledge(void)
{
	uint8_t ack[4];

	if (port.state != OPEN || port.link_window == 0 || port.read - port.acked < port.link_window / 4)
		return;
	port.acked = port.read;
	put_le32(ack, port.acked);
	port_send(AGENT_ACK, 0, ack, sizeof(ack));
}

static void
parse(void)
{
	while (room() >= ANSWER && (port.state == OPEN ? frame() : look()))
		;
	acknowledge();
}

void
port_prepare(struct sys_poll *p)
{
	*p = (struct sys_poll){ .fd = port.fd, .read = room() >= ANSWERS / 2, .write = port.out_len > 0 };
}

bool
port_handle(const struct sys_poll *p)
{
	long n;

	if (port.fd < 0)
		return true;
	if (p->writable && !port_flush())
		return false;
	if (p->readable && port.in_len < IN_SIZE) {
		if (port.in_start > 0) {
			memmove(in, in + port.in_start, port.in_len);
			port.in_start = 0;
		}
		n = sys_read(port.fd, in + port.in_len, IN_SIZE - port.in_len);
		if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR))
			return false;
		if (n > 0) {
			port.in_len += (size_t)n;
			port.read += (uint32_t)n;
		}
	}
	parse();
	return true;
}
