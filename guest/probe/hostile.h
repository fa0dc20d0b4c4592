/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile driver of every device (probe.hostile=1, probe.seed=N): wild
 * registers and ports, chains that lie.  What a device may write to stays
 * within memory that the probe does not use.
 */
#ifndef PROBE_HOSTILE_H
#define PROBE_HOSTILE_H

#include "virtio.h"

/* About three seconds; prints TAP.  The number of checks that failed. */
uint32_t hostile_run(uint32_t seed);

/* hostile_chain.c: one device brought up, then lied to, then perhaps reset. */
void hostile_chains(struct virtio_device *);
/* Pseudo-random, below n (which is not 0), or any 32 bits. */
uint32_t hostile_below(uint32_t n);
uint32_t hostile_random(void);

#endif
