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
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "vmm/x86_64/cpuid.h"
#include "vmm/x86_64/regs.h"

/* Takes a thread out of KVM_RUN; its handler does nothing. */
#define KICK SIGUSR1

#define RESET_RIP 0xfff0

#define NS_PER_S 1000000000l
#define PAUSE_TRY_NS 10000000l
#define PAUSE_TRIES 200

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

/* How x86 resets when nothing else does, and how a kernel ends that has lost its way. */
static void
triple_fault(struct vcpu *cpu)
{
	char why[64];
	struct kvm_regs regs = { .rip = RESET_RIP };
	int n = snprintf(why, sizeof(why), "a triple fault of vCPU %u", cpu->id);

	(void)ioctl(cpu->fd, KVM_GET_REGS, &regs);
	/* On AMD's processors nothing is left of its state, and KVM resets it. */
	if (regs.rip != RESET_RIP)
		(void)snprintf(why + n, sizeof(why) - (size_t)n, " at %#llx", (unsigned long long)regs.rip);
	vm_end(cpu->vm, VM_RESET, why);
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
		atomic_fetch_add_explicit(&vm->exits_other, 1, memory_order_relaxed);
		return true;
	case KVM_EXIT_SHUTDOWN:
		triple_fault(cpu);
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

/* Whoever pauses reads in_guest after it has set paused, we the other way round: one of the two sees the other. */
static void
leave(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;

	atomic_store(&cpu->in_guest, false);
	if (!atomic_load(&vm->paused))
		return;
	(void)pthread_mutex_lock(&vm->pause_lock);
	(void)pthread_cond_signal(&vm->left);
	(void)pthread_mutex_unlock(&vm->pause_lock);
}

/* Waits while the machine is paused; false if it ends. */
static bool
enter(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;

	while (atomic_load_explicit(&vm->end, memory_order_relaxed) == VM_RUNNING) {
		atomic_store(&cpu->in_guest, true);
		if (!atomic_load(&vm->paused))
			return true;
		leave(cpu);
		(void)pthread_mutex_lock(&vm->pause_lock);
		while (atomic_load(&vm->paused) && atomic_load(&vm->end) == VM_RUNNING)
			(void)pthread_cond_wait(&vm->resumed, &vm->pause_lock);
		(void)pthread_mutex_unlock(&vm->pause_lock);
	}
	return false;
}

static void
run(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;
	int rv, error;

	if (cpu->id == 0)
		atomic_store(&vm->run_ns, vm_now_ns());
	while (enter(cpu)) {
		rv = ioctl(cpu->fd, KVM_RUN, 0);
		error = errno;
		leave(cpu);
		if (rv < 0) {
			if (error == EINTR || error == EAGAIN)
				continue;
			fail(cpu, "KVM_RUN fails", (uint64_t)error);
			break;
		}
		if (!handle(cpu))
			break;
	}
}

static void *
thread_main(void *arg)
{
	start.hook(start.arg);
	run(arg);
	return NULL;
}

static void
kicked(int sig)
{
	(void)sig;
}

static int
make(struct vcpu *cpu, struct err *err)
{
	cpu->fd = ioctl(cpu->vm->vm_fd, KVM_CREATE_VCPU, (unsigned long)cpu->id);
	if (cpu->fd < 0)
		return err_sys(err, "KVM cannot make vCPU %u", cpu->id);
	cpu->run = mmap(NULL, cpu->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		cpu->run = NULL;
		return err_sys(err, "cannot map vCPU %u", cpu->id);
	}
	return 0;
}

int
vcpu_make_all(struct vm *vm, unsigned n, struct err *err)
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
		if (make(&vm->cpus[i], err) < 0)
			return -1;
	return 0;
}

/* Where KVM is in a machine itself, each CPUID instruction that it asks costs a trap: 0.3 ms for all. */
int
vcpu_set_all(struct vm *vm, const struct boot_entry *entry, struct err *err)
{
	cleanup_free struct kvm_cpuid2 *supported = cpuid_supported(vm->kvm_fd, err);
	unsigned i;

	if (supported == NULL)
		return -1;
	for (i = 0; i < vm->ncpus; i++)
		if (cpuid_set(&vm->cpus[i], supported, vm->ncpus, err) < 0 || regs_set_lapic(&vm->cpus[i], err) < 0)
			return -1;
	return regs_set_entry(&vm->cpus[0], entry, err);
}

void
vcpu_take_first(struct vm *vm)
{
	struct sigaction sa = { .sa_handler = kicked };

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(KICK, &sa, NULL);
	vm->cpus[0].thread = pthread_self();
	vm->cpus[0].started = true;
}

void
vcpu_run_first(struct vm *vm)
{
	run(&vm->cpus[0]);
	(void)pthread_mutex_lock(&vm->pause_lock);
	vm->first_left = true;
	(void)pthread_cond_broadcast(&vm->left);
	(void)pthread_mutex_unlock(&vm->pause_lock);
}

int
vcpu_start_others(struct vm *vm, void (*hook)(void *), void *arg, struct err *err)
{
	unsigned i;
	int rv;

	start.hook = hook;
	start.arg = arg;
	for (i = 1; i < vm->ncpus; i++) {
		rv = pthread_create(&vm->cpus[i].thread, NULL, thread_main, &vm->cpus[i]);
		if (rv != 0) {
			errno = rv;
			return err_sys(err, "cannot start a thread for vCPU %u", i);
		}
		vm->cpus[i].started = true;
	}
	return 0;
}

/* immediate_exit ends the next KVM_RUN, the signal the present one: whichever the thread is at, it comes out. */
static void
kick(struct vcpu *cpu)
{
	__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	(void)pthread_kill(cpu->thread, KICK);
}

static bool
any_in_guest(const struct vm *vm)
{
	unsigned i;

	for (i = 0; i < vm->ncpus; i++)
		if (atomic_load(&vm->cpus[i].in_guest))
			return true;
	return false;
}

int
vcpu_pause_all(struct vm *vm, struct err *err)
{
	unsigned i, tries;
	struct timespec until;
	bool out;

	atomic_store(&vm->paused, true);
	for (i = 0; i < vm->ncpus; i++)
		kick(&vm->cpus[i]);
	(void)pthread_mutex_lock(&vm->pause_lock);
	for (tries = 0; any_in_guest(vm) && tries < PAUSE_TRIES; tries++) {
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PAUSE_TRY_NS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		(void)pthread_cond_timedwait(&vm->left, &vm->pause_lock, &until);
	}
	out = !any_in_guest(vm);
	(void)pthread_mutex_unlock(&vm->pause_lock);
	if (out)
		return 0;
	vcpu_resume_all(vm);
	return err_set(err, "a vCPU does not leave the guest");
}

void
vcpu_resume_all(struct vm *vm)
{
	unsigned i;

	for (i = 0; i < vm->ncpus; i++) {
		/* Refused where the guest has no kvmclock. */
		if (!atomic_load(&vm->cpus[i].in_guest))
			(void)ioctl(vm->cpus[i].fd, KVM_KVMCLOCK_CTRL, 0);
		__atomic_store_n(&vm->cpus[i].run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	}
	(void)pthread_mutex_lock(&vm->pause_lock);
	atomic_store(&vm->paused, false);
	(void)pthread_cond_broadcast(&vm->resumed);
	(void)pthread_mutex_unlock(&vm->pause_lock);
}

void
vcpu_stop_all(struct vm *vm)
{
	unsigned i;

	for (i = 0; i < vm->ncpus; i++) {
		if (!vm->cpus[i].started)
			continue;
		kick(&vm->cpus[i]);
	}
	(void)pthread_mutex_lock(&vm->pause_lock);
	(void)pthread_cond_broadcast(&vm->resumed);
	while (vm->ncpus > 0 && vm->cpus[0].started && !vm->first_left)
		(void)pthread_cond_wait(&vm->left, &vm->pause_lock);
	(void)pthread_mutex_unlock(&vm->pause_lock);
	for (i = 0; i < vm->ncpus; i++) {
		struct vcpu *cpu = &vm->cpus[i];

		if (cpu->started && i > 0)
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
