/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the network device's queues: the input is a driver's doings, any
 * descriptors, any memory, with frames coming and going between them.
 */
#include "vmm/virtio/net.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "vmm_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUEUES = 3, SIZE = 16, AREA = 1 << 16 };

struct input {
	const uint8_t *p;
	size_t left;
};

static uint8_t
u8(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static uint16_t
u16(struct input *in)
{
	uint16_t low = u8(in);

	return (uint16_t)(low | u8(in) << 8);
}

static void
rings_make(struct ring *rings, struct ring_host *h, struct virtio_net *v)
{
	unsigned q;

	h->next_gpa = AREA;
	for (q = 0; q < QUEUES; q++)
		ring_make(&rings[q], h, &v->device, q, SIZE);
	ring_run(&v->device);
}

static void
step(struct input *in, struct ring_host *h, struct virtio_net *v, struct ring *rings, int peer)
{
	static uint8_t frame[1 << 17];
	uint8_t op = u8(in);
	struct ring *r = &rings[(op >> 4) % QUEUES];
	uint64_t gpa;

	switch (op & 7) {
	case 0:
		gpa = u16(in);
		ring_desc(r, u8(in) % SIZE, (op & 8) != 0 ? UINT64_MAX - gpa : gpa, u16(in) * (1u + u8(in)), u8(in),
		    u8(in) % (SIZE + 1));
		break;
	case 1:
		ring_offer(r, u8(in) % (SIZE + 1));
		break;
	case 2:
		ring_kick(r);
		break;
	case 3:
		(void)send(peer, frame, u16(in) * ((op & 8) != 0 ? 2u : 1u), MSG_DONTWAIT);
		break;
	case 4:
		while (recv(peer, frame, sizeof(frame), MSG_DONTWAIT) > 0)
			continue;
		break;
	case 5:
		(void)ring_turn(h);
		break;
	case 6:
		gpa = u16(in);
		*(uint8_t *)ring_at(h, (op & 8) != 0 ? rings[0].desc_gpa + gpa % 2048 : gpa) = u8(in);
		break;
	default:
		if ((op & 8) != 0)
			put_le16(r->avail + 2, u16(in));
		else {
			ring_reset(&v->device);
			rings_make(rings, h, v);
		}
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
	static struct ring_host h;
	static struct virtio_net v;
	struct input in = { data, size };
	struct ring rings[QUEUES];
	struct err err;
	int fds[2];

	if (h.next_gpa == 0)
		ring_host_init(&h);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) < 0 || virtio_net_init(&v, 0, fds[0], mac, &err) < 0)
		abort();
	ring_attach(&h, &v.device,
	    v.device.features & ((u8(&in) & 1 ? VIRTIO_NET_F_MRG_RXBUF : 0) | (u8(&in) & 1 ? VIRTIO_F_EVENT_IDX : 0) |
				    VIRTIO_F_INDIRECT_DESC | VIRTIO_NET_F_GUEST_CSUM));
	memset(ring_at(&h, 0), 0, AREA + 4096);
	rings_make(rings, &h, &v);
	while (in.left > 0)
		step(&in, &h, &v, rings, fds[1]);
	ring_reset(&v.device);
	virtio_net_release(&v);
	(void)close(fds[1]);
	return 0;
}
