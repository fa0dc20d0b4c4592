/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzing a virtio device: the bytes are what a driver and the other side do,
 * one after the other.  It begins with a device that is set up as it should
 * be; the first byte says which features are agreed on.  One machine serves
 * all inputs: each begins with a reset, and what the device did before is
 * part of what is tried.
 */
#ifndef SMOL_FUZZ_VMM_DEVICE_H
#define SMOL_FUZZ_VMM_DEVICE_H

#include <signal.h>

#include "vmm_machine.h"

struct input {
	const uint8_t *p;
	size_t left;
};

static inline uint8_t
u8(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static inline uint16_t
u16(struct input *in)
{
	uint16_t low = u8(in);

	return (uint16_t)(low | u8(in) << 8);
}

static inline uint32_t
u32(struct input *in)
{
	uint32_t low = u16(in);

	return low | (uint32_t)u16(in) << 16;
}

/* An address: of what a driver uses, at an edge of the memory, or any. */
static inline uint64_t
address(struct input *in)
{
	uint8_t how = u8(in);
	uint16_t v = u16(in);

	switch (how & 3) {
	case 0:
		return MACHINE_SCRATCH + v;
	case 1:
		return v;
	case 2:
		return RING_MEM_BYTES - (v & 0xff);
	default:
		return (uint64_t)how << 56 | (uint64_t)v << (how >> 2);
	}
}

/* Registers of any width; queue addresses are the interesting ones. */
static inline void
step_register(struct machine *m, enum machine_kind k, struct input *in)
{
	static const uint8_t sizes[] = { 4, 1, 2, 8 };
	uint8_t how = u8(in);
	uint64_t offset = (how & 0x80) != 0 ? u16(in) : 4u * u8(in);

	if ((how & 1) != 0)
		(void)machine_read(m, k, offset, sizes[how >> 1 & 3]);
	else
		machine_write(m, k, offset, sizes[how >> 1 & 3], (how & 8) != 0 ? address(in) : u32(in));
}

/* A chain as it should be: buffers side by side, the first bytes of them from the input. */
static inline void
step_chain(struct machine *m, struct ring *r, struct input *in)
{
	struct ring_buffer b[8];
	uint8_t counts = u8(in), n = u8(in) % 64, i;
	unsigned nbuffers = (counts & 3) + (counts >> 2 & 3);
	uint64_t at = MACHINE_SCRATCH + (counts >> 4) * 8192u;

	if (r->desc == NULL || nbuffers == 0)
		return;
	for (i = 0; i < n; i++)
		*(uint8_t *)ring_at(&m->host, at + i) = u8(in);
	for (i = 0; i < nbuffers; i++) {
		b[i] = (struct ring_buffer){ at, u8(in), i >= (counts & 3) };
		if (b[i].len >= 0xf0)
			b[i].len = (b[i].len & 0xf) * 512u + 512;
		at += b[i].len;
	}
	(void)ring_add(r, b, nbuffers);
}

/* The rings' contents, as no driver would write them. */
static inline void
step_ring(struct machine *m, struct ring *r, struct input *in)
{
	uint8_t how = u8(in);
	uint64_t gpa;

	if (r->desc == NULL)
		return;
	switch (how & 3) {
	case 0:
		gpa = address(in);
		ring_desc(r, how >> 2 & (MACHINE_QUEUE - 1), gpa, (how & 0x40) != 0 ? u32(in) : u16(in), u8(in) & 7,
		    u8(in) % (MACHINE_QUEUE + 2));
		break;
	case 1:
		ring_offer(r, u8(in) % (MACHINE_QUEUE + 2));
		break;
	case 2:
		put_le16(r->avail + 2, u16(in));
		break;
	default:
		gpa = address(in);
		if (gpa < RING_MEM_BYTES)
			*(uint8_t *)ring_at(&m->host, gpa) = u8(in);
		break;
	}
}

static inline void
peers_drain(struct machine *m)
{
	static uint8_t buf[1 << 17];
	unsigned i;

	for (i = 0; i < nitems(m->peers); i++)
		while (recv(m->peers[i], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			continue;
}

/* The host's side. */
static inline void
step_host(struct machine *m, struct input *in)
{
	static const uint8_t bytes[1 << 12];
	uint8_t how = u8(in);

	switch (how & 3) {
	case 0:
		peers_drain(m);
		break;
	case 1:
		(void)send(m->peers[(how >> 2) % nitems(m->peers)], bytes, u16(in) % sizeof(bytes), MSG_DONTWAIT);
		break;
	case 2:
		virtio_console_resize(&m->ports, u8(in), u8(in));
		virtio_balloon_set_target(&m->balloon, u32(in));
		break;
	default:
		(void)machine_turns(m, 1 + (how >> 2) % 8);
		break;
	}
}

static inline void
step(struct machine *m, enum machine_kind k, struct input *in)
{
	uint8_t op = u8(in);
	unsigned q = (op >> 4) % m->devices[k]->nqueues;

	switch (op & 7) {
	case 0:
		step_register(m, k, in);
		break;
	case 1:
	case 2:
		step_chain(m, &m->rings[q], in);
		break;
	case 3:
		step_ring(m, &m->rings[q], in);
		break;
	case 4:
	case 5:
		machine_kick(m, k, q);
		(void)machine_turns(m, 2);
		(void)machine_settle(m, k);
		break;
	case 6:
		step_host(m, in);
		break;
	default:
		if ((op & 8) != 0)
			machine_write(m, k, MR_QUEUE_NOTIFY, 4, u8(in));
		else
			machine_start(m, k, ~(uint64_t)(u8(in) & 7) << 27 | u32(in));
		break;
	}
}

static inline struct machine *
device_machine(void)
{
	static struct machine m;

	if (m.vm.end == VM_RUNNING) {
		(void)signal(SIGPIPE, SIG_IGN);
		machine_init(&m);
	}
	return &m;
}

static inline int
device_fuzz(enum machine_kind k, const uint8_t *data, size_t size)
{
	struct machine *m = device_machine();
	struct input in = { data, size };
	uint8_t how = u8(&in);

	memset(ring_at(&m->host, MACHINE_SCRATCH), 0, 65536);
	machine_start(m, k, (how & 1) != 0 ? UINT64_MAX : ~(uint64_t)how << 25);
	while (in.left > 0)
		step(m, k, &in);
	(void)machine_turns(m, 16);
	machine_write(m, k, MR_STATUS, 4, 0);
	peers_drain(m);
	/* Whatever was done, a reset makes it a device as before. */
	machine_start(m, k, UINT64_MAX);
	machine_need(machine_status(m, k) == M_RUNNING);
	machine_write(m, k, MR_STATUS, 4, 0);
	return 0;
}

#endif
