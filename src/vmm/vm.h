/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual machine: KVM's descriptors, memory, buses, vCPUs, and how it
 * ended.  (Linux Documentation/virt/kvm/api.rst.)
 *
 *	vm_open ─► devices on the buses ─► vcpu_make_all, vcpu_set_all ─► loop's thread, vcpu_run_first
 *
 * Memory slots are registered before the interrupt controllers: the other way
 * round each costs a grace period of milliseconds.
 *
 * #syscalls vcpu loop: ioctl:1=KVM_IRQ_LINE
 */
#ifndef SMOL_VMM_VM_H
#define SMOL_VMM_VM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "vmm/bus.h"
#include "vmm/mem.h"

#define VM_CPUS_MAX 32

enum vm_end {
	VM_RUNNING,
	VM_HALTED, /* the guest is done, or switched off */
	VM_RESET, /* it asked for a reset; nobody resets it */
	VM_PANICKED,
	VM_EXITED, /* by the exit port (device/exit.h); why is the status, a number from 1 to 255 */
	VM_STOPPED, /* from outside */
	VM_FAILED, /* KVM, or a vCPU in a state it cannot run */
};

struct vcpu;

struct vm {
	int kvm_fd, vm_fd;
	struct mem mem;
	struct bus pio, mmio;
	struct vcpu *cpus;
	unsigned ncpus;
	int end_fd; /* eventfd: written once end is set */
	atomic_flag ending;
	_Atomic int end; /* enum vm_end */
	char why[128]; /* VM_FAILED, VM_RESET by a fault: one line; VM_EXITED: a number */
	/* Exits that reached us, by kind, for metrics. */
	_Atomic uint64_t exits_pio, exits_mmio, exits_other;
	/* CLOCK_MONOTONIC: KVM had the machine; the first vCPU was about to run. */
	uint64_t made_ns;
	_Atomic uint64_t run_ns;
	/* vcpu.c's: no vCPU goes into the guest while it is paused. */
	_Atomic bool paused;
	pthread_mutex_t pause_lock;
	pthread_cond_t resumed, left;
	bool first_left; /* vcpu_run_first() is over */
};

int vm_open(struct vm *, int kvm_fd, uint64_t mem_bytes, struct err *);
void vm_release(struct vm *);

/* Ends the machine, once: the first reason counts. Any thread. */
void vm_end(struct vm *, enum vm_end, const char *why);

/* As the control protocol says it: "halted"; NULL while it runs. */
const char *vm_end_name(enum vm_end);

/* CLOCK_MONOTONIC. */
uint64_t vm_now_ns(void);

/* Raises and lowers an IOAPIC pin. */
void vm_irq(struct vm *, unsigned pin, bool level);

#endif
