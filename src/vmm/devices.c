/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices from the description, into the machine, and out of it.
 */
#include "vmm/devices.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/defs.h"
#include "vmm/device/exit.h"
#include "vmm/device/reset.h"
#include "vmm/sandbox.h"

static int
attach(struct devices *d, struct virtio_device *v, struct err *err)
{
	if (virtio_device_attach(v, d->vm, d->loop, err) < 0)
		return -1;
	d->virtio[d->nvirtio++] = v;
	return 0;
}

static int
add_console(struct devices *d, const struct config *c, struct err *err)
{
	if (c->nports == 0)
		return 0;
	d->console = xcalloc(1, sizeof(*d->console));
	if (virtio_console_init(d->console, d->nvirtio, c->port_fds, c->nports, err) < 0)
		return -1;
	return attach(d, &d->console->device, err);
}

static int
add_disks(struct devices *d, const struct config *c, struct err *err)
{
	const struct config_disk *cd = c->disks;
	struct virtio_block *b;
	struct disk disk;

	d->blocks = xcalloc(CONFIG_DISKS_MAX, sizeof(*d->blocks));
	for (; d->nblocks < c->ndisks; cd++) {
		b = &d->blocks[d->nblocks];
		if (disk_open(&disk, cd->fd, cd->overlay_fd, cd->read_only, err) < 0)
			return -1;
		d->nblocks++;
		if (virtio_block_init(b, d->nvirtio, &disk, err) < 0 || attach(d, &b->device, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_nets(struct devices *d, const struct config *c, struct err *err)
{
	const struct config_net *n = c->nets;
	struct virtio_net *v;

	if (c->nnets > 0)
		d->nets = xcalloc(c->nnets, sizeof(*d->nets));
	for (; d->nnets < c->nnets; n++) {
		v = &d->nets[d->nnets++];
		if (virtio_net_init(v, d->nvirtio, n->fd, n->mac, err) < 0 || attach(d, &v->device, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_entropy(struct devices *d, const struct config *c, struct err *err)
{
	if (!c->rng)
		return 0;
	d->entropy = xcalloc(1, sizeof(*d->entropy));
	if (virtio_entropy_init(d->entropy, d->nvirtio, err) < 0)
		return -1;
	return attach(d, &d->entropy->device, err);
}

/* A guest's files get the mode it asks for, and may be many. */
static void
prepare_shares(void)
{
	struct rlimit l;

	(void)umask(0);
	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int
add_shares(struct devices *d, const struct config *c, struct err *err)
{
	const struct config_share *s = c->shares;
	struct virtio_p9 *p;

	if (c->nshares == 0)
		return 0;
	prepare_shares();
	d->shares = xcalloc(CONFIG_SHARES_MAX, sizeof(*d->shares));
	for (; d->nshares < c->nshares; s++) {
		p = &d->shares[d->nshares++];
		if (virtio_p9_init(p, d->nvirtio, s->tag, s->fd, s->read_only, err) < 0 ||
		    attach(d, &p->device, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_balloon(struct devices *d, const struct config *c, struct err *err)
{
	if (!c->balloon)
		return 0;
	d->balloon = xcalloc(1, sizeof(*d->balloon));
	if (virtio_balloon_init(d->balloon, d->nvirtio, err) < 0)
		return -1;
	return attach(d, &d->balloon->device, err);
}

/* Without files there is no such device, as on other monitors that lack it. */
static int
add_fwcfg(struct devices *d, const struct config *c, struct err *err)
{
	unsigned i;

	for (i = 0; i < c->nfwcfg; i++)
		if (fwcfg_add(&d->fwcfg, c->fwcfg[i].name, c->fwcfg[i].fd, err) < 0)
			return -1;
	if (c->nfwcfg > 0)
		fwcfg_attach(&d->fwcfg, d->vm);
	return 0;
}

void
devices_init(struct devices *d, struct vm *vm, struct loop *loop)
{
	memset(d, 0, sizeof(*d));
	d->vm = vm;
	d->loop = loop;
	fwcfg_init(&d->fwcfg);
}

/* The virtio devices come in this order: NetBSD's early console looks for the first. */
static int (*const adders[])(struct devices *, const struct config *, struct err *) = {
	add_fwcfg,
	add_console,
	add_disks,
	add_nets,
	add_entropy,
	add_shares,
	add_balloon,
};

int
devices_add(struct devices *d, const struct config *c, struct err *err)
{
	unsigned i;

	rtc_attach(&d->rtc, d->vm);
	reset_attach(d->vm);
	exit_attach(d->vm);
	if (c->acpi)
		power_attach(&d->power, d->vm);
	if (uart_attach(&d->uart, d->vm, d->loop, c->uart_fd, err) < 0)
		return -1;
	for (i = 0; i < nitems(adders); i++)
		if (adders[i](d, c, err) < 0)
			return -1;
	return 0;
}

int
devices_start(struct devices *d, void (*hook)(void *), struct err *err)
{
	unsigned i;

	for (i = 0; i < d->nblocks; i++)
		if (virtio_worker_start(&d->blocks[i].worker, hook, (void *)(uintptr_t)SANDBOX_DISK, err) < 0)
			return -1;
	for (i = 0; i < d->nshares; i++)
		if (virtio_worker_start(&d->shares[i].worker, hook, (void *)(uintptr_t)SANDBOX_P9, err) < 0)
			return -1;
	return d->balloon == NULL
		   ? 0
		   : virtio_worker_start(&d->balloon->worker, hook, (void *)(uintptr_t)SANDBOX_BALLOON, err);
}

int
devices_connect(struct devices *d, struct err *err)
{
	unsigned i;

	for (i = 0; i < d->nvirtio; i++)
		if (virtio_device_connect(d->virtio[i], err) < 0)
			return -1;
	return 0;
}

void
devices_wake(struct devices *d)
{
	if (d->console != NULL)
		virtio_console_wake(d->console);
}

void
devices_release(struct devices *d)
{
	unsigned i;

	for (i = 0; i < d->nblocks; i++)
		virtio_block_release(&d->blocks[i]);
	free(d->blocks);
	for (i = 0; i < d->nnets; i++)
		virtio_net_release(&d->nets[i]);
	free(d->nets);
	for (i = 0; i < d->nshares; i++)
		virtio_p9_release(&d->shares[i]);
	free(d->shares);
	if (d->balloon != NULL)
		virtio_balloon_release(d->balloon);
	free(d->balloon);
	if (d->console != NULL)
		virtio_console_release(d->console);
	free(d->console);
	if (d->entropy != NULL)
		virtio_device_release(&d->entropy->device);
	free(d->entropy);
	uart_release(&d->uart);
	fwcfg_release(&d->fwcfg);
	power_release(&d->power);
}
