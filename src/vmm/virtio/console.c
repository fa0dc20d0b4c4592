/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio console, and its multiport protocol.
 */
#include "vmm/virtio/console.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/endian.h"

#define F_SIZE (1ull << 0)
#define F_MULTIPORT (1ull << 1)
#define F_EMERG_WRITE (1ull << 2)

enum {
	QUEUE_SIZE = 128,
	CONTROL_SIZE = 32, /* NetBSD's buffers for it are one page */
	Q_CONTROL_IN = 2, /* to the guest */
	Q_CONTROL_OUT = 3,
	CONTROL_BYTES = 8,
	DEVICE_READY = 0,
	DEVICE_ADD = 1,
	PORT_READY = 3,
	CONSOLE_PORT = 4,
	RESIZE = 5,
	PORT_OPEN = 6,
	CONFIG_EMERG_WRITE = 8,
	INPUT_BYTES = 4096,
	/* In one go, under the lock, for which the loop may wait. */
	OUTPUT_BYTES = 1 << 20,
	OUTPUT_CHAINS = QUEUE_SIZE,
	CONTROL_CHAINS = 4 * CONTROL_SIZE,
};

static unsigned
queue_in(const struct virtio_console_port *p)
{
	return p->id == 0 ? 0 : 2 * p->id + 2;
}

static unsigned
queue_out(const struct virtio_console_port *p)
{
	return queue_in(p) + 1;
}

/* --- control messages --- */

static void
control_flush(struct virtio_console *v)
{
	struct virtio_device *d = &v->device;
	static __thread struct virtqueue_chain c;
	uint8_t m[CONTROL_BYTES + 4];
	size_t len;
	unsigned i;

	for (i = 0; i < v->nwaiting && virtqueue_pop(&d->queues[Q_CONTROL_IN], &c) > 0; i++) {
		len = CONTROL_BYTES;
		put_le32(m, v->waiting[i].id);
		put_le16(m + 4, v->waiting[i].event);
		put_le16(m + 6, v->waiting[i].value);
		if (v->waiting[i].event == RESIZE) {
			put_le16(m + 8, get_le16(v->config));
			put_le16(m + 10, get_le16(v->config + 2));
			len += 4;
		}
		virtqueue_push(&d->queues[Q_CONTROL_IN], c.head, (uint32_t)iov_write(c.iov + c.nout, c.nin, 0, m, len));
	}
	memmove(v->waiting, v->waiting + i, (v->nwaiting - i) * sizeof(v->waiting[0]));
	v->nwaiting -= i;
	virtio_used(d, Q_CONTROL_IN);
	if (d->queues[Q_CONTROL_IN].broken)
		virtio_needs_reset(d);
}

static void
control_send(struct virtio_console *v, uint32_t id, uint16_t event, uint16_t value)
{
	/* A guest that never reads them has asked for no more than these. */
	if (v->nwaiting == nitems(v->waiting))
		return;
	v->waiting[v->nwaiting].id = id;
	v->waiting[v->nwaiting].event = event;
	v->waiting[v->nwaiting++].value = value;
	control_flush(v);
}

static void
port_watch(struct virtio_console_port *p)
{
	struct virtio_console *v = p->console;
	const struct virtqueue *q = &v->device.queues[queue_in(p)];
	struct err ignored;
	uint32_t events = 0;

	if (p->stream.fd < 0)
		return;
	/* Input is read only into a buffer of the guest's. */
	if (!p->ended && virtio_running(&v->device) && q->ready && !q->broken)
		events |= EPOLLIN | EPOLLONESHOT;
	if (p->stuck || p->more || (p->id == 0 && v->nearly > 0))
		events |= EPOLLOUT;
	(void)loop_set(v->device.loop, &p->stream, events, &ignored);
}

static void
control_receive(struct virtio_console *v, const uint8_t *m)
{
	uint32_t id = get_le32(m);
	uint16_t event = get_le16(m + 4), value = get_le16(m + 6);
	unsigned i;

	if (event == DEVICE_READY && value == 1) {
		for (i = 0; i < v->nports; i++)
			control_send(v, i, DEVICE_ADD, 1);
		return;
	}
	if (id >= v->nports)
		return;
	if (event == PORT_READY && value == 1) {
		if (id == 0)
			control_send(v, id, CONSOLE_PORT, 1);
		control_send(v, id, PORT_OPEN, 1);
	} else if (event == PORT_OPEN) {
		v->ports[id].guest_open = value == 1;
	}
}

static void
control_drain(struct virtio_console *v)
{
	struct virtio_device *d = &v->device;
	static __thread struct virtqueue_chain c;
	struct virtqueue *q = &d->queues[Q_CONTROL_OUT];
	uint8_t m[CONTROL_BYTES];
	unsigned n;

	for (n = 0; n < CONTROL_CHAINS && virtqueue_pop(q, &c) > 0; n++) {
		if (iov_read(c.iov, c.nout, 0, m, sizeof(m)) == sizeof(m))
			control_receive(v, m);
		virtqueue_push(q, c.head, 0);
	}
	/* No driver has so much to say: some vCPU fills the queue as fast as we empty it. */
	if (n == CONTROL_CHAINS)
		(void)virtqueue_break(q);
	if (q->broken)
		virtio_needs_reset(d);
	virtio_used(d, Q_CONTROL_OUT);
}

/* --- bytes --- */

/* What of the chain in hand is not written yet; false if the socket, or the others' patience, takes no more now. */
static bool
output_rest(struct virtio_console_port *p, uint64_t *budget)
{
	const struct virtqueue_chain *c = &p->console->stuck_chain[p->id];
	uint8_t buf[INPUT_BYTES];
	size_t len;
	ssize_t n;

	if (p->stream.fd < 0)
		p->at = p->bytes;
	while (p->at < p->bytes) {
		if (*budget == 0)
			return false;
		len = iov_read(c->iov, c->nout, p->at, buf, u64_min(sizeof(buf), *budget));
		*budget -= len;
		n = write(p->stream.fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		/* Nobody listens any more: it is lost. */
		n = n < 0 ? (ssize_t)len : n;
		p->at += (size_t)n;
		p->console->out_bytes += (uint64_t)n;
	}
	return true;
}

/* The early bytes, which come before any queue's; false if some are left. */
static bool
early_flush(struct virtio_console *v)
{
	int fd = v->ports[0].stream.fd;
	ssize_t n;

	while (v->nearly > 0) {
		n = fd < 0 ? (ssize_t)v->nearly : write(fd, v->early, v->nearly);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		n = n < 0 ? (ssize_t)v->nearly : n;
		v->nearly -= (size_t)n;
		v->out_bytes += (uint64_t)n;
		memmove(v->early, v->early + n, v->nearly);
		(void)pthread_cond_broadcast(&v->room);
	}
	return true;
}

static void
output(struct virtio_console_port *p)
{
	struct virtio_device *d = &p->console->device;
	struct virtqueue *q = &d->queues[queue_out(p)];
	struct virtqueue_chain *c = &p->console->stuck_chain[p->id];
	uint64_t budget = OUTPUT_BYTES;
	unsigned chains;

	p->more = false;
	for (chains = 0; p->id != 0 || early_flush(p->console); chains++) {
		if (!p->stuck) {
			p->more = chains >= OUTPUT_CHAINS && virtqueue_waiting(q);
			if (p->more)
				break;
			if (virtqueue_pop(q, c) <= 0)
				break;
			p->head = c->head;
			p->at = 0;
			p->bytes = c->out_bytes;
		}
		p->stuck = !output_rest(p, &budget);
		if (p->stuck)
			break;
		(void)pthread_cond_broadcast(&p->console->room);
		virtqueue_push(q, p->head, 0);
	}
	virtio_used(d, queue_out(p));
	if (q->broken)
		virtio_needs_reset(d);
	port_watch(p);
}

static void
input(struct virtio_console_port *p)
{
	struct virtio_device *d = &p->console->device;
	struct virtqueue *q = &d->queues[queue_in(p)];
	static __thread struct virtqueue_chain c;
	uint8_t buf[INPUT_BYTES];
	ssize_t n;

	if (p->ended || !virtio_running(d))
		return;
	if (virtqueue_pop(q, &c) <= 0) {
		if (q->broken)
			virtio_needs_reset(d);
		return;
	}
	if (c.in_bytes == 0) { /* room for nothing */
		q->dropped++;
		virtqueue_push(q, c.head, 0);
		virtio_used(d, queue_in(p));
		port_watch(p);
		return;
	}
	n = read(p->stream.fd, buf, c.in_bytes < sizeof(buf) ? c.in_bytes : sizeof(buf));
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			p->ended = true;
		virtqueue_unpop(q, 1); /* the buffer was not used: it is the next again */
	} else {
		p->console->in_bytes += (uint64_t)n;
		virtqueue_push(q, c.head, (uint32_t)iov_write(c.iov + c.nout, c.nin, 0, buf, (size_t)n));
		virtio_used(d, queue_in(p));
	}
	port_watch(p);
}

static void
stream_event(void *arg, uint32_t events)
{
	struct virtio_console_port *p = arg;
	struct virtio_device *d = &p->console->device;

	(void)pthread_mutex_lock(&d->lock);
	/* EPOLLONESHOT: silent until it is set again.  If a vCPU has taken it out meanwhile, it must be added. */
	if (p->stream.events != 0)
		p->stream.events = EPOLLONESHOT;
	if ((events & EPOLLOUT) != 0)
		output(p);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		input(p);
	(void)pthread_mutex_unlock(&d->lock);
}

/* --- the device --- */

/* In a vCPU's thread: until a socket took something or the machine ends, without the lock; false then. */
static bool
wait_for_room(struct virtio_console *v)
{
	struct timespec until;

	if (atomic_load(&v->device.vm->end) != VM_RUNNING)
		return false;
	v->waits++;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	(void)pthread_cond_timedwait(&v->room, &v->device.lock, &until);
	return true;
}

/* Lets the loop have the lock; false: the machine ends. */
static bool
breathe(struct virtio_console *v)
{
	(void)pthread_mutex_unlock(&v->device.lock);
	(void)sched_yield();
	(void)pthread_mutex_lock(&v->device.lock);
	return atomic_load(&v->device.vm->end) == VM_RUNNING;
}

static struct virtio_console_port *
port_of_queue(struct virtio_console *v, unsigned queue)
{
	unsigned id = queue < 2 ? 0 : queue / 2 - 1;

	return id < v->nports ? &v->ports[id] : NULL;
}

static void
notify(struct virtio_device *d, unsigned queue)
{
	struct virtio_console *v = d->self;
	struct virtio_console_port *p = port_of_queue(v, queue);

	if (queue == Q_CONTROL_IN && v->nports > 1)
		control_flush(v);
	else if (queue == Q_CONTROL_OUT && v->nports > 1)
		control_drain(v);
	else if (p != NULL && queue % 2 == 1)
		do
			output(p);
		while (p->stuck ? p->id == 0 && wait_for_room(v) : p->more && breathe(v));
	else if (p != NULL)
		port_watch(p);
}

static void
start(struct virtio_device *d)
{
	struct virtio_console *v = d->self;
	unsigned i;

	v->multiport = virtio_has(d, F_MULTIPORT);
	/* NetBSD fills its queues, and notifies, before it says DRIVER_OK. */
	for (i = 0; i < v->nports; i++)
		output(&v->ports[i]);
	if (v->multiport)
		control_drain(v);
}

static void
reset(struct virtio_device *d)
{
	struct virtio_console *v = d->self;
	unsigned i;

	v->nwaiting = 0;
	for (i = 0; i < v->nports; i++) {
		v->ports[i].stuck = v->ports[i].more = v->ports[i].guest_open = false;
		d->queues[queue_in(&v->ports[i])].ready = false;
		port_watch(&v->ports[i]);
	}
}

/* Full, it makes the vCPU wait. */
static void
early_put(struct virtio_console *v, uint8_t byte)
{
	while (v->nearly == sizeof(v->early) && !early_flush(v))
		if (!wait_for_room(v))
			return;
	v->early[v->nearly++] = byte;
}

static void
config_written(struct virtio_device *d, uint32_t offset, uint32_t len)
{
	struct virtio_console *v = d->self;

	(void)len;
	if (offset == CONFIG_EMERG_WRITE) {
		early_put(v, v->config[CONFIG_EMERG_WRITE]);
		if (v->config[CONFIG_EMERG_WRITE] == '\n' || v->nearly == sizeof(v->early))
			(void)early_flush(v);
		port_watch(&v->ports[0]);
	}
	/* The rest cannot be written. */
	put_le32(v->config + 4, v->nports);
}

static const struct virtio_counter counters[] = {
	{ "out_bytes", offsetof(struct virtio_console, out_bytes) },
	{ "in_bytes", offsetof(struct virtio_console, in_bytes) },
	{ "waits", offsetof(struct virtio_console, waits) },
	{ NULL, 0 },
};

static const struct virtio_ops ops = {
	.type = VIRTIO_CONSOLE,
	.name = "console",
	.counters = counters,
	.features = F_SIZE | F_EMERG_WRITE,
	.synchronous = true,
	.notify = notify,
	.start = start,
	.reset = reset,
	.config_written = config_written,
};

int
virtio_console_init(struct virtio_console *v, unsigned n, const int *fds, unsigned nports, struct err *err)
{
	unsigned i, nqueues = nports > 1 ? 2 * nports + 2 : 2;

	memset(v, 0, offsetof(struct virtio_console, stuck_chain));
	if (nports < 1 || nports > VIRTIO_CONSOLE_PORTS_MAX)
		return err_set(err, "a console has 1 to %d ports", VIRTIO_CONSOLE_PORTS_MAX);
	v->nports = nports;
	for (i = 0; i < nports; i++)
		v->ports[i] = (struct virtio_console_port){
			.console = v, .id = i, .stream = { .fd = fds[i], .fn = stream_event, .arg = &v->ports[i] }
		};
	(void)pthread_cond_init(&v->room, NULL);
	put_le16(v->config, 80);
	put_le16(v->config + 2, 25);
	put_le32(v->config + 4, nports);
	if (virtio_device_init(&v->device, &ops, v, n, nqueues, QUEUE_SIZE, v->config, sizeof(v->config), err) < 0)
		return -1;
	if (nports > 1) {
		v->device.features |= F_MULTIPORT;
		v->device.queues[Q_CONTROL_IN].size_max = v->device.queues[Q_CONTROL_IN].size = CONTROL_SIZE;
		v->device.queues[Q_CONTROL_OUT].size_max = v->device.queues[Q_CONTROL_OUT].size = CONTROL_SIZE;
	}
	return 0;
}

void
virtio_console_release(struct virtio_console *v)
{
	virtio_device_release(&v->device);
}

void
virtio_console_wake(struct virtio_console *v)
{
	(void)pthread_mutex_lock(&v->device.lock);
	(void)pthread_cond_broadcast(&v->room);
	(void)pthread_mutex_unlock(&v->device.lock);
}

void
virtio_console_resize(struct virtio_console *v, uint16_t cols, uint16_t rows)
{
	(void)pthread_mutex_lock(&v->device.lock);
	put_le16(v->config, cols);
	put_le16(v->config + 2, rows);
	if (v->multiport)
		control_send(v, 0, RESIZE, 0);
	virtio_config_changed(&v->device);
	(void)pthread_mutex_unlock(&v->device.lock);
}
