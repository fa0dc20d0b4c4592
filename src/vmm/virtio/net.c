/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio net: frames between the queues and the backend.  A frame is read
 * straight into the guest's next buffer; only what does not fit there passes
 * through memory of ours, into further buffers where the driver merges them.
 */
#include "vmm/virtio/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/endian.h"
#include "vmm/virtio/net_control.h"

enum {
	QUEUE_SIZE = 256,
	CONTROL_SIZE = 64,
	Q_RX = 0,
	Q_TX = 1,
	Q_CONTROL = 2,
	QUEUES = 3,
	BATCH = 128, /* frames in one go: the loop has others to serve */
	MERGE_MAX = 64, /* buffers of one frame */
	CONFIG_STATUS = 6,
	LINK_UP = 1,
	HEADER_FLAGS = 0,
	HEADER_NUM_BUFFERS = 10,
};

#define FEATURES                                                                                                       \
	(VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CTRL_VQ |                      \
	    VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_CSUM |       \
	    VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4)
/* smol-net speaks IPv4, and its segments are never longer than the guest's own. */
#define TAP_FEATURES                                                                                                   \
	(VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN | VIRTIO_NET_F_HOST_TSO6 |         \
	    VIRTIO_NET_F_HOST_ECN)

/* --- the backend --- */

static void
watch(struct virtio_net *v)
{
	struct virtio_device *d = &v->device;
	struct err ignored;
	uint32_t events = 0;

	if (!v->ended && virtio_running(d)) {
		if (virtqueue_waiting(&d->queues[Q_RX]))
			events |= EPOLLIN;
		if (v->stuck)
			events |= EPOLLOUT;
	}
	(void)loop_set(d->loop, &v->backend, events, &ignored);
}

static void
link_down(struct virtio_net *v)
{
	v->ended = true;
	v->stuck = false;
	put_le16(v->config + CONFIG_STATUS, 0);
	virtio_config_changed(&v->device);
}

static bool
not_now(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Bytes of one frame and its header; 0: there is none. One that is too long for the list is lost, as -1. */
static ssize_t
backend_read(struct virtio_net *v, struct iovec *iov, unsigned n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
	ssize_t len =
	    v->tap ? readv(v->backend.fd, iov, (int)n) : recvmsg(v->backend.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (len < 0 && not_now(errno))
		return 0;
	if (len <= 0) {
		link_down(v);
		return 0;
	}
	return len < VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MIN || (m.msg_flags & MSG_TRUNC) != 0 ? -1 : len;
}

/* 1: gone; 0: not now; -1: refused. */
static int
backend_write(struct virtio_net *v, const struct virtqueue_chain *c)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)c->iov, .msg_iovlen = c->nout };
	ssize_t n;

	if (v->ended)
		return -1;
	n = v->tap ? writev(v->backend.fd, c->iov, (int)c->nout)
		   : sendmsg(v->backend.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0)
		return 1;
	if (not_now(errno))
		return 0;
	if (!v->tap && (errno == EPIPE || errno == ECONNRESET || errno == ECONNREFUSED || errno == ENOTCONN))
		link_down(v);
	return -1;
}

/* --- to the guest --- */

/*
 * The part of a frame that the first buffer did not hold, into further ones,
 * which join it in the used ring; how many, or 0: there are not enough.
 */
static unsigned
merge(struct virtio_net *v, size_t len)
{
	struct virtqueue *q = &v->device.queues[Q_RX];
	static __thread struct virtqueue_chain c;
	unsigned n = 0;
	size_t at = 0, part;

	while (at < len) {
		if (n == MERGE_MAX - 1 || virtqueue_pop(q, &c) <= 0) {
			virtqueue_unpop(q, n);
			return 0;
		}
		n++;
		part = iov_write(c.iov + c.nout, c.nin, 0, v->overflow + at, len - at);
		virtqueue_stage(q, n, c.head, (uint32_t)part);
		at += part;
	}
	return n;
}

/* What is read into the chain already becomes the driver's. */
static void
deliver(struct virtio_net *v, const struct virtqueue_chain *c, size_t len)
{
	struct virtqueue *q = &v->device.queues[Q_RX];
	const struct iovec *iov = c->iov + c->nout;
	static const uint8_t none;
	uint8_t buffers[2];
	unsigned more = 0;

	if (len > c->in_bytes) {
		if (virtio_has(&v->device, VIRTIO_NET_F_MRG_RXBUF))
			more = merge(v, len - c->in_bytes);
		if (more == 0) {
			virtqueue_unpop(q, 1);
			v->rx_dropped++;
			return;
		}
	}
	put_le16(buffers, (uint16_t)(1 + more));
	(void)iov_write(iov, c->nin, HEADER_NUM_BUFFERS, buffers, sizeof(buffers));
	if (!virtio_has(&v->device, VIRTIO_NET_F_GUEST_CSUM))
		(void)iov_write(iov, c->nin, HEADER_FLAGS, &none, 1);
	virtqueue_stage(q, 0, c->head, (uint32_t)u64_min(len, c->in_bytes));
	virtqueue_publish(q, 1 + more);
	v->rx_frames++;
	v->rx_bytes += len - VIRTIO_NET_HEADER_BYTES;
}

/* One frame; false: there is none, or no buffer for it. */
static bool
receive_one(struct virtio_net *v)
{
	struct virtqueue *q = &v->device.queues[Q_RX];
	static __thread struct virtqueue_chain c;
	struct iovec iov[VIRTQUEUE_IOV_MAX + 1];
	uint8_t to[6];
	ssize_t len;

	if (virtqueue_pop(q, &c) <= 0)
		return false;
	if (c.in_bytes < VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MIN) {
		/* No frame fits into it, now or later. */
		virtqueue_push(q, c.head, 0);
		v->rx_dropped++;
		return true;
	}
	memcpy(iov, c.iov + c.nout, c.nin * sizeof(iov[0]));
	iov[c.nin] = (struct iovec){ v->overflow, sizeof(v->overflow) };
	len = backend_read(v, iov, c.nin + 1);
	if (len <= 0) {
		virtqueue_unpop(q, 1);
		v->rx_dropped += len < 0;
		return len < 0;
	}
	(void)iov_read(c.iov + c.nout, c.nin, VIRTIO_NET_HEADER_BYTES, to, sizeof(to));
	if (!virtio_net_wants(&v->filter, to)) {
		virtqueue_unpop(q, 1);
		v->rx_filtered++;
		return true;
	}
	deliver(v, &c, (size_t)len);
	return true;
}

static void
receive(struct virtio_net *v)
{
	struct virtio_device *d = &v->device;
	unsigned n;

	for (n = 0; n < BATCH && !v->ended && receive_one(v); n++)
		continue;
	virtio_used(d, Q_RX);
	if (d->queues[Q_RX].broken)
		virtio_needs_reset(d);
}

/* --- from the guest --- */

static void
transmit(struct virtio_net *v)
{
	struct virtio_device *d = &v->device;
	struct virtqueue *q = &d->queues[Q_TX];
	static __thread struct virtqueue_chain c;
	unsigned n;
	int sent;

	v->stuck = false;
	for (n = 0; n < BATCH && virtqueue_pop(q, &c) > 0; n++) {
		sent = -1;
		if (c.nin == 0 && c.out_bytes >= VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MIN &&
		    c.out_bytes <= VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MAX)
			sent = backend_write(v, &c);
		if (sent == 0) {
			virtqueue_unpop(q, 1);
			v->stuck = true;
			break;
		}
		virtqueue_push(q, c.head, 0);
		v->tx_frames += sent > 0;
		v->tx_bytes += sent > 0 ? c.out_bytes - VIRTIO_NET_HEADER_BYTES : 0;
		v->tx_dropped += sent < 0;
	}
	/* The rest after the others' turn. */
	if (n == BATCH)
		virtio_notify_again(d, Q_TX);
	virtio_used(d, Q_TX);
	if (q->broken)
		virtio_needs_reset(d);
}

/* --- the device --- */

static void
backend_event(void *arg, uint32_t events)
{
	struct virtio_net *v = arg;
	struct virtio_device *d = &v->device;

	(void)pthread_mutex_lock(&d->lock);
	if (virtio_running(d)) {
		if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0 && v->stuck)
			transmit(v);
		if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
			receive(v);
		watch(v);
	}
	(void)pthread_mutex_unlock(&d->lock);
}

static void
notify(struct virtio_device *d, unsigned queue)
{
	struct virtio_net *v = d->self;

	switch (queue) {
	case Q_RX:
		receive(v);
		break;
	case Q_TX:
		transmit(v);
		break;
	default:
		virtio_net_control(&v->filter, d, Q_CONTROL);
		break;
	}
	watch(v);
}

/* What a tap may hand over. */
static void
start(struct virtio_device *d)
{
	struct virtio_net *v = d->self;
	unsigned long offloads = 0;

	if (virtio_has(d, VIRTIO_NET_F_GUEST_CSUM)) {
		offloads = TUN_F_CSUM;
		offloads |= virtio_has(d, VIRTIO_NET_F_GUEST_TSO4) ? TUN_F_TSO4 : 0;
		offloads |= virtio_has(d, VIRTIO_NET_F_GUEST_TSO6) ? TUN_F_TSO6 : 0;
		if ((offloads & (TUN_F_TSO4 | TUN_F_TSO6)) != 0 && virtio_has(d, VIRTIO_NET_F_GUEST_ECN))
			offloads |= TUN_F_TSO_ECN;
	}
	if (v->tap)
		(void)ioctl(v->backend.fd, TUNSETOFFLOAD, offloads);
	watch(v);
}

static void
reset(struct virtio_device *d)
{
	struct virtio_net *v = d->self;

	v->stuck = false;
	d->queues[Q_RX].ready = false;
	virtio_net_filter_reset(&v->filter, v->mac);
	watch(v);
}

static const struct virtio_counter counters[] = {
	{ "rx_frames", offsetof(struct virtio_net, rx_frames) },
	{ "rx_bytes", offsetof(struct virtio_net, rx_bytes) },
	{ "tx_frames", offsetof(struct virtio_net, tx_frames) },
	{ "tx_bytes", offsetof(struct virtio_net, tx_bytes) },
	{ "rx_filtered", offsetof(struct virtio_net, rx_filtered) },
	{ "rx_dropped", offsetof(struct virtio_net, rx_dropped) },
	{ "tx_dropped", offsetof(struct virtio_net, tx_dropped) },
	{ NULL, 0 },
};

static const struct virtio_ops ops = {
	.type = VIRTIO_NET,
	.name = "net",
	.counters = counters,
	.features = FEATURES,
	.notify = notify,
	.start = start,
	.reset = reset,
};

/* Which backend it is; what it cannot do is said here. */
static int
backend_look(struct virtio_net *v, struct err *err)
{
	struct ifreq r;
	socklen_t len = sizeof(int);
	int fd = v->backend.fd, flags = fcntl(fd, F_GETFL), type, header = 0;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(err, "the network's descriptor %d", fd);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0)
		return type == SOCK_SEQPACKET || type == SOCK_DGRAM
			   ? 0
			   : err_set(err, "the network's socket keeps no frames apart: want SOCK_SEQPACKET");
	memset(&r, 0, sizeof(r));
	if (ioctl(fd, TUNGETIFF, &r) < 0)
		return err_set(err, "the network's descriptor %d is neither a tap nor a socket", fd);
	v->tap = true;
	/* IFF_NO_PI cannot be seen: where there is no packet filter its bit is set all the same (IFF_NOFILTER). */
	if ((r.ifr_flags & IFF_TAP) == 0 || (r.ifr_flags & IFF_VNET_HDR) == 0 ||
	    ioctl(fd, TUNGETVNETHDRSZ, &header) < 0 || header != VIRTIO_NET_HEADER_BYTES)
		return err_set(err, "the tap '%.15s' must be opened with a virtio-net header of %d bytes", r.ifr_name,
		    VIRTIO_NET_HEADER_BYTES);
	return 0;
}

int
virtio_net_init(struct virtio_net *v, unsigned n, int fd, const uint8_t mac[6], struct err *err)
{
	memset(v, 0, offsetof(struct virtio_net, overflow));
	v->backend = (struct loop_source){ .fd = fd, .fn = backend_event, .arg = v };
	memcpy(v->mac, mac, sizeof(v->mac));
	memcpy(v->config, mac, sizeof(v->mac));
	put_le16(v->config + CONFIG_STATUS, LINK_UP);
	virtio_net_filter_reset(&v->filter, mac);
	if (virtio_device_init(&v->device, &ops, v, n, QUEUES, QUEUE_SIZE, v->config, sizeof(v->config), err) < 0)
		return -1;
	v->device.queues[Q_CONTROL].size_max = v->device.queues[Q_CONTROL].size = CONTROL_SIZE;
	if (backend_look(v, err) < 0)
		return -1;
	if (v->tap)
		v->device.features |= TAP_FEATURES;
	return 0;
}

void
virtio_net_release(struct virtio_net *v)
{
	virtio_device_release(&v->device);
	if (v->backend.fd >= 0)
		(void)close(v->backend.fd);
	v->backend.fd = -1;
}
