/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MP table (Intel MultiProcessor Specification 1.4): CPUs, one ISA bus,
 * one IOAPIC, its 24 pins.  NetBSD takes all it knows of interrupts from here.
 */
#ifndef SMOL_VMM_X86_64_MPTABLE_H
#define SMOL_VMM_X86_64_MPTABLE_H

#include <stddef.h>
#include <stdint.h>

#define MPTABLE_BYTES_MAX 1024

/* Writes it to buf; returns its bytes.  At guest address "at" the floating pointer comes first. */
size_t mptable_build(uint8_t buf[MPTABLE_BYTES_MAX], uint32_t at, unsigned ncpus);

#endif
