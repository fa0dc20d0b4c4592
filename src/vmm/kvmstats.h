/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KVM's own counters of the vCPUs (Linux 5.14 and later; KVM_GET_STATS_FD in
 * Documentation/virt/kvm/api.rst), summed over them.
 */
#ifndef SMOL_VMM_KVMSTATS_H
#define SMOL_VMM_KVMSTATS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/vm.h"

#define KVMSTATS 12

extern const char *const kvmstats_names[KVMSTATS];

struct kvmstats {
	int fds[VM_CPUS_MAX];
	unsigned n; /* 0: this host has none */
	bool looked; /* the rest is known */
	uint32_t data_offset;
	int64_t offset[KVMSTATS]; /* -1: not of this host's */
};

/* Before the vCPUs run: KVM opens none for one that does. */
void kvmstats_open(struct kvmstats *, const struct vm *);
void kvmstats_release(struct kvmstats *);

/* The sums; false: there are none. A counter that the host lacks is UINT64_MAX. */
bool kvmstats_read(struct kvmstats *, uint64_t sums[KVMSTATS]);

#endif
