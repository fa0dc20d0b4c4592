/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequential output with a digest computed beside it.  The caller's thread
 * fills one of a few buffers and writes each full one to the file; the other
 * thread digests it meanwhile, so that the whole takes as long as the slower
 * of the two.
 */
#include "base/stream.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"

#define BUFFER_BYTES (512 * 1024)
#define NBUFFERS 4
#define ZERO_BYTES (64 * 1024)
#define ZERO_HOLE 4096 /* shorter runs of zeros are written as data */
#define WRITEBACK_BYTES (8 * 1024 * 1024)

/* A piece of the output for the digester: bytes of a buffer, then so many zeros. */
struct slot {
	uint8_t *data;
	size_t len;
	uint64_t zeros;
};

struct stream {
	int fd;
	const char *name;
	uint64_t at; /* bytes given so far */
	uint64_t start; /* of the current buffer in the file */
	uint64_t synced; /* writeback was started up to here */
	bool failed, hashed;
	struct err err;
	void (*progress)(void *arg, uint64_t done);
	void *progress_arg;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct slot slots[NBUFFERS];
	unsigned head, tail; /* slots head..tail are for the digester; the caller fills tail */
	bool end;
	struct sha256 sha;
};

static const uint8_t zeros[ZERO_BYTES];

static void
digest_slot(struct stream *s, const struct slot *slot)
{
	uint64_t left, n;

	if (!s->hashed)
		return;
	sha256_add(&s->sha, slot->data, slot->len);
	for (left = slot->zeros; left > 0; left -= n) {
		n = u64_min(left, sizeof(zeros));
		sha256_add(&s->sha, zeros, n);
	}
}

static void *
digester(void *arg)
{
	struct stream *s = arg;

	for (;;) {
		(void)pthread_mutex_lock(&s->lock);
		while (s->head == s->tail && !s->end)
			(void)pthread_cond_wait(&s->changed, &s->lock);
		if (s->head == s->tail) {
			(void)pthread_mutex_unlock(&s->lock);
			return NULL;
		}
		(void)pthread_mutex_unlock(&s->lock);
		digest_slot(s, &s->slots[s->head % NBUFFERS]);
		(void)pthread_mutex_lock(&s->lock);
		s->head++;
		(void)pthread_cond_signal(&s->changed);
		(void)pthread_mutex_unlock(&s->lock);
	}
}

static struct slot *
current(struct stream *s)
{
	return &s->slots[s->tail % NBUFFERS];
}

/* Hands the current slot to the digester and waits for a free one. */
static void
next_slot(struct stream *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->tail++;
	(void)pthread_cond_signal(&s->changed);
	while (s->tail - s->head == NBUFFERS)
		(void)pthread_cond_wait(&s->changed, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
	current(s)->len = 0;
	current(s)->zeros = 0;
	s->start = s->at;
}

static int
fail_errno(struct stream *s, const char *what, const char *name)
{
	if (!s->failed) {
		s->failed = true;
		(void)err_sys(&s->err, "cannot %s '%s'", what, name);
	}
	return -1;
}

int
stream_fail(struct stream *s, const struct err *err)
{
	if (!s->failed) {
		s->failed = true;
		s->err = *err;
	}
	return -1;
}

static int
flush(struct stream *s)
{
	struct slot *slot = current(s);

	if (!s->failed && slot->len > 0 && pwrite_full(s->fd, slot->data, slot->len, s->start) < 0)
		(void)fail_errno(s, "write", s->name);
	if (s->start + slot->len - s->synced >= WRITEBACK_BYTES) {
		io_start_writeback(s->fd, s->synced, s->start + slot->len - s->synced);
		s->synced = s->start + slot->len;
	}
	if (slot->len > 0 || slot->zeros > 0)
		next_slot(s);
	if (s->progress != NULL)
		s->progress(s->progress_arg, s->at);
	return s->failed ? -1 : 0;
}

struct stream *
stream_open(int fd, const char *name, bool digest)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	size_t i;

	s->fd = fd;
	s->name = name;
	s->hashed = digest;
	sha256_init(&s->sha);
	for (i = 0; i < NBUFFERS; i++)
		s->slots[i].data = xmalloc(BUFFER_BYTES);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->changed, NULL);
	if (pthread_create(&s->thread, NULL, digester, s) != 0)
		abort();
	return s;
}

void
stream_progress(struct stream *s, void (*fn)(void *arg, uint64_t done), void *arg)
{
	s->progress = fn;
	s->progress_arg = arg;
}

/* Room in the current buffer, at its end, for up to want bytes; what is put there must be accounted for by added(). */
static uint8_t *
room(struct stream *s, uint64_t want, size_t *got)
{
	if (current(s)->len == BUFFER_BYTES || current(s)->zeros > 0)
		(void)flush(s);
	*got = (size_t)u64_min(want, BUFFER_BYTES - current(s)->len);
	return current(s)->data + current(s)->len;
}

static void
added(struct stream *s, size_t n)
{
	current(s)->len += n;
	s->at += n;
}

int
stream_write(struct stream *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	while (len > 0 && !s->failed) {
		uint8_t *to = room(s, len, &n);

		memcpy(to, p, n);
		added(s, n);
		p += n;
		len -= n;
	}
	return s->failed ? -1 : 0;
}

int
stream_zero(struct stream *s, uint64_t len)
{
	if (len < ZERO_HOLE)
		return stream_write(s, zeros, len);
	/* The hole begins where the data of the buffer ends. */
	current(s)->zeros += len;
	s->at += len;
	return s->failed ? -1 : 0;
}

int
stream_copy(struct stream *s, int fd, uint64_t offset, uint64_t len, const char *from)
{
	size_t n;

	while (len > 0 && !s->failed) {
		uint8_t *to = room(s, len, &n);

		if (pread_full(fd, to, n, offset) < 0)
			return fail_errno(s, "read", from);
		added(s, n);
		offset += n;
		len -= n;
	}
	return s->failed ? -1 : 0;
}

uint64_t
stream_tell(const struct stream *s)
{
	return s->at;
}

static void
stop_digester(struct stream *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->end = true;
	(void)pthread_cond_signal(&s->changed);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
}

int
stream_close(struct stream *s, uint8_t digest[SHA256_SIZE], struct err *err)
{
	int rv;
	size_t i;

	(void)flush(s);
	if (!s->failed && ftruncate(s->fd, (off_t)s->at) < 0)
		(void)fail_errno(s, "write", s->name);
	stop_digester(s);
	sha256_final(&s->sha, digest);
	if (!s->hashed)
		memset(digest, 0, SHA256_SIZE);
	rv = s->failed ? -1 : 0;
	if (s->failed)
		*err = s->err;
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_cond_destroy(&s->changed);
	for (i = 0; i < NBUFFERS; i++)
		free(s->slots[i].data);
	free(s);
	return rv;
}
