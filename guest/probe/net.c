/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-net: one receive and one transmit queue, no offloads.
 */
#include "net.h"

#include "arp.h"
#include "bytes.h"
#include "clock.h"
#include "cmdline.h"
#include "ip.h"
#include "string.h"
#include "x86.h"

#define F_MAC (1ull << 5)
#define F_STATUS (1ull << 16)

enum { HEADER = 12, BUFFER = 2048, RX_BUFFERS = 64, TX_BUFFERS = 64 };

struct net_stats net_stats;
uint8_t net_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static struct virtio_device *dev;
static struct virtqueue rx, tx;
static uint8_t rx_buffers[RX_BUFFERS][BUFFER] __attribute__((aligned(16)));
static uint8_t tx_buffers[TX_BUFFERS][BUFFER] __attribute__((aligned(16)));
static uint8_t tx_free[TX_BUFFERS];
static uint32_t tx_free_count;
static bool tx_unkicked;

static void
rx_post(uint32_t i)
{
	virtqueue_add(&rx, &(struct segment){ rx_buffers[i], BUFFER, true }, 1, i);
}

bool
net_init(void)
{
	if (dev != NULL)
		return true;
	dev = virtio_find(VIRTIO_NET, 0);
	if (dev == NULL || !virtio_begin(dev, F_MAC | F_STATUS | VIRTIO_F_EVENT_IDX) || !virtqueue_init(&rx, dev, 0) ||
	    !virtqueue_init(&tx, dev, 1)) {
		dev = NULL;
		return false;
	}
	for (uint32_t i = 0; (dev->features & F_MAC) && i < sizeof(net_mac); i++)
		net_mac[i] = virtio_config8(dev, i);
	for (uint32_t i = 0; i < TX_BUFFERS; i++)
		tx_free[tx_free_count++] = (uint8_t)i;
	for (uint32_t i = 0; i < RX_BUFFERS && i < rx.size; i++)
		rx_post(i);
	virtqueue_no_interrupts(&tx);
	virtio_run(dev);
	virtqueue_kick(&rx);
	return true;
}

struct virtio_device *
net_device(void)
{
	return dev;
}

static void
tx_reclaim(void)
{
	uint32_t i, len;

	while (virtqueue_take(&tx, &i, &len))
		tx_free[tx_free_count++] = (uint8_t)i;
}

uint8_t *
net_frame(const uint8_t *to, uint32_t type)
{
	uint8_t *buf;

	if (tx_free_count == 0)
		tx_reclaim();
	if (dev == NULL || tx_free_count == 0) {
		net_stats.dropped++;
		return NULL;
	}
	buf = tx_buffers[tx_free[--tx_free_count]];
	memset(buf, 0, HEADER);
	memcpy(buf + HEADER, to, 6);
	memcpy(buf + HEADER + 6, net_mac, 6);
	put_be16(buf + HEADER + 12, type);
	return buf + HEADER;
}

/* For tests of what happens then: every Nth frame is lost. */
static bool
drop_this(uint32_t *count)
{
	return cmdline.drop != 0 && ++*count % cmdline.drop == 0;
}

void
net_transmit(uint8_t *frame, uint32_t len, const void *payload, uint32_t payload_len)
{
	static uint32_t dropping;
	uint32_t i = (addr_of(frame) - addr_of(tx_buffers)) / BUFFER;
	const struct segment segs[2] = { { frame - HEADER, len + HEADER, false }, { payload, payload_len, false } };

	if (drop_this(&dropping) || !virtqueue_add(&tx, segs, payload_len > 0 ? 2 : 1, i)) {
		tx_free[tx_free_count++] = (uint8_t)i;
		net_stats.dropped++;
		return;
	}
	tx_unkicked = true;
	net_stats.sent++;
}

void
net_flush(void)
{
	if (tx_unkicked)
		virtqueue_kick(&tx);
	tx_unkicked = false;
	tx_reclaim();
}

static void
ether_input(const uint8_t *frame, uint32_t len)
{
	if (len < ETHER_HEADER || len > BUFFER - HEADER)
		return;
	switch (get_be16(frame + 12)) {
	case ETHER_ARP:
		arp_input(frame, len);
		break;
	case ETHER_IP:
		ip_input(frame, len);
		break;
	}
}

bool
net_poll(void)
{
	static uint32_t dropping;
	uint32_t i, len, count = 0;

	while (count < RX_BUFFERS && virtqueue_take(&rx, &i, &len)) {
		count++;
		net_stats.received++;
		if (len > HEADER && len <= BUFFER && !drop_this(&dropping))
			ether_input(rx_buffers[i] + HEADER, len - HEADER);
		rx_post(i);
	}
	if (count > 0)
		virtqueue_kick(&rx);
	net_flush();
	return count > 0;
}

void
net_wait(uint64_t until_us)
{
	if (virtqueue_pending(&rx))
		return;
	if (dev->routed)
		clock_halt(until_us);
	else
		cpu_pause();
}
