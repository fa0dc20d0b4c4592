/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio net's control commands: receive mode, address, address tables.
 */
#include "vmm/virtio/net_control.h"

#include <string.h>

#include "base/defs.h"
#include "base/endian.h"

enum {
	CLASS_RX = 0,
	CLASS_MAC = 1,
	MAC_TABLE_SET = 0,
	MAC_ADDR_SET = 1,
	ACK_OK = 0,
	ACK_ERROR = 1,
	BATCH = 64,
};

void
virtio_net_filter_reset(struct virtio_net_filter *f, const uint8_t mac[6])
{
	memset(f, 0, sizeof(*f));
	f->promiscuous = true;
	memcpy(f->mac, mac, sizeof(f->mac));
}

static bool
in_table(const uint8_t table[][6], unsigned n, const uint8_t mac[6])
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (memcmp(table[i], mac, 6) == 0)
			return true;
	return false;
}

bool
virtio_net_wants(const struct virtio_net_filter *f, const uint8_t to[6])
{
	static const uint8_t everyone[6] = { 255, 255, 255, 255, 255, 255 };

	if (f->promiscuous)
		return true;
	if (memcmp(to, everyone, 6) == 0)
		return !f->no_broadcast;
	if ((to[0] & 1) != 0)
		return !f->no_multicast &&
		       (f->all_multicast || f->multicast_full || in_table(f->multicast, f->nmulticast, to));
	return !f->no_unicast && (f->all_unicast || f->unicast_full || memcmp(to, f->mac, 6) == 0 ||
				     in_table(f->unicast, f->nunicast, to));
}

static bool
rx_mode(struct virtio_net_filter *f, const struct virtqueue_chain *c, uint8_t command)
{
	bool *const modes[] = { &f->promiscuous, &f->all_multicast, &f->all_unicast, &f->no_multicast, &f->no_unicast,
		&f->no_broadcast };
	uint8_t on;

	if (command >= nitems(modes) || iov_read(c->iov, c->nout, 2, &on, 1) != 1)
		return false;
	*modes[command] = on != 0;
	return true;
}

/* A table at byte *at of the command: a count, then addresses.  One that is too long for us admits all. */
static bool
table_read(const struct virtqueue_chain *c, size_t *at, uint8_t table[][6], unsigned *n, bool *full)
{
	uint8_t count[4];
	uint64_t entries;

	if (iov_read(c->iov, c->nout, *at, count, 4) != 4)
		return false;
	entries = get_le32(count);
	if (entries > (c->out_bytes - *at - 4) / 6)
		return false;
	*full = entries > VIRTIO_NET_MACS_MAX;
	*n = *full ? 0 : (unsigned)entries;
	(void)iov_read(c->iov, c->nout, *at + 4, table, (size_t)*n * 6);
	*at += 4 + 6 * entries;
	return true;
}

/* Both tables, or none of them. */
static bool
mac_tables(struct virtio_net_filter *f, const struct virtqueue_chain *c)
{
	struct virtio_net_filter next = *f;
	size_t at = 2;

	if (!table_read(c, &at, next.unicast, &next.nunicast, &next.unicast_full) ||
	    !table_read(c, &at, next.multicast, &next.nmulticast, &next.multicast_full))
		return false;
	*f = next;
	return true;
}

static bool
command(struct virtio_net_filter *f, struct virtio_device *d, const struct virtqueue_chain *c)
{
	uint8_t head[2], mac[6];

	if (iov_read(c->iov, c->nout, 0, head, sizeof(head)) != sizeof(head))
		return false;
	if (head[0] == CLASS_RX)
		return rx_mode(f, c, head[1]);
	if (head[0] != CLASS_MAC)
		return false;
	if (head[1] == MAC_TABLE_SET)
		return mac_tables(f, c);
	if (head[1] != MAC_ADDR_SET || iov_read(c->iov, c->nout, 2, mac, sizeof(mac)) != sizeof(mac))
		return false;
	memcpy(f->mac, mac, sizeof(mac));
	memcpy(d->config, mac, sizeof(mac));
	return true;
}

void
virtio_net_control(struct virtio_net_filter *f, struct virtio_device *d, unsigned queue)
{
	struct virtqueue *q = &d->queues[queue];
	static __thread struct virtqueue_chain c;
	uint8_t ack;
	unsigned n;

	for (n = 0; n < BATCH && virtqueue_pop(q, &c) > 0; n++) {
		ack = command(f, d, &c) ? ACK_OK : ACK_ERROR;
		virtqueue_push(q, c.head, (uint32_t)iov_write(c.iov + c.nout, c.nin, 0, &ack, 1));
	}
	if (n == BATCH)
		virtio_notify_again(d, queue);
	virtio_used(d, queue);
}
