/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the machine itself: boot information, memory above 4 GiB, MP table,
 * IOAPIC, UART interrupt, other CPUs, fw_cfg.
 */
#include "tests.h"

#include "boot.h"
#include "clock.h"
#include "cmdline.h"
#include "fwcfg.h"
#include "highmem.h"
#include "ioapic.h"
#include "lapic.h"
#include "mptable.h"
#include "print.h"
#include "smp.h"
#include "string.h"
#include "trap.h"
#include "uart.h"
#include "x86.h"

enum { IMAGE_LOW = 0x200000, IMAGE_HIGH = 0xa01000, CMDLINE_KEPT = 1024 };

static enum test_result
boot_map(struct test_context *c)
{
	if (boot.version == 0)
		return test_because(c, TEST_FAIL, "start_info version 0");
	return test_because(c, boot.memmap_count > 0 && boot.ram_bytes >= 32u << 20 ? TEST_PASS : TEST_FAIL,
	    "%u entries, %u MB", boot.memmap_count, (uint32_t)(boot.ram_bytes >> 20));
}

/* Its first and last word keep what is written, and are not those 4 GiB (or a multiple) below. */
static enum test_result
boot_high_memory(struct test_context *c)
{
	const uint64_t places[] = { boot.high_start, boot.high_end - sizeof(uint32_t) };
	const uint32_t words[] = { 0x600dcafe, 0x0ddba115 };
	uint32_t low[nitems(places)];

	if (boot.high_end == 0)
		return test_because(c, TEST_SKIP, "none");
	if (!highmem_possible())
		return test_because(c, TEST_SKIP, "no long mode");
	for (size_t i = 0; i < nitems(places); i++) {
		low[i] = mmio_read32((uint32_t)places[i]);
		highmem_write(places[i], words[i] ^ low[i]);
	}
	for (size_t i = 0; i < nitems(places); i++)
		if (highmem_read(places[i]) != (words[i] ^ low[i]) || mmio_read32((uint32_t)places[i]) != low[i])
			return test_because(c, TEST_FAIL, "%x%08x reads %x, the word below %x, not %x",
			    (uint32_t)(places[i] >> 32), (uint32_t)places[i], highmem_read(places[i]),
			    mmio_read32((uint32_t)places[i]), low[i]);
	return TEST_PASS;
}

/* NetBSD's kernel would load over them otherwise. */
static enum test_result
boot_placement(struct test_context *c)
{
	const uint32_t places[] = { boot.start_info, boot.memmap, addr_of(boot.cmdline) };

	for (size_t i = 0; i < nitems(places); i++)
		if (places[i] >= IMAGE_LOW && places[i] < IMAGE_HIGH && boot.cmdline[0] != '\0')
			return test_because(c, TEST_FAIL, "%x is in the kernel", places[i]);
	return TEST_PASS;
}

static enum test_result
boot_cmdline(struct test_context *c)
{
	size_t len = strlen(boot.cmdline);

	if (cmdline.bad[0] != '\0')
		return test_because(c, TEST_FAIL, "malformed: %s", cmdline.bad);
	return test_because(
	    c, len < CMDLINE_KEPT ? TEST_PASS : TEST_FAIL, "%u bytes, NetBSD keeps 1023", (uint32_t)len);
}

static enum test_result
cpuid_not_xen(struct test_context *c)
{
	(void)c;
	return test_pass_if(cpuid(0x40000000).ebx != 0x566e6558); /* "XenV" */
}

static enum test_result
mp_sums(struct test_context *c)
{
	if (!mptable.found)
		return test_because(c, TEST_FAIL, "no MP table");
	return test_pass_if(mptable.pointer_sum_ok && mptable.table_sum_ok);
}

static enum test_result
mp_entries(struct test_context *c)
{
	return test_because(c,
	    mptable.entries_ok && mptable.cpu_count > 0 && mptable.ioint_count > 0 ? TEST_PASS : TEST_FAIL,
	    "%d cpus, %d interrupts", mptable.cpu_count, mptable.ioint_count);
}

static enum test_result
mp_boot_cpu(struct test_context *c)
{
	for (int i = 0; i < mptable.cpu_count; i++)
		if (mptable.cpus[i] == lapic_id())
			return TEST_PASS;
	return test_because(c, TEST_FAIL, "LAPIC id %u is not in it", lapic_id());
}

static enum test_result
ioapic_has_pins(struct test_context *c)
{
	return test_because(c, ioapic_pins() == VECTOR_PINS ? TEST_PASS : TEST_FAIL, "%u pins", ioapic_pins());
}

/* Edge-triggered, unlike virtio's. */
static enum test_result
uart_interrupt(struct test_context *c)
{
	uint32_t pin = mptable.isa_pin[UART_IRQ], vector = VECTOR_PIN0 + pin;
	uint32_t before = pin < VECTOR_PINS ? trap_count(vector) : 0;
	uint64_t until = clock_us() + 200000;

	if (!uart_probe())
		return test_because(c, TEST_SKIP, "no UART");
	if (!ioapic_route(pin, vector, IOAPIC_EDGE))
		return test_because(c, TEST_FAIL, "no pin %u", pin);
	uart_interrupt_raise();
	while (trap_count(vector) == before && clock_us() < until)
		clock_halt(until);
	uart_interrupt_end();
	ioapic_mask(pin);
	return test_because(c, test_pass_if(trap_count(vector) != before), "nothing on pin %u", pin);
}

static enum test_result
fwcfg_directory(struct test_context *c)
{
	struct fwcfg_file f;
	uint32_t count;

	if (!fwcfg_probe())
		return test_because(c, TEST_SKIP, "no fw_cfg");
	count = fwcfg_directory_start();
	if (count == UINT32_MAX)
		return test_because(c, TEST_FAIL, "absurd number of files");
	for (uint32_t i = 0; i < count; i++) {
		fwcfg_directory_next(&f);
		if (f.name[0] == '\0' || f.select < 0x20)
			return test_because(c, TEST_FAIL, "entry %u", i);
	}
	return TEST_PASS;
}

static bool
fwcfg_entry(uint32_t index, struct fwcfg_file *f)
{
	uint32_t count = fwcfg_directory_start();

	for (uint32_t i = 0; i <= index && i < count; i++)
		fwcfg_directory_next(f);
	return index < count;
}

/* Prints each; the program that runs us compares. */
static enum test_result
fwcfg_smolbsd(struct test_context *c)
{
	static char text[96];
	struct fwcfg_file f;
	uint32_t found = 0, len;

	if (!fwcfg_probe())
		return test_because(c, TEST_SKIP, "no fw_cfg");
	if (fwcfg_directory_start() == UINT32_MAX)
		return TEST_FAIL;
	for (uint32_t i = 0; fwcfg_entry(i, &f); i++) {
		if (has_prefix(f.name, "opt/org.smolbsd.") == 0)
			continue;
		found++;
		len = min_u32(f.size, sizeof(text) - 1);
		fwcfg_read(&f, text, len);
		for (uint32_t j = 0; j < len; j++)
			if (text[j] < ' ' || text[j] > '~')
				text[j] = '.';
		text[len] = '\0';
		print("# fw_cfg %s (%u) = %s\n", f.name, f.size, text);
	}
	return test_because(c, found > 0 ? TEST_PASS : TEST_SKIP, "no opt/org.smolbsd entries");
}

static enum test_result
all_cpus(struct test_context *c)
{
	static bool ok, started;

	if (mptable.cpu_count <= 1)
		return test_because(c, TEST_SKIP, "one CPU");
	if (!started)
		ok = smp_start();
	started = true;
	return test_because(c, test_pass_if(ok && smp_started + 1 == (uint32_t)mptable.cpu_count), "%u of %d others",
	    smp_started, mptable.cpu_count - 1);
}

static const struct test tests[] = { { "boot memory map", boot_map }, { "boot memory above 4 GiB", boot_high_memory },
	{ "boot information outside of NetBSD's kernel", boot_placement }, { "boot command line", boot_cmdline },
	{ "cpuid does not say Xen", cpuid_not_xen }, { "mptable checksums", mp_sums },
	{ "mptable entries", mp_entries }, { "mptable has the boot cpu", mp_boot_cpu },
	{ "ioapic has 24 pins", ioapic_has_pins }, { "com0 transmit interrupt (ioapic, edge)", uart_interrupt },
	{ "fw_cfg directory", fwcfg_directory }, { "fw_cfg opt/org.smolbsd", fwcfg_smolbsd },
	{ "smp all cpus up", all_cpus } };

const struct test_group test_platform = { tests, nitems(tests) };
