/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order of things: memory and KVM, devices, kernel, vCPUs, sandbox; then the first
 * thread is the first vCPU's, and a second one starts the others, is the loop's, and
 * goes back the same way.
 */
#include "vmm/monitor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/arena.h"
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

struct monitor {
	const struct config *config;
	struct vm vm;
	struct loop loop;
	struct loop_source ended;
	struct devices devices;
	struct stop stop;
	struct kvmstats kvmstats;
	struct control control;
	struct monitor_result *result;
	int rv;
	struct err *err;
};

static void
ended(void *arg, uint32_t events)
{
	struct monitor *m = arg;

	(void)events;
	m->loop.done = true;
}

/* --- the machine --- */

static int
make(struct monitor *m)
{
	const struct config *c = m->config;
	struct boot b = { .mem = &m->vm.mem,
		.kernel_fd = c->kernel_fd,
		.initrd_fd = c->initrd_fd,
		.cmdline = c->cmdline,
		.ncpus = c->cpus,
		.acpi = c->acpi };

	if (vm_open(&m->vm, c->kvm_fd, c->mem_bytes, m->err) < 0 || devices_add(&m->devices, c, m->err) < 0)
		return -1;
	b.nvirtio = m->devices.nvirtio;
	if (boot_load(&b, m->err) < 0 || vcpu_make_all(&m->vm, c->cpus, m->err) < 0)
		return -1;
	return vcpu_set_all(&m->vm, &b.entry, m->err);
}

static int
prepare(struct monitor *m)
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
	return confine_process(c, &m->devices, m->err);
}

/* --- its life --- */

/* Beside the first vCPU, which runs by now. */
static int
run(struct monitor *m)
{
	if (vcpu_start_others(&m->vm, confine_thread, (void *)(uintptr_t)SANDBOX_VCPU, m->err) < 0 ||
	    devices_start(&m->devices, confine_thread, m->err) < 0)
		return -1;
	confine_thread((void *)(uintptr_t)SANDBOX_LOOP);
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
finish(struct monitor *m, int rv)
{
	struct monitor_result *r = m->result;

	halt(m, rv < 0 ? m->err->msg : "");
	r->end = (enum vm_end)atomic_load(&m->vm.end);
	(void)snprintf(r->why, sizeof(r->why), "%s", m->vm.why);
	control_ended(&m->control, r->end, rv < 0 ? m->err->msg : r->why);
	release(m);
	m->rv = rv;
}

static void *
live(void *arg)
{
	struct monitor *m = arg;

	finish(m, run(m));
	return NULL;
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

/* From confine_process() on. */
static int
start(struct monitor *m, pthread_t *thread)
{
	vcpu_take_first(&m->vm);
	errno = pthread_create(thread, NULL, live, m);
	if (errno == 0)
		return 0;
	(void)err_sys(m->err, "cannot start a thread");
	vm_end(&m->vm, VM_FAILED, m->err->msg);
	vcpu_run_first(&m->vm); /* not at all */
	return -1;
}

int
monitor_run(const struct config *c, uint64_t start_ns, struct monitor_result *r, struct err *err)
{
	struct monitor *m = xcalloc(1, sizeof(*m));
	pthread_t thread;
	int rv;

	m->config = c;
	m->result = r;
	m->err = err;
	init(m, start_ns);
	if (prepare(m) < 0 || start(m, &thread) < 0) {
		finish(m, -1);
	} else {
		confine_thread((void *)(uintptr_t)SANDBOX_VCPU);
		vcpu_run_first(&m->vm);
		(void)pthread_join(thread, NULL);
	}
	rv = m->rv;
	free(m);
	return rv;
}
