/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for whom: a guest that keeps a queue full, or that nobody listens
 * to, or that does not listen, holds up its own vCPU at most.
 */
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "vmm_machine.h"

#include "test.h"

#define WRITE 2
#define TURN_CHAINS_MAX 128
#define REFILLS_MAX 10000

static struct machine m;

static void
begin(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	machine_init(&m);
}

/*
 * While a device works for a chain, another vCPU gives it the next: as often
 * as it can, which these calls of the device's stand for.
 */
static struct {
	struct ring *ring;
	unsigned chains; /* since the turn began */
} refill;

static void
refill_now(void)
{
	if (refill.ring == NULL || ++refill.chains > REFILLS_MAX)
		return;
	put_le16(refill.ring->avail + 2, (uint16_t)(get_le16(refill.ring->avail + 2) + 1));
}

ssize_t
getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	refill_now();
	memset(buf, 4, len);
	return (ssize_t)len;
}

ssize_t
sendmsg(int fd, const struct msghdr *h, int flags)
{
	(void)fd;
	(void)h;
	(void)flags;
	refill_now();
	return 60;
}

static unsigned served;

static void
serve_other(void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
	served++; /* not drained: it has work in each turn */
}

static void
fill(struct ring *r, uint32_t len, uint16_t flags)
{
	uint16_t i;

	for (i = 0; i < MACHINE_QUEUE; i++) {
		ring_desc(r, i, MACHINE_SCRATCH, len, flags, 0);
		put_le16(r->avail + 4 + 2 * i, i);
	}
	put_le16(r->avail + 2, MACHINE_QUEUE);
}

static void
never_empty(enum machine_kind k, unsigned q, uint32_t len, uint16_t flags)
{
	unsigned turn;

	machine_start(&m, k, UINT64_MAX);
	fill(&m.rings[q], len, flags);
	refill.ring = &m.rings[q];
	served = 0;
	machine_kick(&m, k, q);
	for (turn = 0; turn < 50; turn++) {
		refill.chains = 0;
		CHECK(ring_turn(&m.host) >= 2);
		CHECK(refill.chains > 0 && refill.chains <= TURN_CHAINS_MAX);
	}
	CHECK(served == 50);
	refill.ring = NULL;
}

/* The loop's others have their turn, and the queue has its next without another notification. */
static void
loop_is_shared(void)
{
	struct loop_source other = { .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK), .fn = serve_other };
	struct err err;

	begin();
	CHECK(loop_set(&m.host.loop, &other, EPOLLIN, &err) == 0);
	never_empty(M_ENTROPY, 0, 64, WRITE);
	never_empty(M_NET, 1, 60, 0);
	(void)close(other.fd);
	machine_release(&m);
}

/* Another vCPU, which gives all buffers back to the device as soon as they are used. */
struct filler {
	struct ring *ring;
	pthread_t thread;
	_Atomic bool started, stop;
};

static void *
filler_main(void *arg)
{
	struct filler *f = arg;

	while (!atomic_load(&f->stop)) {
		uint16_t used = __atomic_load_n((uint16_t *)(void *)(f->ring->used + 2), __ATOMIC_ACQUIRE);

		__atomic_store_n(
		    (uint16_t *)(void *)(f->ring->avail + 2), (uint16_t)(used + MACHINE_QUEUE), __ATOMIC_RELEASE);
		atomic_store(&f->started, true);
	}
	return NULL;
}

static void
filler_start(struct filler *f, struct ring *r, uint32_t len, uint16_t flags)
{
	f->ring = r;
	atomic_store(&f->started, false);
	atomic_store(&f->stop, false);
	fill(r, len, flags);
	machine_need(pthread_create(&f->thread, NULL, filler_main, f) == 0);
	while (!atomic_load(&f->started))
		(void)sched_yield();
}

static void
filler_stop(struct filler *f)
{
	atomic_store(&f->stop, true);
	(void)pthread_join(f->thread, NULL);
}

static long long
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A device's threads let others to its lock: registers, the host's wishes, a pause, a reset. */
static void
worker_never_empty(enum machine_kind k, unsigned q)
{
	struct virtio_worker *w = machine_worker(&m, k);
	const uint16_t *used = &m.devices[k]->queues[q].used_idx;
	long long start, longest = 0;
	struct filler f;
	uint16_t before;
	unsigned i;

	machine_start(&m, k, UINT64_MAX);
	filler_start(&f, &m.rings[q], 0, 0);
	for (i = 0; i < 100; i++) {
		before = __atomic_load_n(used, __ATOMIC_RELAXED);
		for (start = now_ms(); __atomic_load_n(used, __ATOMIC_RELAXED) == before; (void)sched_yield()) {
			machine_need(now_ms() - start < 20000);
			machine_kick(&m, k, q); /* for the case that it found the ring empty */
		}
		start = now_ms();
		CHECK(machine_status(&m, k) == M_RUNNING);
		virtio_worker_pause(w);
		CHECK(w->busy == 0);
		virtio_worker_resume(w);
		longest = now_ms() - start > longest ? now_ms() - start : longest;
	}
	printf("# device %u, queue %u: others waited %lld ms at most\n", k, q, longest);
	CHECK(longest < 2000);
	machine_write(&m, k, MR_STATUS, 4, 0);
	filler_stop(&f);
}

static void
workers_share(void)
{
	begin();
	worker_never_empty(M_BLOCK, 0);
	worker_never_empty(M_OVERLAY, 0);
	worker_never_empty(M_P9, 0);
	worker_never_empty(M_BALLOON, 0);
	worker_never_empty(M_BALLOON, 4);
	machine_release(&m);
}

static _Atomic bool returned;

static void *
vcpu_notifies(void *arg)
{
	machine_write(&m, M_CONSOLE, MR_QUEUE_NOTIFY, 4, 1);
	atomic_store((_Atomic bool *)arg, true);
	return NULL;
}

/* Until the machine ends; the loop gets the console's lock all the same. */
static void
console_never_empty(void)
{
	struct filler f;
	pthread_t vcpu;
	unsigned i;
	char buf[65536];

	begin();
	atomic_store(&m.vm.end, VM_RUNNING);
	machine_start(&m, M_CONSOLE, UINT64_MAX);
	filler_start(&f, &m.rings[1], 1, 0);
	machine_need(pthread_create(&vcpu, NULL, vcpu_notifies, &returned) == 0);
	for (i = 0; i < 200; i++) {
		virtio_console_resize(&m.console, (uint16_t)i, 25);
		(void)ring_turn(&m.host);
		while (recv(m.peers[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
			continue;
	}
	CHECK(machine_read(&m, M_CONSOLE, MR_CONFIG, 2) == 199);
	atomic_store(&m.vm.end, VM_HALTED);
	filler_stop(&f);
	(void)pthread_join(vcpu, NULL);
	machine_release(&m);
}

/* Nobody reads the console: the vCPU that writes waits, others do not, and nothing is lost. */
static void
console_without_reader(void)
{
	struct ring_buffer b = { MACHINE_SCRATCH, 4u << 20, false };
	struct timespec deadline;
	size_t got = 0;
	pthread_t vcpu;
	char buf[65536];
	ssize_t n;

	begin();
	atomic_store(&m.vm.end, VM_RUNNING);
	atomic_store(&returned, false);
	machine_start(&m, M_CONSOLE, UINT64_MAX);
	(void)ring_add(&m.rings[1], &b, 1);
	machine_need(pthread_create(&vcpu, NULL, vcpu_notifies, &returned) == 0);
	(void)usleep(50000);
	CHECK(!atomic_load(&returned));
	CHECK((machine_status(&m, M_CONSOLE) & M_RUNNING) == M_RUNNING);
	/* Another device, meanwhile. */
	machine_write(&m, M_BALLOON, MR_STATUS, 4, 0);
	CHECK(machine_turns(&m, 1000) < 1000);
	(void)clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += 20;
	while (got < b.len) {
		struct timespec now;

		n = recv(m.peers[1], buf, sizeof(buf), MSG_DONTWAIT);
		got += n > 0 ? (size_t)n : 0;
		(void)ring_turn(&m.host);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > deadline.tv_sec)
			break;
	}
	CHECK(got == b.len);
	(void)pthread_join(vcpu, NULL);
	CHECK(atomic_load(&returned) && m.console.device.queues[1].used_idx == 1);
	machine_release(&m);
}

/*
 * The loop is about to say that the socket has room, when a vCPU ends its line:
 * that takes the socket out.  Input comes all the same, later.
 */
static void
early_line_and_loop(void)
{
	struct ring_buffer b = { MACHINE_SCRATCH, 128, true };
	struct epoll_event e;
	struct loop_source *s;
	uint16_t head;
	uint32_t len;

	begin();
	machine_write(&m, M_CONSOLE, MR_CONFIG + 8, 4, 'a');
	machine_need(epoll_wait(m.host.loop.epoll_fd, &e, 1, 1000) == 1);
	s = e.data.ptr;
	CHECK(s == &m.console.ports[0].stream && e.events == EPOLLOUT);
	machine_write(&m, M_CONSOLE, MR_CONFIG + 8, 4, '\n');
	s->fn(s->arg, e.events);
	machine_start(&m, M_CONSOLE, UINT64_MAX);
	(void)ring_add(&m.rings[0], &b, 1);
	machine_kick(&m, M_CONSOLE, 0);
	CHECK(send(m.peers[1], "key", 3, 0) == 3);
	CHECK(machine_turns(&m, 100) < 100);
	CHECK(ring_take(&m.rings[0], &head, &len) && len == 3);
	machine_release(&m);
}

/* The guest takes no input: it stays in the socket, and the loop rests. */
static void
input_not_taken(void)
{
	static const uint8_t bytes[4096];
	size_t sent = 0;
	ssize_t n;

	begin();
	machine_start(&m, M_PORTS, UINT64_MAX);
	while ((n = send(m.peers[2], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0 && sent < (64u << 20)) {
		sent += (size_t)n;
		CHECK(machine_turns(&m, 100) < 100);
	}
	CHECK(n < 0 && sent < (8u << 20));
	machine_release(&m);
}

/* The UART keeps 4 KiB, says that it is busy, and goes on when there is a reader. */
static void
uart_without_reader(void)
{
	static struct uart u;
	static struct vm vm;
	static struct ring_host h;
	struct err err;
	unsigned i, sent = 0;
	char buf[4096];
	int fds[2];

	ring_host_init(&h);
	machine_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	CHECK(uart_attach(&u, &vm, &h.loop, fds[0], &err) == 0);
	while ((bus_read(&vm.pio, 0x3fd, 1) & 0x20) != 0 && sent < (16u << 20)) {
		bus_write(&vm.pio, 0x3f8, 1, 'x');
		sent++;
	}
	CHECK(sent < (16u << 20) && u.nout == UART_OUT_BYTES);
	for (i = 0; i < 10000; i++)
		bus_write(&vm.pio, 0x3f8, 1, 'y');
	CHECK(u.nout == UART_OUT_BYTES);
	while (recv(fds[1], buf, sizeof(buf), 0) > 0)
		(void)ring_turn(&h);
	CHECK(u.nout == 0 && (bus_read(&vm.pio, 0x3fd, 1) & 0x60) == 0x60);
	uart_release(&u);
	(void)close(fds[0]);
	(void)close(fds[1]);
	ring_host_release(&h);
}

TEST_MAIN({ "the loop is shared", loop_is_shared }, { "threads that share", workers_share },
    { "a console that is never empty", console_never_empty }, { "a console without a reader", console_without_reader },
    { "an early line, and the loop", early_line_and_loop }, { "input that is not taken", input_not_taken },
    { "a UART without a reader", uart_without_reader })
