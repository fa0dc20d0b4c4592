/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device's threads: one leads, the others wait or are in a chain that waits.
 */
#include "vmm/virtio/worker.h"

#include <errno.h>

/* The driver is told of what is done after so much at the latest, though more waits. */
#define UNTOLD_BYTES_MAX (1u << 20)

/* This thread takes its device's chains. */
static __thread bool leads;

void
virtio_worker_init(
    struct virtio_worker *w, struct virtio_device *d, uint32_t (*fn)(void *, unsigned, const struct virtqueue_chain *))
{
	*w = (struct virtio_worker){ .device = d, .fn = fn, .nthreads = 1 };
	(void)pthread_cond_init(&w->wake, NULL);
	(void)pthread_cond_init(&w->idle, NULL);
}

static void
tell(struct virtio_worker *w)
{
	unsigned q;

	for (q = 0; q < w->device->nqueues; q++)
		virtio_used(w->device, q);
	w->untold_bytes = 0;
}

/*
 * One interrupt for chains that are done one after the other; where fn() waits
 * without saying so, one each.  It comes before the driver is asked to notify:
 * often it has the next chain ready by then.
 */
static void
done(struct virtio_worker *w, const struct virtqueue *q, uint64_t bytes)
{
	w->untold_bytes += bytes;
	if (!leads || w->nthreads == 1 || w->untold_bytes >= UNTOLD_BYTES_MAX || !virtqueue_peek(q))
		tell(w);
}

/* Under the lock but for the chains themselves. */
static void
serve(struct virtio_worker *w, unsigned queue)
{
	struct virtio_device *d = w->device;
	struct virtqueue *q = &d->queues[queue];
	struct virtqueue_chain c;
	uint32_t written;

	while (leads && !w->stop && w->paused == 0 && virtio_running(d) && virtqueue_pop(q, &c) > 0) {
		w->busy++;
		(void)pthread_mutex_unlock(&d->lock);
		written = w->fn(d->self, queue, &c);
		(void)pthread_mutex_lock(&d->lock);
		if (--w->busy == 0)
			(void)pthread_cond_broadcast(&w->idle);
		if (!q->ready)
			return; /* it was reset meanwhile */
		virtqueue_push(q, c.head, written);
		done(w, q, c.out_bytes + written);
	}
	if (leads && w->untold_bytes > 0)
		tell(w);
	if (q->broken)
		virtio_needs_reset(d);
}

static void
lead(struct virtio_worker *w)
{
	struct virtio_device *d = w->device;
	unsigned q;

	w->led = leads = true;
	for (;;) {
		for (q = 0; q < d->nqueues; q++)
			serve(w, q);
		if (!leads || w->stop)
			return;
		(void)pthread_mutex_unlock(&d->lock);
		loop_drain(d->sources[0].source.fd);
		(void)pthread_mutex_lock(&d->lock);
	}
}

static void *
thread_main(void *arg)
{
	struct virtio_worker *w = arg;

	if (w->hook != NULL)
		w->hook(w->hook_arg);
	(void)pthread_mutex_lock(&w->device->lock);
	while (!w->stop) {
		if (w->led)
			(void)pthread_cond_wait(&w->wake, &w->device->lock);
		else
			lead(w);
	}
	(void)pthread_mutex_unlock(&w->device->lock);
	return NULL;
}

int
virtio_worker_start(struct virtio_worker *w, void (*hook)(void *), void *arg, struct err *err)
{
	w->hook = hook;
	w->hook_arg = arg;
	for (; w->started < w->nthreads; w->started++) {
		errno = pthread_create(&w->threads[w->started], NULL, thread_main, w);
		if (errno != 0)
			return err_sys(err, "cannot start a device's thread");
	}
	return 0;
}

void
virtio_worker_stop(struct virtio_worker *w)
{
	unsigned i;

	if (w->started == 0)
		return;
	(void)pthread_mutex_lock(&w->device->lock);
	w->stop = true;
	virtio_worker_kick(w);
	(void)pthread_cond_broadcast(&w->wake);
	(void)pthread_mutex_unlock(&w->device->lock);
	for (i = 0; i < w->started; i++)
		(void)pthread_join(w->threads[i], NULL);
	w->started = 0;
}

void
virtio_worker_blocks(struct virtio_worker *w)
{
	if (!leads || w->nthreads == 1)
		return;
	(void)pthread_mutex_lock(&w->device->lock);
	tell(w);
	w->led = leads = false;
	(void)pthread_cond_signal(&w->wake);
	(void)pthread_mutex_unlock(&w->device->lock);
}

void
virtio_worker_kick(struct virtio_worker *w)
{
	virtio_notify_again(w->device, 0);
}

/* A chain under way has the guest's buffers in its hands: wait for it. */
void
virtio_worker_quiesce(struct virtio_worker *w)
{
	unsigned q;

	for (q = 0; q < w->device->nqueues; q++)
		w->device->queues[q].ready = false;
	while (w->busy > 0)
		(void)pthread_cond_wait(&w->idle, &w->device->lock);
}

void
virtio_worker_pause(struct virtio_worker *w)
{
	(void)pthread_mutex_lock(&w->device->lock);
	w->paused++;
	while (w->busy > 0)
		(void)pthread_cond_wait(&w->idle, &w->device->lock);
	(void)pthread_mutex_unlock(&w->device->lock);
}

void
virtio_worker_resume(struct virtio_worker *w)
{
	(void)pthread_mutex_lock(&w->device->lock);
	w->paused--;
	virtio_worker_kick(w);
	(void)pthread_mutex_unlock(&w->device->lock);
}
