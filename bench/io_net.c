/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network device: frames of an Ethernet's size and of segmentation
 * offload's both ways, between its ring and the far end of its socket, which is
 * another thread's; beside the same two threads with the socket alone.
 */
#include "io.h"
#include "vmm/virtio/net.h"

#include <signal.h>
#include <sys/socket.h>

enum {
	Q_RX = 0,
	Q_TX = 1,
	RING = 256,
	SLOTS = 64,
};

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

struct peer {
	pthread_t thread;
	int fd;
	size_t bytes;
	bool sends;
	uint8_t frame[VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MAX];
};

/* Sends until nobody receives, or receives until nobody sends. */
static void *
peer_main(void *arg)
{
	struct peer *p = arg;

	memcpy(p->frame + VIRTIO_NET_HEADER_BYTES, mac, sizeof(mac));
	if (p->sends)
		while (send(p->fd, p->frame, p->bytes, MSG_NOSIGNAL) > 0)
			continue;
	else
		while (recv(p->fd, p->frame, sizeof(p->frame), 0) > 0)
			continue;
	return NULL;
}

/* The near end. */
static int
peer_start(struct peer *p, size_t bytes, bool sends)
{
	int fds[2];

	IO_MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
	p->fd = fds[1];
	p->bytes = bytes;
	p->sends = sends;
	IO_MUST(pthread_create(&p->thread, NULL, peer_main, p) == 0);
	return fds[0];
}

static void
peer_stop(struct peer *p)
{
	IO_MUST(pthread_join(p->thread, NULL) == 0);
	(void)close(p->fd);
}

static double
plain(struct peer *p, size_t bytes, bool receive)
{
	static uint8_t buf[VIRTIO_NET_HEADER_BYTES + VIRTIO_NET_FRAME_MAX];
	const int fd = peer_start(p, bytes, receive);
	const double start = io_now();
	double end = start;
	uint64_t n;

	for (n = 0; end - start < io_seconds; n++) {
		IO_MUST((receive ? recv(fd, buf, sizeof(buf), 0) : send(fd, buf, bytes, 0)) == (ssize_t)bytes);
		end = io_now();
	}
	(void)close(fd);
	peer_stop(p);
	return (double)n / (end - start);
}

/* Keeps all slots in flight; frames a second. */
static double
drive(struct driver *d, size_t bytes, bool receive, uint64_t *frames)
{
	const uint64_t buffers = ring_alloc(d->host, SLOTS * roundup(bytes, 64));
	double start, end;
	uint64_t n = 0;
	uint32_t len;
	unsigned i;

	for (i = 0; i < SLOTS; i++) {
		ring_desc(&d->ring, (uint16_t)(i * SLOT_DESCS), buffers + i * roundup(bytes, 64), (uint32_t)bytes,
		    receive ? 2 : 0, 0);
		driver_offer(d, i);
	}
	driver_kick(d);
	for (start = end = io_now(); end - start < io_seconds; end = io_now()) {
		do {
			i = driver_take(d, &len) / SLOT_DESCS;
			IO_MUST(!receive || len == bytes);
			driver_offer(d, i);
			n++;
		} while (driver_used(d) && n % RING != 0);
		driver_kick(d);
	}
	*frames = n;
	return (double)n / (end - start);
}

static void
measure(size_t frame, bool receive)
{
	const size_t bytes = VIRTIO_NET_HEADER_BYTES + frame;
	static struct virtio_net net;
	static struct peer peer;
	struct driver d, other;
	struct io_loop loop;
	struct ring_host h;
	struct err err;
	double raw, device;
	char name[64];
	uint64_t n;

	raw = plain(&peer, bytes, receive);
	ring_host_init(&h);
	IO_MUST(virtio_net_init(&net, 0, peer_start(&peer, bytes, receive), mac, &err) == 0);
	ring_attach(&h, &net.device, VIRTIO_F_EVENT_IDX | VIRTIO_NET_F_MRG_RXBUF);
	driver_init(&d, &h, &net.device, receive ? Q_RX : Q_TX, RING);
	driver_init(&other, &h, &net.device, receive ? Q_TX : Q_RX, RING);
	io_loop_start(&loop, &h, &net.device);
	ring_run(&net.device);
	device = drive(&d, bytes, receive, &n);
	io_loop_stop(&loop);
	virtio_net_release(&net);
	peer_stop(&peer);
	ring_host_release(&h);
	(void)snprintf(name, sizeof(name), "net %s, frames of %zu", receive ? "receive" : "send", frame);
	io_result(name, raw, device, "frame/s", &d, (double)n);
	(void)snprintf(name, sizeof(name), "net %s, bytes in frames of %zu", receive ? "receive" : "send", frame);
	io_result(name, raw * (double)frame / 1e6, device * (double)frame / 1e6, "MB/s", &d, (double)n);
}

void
io_net(void)
{
	static const size_t frames[] = { 60, 1514, 65226 };
	unsigned i;

	for (i = 0; i < nitems(frames); i++) {
		measure(frames[i], false);
		measure(frames[i], true);
	}
}
