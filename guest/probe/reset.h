/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end: exit code to who listens, JEMATA! to who watches, then a reset.
 */
#ifndef PROBE_RESET_H
#define PROBE_RESET_H

#include "probe.h"

_Noreturn void machine_exit(uint8_t code);
_Noreturn void machine_reset(void);

#endif
