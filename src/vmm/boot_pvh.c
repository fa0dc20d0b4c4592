/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ELF loader (System V gABI chapter 5) and PVH's start_info.
 */
#include "vmm/boot_pvh.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "vmm/x86_64/layout.h"
#include "vmm/x86_64/mptable.h"

enum {
	PT_LOAD = 1,
	PT_NOTE = 4,
	XEN_ELFNOTE_PHYS32_ENTRY = 18,
	PHDRS_MAX = 64,
	NOTES_BYTES_MAX = 65536,
	E820_RAM = 1,
	E820_RESERVED = 2,
	START_INFO_MAGIC = 0x336ec578,
	START_INFO_BYTES = 56,
	MEMMAP_BYTES = 24,
	MODULE_BYTES = 32,
	PAGE = 4096,
};

struct phdr {
	uint32_t type;
	uint64_t offset, paddr, filesz, memsz, align;
};

struct loader {
	const struct mem *mem;
	int fd;
	uint64_t bytes; /* of the file */
	bool is64, found;
	struct boot_pvh *boot;
	struct err *err;
};

static void
phdr_decode(const struct loader *l, const uint8_t *p, struct phdr *h)
{
	h->type = get_le32(p);
	h->offset = l->is64 ? get_le64(p + 8) : get_le32(p + 4);
	h->paddr = l->is64 ? get_le64(p + 24) : get_le32(p + 12);
	h->filesz = l->is64 ? get_le64(p + 32) : get_le32(p + 16);
	h->memsz = l->is64 ? get_le64(p + 40) : get_le32(p + 20);
	h->align = l->is64 ? get_le64(p + 48) : get_le32(p + 28);
}

/* Bytes of the file, which must have them. */
static int
file_bytes(const struct loader *l, void *buf, uint64_t len, uint64_t offset)
{
	if (offset > l->bytes || len > l->bytes - offset)
		return err_set(l->err, "the kernel is cut off");
	return pread_full(l->fd, buf, len, offset) < 0 ? err_sys(l->err, "cannot read the kernel") : 0;
}

static int
load_segment(struct loader *l, const struct phdr *h)
{
	uint8_t *to = mem_at(l->mem, h->paddr, h->memsz);

	if (h->memsz == 0)
		return 0;
	if (h->filesz > h->memsz)
		return err_set(l->err, "the kernel is damaged: a segment is larger in the file than in memory");
	if (to == NULL || h->paddr < LAYOUT_HIGH_START || h->paddr + h->memsz > LAYOUT_RAM_LOW_MAX)
		return err_set(l->err, "the kernel does not fit into the machine's memory; give it more with -m");
	if (h->paddr + h->memsz > l->boot->top)
		l->boot->top = h->paddr + h->memsz;
	/* What is behind the file's bytes is zero already. */
	return file_bytes(l, to, h->filesz, h->offset);
}

static int
load_notes(struct loader *l, const struct phdr *h)
{
	uint64_t len = u64_min(h->filesz, NOTES_BYTES_MAX), off = 0, align = h->align == 8 ? 8 : 4;
	cleanup_free uint8_t *p = xmalloc(len + 1);

	if (file_bytes(l, p, len, h->offset) < 0)
		return -1;
	while (len - off >= 12) {
		uint32_t namesz = get_le32(p + off), descsz = get_le32(p + off + 4), type = get_le32(p + off + 8);
		uint64_t desc = off + roundup(12 + (uint64_t)namesz, align);

		if (desc > len || descsz > len - desc)
			return 0;
		if (type == XEN_ELFNOTE_PHYS32_ENTRY && namesz == 4 && memcmp(p + off + 12, "Xen", 4) == 0 &&
		    descsz >= 4) {
			l->boot->entry = get_le32(p + desc);
			l->found = true;
		}
		off = desc + roundup((uint64_t)descsz, align);
		if (off > len)
			return 0;
	}
	return 0;
}

static int
load_kernel(struct loader *l)
{
	uint8_t eh[64] = { 0 }, ph[56];
	uint64_t phoff, i;
	uint16_t size, n;
	struct phdr h;

	if (file_bytes(l, eh, u64_min(sizeof(eh), l->bytes), 0) < 0)
		return -1;
	if (memcmp(eh, "\177ELF", 4) != 0 || (eh[4] != 1 && eh[4] != 2) || eh[5] != 1)
		return err_set(l->err, "the kernel is no little-endian ELF file");
	l->is64 = eh[4] == 2;
	phoff = l->is64 ? get_le64(eh + 32) : get_le32(eh + 28);
	size = get_le16(eh + (l->is64 ? 54 : 42));
	n = get_le16(eh + (l->is64 ? 56 : 44));
	if (n > PHDRS_MAX || size < (l->is64 ? 56 : 32))
		return err_set(l->err, "the kernel is damaged: its program headers are odd");
	for (i = 0; i < n; i++) {
		if (file_bytes(l, ph, l->is64 ? 56 : 32, phoff + i * size) < 0)
			return -1;
		phdr_decode(l, ph, &h);
		if ((h.type == PT_LOAD && load_segment(l, &h) < 0) || (h.type == PT_NOTE && load_notes(l, &h) < 0))
			return -1;
	}
	if (!l->found)
		return err_set(l->err, "the kernel has no PVH entry");
	return 0;
}

/* The module lies behind the kernel, at a page's beginning. */
static int
load_module(struct loader *l, int fd, uint64_t *gpa, uint64_t *bytes)
{
	struct stat st;
	void *to;

	*gpa = roundup(l->boot->top, PAGE);
	if (fstat(fd, &st) < 0)
		return err_sys(l->err, "cannot read the initrd");
	*bytes = (uint64_t)st.st_size;
	to = mem_at(l->mem, *gpa, *bytes);
	if (to == NULL || *gpa + *bytes > LAYOUT_RAM_LOW_MAX)
		return err_set(l->err, "the initrd does not fit into the machine's memory; give it more with -m");
	if (pread_full(fd, to, *bytes, 0) < 0)
		return err_sys(l->err, "cannot read the initrd");
	l->boot->top = *gpa + *bytes;
	return 0;
}

static uint8_t *
range(uint8_t *p, uint64_t gpa, uint64_t bytes, uint32_t type)
{
	put_le64(p, gpa);
	put_le64(p + 8, bytes);
	put_le32(p + 16, type);
	put_le32(p + 20, 0);
	return p + MEMMAP_BYTES;
}

static uint8_t *
memory_map(const struct mem *m, uint8_t *p)
{
	p = range(p, 0, LAYOUT_MPTABLE, E820_RAM);
	p = range(p, LAYOUT_MPTABLE, LAYOUT_HIGH_START - LAYOUT_MPTABLE, E820_RESERVED);
	p = range(p, LAYOUT_HIGH_START, m->region[0].bytes - LAYOUT_HIGH_START, E820_RAM);
	return m->nregions > 1 ? range(p, m->region[1].gpa, m->region[1].bytes, E820_RAM) : p;
}

static int
start_info(struct loader *l, const char *cmdline, uint64_t module_gpa, uint64_t module_bytes)
{
	uint8_t page[PAGE] = { 0 }, *map = page + START_INFO_BYTES, *p = memory_map(l->mem, map), *module = p;
	size_t len = strlen(cmdline);

	if (module_bytes > 0) {
		put_le64(p, module_gpa);
		put_le64(p + 8, module_bytes);
		p += MODULE_BYTES;
	}
	if (len > BOOT_CMDLINE_MAX)
		return err_set(
		    l->err, "the kernel arguments are %zu bytes long; at most %d are read", len, BOOT_CMDLINE_MAX);
	memcpy(p, cmdline, len + 1);
	put_le32(page, START_INFO_MAGIC);
	put_le32(page + 4, 1);
	put_le32(page + 12, module_bytes > 0);
	put_le64(page + 16, LAYOUT_BOOT_PAGE + (uint64_t)(module - page));
	put_le64(page + 24, LAYOUT_BOOT_PAGE + (uint64_t)(p - page));
	put_le64(page + 40, LAYOUT_BOOT_PAGE + (uint64_t)(map - page));
	put_le32(page + 48, (uint32_t)((module - map) / MEMMAP_BYTES));
	l->boot->start_info = LAYOUT_BOOT_PAGE;
	return mem_write(l->mem, LAYOUT_BOOT_PAGE, page, sizeof(page)) ? 0 : err_set(l->err, "too little memory");
}

int
boot_pvh_load(
    struct boot_pvh *b, const struct mem *mem, int kernel_fd, int module_fd, const char *cmdline, struct err *err)
{
	struct loader l = { .mem = mem, .fd = kernel_fd, .boot = b, .err = err };
	uint64_t module_gpa = 0, module_bytes = 0;
	struct stat st;

	*b = (struct boot_pvh){ 0 };
	if (fstat(kernel_fd, &st) < 0)
		return err_sys(err, "cannot read the kernel");
	l.bytes = (uint64_t)st.st_size;
	if (load_kernel(&l) < 0)
		return -1;
	if (module_fd >= 0 && load_module(&l, module_fd, &module_gpa, &module_bytes) < 0)
		return -1;
	return start_info(&l, cmdline, module_gpa, module_bytes);
}

int
boot_mptable(const struct mem *mem, unsigned ncpus, struct err *err)
{
	uint8_t buf[MPTABLE_BYTES_MAX];
	size_t len = mptable_build(buf, LAYOUT_MPTABLE, ncpus);

	if (len > LAYOUT_LOW_END - LAYOUT_MPTABLE || !mem_write(mem, LAYOUT_MPTABLE, buf, len))
		return err_set(err, "the MP table of %u CPUs does not fit", ncpus);
	return 0;
}
