/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio console (virtio 1.2 section 5.3): ports 0 (the console) and 1
 * (ttyVI01).  Before viocon_start, port 0 speaks by EMERG_WRITE.
 */
#ifndef PROBE_VIOCON_H
#define PROBE_VIOCON_H

#include "probe.h"

/* True if there is a console device. */
bool viocon_find(void);
/* Brings the queues up; false if the device refuses. */
bool viocon_start(void);
/* The device reports the port within 100 ms. */
bool viocon_has_port(uint32_t port);
/* Queued, and waited for only where all buffers are busy; port 1 waits. */
void viocon_write(uint32_t port, const char *, size_t);
/* What came in, at most size bytes; 0 if nothing does in that time. */
uint32_t viocon_read(uint32_t port, char *buf, uint32_t size, uint32_t timeout_ms);
/* All that was written has reached the device. */
bool viocon_drain(void);

#endif
