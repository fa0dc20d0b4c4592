/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loaders have in common, and which one it is.
 */
#include "vmm/boot.h"

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/io.h"
#include "base/str.h"
#include "vmm/x86_64/acpi.h"
#include "vmm/x86_64/layout.h"
#include "vmm/x86_64/mptable.h"

/* --- files --- */

int
boot_file_open(struct boot_file *f, int fd, const char *what, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read the %s", what);
	*f = (struct boot_file){ .fd = fd, .what = what, .bytes = (uint64_t)st.st_size };
	return 0;
}

int
boot_file_read(const struct boot_file *f, void *buf, uint64_t len, uint64_t offset, struct err *err)
{
	if (offset > f->bytes || len > f->bytes - offset)
		return err_set(err, "the %s is cut off", f->what);
	return pread_full(f->fd, buf, len, offset) < 0 ? err_sys(err, "cannot read the %s", f->what) : 0;
}

int
boot_file_load(const struct boot_file *f, const struct mem *mem, uint64_t gpa, uint64_t room, uint64_t offset,
    uint64_t len, struct err *err)
{
	void *to = mem_at(mem, gpa, room);

	if (to == NULL || gpa < LAYOUT_HIGH_START || gpa + room > LAYOUT_RAM_LOW_MAX)
		return err_set(err, "the %s does not fit into the machine's memory; give it more with -m", f->what);
	return boot_file_read(f, to, len, offset, err);
}

/* --- memory map, command line, tables --- */

unsigned
boot_memory_map(const struct mem *m, struct boot_range r[BOOT_RANGES_MAX])
{
	r[0] = (struct boot_range){ 0, LAYOUT_MPTABLE, BOOT_E820_RAM };
	r[1] = (struct boot_range){ LAYOUT_MPTABLE, LAYOUT_HIGH_START - LAYOUT_MPTABLE, BOOT_E820_RESERVED };
	r[2] = (struct boot_range){ LAYOUT_HIGH_START, m->region[0].bytes - LAYOUT_HIGH_START, BOOT_E820_RAM };
	if (m->nregions == 1)
		return 3;
	r[3] = (struct boot_range){ m->region[1].gpa, m->region[1].bytes, BOOT_E820_RAM };
	return 4;
}

int
boot_cmdline(const struct boot *b, bool finds_by_acpi, uint64_t gpa, uint32_t max, struct err *err)
{
	struct str s = { 0 };
	unsigned i;
	int rv = 0;

	str_add(&s, b->cmdline);
	for (i = 0; i < b->nvirtio && !(b->acpi && finds_by_acpi); i++)
		str_addf(&s, " virtio_mmio.device=%u@0x%x:%u", LAYOUT_VIRTIO_BYTES,
		    LAYOUT_VIRTIO + i * LAYOUT_VIRTIO_BYTES, layout_virtio_irq(i));
	if (s.len > max)
		rv = err_set(err, "the kernel arguments are %zu bytes long; this kernel reads at most %u", s.len, max);
	else if (!mem_write(b->mem, gpa, s.p, s.len + 1))
		rv = err_set(err, "too little memory");
	str_release(&s);
	return rv;
}

static int
write_acpi(struct boot *b, struct err *err)
{
	const struct acpi_machine m = { .ncpus = b->ncpus, .nvirtio = b->nvirtio };
	cleanup_free uint8_t *buf = xmalloc(ACPI_BYTES_MAX);
	size_t len = acpi_build(buf, LAYOUT_ACPI, &m);

	if (len == 0 || !mem_write(b->mem, LAYOUT_ACPI, buf, len))
		return err_set(err, "the ACPI tables of %u CPUs and %u devices do not fit", b->ncpus, b->nvirtio);
	b->rsdp = LAYOUT_ACPI;
	return 0;
}

/*
 * The firmware, as far as there is one: whoever jumps to the reset vector in
 * real mode is reset.  Linux on hardware-reduced ACPI, wanting to use EFI that
 * is not there, ends up here before it tries anything else.
 */
static int
write_reset_vector(const struct boot *b, struct err *err)
{
	static const uint8_t code[] = {
		0xb0, 0xfe, /* mov $0xfe, %al */
		0xe6, 0x64, /* out %al, $0x64 */
		0xf4, /* hlt */
		0xeb, 0xfd, /* jmp to the hlt */
	};

	return mem_write(b->mem, LAYOUT_RESET_VECTOR, code, sizeof(code)) ? 0 : err_set(err, "too little memory");
}

int
boot_tables(struct boot *b, struct err *err)
{
	uint8_t buf[MPTABLE_BYTES_MAX];
	size_t len = mptable_build(buf, LAYOUT_MPTABLE, b->ncpus);

	b->rsdp = 0;
	if (len > LAYOUT_LOW_END - LAYOUT_MPTABLE || !mem_write(b->mem, LAYOUT_MPTABLE, buf, len))
		return err_set(err, "the MP table of %u CPUs does not fit", b->ncpus);
	if (write_reset_vector(b, err) < 0)
		return -1;
	return b->acpi ? write_acpi(b, err) : 0;
}

/* --- which loader --- */

static const struct {
	const char *magic;
	uint32_t offset;
	int (*load)(struct boot *, struct err *);
} loaders[] = {
	{ "\177ELF", 0, boot_pvh_load },
	{ "HdrS", 0x202, boot_linux_load },
};

int
boot_load(struct boot *b, struct err *err)
{
	uint8_t magic[4];
	size_t i;

	if (boot_tables(b, err) < 0)
		return -1;
	for (i = 0; i < nitems(loaders); i++)
		if (pread_full(b->kernel_fd, magic, sizeof(magic), loaders[i].offset) == 0 &&
		    memcmp(magic, loaders[i].magic, sizeof(magic)) == 0)
			return loaders[i].load(b, err);
	return err_set(err, "the kernel is neither an ELF file nor a Linux bzImage");
}
