/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables, one after the other.
 */
#include "vmm/x86_64/acpi.h"

#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "vmm/x86_64/aml.h"
#include "vmm/x86_64/layout.h"

enum {
	RSDP_BYTES = 36,
	HEADER_BYTES = 36,
	FADT_BYTES = 276,
	XSDT_BYTES = HEADER_BYTES + 2 * 8,
	ALIGN = 16,
	/* FADT: fields, table 5.9. */
	FADT_DSDT = 40,
	FADT_BOOT_ARCH = 109,
	FADT_FLAGS = 112,
	FADT_RESET_REG = 116,
	FADT_RESET_VALUE = 128,
	FADT_MINOR = 131,
	FADT_X_DSDT = 140,
	FADT_SLEEP_CONTROL = 244,
	FADT_SLEEP_STATUS = 256,
	FADT_HYPERVISOR = 268,
	BOOT_ARCH_NO_VGA = 1 << 2,
	FLAG_WBINVD = 1 << 0,
	FLAG_C1 = 1 << 2,
	FLAG_NO_FIXED_POWER_BUTTON = 1 << 4,
	FLAG_NO_FIXED_SLEEP_BUTTON = 1 << 5,
	FLAG_RESET_REG = 1 << 10,
	FLAG_HEADLESS = 1 << 12,
	FLAG_HW_REDUCED = 1 << 20,
	RESET_PORT = 0xcf9,
	RESET_VALUE = 6,
	/* MADT: flags and entries, section 5.2.12. */
	MADT_PCAT_COMPAT = 1,
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_NMI = 4,
	NOTIFY_PRESSED = 0x80,
};

/* The tables in the making. */
struct tables {
	uint8_t *buf;
	size_t len;
	uint32_t at;
};

static uint8_t
checksum(const uint8_t *p, size_t n)
{
	uint8_t sum = 0;

	while (n-- > 0)
		sum = (uint8_t)(sum + *p++);
	return (uint8_t)-sum;
}

/* The head of a table of so many bytes, and its checksum, which comes last. */
static void
finish(uint8_t *p, const char signature[4], uint8_t revision, size_t bytes)
{
	memcpy(p, signature, 4);
	put_le32(p + 4, (uint32_t)bytes);
	p[8] = revision;
	memcpy(p + 10, "SMOL  ", 6);
	memcpy(p + 16, "SMOL-VMM", 8);
	put_le32(p + 24, 1);
	memcpy(p + 28, "SMOL", 4);
	put_le32(p + 32, 1);
	p[9] = checksum(p, bytes);
}

/* The table at the end is whole: its guest address. */
static uint32_t
placed(struct tables *t, size_t bytes)
{
	uint32_t gpa = t->at + (uint32_t)t->len;

	t->len = roundup(t->len + bytes, ALIGN);
	return gpa;
}

/* --- DSDT --- */

static void
add_virtio(struct aml *a, unsigned n)
{
	char name[5];

	(void)snprintf(name, sizeof(name), "VI%02X", n & 0xff);
	aml_device(a, name);
	aml_name_string(a, "_HID", "LNRO0005");
	aml_name_integer(a, "_UID", n);
	aml_resources(a);
	aml_memory(a, LAYOUT_VIRTIO + n * LAYOUT_VIRTIO_BYTES, LAYOUT_VIRTIO_BYTES);
	aml_interrupt(a, layout_virtio_irq(n), true);
	aml_resources_end(a);
	aml_end(a);
}

static void
add_uart(struct aml *a)
{
	aml_device(a, "COM1");
	aml_name_eisaid(a, "_HID", "PNP0501");
	aml_name_integer(a, "_UID", 1);
	aml_resources(a);
	aml_io(a, LAYOUT_PORT_UART, 8);
	aml_interrupt(a, LAYOUT_IRQ_UART, false);
	aml_resources_end(a);
	aml_end(a);
}

/* Without an interrupt: the clock tells the time, no more. */
static void
add_rtc(struct aml *a)
{
	aml_device(a, "RTC0");
	aml_name_eisaid(a, "_HID", "PNP0B00");
	aml_resources(a);
	aml_io(a, LAYOUT_PORT_RTC, 2);
	aml_resources_end(a);
	aml_end(a);
}

static void
add_pvpanic(struct aml *a)
{
	aml_device(a, "PEVT");
	aml_name_string(a, "_HID", "QEMU0001");
	aml_resources(a);
	aml_io(a, LAYOUT_PORT_PANIC, 1);
	aml_resources_end(a);
	aml_end(a);
}

static void
add_cpu(struct aml *a, unsigned n)
{
	char name[5];

	(void)snprintf(name, sizeof(name), "CP%02X", n & 0xff);
	aml_device(a, name);
	aml_name_string(a, "_HID", "ACPI0007");
	aml_name_integer(a, "_UID", n);
	aml_end(a);
}

/* The button itself, and the event device whose interrupt says that something happened (device/power.h). */
static void
add_power(struct aml *a)
{
	aml_device(a, "PWRB");
	aml_name_eisaid(a, "_HID", "PNP0C0C");
	aml_end(a);
	aml_device(a, "GED0");
	aml_name_string(a, "_HID", "ACPI0013");
	aml_name_integer(a, "_UID", 0);
	aml_resources(a);
	aml_interrupt(a, LAYOUT_IRQ_POWER, true);
	aml_resources_end(a);
	aml_port_field(a, "EVTR", LAYOUT_PORT_POWER + LAYOUT_POWER_EVENTS, "EVTS");
	aml_method(a, "_EVT", 1);
	aml_if_bit(a, "EVTS", LAYOUT_POWER_EVENT_BUTTON);
	aml_notify(a, "PWRB", NOTIFY_PRESSED);
	aml_end(a);
	aml_end(a);
	aml_end(a);
}

/* Returns its bytes, 0 if there is no room. */
static size_t
dsdt(const struct acpi_machine *m, uint8_t *p, size_t size)
{
	static const uint8_t s5[] = { LAYOUT_POWER_S5, 0, 0, 0 };
	struct aml a = { .buf = p, .len = HEADER_BYTES, .size = size };
	unsigned i;

	aml_scope(&a, "\\_SB_");
	for (i = 0; i < m->nvirtio; i++)
		add_virtio(&a, i);
	add_uart(&a);
	add_rtc(&a);
	add_pvpanic(&a);
	add_power(&a);
	for (i = 0; i < m->ncpus; i++)
		add_cpu(&a, i);
	aml_end(&a);
	aml_name_package(&a, "\\_S5_", s5, sizeof(s5));
	if (a.full)
		return 0;
	finish(p, "DSDT", 2, a.len);
	return a.len;
}

/* --- FADT --- */

/* A generic address: one byte at a port. */
static void
port_address(uint8_t *p, uint16_t port)
{
	p[0] = 1; /* system I/O */
	p[1] = 8; /* bits */
	p[3] = 1; /* accessed as bytes */
	put_le64(p + 4, port);
}

static void
fadt(uint8_t *p, uint32_t dsdt_gpa)
{
	put_le32(p + FADT_DSDT, dsdt_gpa);
	put_le64(p + FADT_X_DSDT, dsdt_gpa);
	put_le16(p + FADT_BOOT_ARCH, BOOT_ARCH_NO_VGA);
	put_le32(p + FADT_FLAGS, FLAG_WBINVD | FLAG_C1 | FLAG_NO_FIXED_POWER_BUTTON | FLAG_NO_FIXED_SLEEP_BUTTON |
				     FLAG_RESET_REG | FLAG_HEADLESS | FLAG_HW_REDUCED);
	port_address(p + FADT_RESET_REG, RESET_PORT);
	p[FADT_RESET_VALUE] = RESET_VALUE;
	p[FADT_MINOR] = 5;
	port_address(p + FADT_SLEEP_CONTROL, LAYOUT_PORT_POWER + LAYOUT_POWER_CONTROL);
	port_address(p + FADT_SLEEP_STATUS, LAYOUT_PORT_POWER + LAYOUT_POWER_STATUS);
	memcpy(p + FADT_HYPERVISOR, "SMOL-VMM", 8);
	finish(p, "FACP", 6, FADT_BYTES);
}

/* --- MADT --- */

static size_t
madt(const struct acpi_machine *m, uint8_t *table)
{
	uint8_t *p = table + HEADER_BYTES + 8;
	unsigned i;

	put_le32(table + HEADER_BYTES, LAYOUT_LAPIC);
	put_le32(table + HEADER_BYTES + 4, MADT_PCAT_COMPAT);
	for (i = 0; i < m->ncpus; i++, p += 8)
		memcpy(p, (const uint8_t[]){ MADT_LAPIC, 8, (uint8_t)i, (uint8_t)i, 1 /* enabled */, 0, 0, 0 }, 8);
	memcpy(p, (const uint8_t[]){ MADT_IOAPIC, 12, (uint8_t)m->ncpus, 0 }, 4);
	put_le32(p + 4, LAYOUT_IOAPIC);
	put_le32(p + 8, 0); /* its first line */
	p += 12;
	/* ISA's line 0 is line 2; polarity and trigger are ISA's. */
	memcpy(p, (const uint8_t[]){ MADT_OVERRIDE, 10, 0, 0, 2, 0, 0, 0, 0, 0 }, 10);
	p += 10;
	/* Of all processors, LINT1. */
	memcpy(p, (const uint8_t[]){ MADT_LAPIC_NMI, 6, 0xff, 0, 0, 1 }, 6);
	p += 6;
	finish(table, "APIC", 5, (size_t)(p - table));
	return (size_t)(p - table);
}

/* --- all --- */

static void
rsdp(uint8_t *p, uint32_t xsdt_gpa)
{
	memcpy(p, "RSD PTR ", 8);
	memcpy(p + 9, "SMOL  ", 6);
	p[15] = 2; /* revision */
	put_le32(p + 20, RSDP_BYTES);
	put_le64(p + 24, xsdt_gpa);
	p[8] = checksum(p, 20);
	p[32] = checksum(p, RSDP_BYTES);
}

size_t
acpi_build(uint8_t buf[ACPI_BYTES_MAX], uint32_t at, const struct acpi_machine *m)
{
	struct tables t = { .buf = buf, .at = at };
	uint32_t xsdt_gpa, fadt_gpa, madt_gpa, dsdt_gpa;
	size_t n, xsdt;

	memset(buf, 0, ACPI_BYTES_MAX);
	(void)placed(&t, RSDP_BYTES);
	xsdt = t.len;
	xsdt_gpa = placed(&t, XSDT_BYTES);
	n = madt(m, buf + t.len);
	madt_gpa = placed(&t, n);
	n = t.len;
	fadt_gpa = placed(&t, FADT_BYTES);
	dsdt_gpa = at + (uint32_t)t.len;
	fadt(buf + n, dsdt_gpa);
	n = dsdt(m, buf + t.len, ACPI_BYTES_MAX - t.len);
	if (n == 0)
		return 0;
	(void)placed(&t, n);
	put_le64(buf + xsdt + HEADER_BYTES, fadt_gpa);
	put_le64(buf + xsdt + HEADER_BYTES + 8, madt_gpa);
	finish(buf + xsdt, "XSDT", 1, XSDT_BYTES);
	rsdp(buf, xsdt_gpa);
	return t.len;
}
