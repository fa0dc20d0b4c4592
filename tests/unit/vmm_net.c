/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network device against a driver of its rings and a socket as backend:
 * frames both ways, what is dropped, what waits, commands, hostile chains.
 */
#include "vmm/virtio/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "test.h"
#include "vmm_ring.h"

enum { RX, TX, CONTROL, QUEUES, SIZE = 64, HEADER = VIRTIO_NET_HEADER_BYTES, FRAME = 60, BUFFER = 2048 };

static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

struct bench {
	struct ring_host host;
	struct virtio_net net;
	struct ring rings[QUEUES];
	int peer; /* the backend's other end */
};

static void
bench_init(struct bench *b, uint64_t features)
{
	int fds[2], failed;
	struct err err;
	unsigned q;

	ring_host_init(&b->host);
	failed = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
	CHECK(failed == 0 && virtio_net_init(&b->net, 0, fds[0], mac, &err) == 0);
	b->peer = fds[1];
	(void)fcntl(b->peer, F_SETFL, O_NONBLOCK);
	ring_attach(&b->host, &b->net.device, features | VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC);
	for (q = 0; q < QUEUES; q++)
		ring_make(&b->rings[q], &b->host, &b->net.device, q, SIZE);
	ring_run(&b->net.device);
}

static void
bench_release(struct bench *b)
{
	virtio_net_release(&b->net);
	if (b->peer >= 0)
		(void)close(b->peer);
	ring_host_release(&b->host);
}

/* len bytes behind a header of zeros, to that address. */
static void
frame_make(uint8_t *p, size_t len, const uint8_t to[6])
{
	size_t i;

	memset(p, 0, HEADER);
	for (i = 0; i < len; i++)
		p[HEADER + i] = (uint8_t)(i * 7 + len);
	memcpy(p + HEADER, to, 6);
}

static void
peer_send(struct bench *b, size_t len, const uint8_t to[6])
{
	static uint8_t frame[HEADER + VIRTIO_NET_FRAME_MAX + 100];

	frame_make(frame, len, to);
	CHECK(send(b->peer, frame, HEADER + len, 0) == (ssize_t)(HEADER + len));
}

/* A buffer for the device to write; its address. */
static uint64_t
post(struct bench *b, uint32_t len)
{
	uint64_t gpa = ring_alloc(&b->host, len);

	(void)ring_add(&b->rings[RX], &(struct ring_buffer){ gpa, len, true }, 1);
	return gpa;
}

static void
turns(struct bench *b)
{
	int n;

	for (n = 0; n < 1000 && ring_turn(&b->host) > 0; n++)
		continue;
	CHECK(n < 1000);
}

/* The next used receive buffer holds that frame's first n bytes, of len. */
static void
check_received(struct bench *b, uint64_t gpa, size_t n, size_t len, unsigned buffers)
{
	static uint8_t want[HEADER + VIRTIO_NET_FRAME_MAX];
	const uint8_t *got = ring_at(&b->host, gpa);
	uint32_t written = 0;
	uint16_t head;

	CHECK(ring_take(&b->rings[RX], &head, &written));
	CHECK(written == n);
	frame_make(want, len, mac);
	want[10] = (uint8_t)buffers;
	CHECK(memcmp(got, want, n) == 0);
}

static bool
none_received(struct bench *b)
{
	uint16_t head;
	uint32_t len;

	return !ring_take(&b->rings[RX], &head, &len);
}

static void
test_receive(void)
{
	struct bench b;
	uint64_t gpa[3];
	unsigned i;

	bench_init(&b, 0);
	for (i = 0; i < 3; i++)
		gpa[i] = post(&b, BUFFER);
	ring_kick(&b.rings[RX]);
	CHECK(none_received(&b) && ring_interrupts(&b.net.device) == 0);
	for (i = 0; i < 3; i++)
		peer_send(&b, FRAME + i, mac);
	turns(&b);
	for (i = 0; i < 3; i++)
		check_received(&b, gpa[i], HEADER + FRAME + i, FRAME + i, 1);
	CHECK(ring_interrupts(&b.net.device) == 1);
	CHECK(b.net.rx_frames == 3 && b.net.rx_bytes == 3 * FRAME + 3 && b.net.rx_dropped == 0);
	bench_release(&b);
}

static void
test_receive_in_pieces(void)
{
	struct bench b;
	uint64_t gpa;
	uint16_t head;
	uint32_t len;

	bench_init(&b, 0);
	/* As NetBSD does: the header's buffer, then the frame's. */
	gpa = ring_alloc(&b.host, HEADER + BUFFER);
	(void)ring_add(
	    &b.rings[RX], (struct ring_buffer[]){ { gpa, HEADER, true }, { gpa + HEADER, BUFFER, true } }, 2);
	peer_send(&b, 1514, mac);
	ring_kick(&b.rings[RX]);
	check_received(&b, gpa, HEADER + 1514, 1514, 1);
	CHECK(!ring_take(&b.rings[RX], &head, &len));
	bench_release(&b);
}

static void
test_receive_waits(void)
{
	struct bench b;
	uint64_t gpa;

	bench_init(&b, 0);
	peer_send(&b, FRAME, mac);
	ring_kick(&b.rings[RX]);
	/* Nothing is read, nothing turns, and the driver is asked to say when there is a buffer. */
	CHECK(ring_turn(&b.host) == 0 && ring_wants_kick(&b.rings[RX]));
	gpa = post(&b, BUFFER);
	ring_kick(&b.rings[RX]);
	check_received(&b, gpa, HEADER + FRAME, FRAME, 1);
	/* Many frames, as many buffers: the last one taken leaves the device asking again. */
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < SIZE; i++)
			(void)post(&b, 256);
		for (unsigned i = 0; i < SIZE + 3; i++)
			peer_send(&b, FRAME, mac);
		ring_kick(&b.rings[RX]);
		turns(&b);
		CHECK(ring_wants_kick(&b.rings[RX]));
		b.rings[RX].used_idx = get_le16(b.rings[RX].used + 2);
	}
	CHECK(b.net.rx_frames == 5 * SIZE + 1 && b.net.rx_dropped == 0);
	bench_release(&b);
}

static void
test_receive_too_long(void)
{
	struct bench b;
	uint64_t gpa;

	bench_init(&b, 0);
	gpa = post(&b, 256);
	(void)post(&b, 256);
	peer_send(&b, 257 - HEADER, mac);
	peer_send(&b, VIRTIO_NET_FRAME_MAX + 100, mac);
	peer_send(&b, VIRTIO_NET_FRAME_MIN - 1, mac);
	peer_send(&b, 256 - HEADER, mac);
	ring_kick(&b.rings[RX]);
	turns(&b);
	CHECK(b.net.rx_dropped == 3);
	check_received(&b, gpa, 256, 256 - HEADER, 1);
	CHECK(none_received(&b));
	bench_release(&b);
}

static void
test_receive_merged(void)
{
	struct bench b;
	uint64_t gpa[4];
	uint32_t len;
	uint16_t head;
	unsigned i;

	bench_init(&b, VIRTIO_NET_F_MRG_RXBUF);
	for (i = 0; i < 4; i++)
		gpa[i] = post(&b, BUFFER);
	/* Five buffers would be needed: dropped, and none is used up. */
	peer_send(&b, 5 * BUFFER - HEADER, mac);
	peer_send(&b, 4 * BUFFER - HEADER, mac);
	ring_kick(&b.rings[RX]);
	turns(&b);
	CHECK(b.net.rx_dropped == 1 && b.net.rx_frames == 1);
	check_received(&b, gpa[0], BUFFER, 4 * BUFFER - HEADER, 4);
	for (i = 1; i < 4; i++) {
		CHECK(ring_take(&b.rings[RX], &head, &len) && len == BUFFER);
		CHECK(
		    *(uint8_t *)ring_at(&b.host, gpa[i]) == (uint8_t)((i * BUFFER - HEADER) * 7 + 4 * BUFFER - HEADER));
	}
	CHECK(none_received(&b));
	bench_release(&b);
}

static void
test_guest_csum(void)
{
	struct bench b;
	uint8_t frame[HEADER + FRAME];
	uint64_t gpa;
	int with;

	for (with = 0; with < 2; with++) {
		bench_init(&b, with ? VIRTIO_NET_F_GUEST_CSUM : 0);
		gpa = post(&b, BUFFER);
		frame_make(frame, FRAME, mac);
		frame[0] = 2; /* DATA_VALID */
		CHECK(send(b.peer, frame, sizeof(frame), 0) > 0);
		ring_kick(&b.rings[RX]);
		CHECK(*(uint8_t *)ring_at(&b.host, gpa) == (with ? 2 : 0));
		bench_release(&b);
	}
}

static uint16_t
transmit(struct bench *b, uint32_t len)
{
	uint64_t gpa = ring_alloc(&b->host, len);

	frame_make(ring_at(&b->host, gpa), len - HEADER, mac);
	return ring_add(&b->rings[TX], &(struct ring_buffer){ gpa, len, false }, 1);
}

static void
test_transmit(void)
{
	static uint8_t got[HEADER + VIRTIO_NET_FRAME_MAX + 1], want[HEADER + VIRTIO_NET_FRAME_MAX];
	static const uint32_t lens[] = { FRAME, 1514, VIRTIO_NET_FRAME_MAX };
	struct bench b;
	uint32_t len;
	uint16_t head;
	unsigned i;

	bench_init(&b, 0);
	for (i = 0; i < nitems(lens); i++)
		(void)transmit(&b, HEADER + lens[i]);
	ring_kick(&b.rings[TX]);
	for (i = 0; i < nitems(lens); i++) {
		CHECK(recv(b.peer, got, sizeof(got), 0) == (ssize_t)(HEADER + lens[i]));
		frame_make(want, lens[i], mac);
		CHECK(memcmp(got, want, HEADER + lens[i]) == 0);
		CHECK(ring_take(&b.rings[TX], &head, &len) && len == 0);
	}
	CHECK(ring_interrupts(&b.net.device) == 1);
	CHECK(b.net.tx_frames == 3 && b.net.tx_dropped == 0);
	bench_release(&b);
}

static void
test_transmit_waits(void)
{
	static uint8_t got[HEADER + VIRTIO_NET_FRAME_MAX];
	struct bench b;
	uint16_t head;
	uint32_t len;
	unsigned i, sent;

	bench_init(&b, 0);
	for (i = 0; i < SIZE; i++)
		(void)transmit(&b, HEADER + 16000);
	ring_kick(&b.rings[TX]);
	/* The socket holds some; the rest stays with the driver, and nothing spins. */
	CHECK(b.net.stuck && b.net.tx_frames < SIZE && b.net.tx_dropped == 0);
	CHECK(ring_turn(&b.host) == 0);
	for (sent = 0; sent < SIZE && recv(b.peer, got, sizeof(got), 0) == HEADER + 16000; sent++)
		turns(&b);
	CHECK(sent == SIZE && !b.net.stuck && b.net.tx_frames == SIZE);
	for (i = 0; ring_take(&b.rings[TX], &head, &len); i++)
		continue;
	CHECK(i == SIZE);
	bench_release(&b);
}

static void
test_transmit_malformed(void)
{
	struct bench b;
	uint64_t gpa;
	uint16_t head;
	uint32_t len;
	unsigned i;

	bench_init(&b, 0);
	gpa = ring_alloc(&b.host, 1 << 20);
	(void)ring_add(&b.rings[TX], &(struct ring_buffer){ gpa, 0, false }, 1);
	(void)ring_add(&b.rings[TX], &(struct ring_buffer){ gpa, HEADER + VIRTIO_NET_FRAME_MIN - 1, false }, 1);
	(void)ring_add(&b.rings[TX], &(struct ring_buffer){ gpa, HEADER + VIRTIO_NET_FRAME_MAX + 1, false }, 1);
	(void)ring_add(&b.rings[TX], &(struct ring_buffer){ gpa, 1 << 20, false }, 1);
	(void)ring_add(&b.rings[TX], &(struct ring_buffer){ gpa, 100, true }, 1);
	(void)ring_add(&b.rings[TX], (struct ring_buffer[]){ { gpa, 100, false }, { gpa, 100, true } }, 2);
	ring_kick(&b.rings[TX]);
	for (i = 0; ring_take(&b.rings[TX], &head, &len); i++)
		CHECK(len == 0);
	CHECK(i == 6 && b.net.tx_dropped == 6 && b.net.tx_frames == 0);
	CHECK(recv(b.peer, &len, sizeof(len), 0) < 0 && errno == EAGAIN);
	/* And the device lives. */
	(void)transmit(&b, HEADER + FRAME);
	ring_kick(&b.rings[TX]);
	CHECK(b.net.tx_frames == 1);
	bench_release(&b);
}

/* A chain that lies breaks its queue, is counted, and the driver must reset. */
static void
test_hostile(void)
{
	static const struct {
		uint64_t gpa;
		uint32_t len;
		uint16_t flags, next, head;
	} lies[] = {
		{ RING_MEM_BYTES - 4, 100, 0, 0, 0 }, /* past the memory */
		{ UINT64_MAX - 8, 100, 0, 0, 0 }, /* around its end */
		{ 4096, 100, 1, 0, 0 }, /* a loop */
		{ 4096, 100, 1, SIZE, 0 }, /* out of the table */
		{ 4096, 100, 0, 0, SIZE }, /* a head out of it */
		{ 4096, 24, 4, 0, 0 }, /* an indirect table of one and a half */
		{ RING_MEM_BYTES, 16, 4, 0, 0 }, /* or nowhere */
	};
	struct bench b;
	unsigned i, q;

	for (q = RX; q < QUEUES; q++) {
		for (i = 0; i < nitems(lies); i++) {
			bench_init(&b, VIRTIO_NET_F_MRG_RXBUF);
			ring_desc(&b.rings[q], 0, lies[i].gpa, lies[i].len, lies[i].flags, lies[i].next);
			ring_offer(&b.rings[q], lies[i].head);
			peer_send(&b, FRAME, mac);
			ring_kick(&b.rings[q]);
			turns(&b);
			CHECK(b.net.device.queues[q].broken && b.net.device.queues[q].dropped == 1);
			CHECK((b.net.device.status & 0x40) != 0 && ring_interrupts(&b.net.device) > 0);
			ring_reset(&b.net.device);
			ring_make(&b.rings[TX], &b.host, &b.net.device, TX, SIZE);
			ring_run(&b.net.device);
			(void)transmit(&b, HEADER + FRAME);
			ring_kick(&b.rings[TX]);
			CHECK(b.net.tx_frames == 1);
			bench_release(&b);
		}
	}
}

/* A command, of those bytes; its answer. */
static int
control(struct bench *b, const uint8_t *bytes, uint32_t len)
{
	uint64_t gpa = ring_alloc(&b->host, len + 1u);
	uint8_t *ack = (uint8_t *)ring_at(&b->host, gpa) + len;
	uint32_t written = 0;
	uint16_t head;

	memcpy(ring_at(&b->host, gpa), bytes, len);
	*ack = 99;
	(void)ring_add(&b->rings[CONTROL], (struct ring_buffer[]){ { gpa, len, false }, { gpa + len, 1, true } }, 2);
	ring_kick(&b->rings[CONTROL]);
	CHECK(ring_take(&b->rings[CONTROL], &head, &written) && written == 1);
	return *ack;
}

/* Does a frame to that address reach the guest? */
static bool
arrives(struct bench *b, const uint8_t to[6])
{
	uint64_t before = b->net.rx_frames;

	(void)post(b, 256);
	peer_send(b, FRAME, to);
	ring_kick(&b->rings[RX]);
	turns(b);
	return b->net.rx_frames > before;
}

static void
test_control(void)
{
	static const uint8_t other[6] = { 2, 0, 0, 0, 0, 1 }, group[6] = { 1, 0, 0x5e, 0, 0, 1 },
			     everyone[6] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t tables[] = { 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1 };
	uint8_t large[2 + 4 + 65 * 6 + 4] = { 1, 0, 65 };
	struct bench b;

	bench_init(&b, 0);
	CHECK(arrives(&b, other) && arrives(&b, group) && arrives(&b, everyone) && arrives(&b, mac));
	CHECK(control(&b, (const uint8_t[]){ 0, 0, 0 }, 3) == 0); /* not promiscuous */
	CHECK(!arrives(&b, other) && !arrives(&b, group) && arrives(&b, everyone) && arrives(&b, mac));
	CHECK(control(&b, (const uint8_t[]){ 0, 1, 1 }, 3) == 0); /* all groups */
	CHECK(!arrives(&b, other) && arrives(&b, group));
	CHECK(control(&b, (const uint8_t[]){ 0, 1, 0 }, 3) == 0);
	CHECK(control(&b, tables, sizeof(tables)) == 0);
	CHECK(arrives(&b, other) && arrives(&b, group));
	CHECK(control(&b, large, sizeof(large)) == 0); /* more than we keep: all, and no group */
	CHECK(arrives(&b, other) && !arrives(&b, group));
	CHECK(control(&b, (const uint8_t[]){ 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 10) == 0);
	CHECK(!arrives(&b, other));
	CHECK(control(&b, (const uint8_t[]){ 1, 1, 2, 0, 0, 0, 0, 1 }, 8) == 0); /* its address */
	CHECK(arrives(&b, other) && !arrives(&b, mac) && memcmp(b.net.config, other, 6) == 0);
	CHECK(control(&b, (const uint8_t[]){ 0, 5, 1 }, 3) == 0); /* no broadcast */
	CHECK(!arrives(&b, everyone));
	/* What is cut short or unknown is refused, and changes nothing. */
	CHECK(control(&b, (const uint8_t[]){ 0 }, 1) == 1 && control(&b, (const uint8_t[]){ 0, 0 }, 2) == 1);
	CHECK(
	    control(&b, (const uint8_t[]){ 0, 6, 1 }, 3) == 1 && control(&b, (const uint8_t[]){ 4, 0, 1, 0 }, 4) == 1);
	CHECK(control(&b, (const uint8_t[]){ 1, 1, 2, 0, 0 }, 5) == 1);
	CHECK(control(&b, (const uint8_t[]){ 1, 0, 255, 255, 255, 255, 0, 0, 0, 0 }, 10) == 1);
	CHECK(control(&b, tables, sizeof(tables) - 1) == 1);
	CHECK(arrives(&b, other) && !arrives(&b, mac));
	bench_release(&b);
}

static void
test_reset(void)
{
	struct bench b;
	uint64_t gpa;

	bench_init(&b, 0);
	(void)post(&b, BUFFER);
	ring_kick(&b.rings[RX]);
	CHECK(control(&b, (const uint8_t[]){ 0, 0, 0 }, 3) == 0 && !b.net.filter.promiscuous);
	ring_reset(&b.net.device);
	peer_send(&b, FRAME, mac);
	/* Nothing is read while the device is down; the frame is there once it is up. */
	CHECK(ring_turn(&b.host) == 0 && b.net.filter.promiscuous);
	ring_make(&b.rings[RX], &b.host, &b.net.device, RX, SIZE);
	gpa = post(&b, BUFFER);
	ring_run(&b.net.device);
	turns(&b);
	check_received(&b, gpa, HEADER + FRAME, FRAME, 1);
	bench_release(&b);
}

static void
test_backend_ends(void)
{
	struct bench b;

	bench_init(&b, 0);
	(void)post(&b, BUFFER);
	ring_kick(&b.rings[RX]);
	(void)close(b.peer);
	b.peer = -1;
	turns(&b);
	CHECK(b.net.ended && get_le16(b.net.config + 6) == 0);
	CHECK(atomic_load(&b.net.device.interrupt) == 2 && ring_interrupts(&b.net.device) == 1);
	(void)transmit(&b, HEADER + FRAME);
	ring_kick(&b.rings[TX]);
	CHECK(b.net.tx_dropped == 1 && ring_turn(&b.host) == 0);
	bench_release(&b);
}

static void
test_backend_kinds(void)
{
	struct virtio_net *v = xcalloc(1, sizeof(*v));
	struct err err;
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	CHECK(virtio_net_init(v, 0, fds[0], mac, &err) < 0);
	CHECK_STR(err.msg, "the network's socket keeps no frames apart: want SOCK_SEQPACKET");
	virtio_net_release(v);
	CHECK(virtio_net_init(v, 0, open("/dev/null", O_RDWR), mac, &err) < 0);
	CHECK(strstr(err.msg, "is neither a tap nor a socket") != NULL);
	virtio_net_release(v);
	CHECK(virtio_net_init(v, 0, -1, mac, &err) < 0);
	virtio_net_release(v);
	(void)close(fds[1]);
	free(v);
}

/* A tap of this process's own network, its header of that size, up; -1: not here. */
static int
tap_open(short flags, int header)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), s = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq r = { .ifr_flags = flags };
	bool good;

	good = fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0 && ioctl(fd, TUNSETVNETHDRSZ, &header) == 0;
	if (good) {
		r.ifr_flags = IFF_UP;
		good = ioctl(s, SIOCSIFFLAGS, &r) == 0;
	}
	if (!good && fd >= 0)
		(void)close(fd);
	(void)close(s);
	return good ? fd : -1;
}

static void
test_tap(void)
{
	static const struct {
		short flags;
		int header;
	} wrong[] = { { IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, 10 }, { IFF_TAP | IFF_NO_PI, 12 },
		{ IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, 12 } };
	const uint64_t tso = VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_HOST_TSO6;
	struct bench b = { .peer = -1 };
	struct err err;
	unsigned i;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ||
	    (fd = tap_open(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, VIRTIO_NET_HEADER_BYTES)) < 0) {
		test_skip("no tap can be made here");
		return;
	}
	ring_host_init(&b.host);
	CHECK(virtio_net_init(&b.net, 0, fd, mac, &err) == 0);
	CHECK(b.net.tap && (b.net.device.features & tso) == tso);
	ring_attach(&b.host, &b.net.device, tso | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MRG_RXBUF);
	ring_make(&b.rings[RX], &b.host, &b.net.device, RX, SIZE);
	ring_make(&b.rings[TX], &b.host, &b.net.device, TX, SIZE);
	ring_run(&b.net.device);
	(void)transmit(&b, HEADER + FRAME);
	ring_kick(&b.rings[TX]);
	CHECK(b.net.tx_frames == 1 && b.net.tx_dropped == 0);
	/* A header that the kernel refuses costs the frame alone. */
	((uint8_t *)ring_at(&b.host, b.host.next_gpa - roundup(HEADER + FRAME, 16)))[1] = 77;
	ring_offer(&b.rings[TX], 0);
	ring_kick(&b.rings[TX]);
	CHECK(b.net.tx_frames == 1 && b.net.tx_dropped == 1 && !b.net.ended);
	bench_release(&b);
	for (i = 0; i < nitems(wrong); i++) {
		fd = tap_open(wrong[i].flags, wrong[i].header);
		CHECK(fd >= 0 && virtio_net_init(&b.net, 0, fd, mac, &err) < 0);
		CHECK(strstr(err.msg, "must be opened with a virtio-net header of 12 bytes") != NULL);
		virtio_net_release(&b.net);
	}
}

TEST_MAIN({ "frames reach the guest", test_receive }, { "a chain of several buffers", test_receive_in_pieces },
    { "frames wait for buffers", test_receive_waits }, { "frames that do not fit are dropped", test_receive_too_long },
    { "mergeable buffers", test_receive_merged }, { "checksum flags only where agreed on", test_guest_csum },
    { "frames leave the guest", test_transmit }, { "a full backend leaves frames in the ring", test_transmit_waits },
    { "malformed frames are dropped", test_transmit_malformed }, { "hostile chains", test_hostile },
    { "control commands", test_control }, { "reset", test_reset }, { "the backend ends", test_backend_ends },
    { "what can be a backend", test_backend_kinds }, { "taps", test_tap })
