/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device's thread.
 */
#include "vmm/virtio/worker.h"

#include <errno.h>

void
virtio_worker_init(
    struct virtio_worker *w, struct virtio_device *d, uint32_t (*fn)(void *, unsigned, const struct virtqueue_chain *))
{
	*w = (struct virtio_worker){ .device = d, .fn = fn };
	(void)pthread_cond_init(&w->wake, NULL);
	(void)pthread_cond_init(&w->idle, NULL);
}

/* Under the lock but for the chains themselves. */
static void
serve(struct virtio_worker *w, unsigned queue)
{
	struct virtio_device *d = w->device;
	struct virtqueue *q = &d->queues[queue];
	struct virtqueue_chain c;
	uint32_t written;

	while (!w->stop && virtio_running(d) && virtqueue_pop(q, &c) > 0) {
		w->busy = true;
		(void)pthread_mutex_unlock(&d->lock);
		written = w->fn(d->self, queue, &c);
		(void)pthread_mutex_lock(&d->lock);
		w->busy = false;
		(void)pthread_cond_broadcast(&w->idle);
		if (!q->ready)
			return; /* it was reset meanwhile */
		virtqueue_push(q, c.head, written);
		virtio_used(d, queue);
	}
	if (q->broken)
		virtio_needs_reset(d);
}

static void *
thread_main(void *arg)
{
	struct virtio_worker *w = arg;
	unsigned q;

	if (w->hook != NULL)
		w->hook(w->hook_arg);
	(void)pthread_mutex_lock(&w->device->lock);
	while (!w->stop) {
		w->work = false;
		for (q = 0; q < w->device->nqueues; q++)
			serve(w, q);
		if (!w->work && !w->stop)
			(void)pthread_cond_wait(&w->wake, &w->device->lock);
	}
	(void)pthread_mutex_unlock(&w->device->lock);
	return NULL;
}

int
virtio_worker_start(struct virtio_worker *w, void (*hook)(void *), void *arg, struct err *err)
{
	int rv;

	w->hook = hook;
	w->hook_arg = arg;
	rv = pthread_create(&w->thread, NULL, thread_main, w);
	w->started = rv == 0;
	errno = rv;
	return rv == 0 ? 0 : err_sys(err, "cannot start a device's thread");
}

void
virtio_worker_stop(struct virtio_worker *w)
{
	if (!w->started)
		return;
	(void)pthread_mutex_lock(&w->device->lock);
	w->stop = true;
	(void)pthread_cond_broadcast(&w->wake);
	(void)pthread_mutex_unlock(&w->device->lock);
	(void)pthread_join(w->thread, NULL);
	w->started = false;
}

void
virtio_worker_kick(struct virtio_worker *w)
{
	w->work = true;
	(void)pthread_cond_signal(&w->wake);
}

/* A chain under way has the guest's buffers in its hands: wait for it. */
void
virtio_worker_quiesce(struct virtio_worker *w)
{
	unsigned q;

	for (q = 0; q < w->device->nqueues; q++)
		w->device->queues[q].ready = false;
	while (w->busy)
		(void)pthread_cond_wait(&w->idle, &w->device->lock);
}
