/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox of one machine: what of it its description and devices need.
 *
 *	description ─► confine_descriptors ─► devices ─► confine_process ─► threads
 *	─► confine_threads ─► the guest runs
 */
#ifndef SMOL_VMM_CONFINE_H
#define SMOL_VMM_CONFINE_H

#include "vmm/devices.h"

/* Only the description's stay open. */
int confine_descriptors(const struct config *, struct err *);

/* While there is one thread; those started after it use the hook. vCPUs wait there until all have their filters. */
int confine_process(const struct config *, const struct devices *, struct err *);

/* The first call of a thread; its argument is its enum sandbox_role, as a pointer. */
void confine_thread(void *role);

/* This one, the loop's; there are no more to come. */
int confine_threads(struct err *);

/* The machine has ended before that: vCPUs wait no longer, to see it. */
void confine_give_up(void);

#endif
