/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over MMIO, version 2 (virtio 1.2 section 4.2), found by the command
 * line.  The life of a device: scan -> virtio_begin (features) ->
 * virtqueue_init for each queue -> virtio_run.
 */
#ifndef PROBE_VIRTIO_H
#define PROBE_VIRTIO_H

#include "trap.h"

enum virtio_type { VIRTIO_NET = 1, VIRTIO_BLK = 2, VIRTIO_CONSOLE = 3, VIRTIO_RNG = 4, VIRTIO_9P = 9 };

#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

struct virtio_device {
	uint32_t base, irq, type, version;
	uint64_t offered, features; /* features: what was agreed on */
	bool running, routed; /* routed: interrupts reach us */
	uint32_t interrupts;
	struct trap_handler handler;
};

/* Looks at every device of the command line; safe before interrupts are up. */
void virtio_scan(void);
int virtio_count(void);
struct virtio_device *virtio_get(int index);
/* The nth device of a type, or NULL. */
struct virtio_device *virtio_find(enum virtio_type, int nth);
const char *virtio_type_name(uint32_t type);

/* Reset, then agree on wanted & offered; false if the device refuses. */
bool virtio_begin(struct virtio_device *, uint64_t wanted);
/* DRIVER_OK. */
void virtio_run(struct virtio_device *);
/* Routes its pin, once the IOAPIC is up; also later than virtio_run. */
void virtio_route(struct virtio_device *);
/* Offered features straight out of reset (console EMERG_WRITE). */
uint64_t virtio_offered(struct virtio_device *);
bool virtio_needs_reset(struct virtio_device *);

uint8_t virtio_config8(struct virtio_device *, uint32_t off);
uint32_t virtio_config16(struct virtio_device *, uint32_t off);
uint32_t virtio_config32(struct virtio_device *, uint32_t off);
uint64_t virtio_config64(struct virtio_device *, uint32_t off);
void virtio_config32_write(struct virtio_device *, uint32_t off, uint32_t v);

/* For virtqueue.c: gives a queue's ring addresses; its size or 0. */
uint32_t virtio_queue_size(struct virtio_device *, uint32_t index);
bool virtio_queue_enable(
    struct virtio_device *, uint32_t index, uint32_t size, const void *desc, const void *avail, const void *used);
void virtio_notify(struct virtio_device *, uint32_t index);

#endif
