/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-mmio transport: registers, feature negotiation, interrupts.
 */
#include "virtio.h"

#include "cmdline.h"
#include "ioapic.h"
#include "x86.h"

enum {
	R_MAGIC = 0x00,
	R_VERSION = 0x04,
	R_TYPE = 0x08,
	R_OFFERED = 0x10,
	R_OFFERED_SEL = 0x14,
	R_FEATURES = 0x20,
	R_FEATURES_SEL = 0x24,
	R_QUEUE_SEL = 0x30,
	R_QUEUE_MAX = 0x34,
	R_QUEUE_NUM = 0x38,
	R_QUEUE_READY = 0x44,
	R_NOTIFY = 0x50,
	R_ISR = 0x60,
	R_ISR_ACK = 0x64,
	R_STATUS = 0x70,
	R_DESC = 0x80,
	R_AVAIL = 0x90,
	R_USED = 0xa0,
	R_GENERATION = 0xfc,
	R_CONFIG = 0x100,
	MAGIC = 0x74726976,
	S_ACKNOWLEDGE = 1,
	S_DRIVER = 2,
	S_DRIVER_OK = 4,
	S_FEATURES_OK = 8,
	S_NEEDS_RESET = 64,
	S_FAILED = 128,
	RESET_READS = 10000,
	GENERATION_TRIES = 16
};

static struct virtio_device devices[CMDLINE_DEVICES];
static int device_count;

static uint32_t
reg_read(struct virtio_device *d, uint32_t reg)
{
	return mmio_read32(d->base + reg);
}

static void
reg_write(struct virtio_device *d, uint32_t reg, uint32_t v)
{
	mmio_write32(d->base + reg, v);
}

void
virtio_scan(void)
{
	struct virtio_device *d;

	for (int i = 0; i < cmdline.device_count; i++) {
		d = &devices[device_count];
		d->base = (uint32_t)cmdline.devices[i].addr;
		d->irq = cmdline.devices[i].irq;
		if (reg_read(d, R_MAGIC) != MAGIC)
			continue;
		d->version = reg_read(d, R_VERSION);
		d->type = reg_read(d, R_TYPE);
		if (d->type != 0)
			device_count++;
	}
}

int
virtio_count(void)
{
	return device_count;
}

struct virtio_device *
virtio_get(int index)
{
	return &devices[index];
}

struct virtio_device *
virtio_find(enum virtio_type type, int nth)
{
	for (int i = 0; i < device_count; i++)
		if (devices[i].type == type && devices[i].version == 2 && nth-- == 0)
			return &devices[i];
	return NULL;
}

const char *
virtio_type_name(uint32_t type)
{
	switch (type) {
	case VIRTIO_NET:
		return "net";
	case VIRTIO_BLK:
		return "blk";
	case VIRTIO_CONSOLE:
		return "console";
	case VIRTIO_RNG:
		return "rng";
	case VIRTIO_9P:
		return "9p";
	default:
		return "unknown";
	}
}

uint64_t
virtio_offered(struct virtio_device *d)
{
	uint64_t low;

	reg_write(d, R_OFFERED_SEL, 0);
	low = reg_read(d, R_OFFERED);
	reg_write(d, R_OFFERED_SEL, 1);
	return (uint64_t)reg_read(d, R_OFFERED) << 32 | low;
}

bool
virtio_begin(struct virtio_device *d, uint64_t wanted)
{
	reg_write(d, R_STATUS, 0);
	for (int i = 0; reg_read(d, R_STATUS) != 0; i++)
		if (i == RESET_READS)
			return false;
	d->running = false;
	reg_write(d, R_STATUS, S_ACKNOWLEDGE);
	reg_write(d, R_STATUS, S_ACKNOWLEDGE | S_DRIVER);
	d->offered = virtio_offered(d);
	d->features = d->offered & (wanted | VIRTIO_F_VERSION_1);
	reg_write(d, R_FEATURES_SEL, 0);
	reg_write(d, R_FEATURES, (uint32_t)d->features);
	reg_write(d, R_FEATURES_SEL, 1);
	reg_write(d, R_FEATURES, (uint32_t)(d->features >> 32));
	reg_write(d, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK);
	if ((reg_read(d, R_STATUS) & S_FEATURES_OK) && (d->features & VIRTIO_F_VERSION_1))
		return true;
	reg_write(d, R_STATUS, S_FAILED);
	return false;
}

void
virtio_run(struct virtio_device *d)
{
	reg_write(d, R_STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	d->running = true;
	virtio_route(d);
}

/* Level-triggered: the line falls when all that was seen is acknowledged. */
static void
virtio_interrupt(void *arg)
{
	struct virtio_device *d = arg;
	uint32_t isr = reg_read(d, R_ISR);

	if (isr == 0)
		return;
	reg_write(d, R_ISR_ACK, isr);
	d->interrupts++;
}

void
virtio_route(struct virtio_device *d)
{
	uint32_t vector = VECTOR_PIN0 + d->irq;

	if (!d->running || d->routed || d->irq >= ioapic_pins())
		return;
	d->handler.fn = virtio_interrupt;
	d->handler.arg = d;
	trap_attach(vector, &d->handler);
	d->routed = ioapic_route(d->irq, vector, IOAPIC_LEVEL);
}

bool
virtio_needs_reset(struct virtio_device *d)
{
	return (reg_read(d, R_STATUS) & S_NEEDS_RESET) != 0;
}

uint8_t
virtio_config8(struct virtio_device *d, uint32_t off)
{
	return mmio_read8(d->base + R_CONFIG + off);
}

uint32_t
virtio_config16(struct virtio_device *d, uint32_t off)
{
	return *(volatile uint16_t *)ptr_to(d->base + R_CONFIG + off);
}

uint32_t
virtio_config32(struct virtio_device *d, uint32_t off)
{
	return reg_read(d, R_CONFIG + off);
}

uint64_t
virtio_config64(struct virtio_device *d, uint32_t off)
{
	uint32_t generation;
	uint64_t v = 0;

	for (int i = 0; i < GENERATION_TRIES; i++) {
		generation = reg_read(d, R_GENERATION);
		v = virtio_config32(d, off) | (uint64_t)virtio_config32(d, off + 4) << 32;
		if (generation == reg_read(d, R_GENERATION))
			break;
	}
	return v;
}

void
virtio_config32_write(struct virtio_device *d, uint32_t off, uint32_t v)
{
	reg_write(d, R_CONFIG + off, v);
}

uint32_t
virtio_queue_size(struct virtio_device *d, uint32_t index)
{
	reg_write(d, R_QUEUE_SEL, index);
	if (reg_read(d, R_QUEUE_READY) != 0)
		return 0;
	return reg_read(d, R_QUEUE_MAX);
}

bool
virtio_queue_enable(
    struct virtio_device *d, uint32_t index, uint32_t size, const void *desc, const void *avail, const void *used)
{
	reg_write(d, R_QUEUE_SEL, index);
	reg_write(d, R_QUEUE_NUM, size);
	reg_write(d, R_DESC, addr_of(desc));
	reg_write(d, R_DESC + 4, 0);
	reg_write(d, R_AVAIL, addr_of(avail));
	reg_write(d, R_AVAIL + 4, 0);
	reg_write(d, R_USED, addr_of(used));
	reg_write(d, R_USED + 4, 0);
	reg_write(d, R_QUEUE_READY, 1);
	return reg_read(d, R_QUEUE_READY) == 1;
}

void
virtio_notify(struct virtio_device *d, uint32_t index)
{
	reg_write(d, R_NOTIFY, index);
}
