/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wild registers, ports and fw_cfg DMA, and the order of the whole attack.
 * Ports and values that end the machine are left out.
 */
#include "hostile.h"

#include "blk.h"
#include "boot.h"
#include "bytes.h"
#include "clock.h"
#include "print.h"
#include "x86.h"

enum {
	ATTACK_MS = 3000,
	EDGE = 0x3000000, /* empty memory, for rings */
	DMA_TARGET = 0x2800000,
	BURST = 16,
	R_QUEUE_DESC = 0x80,
	R_QUEUE_END = 0xa8,
	WINDOW = 0x200,
	FWCFG_DMA = 0x514,
	IOAPIC = 0xfec00000
};

static uint32_t state;

/* Marsaglia's xorshift; state is never 0. */
uint32_t
hostile_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

uint32_t
hostile_below(uint32_t n)
{
	return hostile_random() % n;
}

/* A ring may be at the edges of memory, never in the probe. */
static uint32_t
wild_ring(uint32_t reg)
{
	static const uint32_t before[] = { 0, 2, 4, 16, 4096 };

	if ((reg & 4) != 0)
		return hostile_below(4) ? 0 : hostile_random() | 1;
	if (hostile_below(3) == 0)
		return (uint32_t)boot.ram_bytes - before[hostile_below(nitems(before))];
	return hostile_below(2) ? EDGE + hostile_below(65536) : hostile_random() | 0x80000000u;
}

static void
wild_register(struct virtio_device *d)
{
	uint32_t reg = hostile_below(4) ? hostile_below(WINDOW / 4) * 4 : hostile_below(WINDOW - 4);
	uint32_t v = hostile_below(2) ? hostile_below(256) : hostile_random();
	void *p = ptr_to(d->base + reg);

	if (reg + 4 > R_QUEUE_DESC && reg < R_QUEUE_END)
		v = wild_ring(reg);
	switch (hostile_below(8)) {
	case 0:
		*(volatile uint8_t *)p = (uint8_t)v;
		break;
	case 1:
		*(volatile uint16_t *)p = (uint16_t)v;
		break;
	case 2:
		(void)*(volatile uint8_t *)p;
		break;
	case 3:
		(void)*(volatile uint16_t *)p;
		break;
	case 4:
		(void)*(volatile uint32_t *)p;
		break;
	default:
		*(volatile uint32_t *)p = v;
		break;
	}
}

static void
wild_registers(struct virtio_device *d)
{
	for (int i = 0; i < BURST; i++)
		wild_register(d);
	/* Its rings are where they may not stay. */
	virtio_begin(d, 0);
}

static void
wild_port(void)
{
	/* Not 0x3f8, which is the console, nor what ends the machine. */
	static const uint16_t writes[] = { 0x3f9, 0x3fa, 0x3fc, 0x3fd, 0x3fe, 0x3ff, 0x70, 0x71, 0x60, 0x500, 0x50f,
		0x510, 0x511, 0x512, 0x513, 0x51c, 0x80, 0xcf8, 0xcfc, 0x2f8, 0xffff };
	static const uint16_t reads[] = { 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fd, 0x3ff, 0x64, 0x92, 0xcf9, 0x501, 0x502,
		0x504, 0x505, 0x510, 0x511, 0x514, 0x51b, 0x600, 0x601, 0x602, 0xfffe };
	uint32_t port;

	if (hostile_below(2)) {
		port = writes[hostile_below(nitems(writes))];
		if (hostile_below(2))
			outb((uint16_t)port, (uint8_t)hostile_random());
		else if (port != 0x500)
			outw((uint16_t)port, (uint16_t)hostile_random());
		return;
	}
	port = reads[hostile_below(nitems(reads))];
	(void)inb((uint16_t)port);
	(void)inl((uint16_t)port);
}

/* The UART as the console wants it. */
static void
port_restore(void)
{
	outb(0x3fb, 0x03);
	outb(0x3f9, 0);
	outb(0x3fa, 0x07);
	outb(0x3fc, 0x0b);
}

static void
wild_ports(void)
{
	for (int i = 0; i < BURST; i++)
		wild_port();
	port_restore();
	/* A masked pin's entry, and registers that are none. */
	mmio_write32(IOAPIC, hostile_below(256) | 0x40);
	(void)mmio_read32(IOAPIC + 0x10);
	(void)mmio_read32(IOAPIC + hostile_below(1024) * 4);
}

static void
wild_dma(void)
{
	static uint8_t command[16];
	static const uint32_t lengths[] = { 0, 1, 4, 4096, 65536, 0x7fffffff, 0xffffffff };
	uint64_t at = hostile_below(2) ? DMA_TARGET : UINT64_MAX - hostile_below(4096);
	uint32_t where = addr_of(command), high = 0;

	put_be32(command, hostile_random() & 0x3f001f);
	put_be32(command + 4, lengths[hostile_below(nitems(lengths))]);
	put_be32(command + 8, (uint32_t)(at >> 32));
	put_be32(command + 12, (uint32_t)at);
	switch (hostile_below(4)) {
	case 0:
		where = (uint32_t)boot.ram_bytes - hostile_below(16);
		break;
	case 1:
		high = hostile_random() | 1;
		break;
	default:
		break;
	}
	outl(FWCFG_DMA, __builtin_bswap32(high));
	outl(FWCFG_DMA + 4, __builtin_bswap32(where));
}

static uint32_t
attack(void)
{
	uint32_t until = clock_ms() + ATTACK_MS, n = 0;
	struct virtio_device *d;

	/* Each device has its turn however slow the machine is. */
	for (; clock_ms() < until || n < 8 * (uint32_t)virtio_count(); n++) {
		d = virtio_get((int)(n % (uint32_t)virtio_count()));
		switch (hostile_below(8)) {
		case 0:
			wild_ports();
			break;
		case 1:
			wild_dma();
			break;
		case 2:
		case 3:
			wild_registers(d);
			break;
		default:
			hostile_chains(d);
			break;
		}
	}
	return n;
}

uint32_t
hostile_run(uint32_t seed)
{
	static uint8_t sector[SECTOR];
	uint32_t n, reset = 0;
	bool read;

	state = seed * 2654435761u | 1;
	print("# hostile, seed %u\n1..3\n", seed);
	n = attack();
	port_restore();
	print("%sok 1 - survived %u operations\n", n > 0 ? "" : "not ", n);
	for (int i = 0; i < virtio_count(); i++)
		reset += virtio_begin(virtio_get(i), 0);
	n = (uint32_t)virtio_count();
	print("%sok 2 - %u of %u devices begin again\n", reset == n ? "" : "not ", reset, n);
	blk_count = 0;
	blk_init();
	read = blk_count > 0 && blk_read(blk_get(0), 0, sector, 1);
	print("%sok 3 - the first disk reads again\n", read ? "" : "not ");
	return !read + (reset != n);
}
