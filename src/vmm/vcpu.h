/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU: its KVM descriptor, the page it shares with KVM, and a thread
 * that runs it.
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
};

/* Makes vm->cpus; the first begins at the entry, the others wait for SIPI. */
int vcpu_make_all(struct vm *, unsigned n, const struct boot_entry *, struct err *);

/* Starts the threads; each first calls hook(arg), if there is one. */
int vcpu_start_all(struct vm *, void (*hook)(void *), void *arg, struct err *);

/* Out of KVM_RUN, threads joined, descriptors closed. */
void vcpu_stop_all(struct vm *);

#endif
