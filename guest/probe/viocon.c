/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-console: emergency output, one or two ports, control messages.
 * Queues: 0/1 receive/transmit of port 0, 2/3 control, 4/5 port 1.
 */
#include "viocon.h"

#include "bytes.h"
#include "clock.h"
#include "string.h"
#include "virtqueue.h"
#include "x86.h"

#define F_MULTIPORT (1ull << 1)
#define F_EMERG_WRITE (1ull << 2)

enum {
	CONFIG_MAX_PORTS = 4,
	CONFIG_EMERG = 8,
	PORTS = 2,
	TX_BUFFERS = 8,
	TX_SIZE = 256,
	RX_SIZE = 128,
	CONTROL_BUFFERS = 8,
	CONTROL_SIZE = 64,
	DEVICE_READY = 0,
	PORT_ADD = 1,
	PORT_READY = 3,
	PORT_OPEN = 6,
	TIMEOUT_MS = 2000,
	PORT_WAIT_US = 100000,
	PORT_POLL_US = 2000
};

static struct virtio_device *dev;
static struct virtqueue rx[PORTS], tx[PORTS], control_rx, control_tx;
static char tx_buffers[PORTS][TX_BUFFERS][TX_SIZE];
static uint8_t control_buffers[CONTROL_BUFFERS][CONTROL_SIZE];
static uint32_t tx_next[PORTS], tx_busy[PORTS];
static bool started, emergency, multiport, port_added[PORTS];

bool
viocon_find(void)
{
	dev = virtio_find(VIRTIO_CONSOLE, 0);
	if (dev == NULL)
		return false;
	emergency = (virtio_offered(dev) & F_EMERG_WRITE) != 0;
	return true;
}

static void
control_send(uint32_t port, uint32_t event, uint32_t value)
{
	static uint8_t message[8];
	uint32_t cookie, len;

	put_le32(message, port);
	put_le16(message + 4, event);
	put_le16(message + 6, value);
	if (!virtqueue_add(&control_tx, &(struct segment){ message, sizeof(message), false }, 1, 0))
		return;
	virtqueue_kick(&control_tx);
	if (virtqueue_wait(&control_tx, TIMEOUT_MS))
		virtqueue_take(&control_tx, &cookie, &len);
}

static void
control_post(uint32_t buffer)
{
	virtqueue_add(&control_rx, &(struct segment){ control_buffers[buffer], CONTROL_SIZE, true }, 1, buffer);
}

static void
control_poll(void)
{
	uint32_t buffer, len, port, event;

	while (virtqueue_take(&control_rx, &buffer, &len)) {
		port = get_le32(control_buffers[buffer]);
		event = get_le16(control_buffers[buffer] + 4);
		control_post(buffer);
		virtqueue_kick(&control_rx);
		if (len < 8 || event != PORT_ADD || port >= PORTS)
			continue;
		port_added[port] = true;
		control_send(port, PORT_READY, 1);
		control_send(port, PORT_OPEN, 1);
	}
}

static bool
multiport_start(void)
{
	if (!virtqueue_init(&control_rx, dev, 2) || !virtqueue_init(&control_tx, dev, 3) ||
	    !virtqueue_init(&rx[1], dev, 4) || !virtqueue_init(&tx[1], dev, 5))
		return false;
	for (uint32_t i = 0; i < CONTROL_BUFFERS && i < control_rx.size; i++)
		control_post(i);
	return true;
}

bool
viocon_start(void)
{
	if (dev == NULL)
		return false;
	if (started) {
		virtio_route(dev); /* the IOAPIC may be new */
		return true;
	}
	if (!virtio_begin(dev, F_MULTIPORT | F_EMERG_WRITE | VIRTIO_F_EVENT_IDX) || !virtqueue_init(&rx[0], dev, 0) ||
	    !virtqueue_init(&tx[0], dev, 1))
		return false;
	multiport = (dev->features & F_MULTIPORT) && virtio_config32(dev, CONFIG_MAX_PORTS) >= PORTS;
	if (multiport && !multiport_start())
		return false;
	port_added[0] = true;
	virtio_run(dev);
	started = true;
	if (multiport) {
		virtqueue_kick(&control_rx);
		control_send(0, DEVICE_READY, 1);
		control_poll();
	}
	return true;
}

bool
viocon_has_port(uint32_t port)
{
	uint64_t until = clock_us() + PORT_WAIT_US;

	if (!viocon_start() || port >= PORTS || (port > 0 && !multiport))
		return false;
	control_poll();
	while (!port_added[port] && clock_us() < until) {
		clock_sleep_us(PORT_POLL_US);
		control_poll();
	}
	return port_added[port];
}

static void
tx_reclaim(uint32_t port)
{
	uint32_t cookie, len;

	while (virtqueue_take(&tx[port], &cookie, &len))
		tx_busy[port]--;
}

static void
tx_send(uint32_t port, const char *text, uint32_t len)
{
	struct virtqueue *q = &tx[port];
	char *buf = tx_buffers[port][tx_next[port]++ % TX_BUFFERS];

	tx_reclaim(port);
	if (tx_busy[port] >= min_u32(TX_BUFFERS, q->size)) {
		if (!virtqueue_wait(q, TIMEOUT_MS))
			return;
		tx_reclaim(port);
	}
	memcpy(buf, text, len);
	if (!virtqueue_add(q, &(struct segment){ buf, len, false }, 1, 0))
		return;
	tx_busy[port]++;
	virtqueue_kick(q);
}

static void
emergency_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n')
			virtio_config32_write(dev, CONFIG_EMERG, '\r');
		virtio_config32_write(dev, CONFIG_EMERG, (uint8_t)text[i]);
	}
}

bool
viocon_drain(void)
{
	for (uint32_t port = 0; started && port < PORTS; port++)
		for (tx_reclaim(port); tx_busy[port] > 0; tx_reclaim(port))
			if (!virtqueue_wait(&tx[port], TIMEOUT_MS))
				return false;
	return true;
}

/* Cuts text into buffers, newlines as carriage return + newline. */
static void
queue_write(uint32_t port, const char *text, size_t len)
{
	char line[TX_SIZE];
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n + 2 > TX_SIZE) {
			tx_send(port, line, n);
			n = 0;
		}
		if (text[i] == '\n' && port == 0)
			line[n++] = '\r';
		line[n++] = text[i];
	}
	if (n > 0)
		tx_send(port, line, n);
}

void
viocon_write(uint32_t port, const char *text, size_t len)
{
	if (!started && emergency && port == 0)
		emergency_write(text, len);
	else if (started || viocon_start())
		queue_write(port, text, len);
	if (port != 0)
		viocon_drain();
}

uint32_t
viocon_read(uint32_t port, char *buf, uint32_t size, uint32_t timeout_ms)
{
	static char incoming[RX_SIZE];
	struct virtqueue *q = &rx[port];
	uint32_t cookie, len;

	/* One buffer, posted when it is asked for, never more than size. */
	if (!started || !virtqueue_add(q, &(struct segment){ incoming, min_u32(size, RX_SIZE), true }, 1, 0))
		return 0;
	virtqueue_kick(q);
	if (!virtqueue_wait(q, timeout_ms) || !virtqueue_take(q, &cookie, &len))
		return 0;
	memcpy(buf, incoming, len);
	return len;
}
