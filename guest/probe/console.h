/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where text goes: the UART or the virtio console, as console= says.
 */
#ifndef PROBE_CONSOLE_H
#define PROBE_CONSOLE_H

#include "probe.h"

/* Chooses by name ("com", "viocon", anything else: what there is). */
void console_init(const char *name);
void console_write(const char *text, size_t len);
/* "com0", "viocon0" or "none". */
const char *console_name(void);

#endif
