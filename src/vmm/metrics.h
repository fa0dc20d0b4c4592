/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine has done so far, as one line of JSON:
 *
 *	{"state":"running"|"paused","start_ns":N,"vm_ns":N,"run_ns":N,"now_ns":N,"cpus":N,
 *	 "exits":{"port":N,"mmio":N,"other":N},
 *	 "kvm":{"exits":N,"io_exits":N,...},		as far as the host counts them
 *	 "memory":{"bytes":N[,"balloon":N]},
 *	 "ports":[{"name":"uart","reads":N,"writes":N},...],	those that were touched
 *	 "mmio":[...],
 *	 "unclaimed":{"port_reads":N,"port_writes":N,"mmio_reads":N,"mmio_writes":N,
 *	              "ports":[{"port":N,"accesses":N},...]},	the METRICS_PORTS busiest
 *	 "devices":[{"type":"block","index":N,"interrupts":N,"resets":N,"needs_reset":N,"dropped":N,
 *	             ...its own},...]}
 *
 * Times are CLOCK_MONOTONIC's, in nanoseconds: of main(), of KVM's machine, of
 * the first KVM_RUN (0: not yet), of this line.  "exits" are those that reached
 * the monitor.  Numbers are read while they change: each is right, their sum
 * may not be.
 */
#ifndef SMOL_VMM_METRICS_H
#define SMOL_VMM_METRICS_H

#include "base/str.h"
#include "vmm/devices.h"
#include "vmm/kvmstats.h"

#define METRICS_PORTS 8

struct metrics {
	struct vm *vm;
	struct devices *devices;
	struct kvmstats *kvm;
	uint64_t start_ns;
};

void metrics_print(const struct metrics *, struct str *out);

#endif
