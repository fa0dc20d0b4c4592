/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables (ACPI 6.5 chapter 5) of the machine: hardware-reduced, so that
 * there is no SCI, no power management block and no timer to emulate.
 *
 *	RSDP ─► XSDT ─► FADT ─► DSDT    virtio windows, COM1, clock, pvpanic, CPUs, power button and its event
 *	             └► MADT            local APICs, IOAPIC, the timer's line at pin 2
 */
#ifndef SMOL_VMM_X86_64_ACPI_H
#define SMOL_VMM_X86_64_ACPI_H

#include <stddef.h>
#include <stdint.h>

#define ACPI_BYTES_MAX 16384

struct acpi_machine {
	unsigned ncpus, nvirtio;
};

/* Writes all of them to buf, for guest address "at", where the RSDP is; returns their bytes, 0 if they do not fit. */
size_t acpi_build(uint8_t buf[ACPI_BYTES_MAX], uint32_t at, const struct acpi_machine *);

#endif
