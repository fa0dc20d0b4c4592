/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors: 0x00 exceptions, 0x20 + pin IOAPIC pins, 0x38 LAPIC timer, 0x3f
 * spurious.  Interrupts are let in while halted only (clock_halt), so a
 * handler never races with the program.
 */
#ifndef PROBE_TRAP_H
#define PROBE_TRAP_H

#include "probe.h"

enum { VECTOR_PIN0 = 0x20, VECTOR_PINS = 24, VECTOR_TIMER = 0x38, VECTOR_SPURIOUS = 0x3f, VECTOR_COUNT = 64 };

/* Owned by the caller; several may share a vector. */
struct trap_handler {
	void (*fn)(void *arg);
	void *arg;
	struct trap_handler *next;
};

void trap_init(void);
void trap_attach(uint32_t vector, struct trap_handler *);
/* How often the vector was taken. */
uint32_t trap_count(uint32_t vector);

#endif
