/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables: found and summed as a kernel does it, their numbers against
 * the machine's, and read by ACPICA's own disassembler and compiler.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "base/spawn.h"
#include "test.h"
#include "vmm/x86_64/acpi.h"
#include "vmm/x86_64/aml.h"
#include "vmm/x86_64/layout.h"

static const struct acpi_machine machines[] = { { 1, 0 }, { 2, 6 }, { 32, LAYOUT_VIRTIO_MAX } };

static unsigned
sum(const uint8_t *p, size_t n)
{
	unsigned s = 0;

	while (n-- > 0)
		s += *p++;
	return s & 0xff;
}

/* All tables of a machine, as a kernel sees them. */
struct seen {
	uint8_t buf[ACPI_BYTES_MAX];
	size_t len;
	const uint8_t *fadt, *madt, *dsdt;
};

static const uint8_t *
table_at(const struct seen *s, uint64_t gpa, const char *signature)
{
	const uint8_t *p = s->buf + (gpa - LAYOUT_ACPI);
	uint32_t len;

	if (gpa < LAYOUT_ACPI || gpa - LAYOUT_ACPI + 36 > s->len || memcmp(p, signature, 4) != 0)
		return NULL;
	len = get_le32(p + 4);
	return len <= s->len - (gpa - LAYOUT_ACPI) && sum(p, len) == 0 ? p : NULL;
}

static bool
look(struct seen *s, const struct acpi_machine *m)
{
	const uint8_t *xsdt;
	uint32_t at;

	s->fadt = s->madt = s->dsdt = NULL;
	s->len = acpi_build(s->buf, LAYOUT_ACPI, m);
	if (s->len == 0 || memcmp(s->buf, "RSD PTR ", 8) != 0 || sum(s->buf, 20) != 0 || sum(s->buf, 36) != 0)
		return false;
	CHECK(s->buf[15] == 2 && get_le32(s->buf + 20) == 36);
	xsdt = table_at(s, get_le64(s->buf + 24), "XSDT");
	if (xsdt == NULL)
		return false;
	for (at = 36; at + 8 <= get_le32(xsdt + 4); at += 8) {
		if (s->fadt == NULL)
			s->fadt = table_at(s, get_le64(xsdt + at), "FACP");
		if (s->madt == NULL)
			s->madt = table_at(s, get_le64(xsdt + at), "APIC");
	}
	if (s->fadt == NULL || s->madt == NULL)
		return false;
	CHECK(get_le32(s->fadt + 40) == get_le64(s->fadt + 140));
	s->dsdt = table_at(s, get_le64(s->fadt + 140), "DSDT");
	return s->dsdt != NULL;
}

static void
found(void)
{
	struct seen s;
	size_t i;

	for (i = 0; i < nitems(machines); i++)
		CHECK(look(&s, &machines[i]));
}

/* One byte at a port. */
static bool
is_port(const uint8_t *gas, uint16_t port)
{
	return gas[0] == 1 && gas[1] == 8 && gas[2] == 0 && gas[3] == 1 && get_le64(gas + 4) == port;
}

static void
fadt(void)
{
	struct seen s;

	if (!look(&s, &machines[1])) {
		CHECK(false);
		return;
	}
	CHECK(get_le32(s.fadt + 4) == 276 && s.fadt[8] == 6);
	CHECK((get_le32(s.fadt + 112) & (1 << 20 | 1 << 10 | 1 << 4)) == (1 << 20 | 1 << 10 | 1 << 4));
	CHECK(is_port(s.fadt + 116, 0xcf9) && s.fadt[128] == 6);
	CHECK(is_port(s.fadt + 244, LAYOUT_PORT_POWER) && is_port(s.fadt + 256, LAYOUT_PORT_POWER + 1));
}

static void
madt(void)
{
	unsigned cpus = 0, ioapics = 0, overrides = 0, nmis = 0;
	const uint8_t *p, *end;
	struct seen s;

	if (!look(&s, &machines[2])) {
		CHECK(false);
		return;
	}
	CHECK(get_le32(s.madt + 36) == LAYOUT_LAPIC);
	end = s.madt + get_le32(s.madt + 4);
	for (p = s.madt + 44; end - p >= 2 && p[1] >= 2 && p[1] <= end - p; p += p[1]) {
		switch (p[0]) {
		case 0:
			CHECK(p[2] == cpus && p[3] == cpus && get_le32(p + 4) == 1);
			cpus++;
			break;
		case 1:
			CHECK(p[2] >= 32 && get_le32(p + 4) == LAYOUT_IOAPIC && get_le32(p + 8) == 0);
			ioapics++;
			break;
		case 2:
			CHECK(p[2] == 0 && p[3] == 0 && get_le32(p + 4) == 2 && get_le16(p + 8) == 0);
			overrides++;
			break;
		default:
			CHECK(p[0] == 4 && p[2] == 0xff && p[5] == 1);
			nmis++;
		}
	}
	CHECK(p == end && cpus == 32 && ioapics == 1 && overrides == 1 && nmis == 1);
}

/* --- ACPICA's opinion --- */

static char *
path(const char *dir, const char *name)
{
	static char buf[2][256];
	static unsigned turn;

	(void)snprintf(buf[++turn % 2], sizeof(buf[0]), "%s/%s", dir, name);
	return buf[turn % 2];
}

/* Its output; NULL if it failed. */
static char *
iasl(const char *dir, const char *arguments)
{
	char command[512], *out = xcalloc(1, 8192);
	FILE *f;

	(void)snprintf(command, sizeof(command), "cd '%s' && iasl %s 2>&1", dir, arguments);
	f = popen(command, "r");
	(void)fread(out, 1, 8191, f);
	if (pclose(f) == 0)
		return out;
	printf("# %s: %.900s\n", command, out);
	free(out);
	return NULL;
}

static unsigned
count(const char *text, const char *word)
{
	unsigned n = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		n++;
	}
	return n;
}

static bool
disassembled(const char *dir, const char *name, const uint8_t *table)
{
	char arguments[64];
	struct err err;
	char *out;
	bool ok;

	(void)snprintf(arguments, sizeof(arguments), "%s.dat", name);
	CHECK(file_write(path(dir, arguments), table, get_le32(table + 4), &err) == 0);
	(void)snprintf(arguments, sizeof(arguments), "-d %s.dat", name);
	out = iasl(dir, arguments);
	ok = out != NULL && strstr(out, "Warning") == NULL && strstr(out, "Error") == NULL;
	if (out != NULL && !ok)
		printf("# %s: %.900s\n", name, out);
	free(out);
	return ok;
}

/* What the disassembler makes of the DSDT, compiled again: other errors are found then. */
static void
compiled(const char *dir, const struct acpi_machine *m)
{
	char *out = iasl(dir, "dsdt.dsl"), *text;
	struct err err;

	CHECK(out != NULL && strstr(out, "0 Errors, 0 Warnings") != NULL);
	if (out != NULL && strstr(out, " 0 Warnings") == NULL)
		printf("# %.2000s\n", out);
	free(out);
	text = file_read(path(dir, "dsdt.dsl"), 1 << 20, NULL, &err);
	CHECK(text != NULL);
	if (text == NULL)
		return;
	CHECK(count(text, "\"LNRO0005\"") == m->nvirtio && count(text, "Memory32Fixed (ReadWrite") == m->nvirtio);
	CHECK(count(text, "\"ACPI0007\"") == m->ncpus);
	CHECK(count(text, "Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive") == m->nvirtio + 1);
	CHECK(count(text, "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive") == 1);
	CHECK(count(text, "EisaId (\"PNP0501\")") == 1 && count(text, "EisaId (\"PNP0C0C\")") == 1);
	CHECK(count(text, "Notify (PWRB, 0x80)") == 1 && count(text, "_S5, Package") == 1);
	free(text);
}

static void
acpica(void)
{
	char dir[] = "/tmp/smol-acpi-XXXXXX", command[64], *program = spawn_find("iasl");
	struct seen s;
	size_t i;

	if (program == NULL) {
		test_skip("no iasl (acpica-tools)");
		return;
	}
	free(program);
	CHECK(mkdtemp(dir) != NULL);
	for (i = 0; i < nitems(machines); i++) {
		CHECK(look(&s, &machines[i]));
		CHECK(disassembled(dir, "facp", s.fadt) && disassembled(dir, "apic", s.madt));
		CHECK(disassembled(dir, "dsdt", s.dsdt));
		compiled(dir, &machines[i]);
	}
	(void)snprintf(command, sizeof(command), "rm -r '%s'", dir);
	CHECK(system(command) == 0);
}

static void
some_device(struct aml *a)
{
	aml_scope(a, "\\_SB_");
	aml_device(a, "COM1");
	aml_name_eisaid(a, "_HID", "PNP0501");
	aml_resources(a);
	aml_memory(a, 1, 2);
	aml_interrupt(a, 4, true);
	aml_resources_end(a);
	aml_end(a);
	aml_end(a);
}

/* Too small a buffer is told, whatever of it fits, and nothing is written behind it. */
static void
no_room(void)
{
	uint8_t buf[128];
	struct aml whole = { .buf = buf, .size = sizeof(buf) };
	size_t size;

	some_device(&whole);
	CHECK(!whole.full && whole.len > 50 && whole.len < sizeof(buf));
	for (size = 0; size <= whole.len; size++) {
		struct aml a = { .buf = buf, .size = size };

		memset(buf, 0x55, sizeof(buf));
		some_device(&a);
		CHECK(a.full == (size < whole.len) && a.len <= size && buf[size] == 0x55);
	}
}

TEST_MAIN({ "found", found }, { "fadt", fadt }, { "madt", madt }, { "acpica", acpica }, { "no room", no_room })
