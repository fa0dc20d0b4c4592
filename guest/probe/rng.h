/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio entropy device (virtio 1.2 section 5.4).
 */
#ifndef PROBE_RNG_H
#define PROBE_RNG_H

#include "virtio.h"

/* False if there is none. */
bool rng_init(void);
/* Fills the buffer, in as many requests as the device makes of it. */
bool rng_read(void *buf, uint32_t len);

#endif
