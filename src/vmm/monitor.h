/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine made of its description, run to its end.
 */
#ifndef SMOL_VMM_MONITOR_H
#define SMOL_VMM_MONITOR_H

#include "vmm/config.h"
#include "vmm/vm.h"

struct monitor_result {
	enum vm_end end;
	char why[128];
};

/* start_ns: when the program began, CLOCK_MONOTONIC.  -1 and err if it could not be started, or the monitor itself
 * failed. */
int monitor_run(const struct config *, uint64_t start_ns, struct monitor_result *, struct err *);

#endif
