/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways a PC is reset: the keyboard controller's pulse (0x64 ← 0xfe), the
 * chipset's register 0xcf9, port 0x92; each ends the machine.
 */
#ifndef SMOL_VMM_DEVICE_RESET_H
#define SMOL_VMM_DEVICE_RESET_H

#include "vmm/vm.h"

void reset_attach(struct vm *);

#endif
