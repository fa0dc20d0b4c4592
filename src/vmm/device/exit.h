/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports by which a guest says how it ended, as QEMU has them.
 *
 *	0x501  isa-debug-exit: VALUE ends the machine with the status (VALUE << 1) | 1
 *	0x505  pvpanic (docs/specs/pvpanic.rst): bit 0 the guest has panicked; read, the events it may tell
 */
#ifndef SMOL_VMM_DEVICE_EXIT_H
#define SMOL_VMM_DEVICE_EXIT_H

#include "vmm/vm.h"

void exit_attach(struct vm *);

#endif
