/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of things: memory and KVM, devices beside kernel and vCPUs, sandbox, threads, loop;
 * and back.
 */
#include "vmm/monitor.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/arena.h"
#include "base/defs.h"
#include "vmm/boot.h"
#include "vmm/confine.h"
#include "vmm/control.h"
#include "vmm/devices.h"
#include "vmm/kvmstats.h"
#include "vmm/loop.h"
#include "vmm/metrics.h"
#include "vmm/sandbox.h"
#include "vmm/stop.h"
#include "vmm/vcpu.h"
#include "vmm/x86_64/cpuid.h"

struct monitor {
	const struct config *config;
	struct vm vm;
	struct loop loop;
	struct loop_source ended;
	struct devices devices;
	struct stop stop;
	struct kvmstats kvmstats;
	struct control control;
	struct err *err;
	/* make()'s: the machine was tried to be made, and if it was; if kernel and vCPUs are in it, or why not. */
	sem_t made;
	bool vm_made, booted;
	struct err boot_err;
};

static void
ended(void *arg, uint32_t events)
{
	struct monitor *m = arg;

	(void)events;
	m->loop.done = true;
}

/* --- the machine, by two threads --- */

static int
boot(struct monitor *m, const struct kvm_cpuid2 *supported, struct err *err)
{
	const struct config *c = m->config;
	struct boot b = { .mem = &m->vm.mem,
		.kernel_fd = c->kernel_fd,
		.initrd_fd = c->initrd_fd,
		.cmdline = c->cmdline,
		.ncpus = c->cpus,
		.nvirtio = devices_count(c),
		.acpi = c->acpi };

	return boot_load(&b, err) < 0 ? -1 : vcpu_make_all(&m->vm, c->cpus, supported, &b.entry, err);
}

/* CPUID while there is no machine yet; then kernel and vCPUs. */
static void *
boot_main(void *arg)
{
	struct monitor *m = arg;
	cleanup_free struct kvm_cpuid2 *supported = cpuid_supported(m->config->kvm_fd, &m->boot_err);

	while (sem_wait(&m->made) < 0)
		continue;
	m->booted = m->vm_made && supported != NULL && boot(m, supported, &m->boot_err) == 0;
	return NULL;
}

static int
make(struct monitor *m)
{
	const struct config *c = m->config;
	pthread_t thread;
	int rv;

	(void)sem_init(&m->made, 0, 0);
	errno = pthread_create(&thread, NULL, boot_main, m);
	if (errno != 0)
		return err_sys(m->err, "cannot start a thread");
	rv = vm_open(&m->vm, c->kvm_fd, c->mem_bytes, m->err);
	m->vm_made = rv == 0;
	(void)sem_post(&m->made);
	if (rv == 0)
		rv = devices_add(&m->devices, c, m->err);
	(void)pthread_join(thread, NULL);
	(void)sem_destroy(&m->made);
	return rv < 0 || m->booted ? rv : err_set(m->err, "%s", m->boot_err.msg);
}

/* --- its life --- */

static int
run(struct monitor *m)
{
	const struct config *c = m->config;

	if (loop_init(&m->loop, m->err) < 0 || make(m) < 0)
		return -1;
	m->ended = (struct loop_source){ .fd = m->vm.end_fd, .fn = ended, .arg = m };
	if (loop_set(&m->loop, &m->ended, EPOLLIN, m->err) < 0)
		return -1;
	if (stop_start(&m->stop, m->err) < 0 || control_start(&m->control, m->err) < 0)
		return -1;
	if (c->control_fd >= 0)
		kvmstats_open(&m->kvmstats, &m->vm);
	if (confine_process(c, &m->devices, m->err) < 0)
		return -1;
	if (vcpu_start_all(&m->vm, confine_thread, (void *)(uintptr_t)SANDBOX_VCPU, m->err) < 0 ||
	    devices_start(&m->devices, confine_thread, m->err) < 0)
		return -1;
	if (confine_threads(m->err) < 0)
		return -1;
	control_started(&m->control);
	if (devices_connect(&m->devices, m->err) < 0)
		return -1;
	return loop_run(&m->loop, m->err);
}

/* vCPUs first: nothing of the guest runs while its devices go. */
static void
halt(struct monitor *m, const char *why)
{
	vm_end(&m->vm, VM_FAILED, why);
	devices_wake(&m->devices);
	confine_give_up();
	vcpu_stop_all(&m->vm);
}

static void
release(struct monitor *m)
{
	devices_release(&m->devices);
	control_release(&m->control);
	kvmstats_release(&m->kvmstats);
	stop_release(&m->stop);
	loop_release(&m->loop);
	vm_release(&m->vm);
}

static void
press(void *power)
{
	(void)power_button_press(power);
}

/* What outlives a start that failed, too. */
static void
init(struct monitor *m, uint64_t start_ns)
{
	const struct metrics metrics = { &m->vm, &m->devices, &m->kvmstats, start_ns };

	m->loop.epoll_fd = -1;
	m->vm.kvm_fd = m->vm.vm_fd = m->vm.end_fd = -1;
	devices_init(&m->devices, &m->vm, &m->loop);
	stop_init(&m->stop, &m->vm, &m->loop);
	if (m->config->acpi) {
		m->stop.press = press;
		m->stop.press_arg = &m->devices.power;
	}
	control_init(&m->control, m->config->control_fd, &m->loop, &m->vm, &m->devices, &m->stop, &metrics);
	/* A console whose other side is gone loses its output, no more. */
	(void)signal(SIGPIPE, SIG_IGN);
}

int
monitor_run(const struct config *c, uint64_t start_ns, struct monitor_result *r, struct err *err)
{
	struct monitor *m = xcalloc(1, sizeof(*m));
	int rv;

	m->config = c;
	m->err = err;
	init(m, start_ns);
	rv = run(m);
	halt(m, rv < 0 ? err->msg : "");
	r->end = (enum vm_end)atomic_load(&m->vm.end);
	(void)snprintf(r->why, sizeof(r->why), "%s", m->vm.why);
	control_ended(&m->control, r->end, rv < 0 ? err->msg : r->why);
	release(m);
	free(m);
	return rv;
}
