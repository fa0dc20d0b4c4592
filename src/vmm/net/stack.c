/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libslirp's callbacks and poll loop.
 */
#include "vmm/net/stack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"

enum {
	BATCH = 16, /* frames read in one go */
	BACKLOG = 128,
	POLLS_SPARE = 32,
};

static int64_t
now_ms(void)
{
	return (int64_t)(clock_now_ns() / 1000000);
}

/* --- frames to the guest --- */

static void
flush(struct stack *s)
{
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	unsigned i, n;
	int sent;

	while (s->waiting > 0 && !s->ended) {
		n = s->waiting < BATCH ? s->waiting : BATCH;
		memset(m, 0, n * sizeof(m[0]));
		for (i = 0; i < n; i++) {
			struct stack_frame *f = &s->ring[(s->head + i) % STACK_RING_FRAMES];

			iov[i] = (struct iovec){ f->bytes, f->len };
			m[i].msg_hdr.msg_iov = &iov[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		sent = sendmmsg(s->frames_fd, m, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			s->ended = errno != EAGAIN && errno != EWOULDBLOCK;
			return;
		}
		s->head = (s->head + (unsigned)sent) % STACK_RING_FRAMES;
		s->waiting -= (unsigned)sent;
	}
}

static ssize_t
cb_send(const void *bytes, size_t len, void *arg)
{
	struct stack *s = arg;
	struct stack_frame *f;
	struct frame parsed;

	if (s->waiting == STACK_RING_FRAMES)
		flush(s);
	if (s->waiting == STACK_RING_FRAMES || len > sizeof(f->bytes) - FRAME_VIRTIO_BYTES) {
		s->out_dropped++;
		return (ssize_t)len;
	}
	frame_parse(&parsed, bytes, len);
	filter_in(&s->filter, &parsed, now_ms());
	f = &s->ring[(s->head + s->waiting++) % STACK_RING_FRAMES];
	memset(f->bytes, 0, FRAME_VIRTIO_BYTES);
	/* It has come through memory alone: the guest need not check it. */
	f->bytes[0] = FRAME_FLAG_DATA_VALID;
	memcpy(f->bytes + FRAME_VIRTIO_BYTES, bytes, len);
	f->len = (uint16_t)(FRAME_VIRTIO_BYTES + len);
	return (ssize_t)len;
}

/* --- frames from the guest --- */

static void
input(struct stack *s, uint8_t *bytes, size_t len)
{
	uint8_t *ether = bytes + FRAME_VIRTIO_BYTES, no[FRAME_REFUSAL_BYTES_MAX];
	struct frame parsed;
	size_t refusal;

	if (len < FRAME_VIRTIO_BYTES + FRAME_ETHER_BYTES || !frame_finish(bytes, ether, len - FRAME_VIRTIO_BYTES)) {
		s->in_dropped++;
		return;
	}
	frame_parse(&parsed, ether, len - FRAME_VIRTIO_BYTES);
	if (filter_out(&s->filter, &parsed, now_ms())) {
		slirp_input(s->slirp, ether, (int)(len - FRAME_VIRTIO_BYTES));
		return;
	}
	refusal = frame_refusal(&parsed, ether, no);
	if (refusal > 0)
		(void)cb_send(no, refusal, s);
}

static void
receive(struct stack *s)
{
	static uint8_t bytes[BATCH][FRAME_VIRTIO_BYTES + FRAME_BYTES_MAX];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	int i, n;

	memset(m, 0, sizeof(m));
	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(s->frames_fd, m, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		s->ended = true;
	for (i = 0; i < n; i++) {
		if (m[i].msg_len == 0)
			s->ended = true;
		else if ((m[i].msg_hdr.msg_flags & MSG_TRUNC) != 0)
			s->in_dropped++;
		else
			input(s, bytes[i], m[i].msg_len);
	}
}

/* --- callbacks --- */

static void
cb_guest_error(const char *message, void *arg)
{
	struct stack *s = arg;

	(void)message;
	s->guest_errors++;
}

static int64_t
cb_clock(void *arg)
{
	(void)arg;
	return (int64_t)clock_now_ns();
}

static void *
cb_timer_new(SlirpTimerCb fn, void *fn_arg, void *arg)
{
	struct stack *s = arg;

	s->timer = fn;
	s->timer_arg = fn_arg;
	return &s->timer;
}

static void
cb_timer_free(void *timer, void *arg)
{
	struct stack *s = arg;

	(void)timer;
	s->timer_ms = 0;
}

static void
cb_timer_mod(void *timer, int64_t expire_ms, void *arg)
{
	struct stack *s = arg;

	(void)timer;
	s->timer_ms = expire_ms;
}

/* The loop asks libslirp for its descriptors in each round. */
static void
cb_poll_fd(int fd, void *arg)
{
	(void)fd;
	(void)arg;
}

static void
cb_notify(void *arg)
{
	(void)arg;
}

static const SlirpCb callbacks = {
	.send_packet = cb_send,
	.guest_error = cb_guest_error,
	.clock_get_ns = cb_clock,
	.timer_new = cb_timer_new,
	.timer_free = cb_timer_free,
	.timer_mod = cb_timer_mod,
	.register_poll_fd = cb_poll_fd,
	.unregister_poll_fd = cb_poll_fd,
	.notify = cb_notify,
};

/* --- the loop --- */

static bool
is_listener(const struct stack *s, int fd)
{
	unsigned i;

	for (i = 0; i < s->nlisteners; i++)
		if (s->listeners[i] == fd)
			return true;
	return false;
}

static int
cb_add_poll(int fd, int events, void *arg)
{
	struct stack *s = arg;
	struct pollfd p = { .fd = fd };

	/* Without a descriptor left a connection could not be accepted, and would wake us for ever. */
	if (s->congested || (s->npolls >= s->polls_max && is_listener(s, fd)))
		events &= SLIRP_POLL_OUT;
	if ((events & SLIRP_POLL_IN) != 0)
		p.events |= POLLIN;
	if ((events & SLIRP_POLL_OUT) != 0)
		p.events |= POLLOUT;
	if ((events & SLIRP_POLL_PRI) != 0)
		p.events |= POLLPRI;
	/* Errors, which poll() reports unasked, wait too. */
	if (p.events == 0)
		p.fd = -1;
	*vec_push(s->polls, s->npolls, s->polls_cap) = p;
	return (int)(s->npolls - 1);
}

static int
cb_revents(int i, void *arg)
{
	struct stack *s = arg;
	short r = s->polls[i].revents;

	return ((r & POLLIN) != 0 ? SLIRP_POLL_IN : 0) | ((r & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0) |
	       ((r & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0) | ((r & POLLERR) != 0 ? SLIRP_POLL_ERR : 0) |
	       ((r & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0);
}

static int
timeout_ms(const struct stack *s, uint32_t slirp_ms)
{
	int64_t t = slirp_ms > INT32_MAX ? -1 : (int64_t)slirp_ms, left;

	if (s->timer_ms > 0) {
		left = s->timer_ms - now_ms();
		left = left < 0 ? 0 : left;
		t = t < 0 || left < t ? left : t;
	}
	return (int)t;
}

static void
timer_run(struct stack *s)
{
	if (s->timer_ms > 0 && s->timer_ms <= now_ms()) {
		s->timer_ms = 0;
		s->timer(s->timer_arg);
	}
}

int
stack_run(struct stack *s, struct err *err)
{
	uint32_t ms;
	int n;

	while (!s->ended) {
		s->congested = s->waiting > STACK_RING_FRAMES / 2;
		s->npolls = 0;
		*vec_push(s->polls, s->npolls, s->polls_cap) =
		    (struct pollfd){ .fd = s->frames_fd, .events = (short)(POLLIN | (s->waiting > 0 ? POLLOUT : 0)) };
		ms = UINT32_MAX;
		slirp_pollfds_fill(s->slirp, &ms, cb_add_poll, s);
		n = poll(s->polls, s->npolls, timeout_ms(s, ms));
		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for the network");
		/* In this order: what waited for the guest's ARP reply goes out at once. */
		if (n > 0 && s->polls[0].revents != 0)
			receive(s);
		slirp_pollfds_poll(s->slirp, n < 0, cb_revents, s);
		timer_run(s);
		flush(s);
	}
	return 0;
}

/* --- begin and end --- */

static struct in_addr
in(uint32_t addr)
{
	return (struct in_addr){ htonl(addr) };
}

static int
bind_forward(struct stack *s, const struct net_forward *f, struct err *err)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr host = in(f->host_addr);

	if (slirp_add_hostfwd(s->slirp, f->udp, host, f->host_port, in(f->guest_addr), f->guest_port) == 0)
		return 0;
	return err_sys(err, "cannot listen on %s:%u/%s", inet_ntop(AF_INET, &host, text, sizeof(text)), f->host_port,
	    f->udp ? "udp" : "tcp");
}

/* libslirp lets one connection wait to be accepted: several that come at once would wait for a second. */
static int
cb_listener(int fd, int events, void *arg)
{
	struct stack *s = arg;
	socklen_t len = sizeof(int);
	int listens = 0;

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens &&
	    s->nlisteners < nitems(s->listeners)) {
		s->listeners[s->nlisteners++] = fd;
		(void)listen(fd, BACKLOG);
	}
	return -1;
}

int
stack_open(struct stack *s, const struct net_config *config, struct err *err)
{
	const SlirpConfig c = {
		.version = 1,
		.in_enabled = true,
		.vnetwork = in(NET_NETWORK),
		.vnetmask = in(NET_MASK),
		.vhost = in(NET_HOST),
		.vdhcp_start = in(NET_GUEST),
		.vnameserver = in(NET_DNS),
		.if_mtu = STACK_MTU,
		.if_mru = STACK_MTU,
	};
	struct rlimit limit = { .rlim_cur = 1024 };
	uint32_t ms = 0;
	unsigned i;

	memset(s, 0, sizeof(*s));
	s->config = config;
	s->frames_fd = config->frames_fd;
	filter_init(&s->filter, config);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	s->polls_max = limit.rlim_cur > 2 * POLLS_SPARE ? (size_t)limit.rlim_cur - POLLS_SPARE : POLLS_SPARE;
	s->slirp = slirp_new(&c, &callbacks, s);
	if (s->slirp == NULL)
		return err_set(err, "libslirp %s refuses to start", slirp_version_string());
	for (i = 0; i < config->nforwards; i++)
		if (bind_forward(s, &config->forwards[i], err) < 0)
			return -1;
	slirp_pollfds_fill(s->slirp, &ms, cb_listener, s);
	/* libslirp looks at the clock here alone; before, a new socket would be as old as the host. */
	slirp_pollfds_poll(s->slirp, 1, cb_revents, s);
	return 0;
}

void
stack_close(struct stack *s)
{
	if (s->slirp != NULL)
		slirp_cleanup(s->slirp);
	free(s->polls);
	s->slirp = NULL;
	s->polls = NULL;
}
