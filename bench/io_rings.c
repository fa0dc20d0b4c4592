/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Throughput of smol-vmm's devices, driven by their rings without a guest, each
 * beside the same work done by plain system calls.  One line a result, tabs
 * between: name, plain, device, unit, notifications and interrupts per
 * operation.  bench/io makes a table of it.
 *
 *	io_rings DIR SECONDS block|net|9p...
 */
#include "io.h"

double io_seconds = 0.3;

void
io_result(const char *name, double raw, double device, const char *unit, const struct driver *d, double ops)
{
	printf("%s\t%.6g\t%.6g\t%s\t%.4f\t%.4f\n", name, raw, device, unit, (double)d->kicks / ops,
	    (double)d->interrupts / ops);
	(void)fflush(stdout);
}

/* --- the loop --- */

static void
notified(void *arg, uint32_t events)
{
	struct virtio_queue_source *s = arg;
	struct virtio_device *d = s->device;

	(void)events;
	loop_drain(s->source.fd);
	(void)pthread_mutex_lock(&d->lock);
	d->ops->notify(d, (unsigned)(s - d->sources));
	(void)pthread_mutex_unlock(&d->lock);
}

static void
ended(void *arg, uint32_t events)
{
	struct io_loop *l = arg;

	(void)events;
	l->host->loop.done = true;
}

static void *
loop_main(void *arg)
{
	struct io_loop *l = arg;
	struct err err;

	IO_MUST(loop_run(&l->host->loop, &err) == 0);
	return NULL;
}

void
io_loop_start(struct io_loop *l, struct ring_host *h, struct virtio_device *d)
{
	struct err err;
	unsigned q;

	*l = (struct io_loop){ .host = h, .end = { .fd = eventfd(0, EFD_CLOEXEC), .fn = ended, .arg = l } };
	IO_MUST(loop_set(&h->loop, &l->end, EPOLLIN, &err) == 0);
	for (q = 0; q < d->nqueues; q++) {
		d->sources[q].source.fn = notified;
		d->sources[q].source.arg = &d->sources[q];
		IO_MUST(loop_set(&h->loop, &d->sources[q].source, EPOLLIN, &err) == 0);
	}
	IO_MUST(pthread_create(&l->thread, NULL, loop_main, l) == 0);
}

void
io_loop_stop(struct io_loop *l)
{
	const uint64_t one = 1;

	IO_MUST(write(l->end.fd, &one, 8) == 8);
	IO_MUST(pthread_join(l->thread, NULL) == 0);
	(void)close(l->end.fd);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 4) {
		(void)fprintf(stderr, "usage: io_rings DIR SECONDS block|net|9p...\n");
		return 2;
	}
	io_seconds = atof(argv[2]);
	for (i = 3; i < argc; i++) {
		if (strcmp(argv[i], "block") == 0)
			io_block(argv[1]);
		else if (strcmp(argv[i], "net") == 0)
			io_net();
		else if (strcmp(argv[i], "9p") == 0)
			io_p9(argv[1]);
		else
			return 2;
	}
	return 0;
}
