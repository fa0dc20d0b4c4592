/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A share by 9P2000.L with messages of up to 1 MiB: reads and writes of 128 KiB,
 * attributes, and walks to a file and back, beside the calls that they stand for.
 */
#include "io.h"
#include "vmm/virtio/p9.h"

#include <sys/stat.h>

#include "base/io.h"

enum {
	T_LOPEN = 12,
	T_GETATTR = 24,
	T_VERSION = 100,
	T_ATTACH = 104,
	T_WALK = 110,
	T_READ = 116,
	T_WRITE = 118,
	T_CLUNK = 120,
	FILE_BYTES = 64 << 20,
	PIECE = 128 << 10,
	MSIZE = 1 << 20,
	QD_MAX = 8,
	ROOT = 1,
	FILE_FID = 2,
	WALK_FID = 3,
};

struct bench {
	struct ring_host host;
	struct virtio_p9 p9;
	struct driver driver;
	uint64_t out[QD_MAX], in[QD_MAX];
	uint8_t *msg; /* the message in the making */
	uint32_t len;
};

static void
put(struct bench *b, uint64_t v, unsigned bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		b->msg[b->len++] = (uint8_t)v;
}

static void
put_text(struct bench *b, const char *s)
{
	put(b, strlen(s), 2);
	memcpy(b->msg + b->len, s, strlen(s));
	b->len += (uint32_t)strlen(s);
}

static void
begin(struct bench *b, unsigned slot, uint8_t type)
{
	b->msg = ring_at(&b->host, b->out[slot]);
	b->len = 0;
	put(b, 0, 4);
	put(b, type, 1);
	put(b, slot, 2);
}

/* Offers the message, data bytes of which are behind it already. */
static void
offer(struct bench *b, unsigned slot, uint32_t data, uint32_t reply)
{
	const uint16_t first = (uint16_t)(slot * SLOT_DESCS);

	put_le32(b->msg, b->len + data);
	ring_desc(&b->driver.ring, first, b->out[slot], b->len + data, 1, (uint16_t)(first + 1));
	ring_desc(&b->driver.ring, (uint16_t)(first + 1), b->in[slot], reply, 2, 0);
	driver_offer(&b->driver, slot);
}

/* The slot of the next reply, which is no error. */
static unsigned
reply(struct bench *b)
{
	uint32_t len;
	unsigned slot = driver_take(&b->driver, &len) / SLOT_DESCS;

	const uint8_t *in = ring_at(&b->host, b->in[slot]);
	const uint8_t *out = ring_at(&b->host, b->out[slot]);

	IO_MUST(len >= 7 && in[4] == out[4] + 1);
	return slot;
}

static void
call(struct bench *b)
{
	offer(b, 0, 0, 4096);
	driver_kick(&b->driver);
	(void)reply(b);
}

static void
walk(struct bench *b, unsigned slot, uint32_t fid)
{
	begin(b, slot, T_WALK);
	put(b, ROOT, 4);
	put(b, fid, 4);
	put(b, 1, 2);
	put_text(b, "file");
}

static void
session(struct bench *b)
{
	begin(b, 0, T_VERSION);
	put(b, MSIZE, 4);
	put_text(b, "9P2000.L");
	call(b);
	begin(b, 0, T_ATTACH);
	put(b, ROOT, 4);
	put(b, UINT32_MAX, 4);
	put_text(b, "");
	put_text(b, "");
	put(b, UINT32_MAX, 4);
	call(b);
	walk(b, 0, FILE_FID);
	call(b);
	begin(b, 0, T_LOPEN);
	put(b, FILE_FID, 4);
	put(b, O_RDWR, 4);
	call(b);
}

static void
bench_init(struct bench *b, int dir_fd)
{
	struct err err;
	unsigned i;

	ring_host_init(&b->host);
	IO_MUST(virtio_p9_init(&b->p9, 0, "bench", dup(dir_fd), false, &err) == 0);
	ring_attach(&b->host, &b->p9.device, VIRTIO_F_EVENT_IDX);
	driver_init(&b->driver, &b->host, &b->p9.device, 0, 128);
	for (i = 0; i < QD_MAX; i++) {
		b->out[i] = ring_alloc(&b->host, PIECE + 64);
		b->in[i] = ring_alloc(&b->host, PIECE + 64);
	}
	ring_run(&b->p9.device);
	IO_MUST(virtio_worker_start(&b->p9.worker, NULL, NULL, &err) == 0);
	session(b);
}

static void
bench_release(struct bench *b)
{
	virtio_p9_release(&b->p9);
	ring_host_release(&b->host);
}

enum what { READ, WRITE, STAT, WALK };

/* The nth operation into its slot. */
static void
ask(struct bench *b, enum what what, unsigned slot, uint64_t n)
{
	switch (what) {
	case READ:
	case WRITE:
		begin(b, slot, what == READ ? T_READ : T_WRITE);
		put(b, FILE_FID, 4);
		put(b, n * PIECE % FILE_BYTES, 8);
		put(b, PIECE, 4);
		offer(b, slot, what == READ ? 0 : PIECE, what == READ ? PIECE + 11 : 64);
		break;
	case STAT:
		begin(b, slot, T_GETATTR);
		put(b, FILE_FID, 4);
		put(b, 0x7ff, 8);
		offer(b, slot, 0, 256);
		break;
	default: /* there and, next time, back */
		if (n % 2 == 0) {
			walk(b, slot, WALK_FID);
		} else {
			begin(b, slot, T_CLUNK);
			put(b, WALK_FID, 4);
		}
		offer(b, slot, 0, 256);
	}
}

static double
drive(struct bench *b, enum what what, unsigned qd, uint64_t *done)
{
	uint64_t n = 0, taken = 0;
	double start, end;
	unsigned i;

	b->driver.kicks = b->driver.interrupts = 0;
	start = end = io_now();
	for (i = 0; i < qd; i++)
		ask(b, what, i, n++);
	driver_kick(&b->driver);
	while (taken < n) {
		do {
			i = reply(b);
			taken++;
			if (end - start < io_seconds)
				ask(b, what, i, n++);
		} while (driver_used(&b->driver));
		end = io_now();
		driver_kick(&b->driver);
	}
	*done = n;
	return (double)n / (end - start);
}

static double
plain(int dir_fd, int fd, enum what what)
{
	static uint8_t buf[PIECE];
	double start = io_now(), end = start;
	struct stat st;
	uint64_t n;
	int other = -1;

	for (n = 0; end - start < io_seconds; n++, end = io_now()) {
		if (what == READ)
			IO_MUST(pread_full(fd, buf, PIECE, n * PIECE % FILE_BYTES) == 0);
		else if (what == WRITE)
			IO_MUST(pwrite_full(fd, buf, PIECE, n * PIECE % FILE_BYTES) == 0);
		else if (what == STAT)
			IO_MUST(fstat(fd, &st) == 0);
		else if (n % 2 == 0)
			IO_MUST((other = openat(dir_fd, "file", O_PATH | O_CLOEXEC)) >= 0 && fstat(other, &st) == 0);
		else
			IO_MUST(close(other) == 0);
	}
	return (double)n / (end - start);
}

static void
measure(int dir_fd, int fd, const char *name, enum what what, unsigned qd)
{
	static struct bench b;
	double raw = plain(dir_fd, fd, what), device;
	uint64_t n;

	bench_init(&b, dir_fd);
	device = drive(&b, what, qd, &n);
	bench_release(&b);
	if (what == READ || what == WRITE)
		io_result(name, raw * PIECE / 1e6, device * PIECE / 1e6, "MB/s", &b.driver, (double)n);
	else
		io_result(name, raw, device, "op/s", &b.driver, (double)n);
}

void
io_p9(const char *dir)
{
	static uint8_t piece[1 << 20];
	int dir_fd, fd;
	uint64_t at;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/io-share.XXXXXX", dir);
	IO_MUST(mkdtemp(path) != NULL);
	dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(dir_fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	IO_MUST(dir_fd >= 0 && fd >= 0);
	for (at = 0; at < FILE_BYTES; at += sizeof(piece))
		IO_MUST(pwrite_full(fd, piece, sizeof(piece), at) == 0);
	measure(dir_fd, fd, "9p read 128K, 1 in flight", READ, 1);
	measure(dir_fd, fd, "9p read 128K, 8 in flight", READ, 8);
	measure(dir_fd, fd, "9p write 128K, 1 in flight", WRITE, 1);
	measure(dir_fd, fd, "9p write 128K, 8 in flight", WRITE, 8);
	measure(dir_fd, fd, "9p attributes", STAT, 1);
	measure(dir_fd, fd, "9p attributes, 8 in flight", STAT, 8);
	measure(dir_fd, fd, "9p walk, clunk", WALK, 1);
	(void)unlinkat(dir_fd, "file", 0);
	(void)rmdir(path);
	(void)close(fd);
	(void)close(dir_fd);
}
