/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI Machine Language (ACPI 6.5 chapter 20), as much as our DSDT needs, into
 * a buffer of the caller's.  Whatever has a length is opened, filled and
 * closed:
 *
 *	aml_device(a, "COM1");
 *	aml_name_eisaid(a, "_HID", "PNP0501");
 *	aml_resources(a);
 *	aml_io(a, 0x3f8, 8);
 *	aml_resources_end(a);
 *	aml_end(a);
 *
 * Names are single segments of four characters, with a leading backslash at
 * the root.  What does not fit any more is left out, and full says so.
 */
#ifndef SMOL_VMM_X86_64_AML_H
#define SMOL_VMM_X86_64_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_DEPTH_MAX 8

struct aml {
	uint8_t *buf;
	size_t len, size;
	size_t open[AML_DEPTH_MAX]; /* where the lengths go */
	unsigned depth;
	bool full;
};

/* Opened, until aml_end(). */
void aml_scope(struct aml *, const char *name);
void aml_device(struct aml *, const char *name);
void aml_method(struct aml *, const char *name, unsigned nargs);
void aml_if_bit(struct aml *, const char *name, uint8_t bits); /* If (name & bits) */
void aml_end(struct aml *);

void aml_name_integer(struct aml *, const char *name, uint32_t value);
void aml_name_string(struct aml *, const char *name, const char *text);
/* id: three capital letters and four hexadecimal digits. */
void aml_name_eisaid(struct aml *, const char *name, const char *id);
/* A package of bytes. */
void aml_name_package(struct aml *, const char *name, const uint8_t *values, uint8_t n);

/* A port of one byte, whose value is the field's. */
void aml_port_field(struct aml *, const char *region, uint16_t port, const char *field);
void aml_notify(struct aml *, const char *name, uint8_t value);

/* Name (_CRS, ResourceTemplate () { ... }) */
void aml_resources(struct aml *);
void aml_memory(struct aml *, uint32_t base, uint32_t bytes);
void aml_io(struct aml *, uint16_t port, uint8_t n);
void aml_interrupt(struct aml *, uint32_t gsi, bool level); /* active high, exclusive */
void aml_resources_end(struct aml *);

#endif
