/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Switching off, and the button that asks for it: the registers that our ACPI
 * tables name (x86_64/acpi.h).
 *
 *	0x600  sleep control: bits 2-4 the state, bit 5 enter it
 *	0x601  sleep status
 *	0x602  events: bit 0 the button was pressed; read once, they are gone
 *
 * While an event waits, the interrupt line is up, so that a press before the
 * guest listens is not lost.
 */
#ifndef SMOL_VMM_DEVICE_POWER_H
#define SMOL_VMM_DEVICE_POWER_H

#include <pthread.h>

#include "vmm/vm.h"

struct power {
	struct vm *vm; /* NULL: the machine has none */
	pthread_mutex_t lock;
	uint8_t events;
};

void power_attach(struct power *, struct vm *);
void power_release(struct power *);

/* Any thread; false if there is no button. What the guest makes of it is its own affair. */
bool power_button_press(struct power *);

#endif
