/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPU threads: KVM_RUN, and what its exits ask for.
 */
#include "vmm/vcpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "vmm/x86_64/cpuid.h"
#include "vmm/x86_64/regs.h"

/* Takes a thread out of KVM_RUN; its handler does nothing. */
#define KICK SIGUSR1

static struct {
	void (*hook)(void *);
	void *arg;
} start;

static uint64_t
get_bytes(const uint8_t *p, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static void
do_io(struct vm *vm, struct kvm_run *run)
{
	uint8_t *p = (uint8_t *)run + run->io.data_offset;
	uint64_t v;
	uint32_t i;

	atomic_fetch_add_explicit(&vm->exits_pio, 1, memory_order_relaxed);
	for (i = 0; i < run->io.count; i++, p += run->io.size) {
		if (run->io.direction == KVM_EXIT_IO_OUT) {
			bus_write(&vm->pio, run->io.port, run->io.size, get_bytes(p, run->io.size));
		} else {
			v = bus_read(&vm->pio, run->io.port, run->io.size);
			memcpy(p, &v, run->io.size);
		}
	}
}

static void
do_mmio(struct vm *vm, struct kvm_run *run)
{
	uint64_t v;

	atomic_fetch_add_explicit(&vm->exits_mmio, 1, memory_order_relaxed);
	if (run->mmio.len > sizeof(run->mmio.data))
		return;
	if (run->mmio.is_write) {
		bus_write(&vm->mmio, run->mmio.phys_addr, run->mmio.len, get_bytes(run->mmio.data, run->mmio.len));
	} else {
		v = bus_read(&vm->mmio, run->mmio.phys_addr, run->mmio.len);
		memcpy(run->mmio.data, &v, run->mmio.len);
	}
}

static void
fail(struct vcpu *cpu, const char *what, uint64_t code)
{
	char why[128];
	struct kvm_regs regs = { 0 };

	(void)ioctl(cpu->fd, KVM_GET_REGS, &regs);
	(void)snprintf(why, sizeof(why), "vCPU %u: %s (%#llx) at %#llx", cpu->id, what, (unsigned long long)code,
	    (unsigned long long)regs.rip);
	vm_end(cpu->vm, VM_FAILED, why);
}

/* One exit; false if there is no going on. */
static bool
handle(struct vcpu *cpu)
{
	struct kvm_run *run = cpu->run;
	struct vm *vm = cpu->vm;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		do_io(vm, run);
		return true;
	case KVM_EXIT_MMIO:
		do_mmio(vm, run);
		return true;
	case KVM_EXIT_INTR:
		return true;
	case KVM_EXIT_SHUTDOWN: /* a triple fault: how x86 resets when nothing else does */
		vm_end(vm, VM_RESET, NULL);
		return false;
	case KVM_EXIT_SYSTEM_EVENT:
		vm_end(vm,
		    run->system_event.type == KVM_SYSTEM_EVENT_CRASH	  ? VM_PANICKED
		    : run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN ? VM_HALTED
									  : VM_RESET,
		    NULL);
		return false;
	case KVM_EXIT_FAIL_ENTRY:
		fail(cpu, "the processor refuses its state", run->fail_entry.hardware_entry_failure_reason);
		return false;
	case KVM_EXIT_INTERNAL_ERROR:
		fail(cpu, "KVM cannot emulate what it does", run->internal.suberror);
		return false;
	default:
		fail(cpu, "KVM exits for an unknown reason", run->exit_reason);
		return false;
	}
}

static void *
thread_main(void *arg)
{
	struct vcpu *cpu = arg;
	struct vm *vm = cpu->vm;

	if (start.hook != NULL)
		start.hook(start.arg);
	while (atomic_load_explicit(&vm->end, memory_order_relaxed) == VM_RUNNING) {
		if (ioctl(cpu->fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			fail(cpu, "KVM_RUN fails", (uint64_t)errno);
			break;
		}
		if (!handle(cpu))
			break;
	}
	return NULL;
}

static void
kicked(int sig)
{
	(void)sig;
}

static int
make(struct vcpu *cpu, unsigned ncpus, const struct boot_entry *entry, struct err *err)
{
	cpu->fd = ioctl(cpu->vm->vm_fd, KVM_CREATE_VCPU, (unsigned long)cpu->id);
	if (cpu->fd < 0)
		return err_sys(err, "KVM cannot make vCPU %u", cpu->id);
	cpu->run = mmap(NULL, cpu->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		cpu->run = NULL;
		return err_sys(err, "cannot map vCPU %u", cpu->id);
	}
	if (cpuid_set(cpu, ncpus, err) < 0 || regs_set_lapic(cpu, err) < 0)
		return -1;
	return cpu->id == 0 ? regs_set_entry(cpu, entry, err) : 0;
}

int
vcpu_make_all(struct vm *vm, unsigned n, const struct boot_entry *entry, struct err *err)
{
	int bytes = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	unsigned i;

	if (bytes < (int)sizeof(struct kvm_run))
		return err_set(err, "KVM's vCPU area is too small");
	vm->cpus = xcalloc(n, sizeof(*vm->cpus));
	vm->ncpus = n;
	for (i = 0; i < n; i++)
		vm->cpus[i] = (struct vcpu){ .vm = vm, .id = i, .fd = -1, .run_bytes = (size_t)bytes };
	for (i = 0; i < n; i++)
		if (make(&vm->cpus[i], n, entry, err) < 0)
			return -1;
	return 0;
}

int
vcpu_start_all(struct vm *vm, void (*hook)(void *), void *arg, struct err *err)
{
	struct sigaction sa = { .sa_handler = kicked };
	unsigned i;
	int rv;

	start.hook = hook;
	start.arg = arg;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(KICK, &sa, NULL);
	for (i = 0; i < vm->ncpus; i++) {
		rv = pthread_create(&vm->cpus[i].thread, NULL, thread_main, &vm->cpus[i]);
		if (rv != 0) {
			errno = rv;
			return err_sys(err, "cannot start a thread for vCPU %u", i);
		}
		vm->cpus[i].started = true;
	}
	return 0;
}

/*
 * immediate_exit ends the next KVM_RUN, the signal the present one: whichever
 * the thread is at, it comes out.
 */
void
vcpu_stop_all(struct vm *vm)
{
	unsigned i;

	for (i = 0; i < vm->ncpus; i++) {
		if (!vm->cpus[i].started)
			continue;
		vm->cpus[i].run->immediate_exit = 1;
		(void)pthread_kill(vm->cpus[i].thread, KICK);
	}
	for (i = 0; i < vm->ncpus; i++) {
		struct vcpu *cpu = &vm->cpus[i];

		if (cpu->started)
			(void)pthread_join(cpu->thread, NULL);
		if (cpu->run != NULL)
			(void)munmap(cpu->run, cpu->run_bytes);
		if (cpu->fd >= 0)
			(void)close(cpu->fd);
	}
	free(vm->cpus);
	vm->cpus = NULL;
	vm->ncpus = 0;
}
