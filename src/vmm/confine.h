/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sandbox of one machine: what of it its description and devices need.
 *
 *	description ─► confine_descriptors ─► devices ─► confine_process ─► threads,
 *	of which each is narrowed by confine_thread; the guest runs
 */
#ifndef SMOL_VMM_CONFINE_H
#define SMOL_VMM_CONFINE_H

#include "vmm/devices.h"

/* Only the description's stay open. */
int confine_descriptors(const struct config *, struct err *);

/* While there is one thread. */
int confine_process(const struct config *, const struct devices *, struct err *);

/* The first call of a thread; its argument is its enum sandbox_role, as a pointer. */
void confine_thread(void *role);

#endif
