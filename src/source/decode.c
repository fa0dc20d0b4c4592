/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decompressing thread and its ring.  One thread fills, one empties; the
 * lock is taken once for each 1 MiB.
 */
#include "source/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"

#define RING_SLOTS 4
#define SLOT_BYTES (1024 * 1024)

static const struct codec *const codecs[] = { &codec_xz, &codec_gzip, &codec_zstd, &codec_bzip2, &codec_plain };

struct decode {
	const struct codec *codec;
	void *state;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock: slots [tail, head) are full; counters only grow. */
	unsigned head, tail;
	bool stop, done;
	bool failed;
	struct err err;
	/* The reader holds slot tail between two calls. */
	bool holding;
	size_t len[RING_SLOTS];
	unsigned char *slot[RING_SLOTS];
};

ssize_t
decode_input(int fd, unsigned char *buf, struct err *err)
{
	ssize_t n;

	do
		n = read(fd, buf, DECODE_INPUT_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "cannot read it");
	return n;
}

/* Waits for a free slot; false when the reader has gone. */
static bool
wait_free(struct decode *d)
{
	bool go;

	(void)pthread_mutex_lock(&d->lock);
	while (!d->stop && d->head - d->tail == RING_SLOTS)
		(void)pthread_cond_wait(&d->changed, &d->lock);
	go = !d->stop;
	(void)pthread_mutex_unlock(&d->lock);
	return go;
}

static void *
decode_main(void *arg)
{
	struct decode *d = arg;
	struct err err = { 0 };
	size_t got = SLOT_BYTES;
	int rv = 0;

	while (rv == 0 && got == SLOT_BYTES && wait_free(d)) {
		unsigned i = d->head % RING_SLOTS;

		rv = d->codec->fill(d->state, d->slot[i], SLOT_BYTES, &got, &err);
		(void)pthread_mutex_lock(&d->lock);
		if (rv == 0 && got > 0) {
			d->len[i] = got;
			d->head++;
		}
		(void)pthread_cond_signal(&d->changed);
		(void)pthread_mutex_unlock(&d->lock);
	}
	(void)pthread_mutex_lock(&d->lock);
	d->done = true;
	d->failed = rv < 0;
	d->err = err;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
	return NULL;
}

static const struct codec *
codec_of(int fd, struct err *err)
{
	unsigned char head[8] = { 0 };
	size_t i;

	if (pread(fd, head, sizeof(head), 0) < 0) {
		err_sys(err, "cannot read it");
		return NULL;
	}
	for (i = 0; i < nitems(codecs) - 1; i++)
		if (memcmp(head, codecs[i]->magic, codecs[i]->magic_len) == 0)
			break;
	return codecs[i];
}

/* Signals are for the main thread. */
static int
start_thread(struct decode *d)
{
	sigset_t all, old;
	int rv;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	rv = pthread_create(&d->thread, NULL, decode_main, d);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rv;
}

static void
decode_free(struct decode *d)
{
	size_t i;

	d->codec->close(d->state);
	for (i = 0; i < RING_SLOTS; i++)
		free(d->slot[i]);
	(void)pthread_cond_destroy(&d->changed);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

struct decode *
decode_open(int fd, struct err *err)
{
	const struct codec *codec = codec_of(fd, err);
	struct decode *d;
	void *state;
	size_t i;

	if (codec == NULL)
		return NULL;
	(void)lseek(fd, 0, SEEK_SET);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	state = codec->open(fd, err);
	if (state == NULL)
		return NULL;
	d = xcalloc(1, sizeof(*d));
	d->codec = codec;
	d->state = state;
	for (i = 0; i < RING_SLOTS; i++)
		d->slot[i] = xmalloc(SLOT_BYTES);
	(void)pthread_mutex_init(&d->lock, NULL);
	(void)pthread_cond_init(&d->changed, NULL);
	errno = start_thread(d);
	if (errno != 0) {
		err_sys(err, "cannot start a thread");
		decode_free(d);
		return NULL;
	}
	return d;
}

ssize_t
decode_next(struct decode *d, const void **buf, struct err *err)
{
	ssize_t n = 0;

	(void)pthread_mutex_lock(&d->lock);
	if (d->holding) {
		d->tail++;
		d->holding = false;
		(void)pthread_cond_signal(&d->changed);
	}
	while (d->head == d->tail && !d->done)
		(void)pthread_cond_wait(&d->changed, &d->lock);
	if (d->head != d->tail) {
		*buf = d->slot[d->tail % RING_SLOTS];
		n = (ssize_t)d->len[d->tail % RING_SLOTS];
		d->holding = true;
	} else if (d->failed) {
		*err = d->err;
		n = -1;
	}
	(void)pthread_mutex_unlock(&d->lock);
	return n;
}

void
decode_close(struct decode *d)
{
	if (d == NULL)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->stop = true;
	(void)pthread_cond_signal(&d->changed);
	(void)pthread_mutex_unlock(&d->lock);
	(void)pthread_join(d->thread, NULL);
	decode_free(d);
}
