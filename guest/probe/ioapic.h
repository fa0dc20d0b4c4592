/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOAPIC (Intel 82093AA): pins to vectors of the boot CPU.
 */
#ifndef PROBE_IOAPIC_H
#define PROBE_IOAPIC_H

#include "probe.h"

enum ioapic_trigger { IOAPIC_EDGE, IOAPIC_LEVEL };

/* Masks every pin. */
void ioapic_init(void);
/* 0 where there is no IOAPIC. */
uint32_t ioapic_pins(void);
/* False if there is no such pin. */
bool ioapic_route(uint32_t pin, uint32_t vector, enum ioapic_trigger);
void ioapic_mask(uint32_t pin);

#endif
