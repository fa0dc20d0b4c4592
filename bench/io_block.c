/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device: sequential 128 KiB and random 4 KiB, one and 32 in flight,
 * from the page cache, and random reads of what is not in it; by the device's
 * threads, by one thread, and by io_uring.
 */
#include "io.h"
#include "vmm/virtio/block.h"

#include <sys/mman.h>

#include "base/io.h"

enum {
	T_IN = 0,
	T_OUT = 1,
	FILE_BYTES = 128 << 20,
	WRITTEN_BYTES = 16 << 20, /* what is dirty is to be written before the next */
	QD_MAX = 32,
	BUFFER_BYTES = 128 << 10,
};

struct work {
	const char *name;
	uint32_t len;
	bool random, write, cold;
	unsigned qd;
};

enum engine { THREADS, ONE_THREAD, URING };

static int file_fd;

/* Where the nth operation goes: each place once, before one comes again. */
static uint64_t
place(const struct work *w, uint64_t n)
{
	const uint64_t places = (w->write ? WRITTEN_BYTES : FILE_BYTES) / w->len;

	return (w->random ? n * 40503 + n / places : n) % places * w->len;
}

/* What is in the page cache: all, or nothing. */
static void
prepare(const struct work *w)
{
	static uint8_t buf[1 << 20];
	uint64_t at;

	IO_MUST(fdatasync(file_fd) == 0);
	IO_MUST(posix_fadvise(file_fd, 0, 0, w->cold ? POSIX_FADV_DONTNEED : POSIX_FADV_NORMAL) == 0);
	IO_MUST(posix_fadvise(file_fd, 0, 0, w->cold ? POSIX_FADV_RANDOM : POSIX_FADV_NORMAL) == 0);
	for (at = 0; !w->cold && at < FILE_BYTES; at += sizeof(buf))
		IO_MUST(pread_full(file_fd, buf, sizeof(buf), at) == 0);
}

/* Operations a second by pread() and pwrite(), into the same memory as the driver's. */
static double
plain(const struct work *w, uint8_t *buffers)
{
	double start, end = 0;
	uint64_t n = 0;

	prepare(w);
	for (start = io_now(); end - start < io_seconds; end = io_now(), n++) {
		uint8_t *p = buffers + n % w->qd * BUFFER_BYTES;
		uint64_t at = place(w, n);

		IO_MUST((w->write ? pwrite_full(file_fd, p, w->len, at) : pread_full(file_fd, p, w->len, at)) == 0);
	}
	return (double)n / (end - start);
}

struct bench {
	struct ring_host host;
	struct virtio_block block;
	struct driver driver;
	uint64_t buffers, headers, statuses;
};

static void
slot_set(struct bench *b, const struct work *w, unsigned i)
{
	struct ring *r = &b->driver.ring;
	const uint16_t first = (uint16_t)(i * SLOT_DESCS);

	put_le32(ring_at(&b->host, b->headers + 16ull * i), w->write ? T_OUT : T_IN);
	ring_desc(r, first, b->headers + 16ull * i, 16, 1, (uint16_t)(first + 1));
	ring_desc(r, (uint16_t)(first + 1), b->buffers + (uint64_t)i * BUFFER_BYTES, w->len,
	    (uint16_t)(1 | (w->write ? 0 : 2)), (uint16_t)(first + 2));
	ring_desc(r, (uint16_t)(first + 2), b->statuses + i, 1, 2, 0);
}

static void
slot_offer(struct bench *b, const struct work *w, unsigned i, uint64_t n)
{
	put_le64((uint8_t *)ring_at(&b->host, b->headers + 16ull * i) + 8, place(w, n) / 512);
	driver_offer(&b->driver, i);
}

/* Keeps qd requests in flight; operations a second. */
static double
drive(struct bench *b, const struct work *w, uint64_t *done)
{
	struct driver *d = &b->driver;
	uint64_t n = 0, taken = 0;
	double start, end;
	uint32_t len;
	unsigned i;

	d->kicks = d->interrupts = 0;
	prepare(w);
	for (i = 0; i < w->qd; i++)
		slot_set(b, w, i);
	start = end = io_now();
	for (i = 0; i < w->qd; i++)
		slot_offer(b, w, i, n++);
	driver_kick(d);
	while (taken < n) {
		/* All that is there, then one notification, as drivers do. */
		do {
			i = driver_take(d, &len) / SLOT_DESCS;
			taken++;
			IO_MUST(*(uint8_t *)ring_at(&b->host, b->statuses + i) == 0);
			if (end - start < io_seconds)
				slot_offer(b, w, i, n++);
		} while (driver_used(d));
		end = io_now();
		driver_kick(d);
	}
	*done = n;
	return (double)n / (end - start);
}

static void
bench_init(struct bench *b, int overlay_fd)
{
	struct err err;
	struct disk disk;

	ring_host_init(&b->host);
	IO_MUST(disk_open(&disk, dup(file_fd), overlay_fd, false, &err) == 0);
	IO_MUST(virtio_block_init(&b->block, 0, &disk, &err) == 0);
	ring_attach(&b->host, &b->block.device, VIRTIO_F_EVENT_IDX | 1 << 9);
	driver_init(&b->driver, &b->host, &b->block.device, 0, 128);
	b->headers = ring_alloc(&b->host, 16ull * QD_MAX);
	b->statuses = ring_alloc(&b->host, QD_MAX);
	b->host.next_gpa = roundup(b->host.next_gpa, 4096);
	b->buffers = ring_alloc(&b->host, (size_t)QD_MAX * BUFFER_BYTES);
	memset(ring_at(&b->host, b->buffers), 1, (size_t)QD_MAX * BUFFER_BYTES);
	ring_run(&b->block.device);
}

static void
measure(const struct work *w, enum engine engine, bool overlay, const char *how)
{
	static struct bench b;
	struct io_uring_engine *uring = NULL;
	struct err err;
	char name[96];
	double raw, device;
	uint64_t n;

	bench_init(&b, overlay ? open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1);
	(void)snprintf(name, sizeof(name), "%s%s", w->name, how);
	raw = plain(w, ring_at(&b.host, b.buffers));
	if (engine == URING) {
		uring = io_uring_start(&b.block);
	} else {
		b.block.worker.nthreads = engine == ONE_THREAD ? 1
					  : getenv("NT")       ? atoi(getenv("NT"))
							       : VIRTIO_BLOCK_THREADS;
		IO_MUST(virtio_worker_start(&b.block.worker, NULL, NULL, &err) == 0);
	}
	device = drive(&b, w, &n);
	if (engine == URING)
		io_uring_stop(uring);
	virtio_block_release(&b.block);
	ring_host_release(&b.host);
	if (w->len >= 65536)
		io_result(name, raw * w->len / 1e6, device * w->len / 1e6, "MB/s", &b.driver, (double)n);
	else
		io_result(name, raw, device, "op/s", &b.driver, (double)n);
}

static void
file_make(const char *dir)
{
	static uint8_t buf[1 << 20];
	uint64_t at;

	memset(buf, 0x5a, sizeof(buf));
	file_fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	IO_MUST(file_fd >= 0);
	for (at = 0; at < FILE_BYTES; at += sizeof(buf))
		IO_MUST(pwrite_full(file_fd, buf, sizeof(buf), at) == 0);
}

void
io_block(const char *dir)
{
	static const struct work works[] = {
		{ "read 128K, 1 in flight", 128 << 10, false, false, false, 1 },
		{ "read 128K, 32 in flight", 128 << 10, false, false, false, 32 },
		{ "write 128K, 1 in flight", 128 << 10, false, true, false, 1 },
		{ "write 128K, 32 in flight", 128 << 10, false, true, false, 32 },
		{ "random read 4K, 1 in flight", 4 << 10, true, false, false, 1 },
		{ "random read 4K, 32 in flight", 4 << 10, true, false, false, 32 },
		{ "random write 4K, 1 in flight", 4 << 10, true, true, false, 1 },
		{ "random write 4K, 32 in flight", 4 << 10, true, true, false, 32 },
		{ "cold random read 4K, 1 in flight", 4 << 10, true, false, true, 1 },
		{ "cold random read 4K, 32 in flight", 4 << 10, true, false, true, 32 },
	};
	unsigned i;

	file_make(dir);
	for (i = 0; i < nitems(works); i++) {
		const struct work *w = &works[i];

		measure(w, THREADS, false, "");
		if (w->qd > 1)
			measure(w, ONE_THREAD, false, ", one thread");
		measure(w, URING, false, ", io_uring");
		if (!w->cold)
			measure(w, THREADS, true, ", overlay");
	}
	(void)close(file_fd);
}
