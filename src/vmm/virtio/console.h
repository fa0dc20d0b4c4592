/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console device (virtio 1.2 section 5.3): port 0 is the console, further
 * ports are streams to the host; each has a socket on our side.  A socket that
 * takes nothing stops the guest's output there, not the monitor; a guest that
 * takes no input stops us reading.  Bytes written to the emergency register go
 * to the console at once.
 *
 * NetBSD's driver drops what its queue has no room for, so the queue is emptied
 * before the guest goes on, and a vCPU waits while the console's socket is full.
 *
 * MULTIPORT is offered only where there are further ports: NetBSD allocates the
 * control queues only if max_nr_ports is over one.
 */
#ifndef SMOL_VMM_VIRTIO_CONSOLE_H
#define SMOL_VMM_VIRTIO_CONSOLE_H

#include "vmm/virtio/mmio.h"

#define VIRTIO_CONSOLE_PORTS_MAX 32
#define VIRTIO_CONSOLE_CONFIG_BYTES 12

struct virtio_console;

struct virtio_console_port {
	struct virtio_console *console;
	struct loop_source stream; /* fd -1: output is lost, there is no input */
	unsigned id;
	bool ended; /* the other side will send nothing more */
	bool guest_open;
	bool stuck; /* head is not yet written out whole */
	bool more; /* there are further chains, for after the others' turn */
	uint16_t head;
	uint64_t at, bytes; /* written of it, and how many it has */
};

struct virtio_console {
	struct virtio_device device;
	struct virtio_console_port ports[VIRTIO_CONSOLE_PORTS_MAX];
	unsigned nports;
	uint8_t config[VIRTIO_CONSOLE_CONFIG_BYTES];
	bool multiport; /* agreed on */
	/* From the emergency register: gathered, as each write would be a packet of its own. */
	uint8_t early[4096];
	size_t nearly;
	uint64_t out_bytes, in_bytes; /* of all ports */
	uint64_t waits; /* times that a vCPU waited for a full socket, a second at most each */
	pthread_cond_t room; /* a socket took something */
	/* Control messages for the guest that its queue had no room for. */
	struct {
		uint32_t id;
		uint16_t event, value;
	} waiting[2 * VIRTIO_CONSOLE_PORTS_MAX + 4];
	unsigned nwaiting;
	struct virtqueue_chain stuck_chain[VIRTIO_CONSOLE_PORTS_MAX];
};

/* fds: not blocking; of port 0, 1, ...; -1 for none. */
int virtio_console_init(struct virtio_console *, unsigned n, const int *fds, unsigned nports, struct err *);
void virtio_console_release(struct virtio_console *);

/* The machine ends: a vCPU that waits for a full socket shall see it, now. */
void virtio_console_wake(struct virtio_console *);

/* The terminal has another size. */
void virtio_console_resize(struct virtio_console *, uint16_t cols, uint16_t rows);

#endif
