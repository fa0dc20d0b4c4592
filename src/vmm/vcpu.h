/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU: its KVM descriptor, the page it shares with KVM, and a thread
 * that runs it.  The first one's is the process's first: a new thread would
 * have to wait until the host's scheduler has woken a CPU for it.
 *
 * #syscalls vcpu: ioctl:1=KVM_RUN ioctl:1=KVM_GET_REGS
 * #syscalls loop: tgkill:0=self
 */
#ifndef SMOL_VMM_VCPU_H
#define SMOL_VMM_VCPU_H

#include <pthread.h>
#include <stddef.h>

#include "vmm/vm.h"

struct boot_entry;
struct kvm_run;

struct vcpu {
	struct vm *vm;
	unsigned id;
	int fd;
	struct kvm_run *run;
	size_t run_bytes;
	pthread_t thread;
	bool started;
	_Atomic bool in_guest; /* in KVM_RUN, or about to be */
};

/* Makes vm->cpus. */
int vcpu_make_all(struct vm *, unsigned n, struct err *);

/* The first begins at the entry, the others wait for SIPI. */
int vcpu_set_all(struct vm *, const struct boot_entry *, struct err *);

/* The first is the calling thread's, which is about to call vcpu_run_first(): that returns when the machine ends. */
void vcpu_take_first(struct vm *);
void vcpu_run_first(struct vm *);

/* Starts the others' threads; each calls hook(arg) at first. */
int vcpu_start_others(struct vm *, void (*hook)(void *), void *arg, struct err *);

/*
 * Until all vCPUs are out of the guest, and they stay out; one that waits in a
 * device for the host finishes its access first, or when it is resumed.  Time
 * goes on for the guest, by all its clocks alike: they are the host's (TSC,
 * timers, RTC).  Its watchdogs are told (KVM_KVMCLOCK_CTRL).  -1: a vCPU does
 * not come out, and the machine runs on.
 */
int vcpu_pause_all(struct vm *, struct err *);
void vcpu_resume_all(struct vm *);

/* Out of KVM_RUN, threads joined but for the first's, which is past vcpu_run_first(), descriptors closed. */
void vcpu_stop_all(struct vm *);

#endif
