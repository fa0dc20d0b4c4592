/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PVH: the ELF loader (System V gABI chapter 5), the notes of the kernel, and
 * what it is told at its entry (Xen public/arch-x86/hvm/start_info.h): memory
 * map, command line, modules.
 */
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "vmm/boot.h"
#include "vmm/x86_64/layout.h"

enum {
	PT_LOAD = 1,
	PT_NOTE = 4,
	XEN_ELFNOTE_GUEST_OS = 6,
	XEN_ELFNOTE_PHYS32_ENTRY = 18,
	CMDLINE_MAX = 1023, /* NetBSD keeps 1024 bytes */
	PHDRS_MAX = 64,
	NOTES_BYTES_MAX = 65536,
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
	struct boot *boot;
	struct boot_file file;
	bool is64, found;
	bool is_linux; /* as the kernel itself says */
	uint64_t top; /* end of what is loaded */
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

static int
load_segment(struct loader *l, const struct phdr *h)
{
	if (h->memsz == 0)
		return 0;
	if (h->filesz > h->memsz)
		return err_set(l->err, "the kernel is damaged: a segment is larger in the file than in memory");
	/* What is behind the file's bytes is zero already. */
	if (boot_file_load(&l->file, l->boot->mem, h->paddr, h->memsz, h->offset, h->filesz, l->err) < 0)
		return -1;
	l->top = u64_max(l->top, h->paddr + h->memsz);
	return 0;
}

static void
note(struct loader *l, uint32_t type, const uint8_t *desc, uint32_t len)
{
	if (type == XEN_ELFNOTE_PHYS32_ENTRY && len >= 4) {
		l->boot->entry.eip = get_le32(desc);
		l->found = true;
	} else if (type == XEN_ELFNOTE_GUEST_OS) {
		l->is_linux = len >= 5 && memcmp(desc, "linux", 5) == 0;
	}
}

static int
load_notes(struct loader *l, const struct phdr *h)
{
	uint64_t len = u64_min(h->filesz, NOTES_BYTES_MAX), off = 0, align = h->align == 8 ? 8 : 4;
	cleanup_free uint8_t *p = xmalloc(len + 1);

	if (boot_file_read(&l->file, p, len, h->offset, l->err) < 0)
		return -1;
	while (len - off >= 12) {
		uint32_t namesz = get_le32(p + off), descsz = get_le32(p + off + 4), type = get_le32(p + off + 8);
		uint64_t desc = off + roundup(12 + (uint64_t)namesz, align);

		if (desc > len || descsz > len - desc)
			return 0;
		if (namesz == 4 && memcmp(p + off + 12, "Xen", 4) == 0)
			note(l, type, p + desc, descsz);
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

	if (boot_file_read(&l->file, eh, u64_min(sizeof(eh), l->file.bytes), 0, l->err) < 0)
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
		if (boot_file_read(&l->file, ph, l->is64 ? 56 : 32, phoff + i * size, l->err) < 0)
			return -1;
		phdr_decode(l, ph, &h);
		if ((h.type == PT_LOAD && load_segment(l, &h) < 0) || (h.type == PT_NOTE && load_notes(l, &h) < 0))
			return -1;
	}
	if (!l->found)
		return err_set(l->err, "the kernel has no PVH entry");
	return 0;
}

/*
 * The module lies at the end of the low RAM, at a page's beginning: right
 * behind itself a NetBSD kernel puts its first page tables.
 */
static int
load_module(struct loader *l, struct boot_range *module)
{
	uint64_t end = l->boot->mem->region[0].bytes, at;
	struct boot_file f;

	if (boot_file_open(&f, l->boot->initrd_fd, "initrd", l->err) < 0)
		return -1;
	at = f.bytes > end ? 0 : rounddown(end - f.bytes, PAGE);
	if (at < l->top)
		return err_set(l->err, "the initrd does not fit into the machine's memory; give it more with -m");
	*module = (struct boot_range){ .gpa = at, .bytes = f.bytes };
	return boot_file_load(&f, l->boot->mem, at, f.bytes, 0, f.bytes, l->err);
}

static uint8_t *
memory_map(const struct mem *m, uint8_t *p)
{
	struct boot_range r[BOOT_RANGES_MAX];
	unsigned i, n = boot_memory_map(m, r);

	for (i = 0; i < n; i++, p += MEMMAP_BYTES) {
		put_le64(p, r[i].gpa);
		put_le64(p + 8, r[i].bytes);
		put_le32(p + 16, r[i].type);
	}
	return p;
}

static int
start_info(struct loader *l, const struct boot_range *module)
{
	uint8_t page[PAGE] = { 0 }, *map = page + START_INFO_BYTES, *modules = memory_map(l->boot->mem, map);
	uint8_t *cmdline = modules;

	if (module->bytes > 0) {
		put_le64(modules, module->gpa);
		put_le64(modules + 8, module->bytes);
		cmdline += MODULE_BYTES;
	}
	put_le32(page, START_INFO_MAGIC);
	put_le32(page + 4, 1);
	put_le32(page + 12, module->bytes > 0);
	put_le64(page + 16, LAYOUT_BOOT_PAGE + (uint64_t)(modules - page));
	put_le64(page + 24, LAYOUT_BOOT_PAGE + (uint64_t)(cmdline - page));
	put_le64(page + 32, l->boot->rsdp);
	put_le64(page + 40, LAYOUT_BOOT_PAGE + (uint64_t)(map - page));
	put_le32(page + 48, (uint32_t)((modules - map) / MEMMAP_BYTES));
	l->boot->entry.ebx = LAYOUT_BOOT_PAGE;
	if (!mem_write(l->boot->mem, LAYOUT_BOOT_PAGE, page, sizeof(page)))
		return err_set(l->err, "too little memory");
	return boot_cmdline(l->boot, l->is_linux, LAYOUT_BOOT_PAGE + (uint64_t)(cmdline - page), CMDLINE_MAX, l->err);
}

int
boot_pvh_load(struct boot *b, struct err *err)
{
	struct loader l = { .boot = b, .err = err };
	struct boot_range module = { 0 };

	b->entry = (struct boot_entry){ 0 };
	if (boot_file_open(&l.file, b->kernel_fd, "kernel", err) < 0 || load_kernel(&l) < 0)
		return -1;
	if (b->initrd_fd >= 0 && load_module(&l, &module) < 0)
		return -1;
	return start_info(&l, &module);
}
