/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of things: memory and KVM, kernel, vCPUs, devices, threads, loop;
 * and back.
 */
#include "vmm/monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "vmm/boot.h"
#include "vmm/device/exit.h"
#include "vmm/device/fwcfg.h"
#include "vmm/device/power.h"
#include "vmm/device/reset.h"
#include "vmm/device/rtc.h"
#include "vmm/device/uart.h"
#include "vmm/loop.h"
#include "vmm/vcpu.h"
#include "vmm/virtio/balloon.h"
#include "vmm/virtio/block.h"
#include "vmm/virtio/console.h"
#include "vmm/virtio/entropy.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/p9.h"

struct monitor {
	const struct config *config;
	struct vm vm;
	struct loop loop;
	struct loop_source ended;
	struct uart uart;
	struct rtc rtc;
	struct fwcfg fwcfg;
	struct power power;
	struct virtio_console *console;
	struct virtio_entropy *entropy;
	struct virtio_block *blocks;
	unsigned nblocks;
	struct virtio_net *nets;
	unsigned nnets;
	struct virtio_p9 *shares;
	unsigned nshares;
	struct virtio_balloon *balloon;
	unsigned nvirtio; /* windows taken */
	struct err *err;
};

/* --- devices --- */

static int
attach(struct monitor *m, struct virtio_device *d)
{
	return virtio_device_attach(d, &m->vm, &m->loop, m->err);
}

static int
add_console(struct monitor *m)
{
	if (m->config->nports == 0)
		return 0;
	m->console = xcalloc(1, sizeof(*m->console));
	if (virtio_console_init(m->console, m->nvirtio++, m->config->port_fds, m->config->nports, m->err) < 0)
		return -1;
	return attach(m, &m->console->device);
}

static int
add_entropy(struct monitor *m)
{
	if (!m->config->rng)
		return 0;
	m->entropy = xcalloc(1, sizeof(*m->entropy));
	return virtio_entropy_init(m->entropy, m->nvirtio++, m->err) < 0 ? -1 : attach(m, &m->entropy->device);
}

static int
add_disk(struct monitor *m, const struct config_disk *cd)
{
	struct virtio_block *b = &m->blocks[m->nblocks];
	struct disk disk;

	if (disk_open(&disk, cd->fd, cd->overlay_fd, cd->read_only, m->err) < 0)
		return -1;
	if (virtio_block_init(b, m->nvirtio++, &disk, m->err) < 0)
		return -1;
	m->nblocks++;
	return attach(m, &b->device);
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
add_shares(struct monitor *m)
{
	const struct config_share *c;

	if (m->config->nshares == 0)
		return 0;
	prepare_shares();
	m->shares = xcalloc(CONFIG_SHARES_MAX, sizeof(*m->shares));
	while (m->nshares < m->config->nshares) {
		struct virtio_p9 *p = &m->shares[m->nshares];

		c = &m->config->shares[m->nshares++];
		if (virtio_p9_init(p, m->nvirtio++, c->tag, c->fd, c->read_only, m->err) < 0 ||
		    attach(m, &p->device) < 0)
			return -1;
	}
	return 0;
}

static int
add_balloon(struct monitor *m)
{
	if (!m->config->balloon)
		return 0;
	m->balloon = xcalloc(1, sizeof(*m->balloon));
	return virtio_balloon_init(m->balloon, m->nvirtio++, m->err) < 0 ? -1 : attach(m, &m->balloon->device);
}

/* Without files there is no such device, as on other monitors that lack it. */
static int
add_fwcfg(struct monitor *m)
{
	unsigned i;

	for (i = 0; i < m->config->nfwcfg; i++)
		if (fwcfg_add(&m->fwcfg, m->config->fwcfg[i].name, m->config->fwcfg[i].fd, m->err) < 0)
			return -1;
	if (m->config->nfwcfg > 0)
		fwcfg_attach(&m->fwcfg, &m->vm);
	return 0;
}

static int
add_nets(struct monitor *m)
{
	const struct config_net *n = m->config->nets;
	struct virtio_net *v;

	if (m->config->nnets > 0)
		m->nets = xcalloc(m->config->nnets, sizeof(*m->nets));
	for (; m->nnets < m->config->nnets; n++) {
		v = &m->nets[m->nnets++];
		if (virtio_net_init(v, m->nvirtio++, n->fd, n->mac, m->err) < 0 || attach(m, &v->device) < 0)
			return -1;
	}
	return 0;
}

static int
add_devices(struct monitor *m)
{
	unsigned i;

	rtc_attach(&m->rtc, &m->vm);
	reset_attach(&m->vm);
	exit_attach(&m->vm);
	if (m->config->acpi)
		power_attach(&m->power, &m->vm);
	if (uart_attach(&m->uart, &m->vm, &m->loop, m->config->uart_fd, m->err) < 0 || add_fwcfg(m) < 0)
		return -1;
	if (add_console(m) < 0)
		return -1;
	m->blocks = xcalloc(CONFIG_DISKS_MAX, sizeof(*m->blocks));
	for (i = 0; i < m->config->ndisks; i++)
		if (add_disk(m, &m->config->disks[i]) < 0)
			return -1;
	if (add_nets(m) < 0 || add_entropy(m) < 0 || add_shares(m) < 0)
		return -1;
	return add_balloon(m);
}

/* --- the machine --- */

static void
ended(void *arg, uint32_t events)
{
	struct monitor *m = arg;

	(void)events;
	m->loop.done = true;
}

static int
boot(struct monitor *m)
{
	const struct config *c = m->config;
	struct boot b = { .mem = &m->vm.mem,
		.kernel_fd = c->kernel_fd,
		.initrd_fd = c->initrd_fd,
		.cmdline = c->cmdline,
		.ncpus = c->cpus,
		.nvirtio = m->nvirtio,
		.acpi = c->acpi };

	return boot_load(&b, m->err) < 0 ? -1 : vcpu_make_all(&m->vm, c->cpus, &b.entry, m->err);
}

/* The devices' own. */
static int
start_threads(struct monitor *m)
{
	unsigned i;

	for (i = 0; i < m->nblocks; i++)
		if (virtio_block_start(&m->blocks[i], NULL, NULL, m->err) < 0)
			return -1;
	for (i = 0; i < m->nshares; i++)
		if (virtio_worker_start(&m->shares[i].worker, NULL, NULL, m->err) < 0)
			return -1;
	return m->balloon == NULL ? 0 : virtio_worker_start(&m->balloon->worker, NULL, NULL, m->err);
}

static int
run(struct monitor *m)
{
	if (vm_open(&m->vm, m->config->kvm_fd, m->config->mem_bytes, m->err) < 0 || loop_init(&m->loop, m->err) < 0)
		return -1;
	if (add_devices(m) < 0 || boot(m) < 0)
		return -1;
	m->ended = (struct loop_source){ .fd = m->vm.end_fd, .fn = ended, .arg = m };
	if (loop_set(&m->loop, &m->ended, EPOLLIN, m->err) < 0)
		return -1;
	if (start_threads(m) < 0 || vcpu_start_all(&m->vm, NULL, NULL, m->err) < 0)
		return -1;
	return loop_run(&m->loop, m->err);
}

/* vCPUs first: nothing of the guest runs while its devices go. */
static void
release(struct monitor *m)
{
	unsigned i;

	vm_end(&m->vm, VM_FAILED, "");
	vcpu_stop_all(&m->vm);
	for (i = 0; i < m->nblocks; i++)
		virtio_block_stop(&m->blocks[i]);
	free(m->blocks);
	for (i = 0; i < m->nnets; i++)
		virtio_net_release(&m->nets[i]);
	free(m->nets);
	for (i = 0; i < m->nshares; i++)
		virtio_p9_release(&m->shares[i]);
	free(m->shares);
	if (m->balloon != NULL)
		virtio_balloon_release(m->balloon);
	free(m->balloon);
	if (m->console != NULL)
		virtio_console_release(m->console);
	free(m->console);
	if (m->entropy != NULL)
		virtio_device_release(&m->entropy->device);
	free(m->entropy);
	uart_release(&m->uart);
	fwcfg_release(&m->fwcfg);
	power_release(&m->power);
	loop_release(&m->loop);
	vm_release(&m->vm);
}

int
monitor_run(const struct config *c, struct monitor_result *r, struct err *err)
{
	struct monitor *m = xcalloc(1, sizeof(*m));
	int rv;

	m->config = c;
	m->err = err;
	m->loop.epoll_fd = -1;
	fwcfg_init(&m->fwcfg);
	rv = run(m);
	r->end = (enum vm_end)atomic_load(&m->vm.end);
	(void)snprintf(r->why, sizeof(r->why), "%s", m->vm.why);
	release(m);
	free(m);
	return rv;
}
