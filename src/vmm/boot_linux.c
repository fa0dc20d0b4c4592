/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's bzImage by its 32-bit boot protocol (Linux Documentation/arch/x86/
 * boot.rst), which 64-bit kernels take as well: they go to long mode by
 * themselves, so that we need no page tables.
 *
 *	file:    boot sector and set-up code | protected-mode kernel
 *	memory:  0x5000 boot_params, 0x6000 command line, the kernel where it
 *	         prefers to be, the initrd at the end of the low memory
 */
#include <string.h>

#include "base/defs.h"
#include "base/endian.h"
#include "vmm/boot.h"
#include "vmm/x86_64/layout.h"

enum {
	PAGE = 4096,
	SECTOR = 512,
	/* boot_params (zero-page.rst); the header is at the same place in the file. */
	P_RSDP = 0x070,
	P_E820_ENTRIES = 0x1e8,
	P_HEADER = 0x1f1,
	P_SETUP_SECTS = 0x1f1,
	P_JUMP = 0x201, /* its distance says where the header ends */
	P_VERSION = 0x206,
	P_LOADER = 0x210,
	P_LOADFLAGS = 0x211,
	P_RAMDISK = 0x218,
	P_RAMDISK_BYTES = 0x21c,
	P_CMDLINE = 0x228,
	P_INITRD_MAX = 0x22c,
	P_CMDLINE_BYTES = 0x238,
	P_PREFERRED = 0x258,
	P_INIT_BYTES = 0x260,
	P_HEADER_END_MAX = 0x290,
	P_E820 = 0x2d0,
	E820_BYTES = 20,
	VERSION_MIN = 0x20a, /* pref_address and init_size: Linux 2.6.31 */
	LOADER_UNKNOWN = 0xff,
	LOADED_HIGH = 1,
	SETUP_SECTS_DEFAULT = 4,
};

struct loader {
	struct boot *boot;
	struct boot_file file;
	uint8_t params[PAGE];
	uint64_t top; /* end of what the kernel needs to unpack itself */
	struct err *err;
};

static int
load_header(struct loader *l)
{
	uint8_t head[P_HEADER_END_MAX] = { 0 };
	unsigned end;

	if (boot_file_read(&l->file, head, u64_min(sizeof(head), l->file.bytes), 0, l->err) < 0)
		return -1;
	if (memcmp(head + 0x202, "HdrS", 4) != 0)
		return err_set(l->err, "the kernel is no Linux bzImage");
	if (get_le16(head + P_VERSION) < VERSION_MIN || (head[P_LOADFLAGS] & LOADED_HIGH) == 0)
		return err_set(l->err, "the kernel is too old: its boot protocol is older than 2.10");
	end = 0x202u + head[P_JUMP];
	if (end > P_HEADER_END_MAX || end < P_INIT_BYTES + 4)
		return err_set(l->err, "the kernel is damaged: its set-up header is odd");
	memcpy(l->params + P_HEADER, head + P_HEADER, end - P_HEADER);
	l->params[P_LOADER] = LOADER_UNKNOWN;
	return 0;
}

static int
load_kernel(struct loader *l)
{
	uint64_t sectors = l->params[P_SETUP_SECTS] == 0 ? SETUP_SECTS_DEFAULT : l->params[P_SETUP_SECTS];
	uint64_t offset = (sectors + 1) * SECTOR, at = get_le64(l->params + P_PREFERRED), bytes, room;

	if (offset >= l->file.bytes)
		return err_set(l->err, "the kernel is cut off");
	bytes = l->file.bytes - offset;
	room = u64_max(bytes, get_le32(l->params + P_INIT_BYTES));
	if (boot_file_load(&l->file, l->boot->mem, at, room, offset, bytes, l->err) < 0)
		return -1;
	l->boot->entry.eip = (uint32_t)at;
	l->top = at + room;
	return 0;
}

/* As high as the kernel allows: it may choose another place for itself, but respects where the initrd is. */
static int
load_initrd(struct loader *l)
{
	uint64_t end = u64_min(l->boot->mem->region[0].bytes, (uint64_t)get_le32(l->params + P_INITRD_MAX) + 1), at;
	struct boot_file f;

	if (boot_file_open(&f, l->boot->initrd_fd, "initrd", l->err) < 0)
		return -1;
	at = f.bytes > end ? 0 : rounddown(end - f.bytes, PAGE);
	if (at < l->top)
		return err_set(l->err, "the initrd does not fit into the machine's memory; give it more with -m");
	put_le32(l->params + P_RAMDISK, (uint32_t)at);
	put_le32(l->params + P_RAMDISK_BYTES, (uint32_t)f.bytes);
	return boot_file_load(&f, l->boot->mem, at, f.bytes, 0, f.bytes, l->err);
}

static int
write_params(struct loader *l)
{
	uint8_t *p = l->params + P_E820;
	struct boot_range r[BOOT_RANGES_MAX];
	unsigned i, n = boot_memory_map(l->boot->mem, r);

	for (i = 0; i < n; i++, p += E820_BYTES) {
		put_le64(p, r[i].gpa);
		put_le64(p + 8, r[i].bytes);
		put_le32(p + 16, r[i].type);
	}
	l->params[P_E820_ENTRIES] = (uint8_t)n;
	put_le64(l->params + P_RSDP, l->boot->rsdp);
	put_le32(l->params + P_CMDLINE, LAYOUT_LINUX_CMDLINE);
	l->boot->entry.esi = LAYOUT_BOOT_PAGE;
	return mem_write(l->boot->mem, LAYOUT_BOOT_PAGE, l->params, sizeof(l->params))
		   ? 0
		   : err_set(l->err, "too little memory");
}

int
boot_linux_load(struct boot *b, struct err *err)
{
	struct loader l = { .boot = b, .err = err };

	b->entry = (struct boot_entry){ 0 };
	if (boot_file_open(&l.file, b->kernel_fd, "kernel", err) < 0 || load_header(&l) < 0 || load_kernel(&l) < 0)
		return -1;
	if (b->initrd_fd >= 0 && load_initrd(&l) < 0)
		return -1;
	if (boot_cmdline(b, true, LAYOUT_LINUX_CMDLINE, get_le32(l.params + P_CMDLINE_BYTES), err) < 0)
		return -1;
	return write_params(&l);
}
