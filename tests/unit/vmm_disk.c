/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks and their overlays: against a model, through failures, and what is
 * refused.
 */
#include "vmm/disk.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/io.h"

#include "test.h"

enum {
	SECTOR = 512,
	DISK_BYTES = 301 * SECTOR, /* the last cluster is not whole */
	BITMAP_AT = 4096,
	DATA_AT = 8192,
};

/* Two files, opened again and again by duplicates of their descriptors. */
struct files {
	int raw, overlay;
	uint8_t base[DISK_BYTES];
};

static int
unnamed(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static void
files_init(struct files *f)
{
	unsigned i;

	for (i = 0; i < sizeof(f->base); i++)
		f->base[i] = (uint8_t)(1 + i % 251);
	f->raw = unnamed();
	f->overlay = unnamed();
	CHECK(pwrite_full(f->raw, f->base, sizeof(f->base), 0) == 0);
}

static void
files_release(struct files *f)
{
	(void)close(f->raw);
	(void)close(f->overlay);
}

static void
files_open(struct files *f, struct disk *d)
{
	struct err err = { 0 };

	CHECK(disk_open(d, dup(f->raw), dup(f->overlay), false, &err) == 0);
	CHECK_STR(err.msg, "");
}

static int
put(struct disk *d, const void *p, size_t len, uint64_t offset)
{
	/* Cut into three, as a guest's buffers are. */
	const struct iovec iov[] = { { (void *)(uintptr_t)p, len / 3 }, { (uint8_t *)(uintptr_t)p + len / 3, 0 },
		{ (uint8_t *)(uintptr_t)p + len / 3, len - len / 3 } };

	return disk_write(d, iov, 3, offset, len);
}

static bool
reads_as(struct disk *d, const uint8_t *want, uint64_t offset, size_t len)
{
	static uint8_t got[DISK_BYTES];
	const struct iovec iov[] = { { got, len / 2 }, { got + len / 2, len - len / 2 } };

	memset(got, 0xa5, sizeof(got));
	return disk_read(d, iov, 2, offset, len) == 0 && memcmp(got, want, len) == 0;
}

static bool
raw_is(struct files *f, const uint8_t *want)
{
	static uint8_t got[DISK_BYTES];

	return pread_full(f->raw, got, sizeof(got), 0) == 0 && memcmp(got, want, sizeof(got)) == 0;
}

/* --- against a model --- */

static void
random_step(struct disk *d, uint8_t *model)
{
	static uint8_t buf[DISK_BYTES];
	uint64_t from = (uint64_t)(rand() % 301), n = (uint64_t)(1 + rand() % 40), at, len;

	n = from + n > 301 ? 301 - from : n;
	at = from * SECTOR;
	len = n * SECTOR;
	switch (rand() % 6) {
	case 0:
		memset(model + at, 0, len);
		CHECK(disk_zero(d, at, len, false) == 0);
		break;
	case 1: /* of an overlay, and of a file that can have holes: zeros */
		memset(model + at, 0, len);
		CHECK(disk_zero(d, at, len, true) == 0);
		break;
	case 2:
	case 3:
		memset(buf, rand(), len);
		memcpy(model + at, buf, len);
		CHECK(put(d, buf, len, at) == 0);
		break;
	default:
		CHECK(reads_as(d, model + at, at, len));
	}
}

static void
random_operations(void)
{
	static uint8_t model[DISK_BYTES];
	struct err err = { 0 };
	struct files f;
	struct disk d;
	int i;

	files_init(&f);
	memcpy(model, f.base, sizeof(model));
	srand(1);
	files_open(&f, &d);
	for (i = 0; i < 6000; i++) {
		random_step(&d, model);
		if (i % 50 == 0)
			CHECK(disk_flush(&d) == 0);
		if (i % 100 == 0) {
			CHECK(raw_is(&f, f.base));
			disk_close(&d);
			files_open(&f, &d);
		}
		if (i % 1000 == 600) {
			CHECK(disk_commit(&d, &err) == 0);
			memcpy(f.base, model, sizeof(model));
			CHECK(raw_is(&f, model));
		}
		if (i % 1000 == 800) {
			CHECK(disk_reset(&d, &err) == 0);
			memcpy(model, f.base, sizeof(model));
		}
	}
	CHECK(reads_as(&d, model, 0, sizeof(model)));
	disk_close(&d);
	files_release(&f);
}

static void
without_overlay(void)
{
	static uint8_t model[DISK_BYTES];
	struct err err = { 0 };
	struct files f;
	struct disk d;
	int i;

	files_init(&f);
	memcpy(model, f.base, sizeof(model));
	CHECK(disk_open(&d, dup(f.raw), -1, false, &err) == 0);
	srand(2);
	for (i = 0; i < 2000; i++)
		random_step(&d, model);
	CHECK(disk_flush(&d) == 0 && raw_is(&f, model));
	CHECK(disk_commit(&d, &err) < 0);
	CHECK_STR(err.msg, "the disk has no overlay");
	CHECK(disk_reset(&d, &err) < 0);
	disk_close(&d);
	files_release(&f);
}

/* --- crashes --- */

/* Writes cluster 2 in a process that is killed, before or after a flush. */
static void
killed(struct files *f, bool flush)
{
	static uint8_t buf[4096];
	pid_t pid = fork();
	struct disk d;

	if (pid == 0) {
		files_open(f, &d);
		memset(buf, 0xee, sizeof(buf));
		if (put(&d, buf, sizeof(buf), 8192) < 0 || (flush && disk_flush(&d) < 0))
			_exit(1);
		(void)raise(SIGKILL);
	}
	CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

static uint8_t
bits(struct files *f)
{
	uint8_t b = 0xff;

	CHECK(pread_full(f->overlay, &b, 1, BITMAP_AT) == 0);
	return b;
}

static void
flushed_is_kept(void)
{
	struct files f;
	struct disk d;
	uint8_t cluster[4096];

	files_init(&f);
	killed(&f, false);
	CHECK(bits(&f) == 0); /* no bit before its cluster is on the disk */
	files_open(&f, &d);
	CHECK(reads_as(&d, f.base, 0, DISK_BYTES));
	disk_close(&d);
	killed(&f, true);
	CHECK(bits(&f) == 1 << 2);
	files_open(&f, &d);
	memset(cluster, 0xee, sizeof(cluster));
	CHECK(reads_as(&d, cluster, 8192, sizeof(cluster)) && reads_as(&d, f.base, 0, 8192));
	/* Without a kill a flush is not needed. */
	CHECK(put(&d, cluster, sizeof(cluster), 0) == 0);
	disk_close(&d);
	CHECK(bits(&f) == (1 << 2 | 1));
	files_release(&f);
}

/* Files of this process cannot become, or be written, longer than that. */
static void
limit(rlim_t bytes)
{
	struct rlimit l;

	CHECK(getrlimit(RLIMIT_FSIZE, &l) == 0);
	l.rlim_cur = bytes;
	CHECK(setrlimit(RLIMIT_FSIZE, &l) == 0);
}

static void
commit_interrupted(void)
{
	static uint8_t model[DISK_BYTES];
	struct err err = { 0 };
	struct files f;
	struct disk d;
	uint64_t at;

	(void)signal(SIGXFSZ, SIG_IGN);
	for (at = 0; at < DISK_BYTES; at += 20000) {
		files_init(&f);
		memset(model, 0x5a, sizeof(model));
		memcpy(model, f.base, 4096);
		files_open(&f, &d);
		CHECK(put(&d, model + 4096, DISK_BYTES - 4096, 4096) == 0);
		limit(at);
		CHECK(disk_commit(&d, &err) < 0);
		limit(RLIM_INFINITY);
		CHECK(strncmp(err.msg, "cannot write the overlay into its disk: ", 40) == 0);
		CHECK(reads_as(&d, model, 0, DISK_BYTES));
		disk_close(&d);
		files_open(&f, &d);
		CHECK(reads_as(&d, model, 0, DISK_BYTES));
		CHECK(disk_commit(&d, &err) == 0 && raw_is(&f, model) && bits(&f) == 0);
		CHECK(reads_as(&d, model, 0, DISK_BYTES));
		disk_close(&d);
		files_release(&f);
	}
}

static void
emptying_interrupted(void)
{
	static const uint8_t emptying[] = { 1, 0, 0, 0 };
	const off_t ends[] = { 32, DATA_AT, DATA_AT + 4096, 0 };
	struct err err = { 0 };
	struct files f;
	struct disk d;
	struct stat st;
	unsigned i;

	for (i = 0; i < 4; i++) {
		files_init(&f);
		killed(&f, true);
		CHECK(pwrite_full(f.overlay, emptying, 4, 28) == 0);
		if (ends[i] != 0)
			CHECK(ftruncate(f.overlay, ends[i]) == 0);
		CHECK(disk_open(&d, dup(f.raw), dup(f.overlay), true, &err) < 0);
		CHECK_STR(err.msg, "the overlay was being emptied: open it for writing once");
		disk_close(&d);
		files_open(&f, &d);
		CHECK(reads_as(&d, f.base, 0, DISK_BYTES) && bits(&f) == 0);
		disk_close(&d);
		CHECK(fstat(f.overlay, &st) == 0 && st.st_size == DATA_AT + 38 * 4096);
		files_release(&f);
	}
}

/* --- what there is no room for, what is refused --- */

static void
no_room(void)
{
	static uint8_t buf[8192];
	struct files f;
	struct disk d;

	files_init(&f);
	files_open(&f, &d);
	(void)signal(SIGXFSZ, SIG_IGN);
	limit(DATA_AT + 16384);
	CHECK(put(&d, buf, 8192, 16384) < 0);
	CHECK(put(&d, buf, 8192, 0) == 0);
	limit(RLIM_INFINITY);
	CHECK(reads_as(&d, buf, 0, 8192) && reads_as(&d, f.base + 8192, 8192, DISK_BYTES - 8192));
	disk_close(&d);
	files_release(&f);
}

static void
takes_no_room(void)
{
	struct files f;
	struct disk d;
	struct stat st;

	files_init(&f);
	files_open(&f, &d);
	CHECK(put(&d, f.base, 4096, 4096) == 0 && disk_zero(&d, 16384, 65536, true) == 0 && disk_flush(&d) == 0);
	CHECK(fstat(f.overlay, &st) == 0 && st.st_blocks * 512 <= 3 * 4096);
	disk_close(&d);
	files_release(&f);
}

static void
refused(struct files *f, const char *why)
{
	struct err err = { 0 };
	struct disk d;

	CHECK(disk_open(&d, dup(f->raw), dup(f->overlay), false, &err) < 0);
	CHECK_STR(err.msg, why);
	disk_close(&d);
}

static void
misfits(void)
{
	struct err err = { 0 };
	struct files f;
	struct disk d;
	int pipes[2];

	files_init(&f);
	files_open(&f, &d);
	disk_close(&d);
	CHECK(ftruncate(f.raw, 302 * SECTOR) == 0);
	refused(&f, "the overlay was made for a disk of 154112 bytes, this one has 154624");
	CHECK(ftruncate(f.raw, 301 * SECTOR) == 0 && ftruncate(f.overlay, 12288) == 0);
	refused(&f, "the overlay is damaged: it has 12288 bytes, not 163840");
	CHECK(pwrite_full(f.overlay, "S", 1, 0) == 0);
	refused(&f, "the overlay is none: it does not begin with 'smol overlay 1'");
	CHECK(ftruncate(f.overlay, 5) == 0);
	refused(&f, "the overlay is none: it does not begin with 'smol overlay 1'");
	CHECK(ftruncate(f.raw, 511) == 0);
	refused(&f, "a disk is no regular file of at least 512 bytes");
	CHECK(ftruncate(f.raw, 512) == 0 && pipe2(pipes, O_CLOEXEC) == 0);
	CHECK(disk_open(&d, dup(f.raw), pipes[0], false, &err) < 0);
	CHECK_STR(err.msg, "an overlay is no regular file");
	disk_close(&d);
	(void)close(pipes[1]);
	files_release(&f);
}

/* As smol opens it: for reading alone. */
static int
reopened(int fd, int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static void
read_only(void)
{
	struct err err = { 0 };
	struct files f;
	struct disk d;

	files_init(&f);
	killed(&f, true);
	/* A raw file that is open for reading has an overlay, but takes no commit. */
	CHECK(disk_open(&d, reopened(f.raw, O_RDONLY), dup(f.overlay), false, &err) == 0);
	CHECK(put(&d, f.base + 512, 512, 512) == 0 && disk_commit(&d, &err) < 0);
	CHECK_STR(err.msg, "the disk is open for reading alone");
	CHECK(reads_as(&d, f.base, 0, 4096));
	disk_close(&d);
	CHECK(disk_open(&d, reopened(f.raw, O_RDONLY), reopened(f.overlay, O_RDONLY), true, &err) == 0);
	CHECK(!reads_as(&d, f.base, 0, DISK_BYTES) && disk_commit(&d, &err) < 0 && disk_reset(&d, &err) < 0);
	disk_close(&d);
	files_release(&f);
}

TEST_MAIN({ "random operations, an overlay, commit and reset", random_operations },
    { "random operations on the raw file", without_overlay }, { "what was flushed is kept", flushed_is_kept },
    { "commit, interrupted", commit_interrupted }, { "emptying, interrupted", emptying_interrupted },
    { "no room", no_room }, { "an overlay takes what is written", takes_no_room }, { "misfits", misfits },
    { "read-only", read_only })
