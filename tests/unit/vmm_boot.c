/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels into a guest's memory, without a guest: a bzImage and an ELF file
 * made here, whole and damaged; what is told to them.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "test.h"
#include "vmm/boot.h"
#include "vmm/x86_64/layout.h"

enum { MEM_BYTES = 64 << 20, PREFERRED = 0x1000000, INIT_BYTES = 8 << 20, KERNEL_BYTES = 70000, SETUP = 3 * 512 };

static int
file_of(const void *p, size_t n)
{
	int fd = memfd_create("kernel", MFD_CLOEXEC);

	return fd >= 0 && pwrite_full(fd, p, n, 0) == 0 ? fd : -1;
}

/* A bzImage: two set-up sectors, then KERNEL_BYTES of 0x90. */
static void
bzimage(uint8_t *p)
{
	memset(p, 0, SETUP);
	p[0x1f1] = 2;
	p[0x200] = 0xeb;
	p[0x201] = 0x6a;
	memcpy(p + 0x202, "HdrS", 4);
	put_le16(p + 0x206, 0x20f);
	p[0x211] = 1;
	put_le32(p + 0x22c, 0x7fffffff);
	put_le32(p + 0x238, 2047);
	put_le64(p + 0x258, PREFERRED);
	put_le32(p + 0x260, INIT_BYTES);
	memset(p + SETUP, 0x90, KERNEL_BYTES);
}

/* ELF64, one segment of 16 bytes at 2 MiB, notes of Xen: GUEST_OS, PHYS32_ENTRY. */
static size_t
elf(uint8_t *p, const char *system)
{
	uint8_t *note = p + 256, *ph = p + 64;

	memset(p, 0, 1024);
	memcpy(p, "\177ELF\2\1\1", 7);
	put_le64(p + 32, 64);
	put_le16(p + 54, 56);
	put_le16(p + 56, 2);
	put_le32(ph, 1);
	put_le64(ph + 8, 512);
	put_le64(ph + 24, 0x200000);
	put_le64(ph + 32, 16);
	put_le64(ph + 40, 4096);
	ph += 56;
	put_le32(ph, 4);
	put_le64(ph + 8, 256);
	put_le64(ph + 32, 48);
	put_le32(note, 4);
	put_le32(note + 4, (uint32_t)strlen(system) + 1);
	put_le32(note + 8, 6);
	memcpy(note + 12, "Xen", 4);
	memcpy(note + 16, system, strlen(system));
	note += 24;
	put_le32(note, 4);
	put_le32(note + 4, 4);
	put_le32(note + 8, 18);
	memcpy(note + 12, "Xen", 4);
	put_le32(note + 16, 0x200004);
	memset(p + 512, 0xcc, 16);
	return 1024;
}

/* A machine of MEM_BYTES with that kernel. */
static void
prepare(struct boot *b, struct mem *mem, const void *kernel, size_t n)
{
	struct err err;

	CHECK(mem_init(mem, MEM_BYTES, &err) == 0);
	*b = (struct boot){ .mem = mem,
		.kernel_fd = file_of(kernel, n),
		.initrd_fd = -1,
		.cmdline = "console=ttyS0",
		.ncpus = 2,
		.nvirtio = 2,
		.acpi = true };
}

static void
finish(struct boot *b, struct mem *mem)
{
	(void)close(b->kernel_fd);
	if (b->initrd_fd >= 0)
		(void)close(b->initrd_fd);
	mem_release(mem);
}

static void
linux_whole(void)
{
	static uint8_t image[SETUP + KERNEL_BYTES], initrd[5000];
	const uint8_t *params, *at;
	struct err err = { 0 };
	struct boot b;
	struct mem mem;

	bzimage(image);
	memset(initrd, 0x77, sizeof(initrd));
	prepare(&b, &mem, image, sizeof(image));
	b.initrd_fd = file_of(initrd, sizeof(initrd));
	CHECK(boot_load(&b, &err) == 0);
	CHECK_STR(err.msg, "");
	CHECK(b.entry.eip == PREFERRED && b.entry.ebx == 0 && b.entry.esi == LAYOUT_BOOT_PAGE);
	params = mem_at(&mem, b.entry.esi, 4096);
	CHECK(memcmp(params + 0x202, "HdrS", 4) == 0 && params[0x1ef] == 0 && params[0x210] == 0xff);
	CHECK(get_le64(params + 0x70) == LAYOUT_ACPI && memcmp(mem_at(&mem, LAYOUT_ACPI, 8), "RSD PTR ", 8) == 0);
	CHECK_STR(mem_at(&mem, get_le32(params + 0x228), 64), "console=ttyS0");
	CHECK(memcmp(mem_at(&mem, 0xffff0, 4), "\xb0\xfe\xe6\x64", 4) == 0);
	CHECK(params[0x1e8] == 3 && get_le64(params + 0x2d0) == 0 && get_le32(params + 0x2d0 + 16) == 1);
	CHECK(get_le64(params + 0x2d0 + 48) == MEM_BYTES - LAYOUT_HIGH_START);
	at = mem_at(&mem, PREFERRED, KERNEL_BYTES);
	CHECK(memcmp(at, image + SETUP, KERNEL_BYTES) == 0);
	CHECK(get_le32(params + 0x21c) == sizeof(initrd));
	CHECK(get_le32(params + 0x218) % 4096 == 0 && get_le32(params + 0x218) >= PREFERRED + INIT_BYTES);
	at = mem_at(&mem, get_le32(params + 0x218), sizeof(initrd));
	CHECK(at != NULL && memcmp(at, initrd, sizeof(initrd)) == 0);
	finish(&b, &mem);
}

/* Without ACPI a word for each window. */
static void
linux_without_acpi(void)
{
	static uint8_t image[SETUP + KERNEL_BYTES];
	struct err err;
	struct boot b;
	struct mem mem;

	bzimage(image);
	prepare(&b, &mem, image, sizeof(image));
	b.acpi = false;
	CHECK(boot_load(&b, &err) == 0 && b.rsdp == 0);
	CHECK_STR(mem_at(&mem, LAYOUT_LINUX_CMDLINE, 256),
	    "console=ttyS0 virtio_mmio.device=512@0xd0000000:5 virtio_mmio.device=512@0xd0000200:6");
	finish(&b, &mem);
}

/* The set-up header with one field changed. */
static void
refused(unsigned at, uint32_t value, unsigned bytes, size_t len, const char *why)
{
	static uint8_t image[SETUP + KERNEL_BYTES];
	struct err err = { 0 };
	struct boot b;
	struct mem mem;

	bzimage(image);
	if (bytes == 1)
		image[at] = (uint8_t)value;
	else if (bytes == 2)
		put_le16(image + at, (uint16_t)value);
	else if (bytes == 4)
		put_le32(image + at, value);
	prepare(&b, &mem, image, len);
	CHECK(boot_load(&b, &err) == -1);
	CHECK(strstr(err.msg, why) != NULL);
	if (strstr(err.msg, why) == NULL)
		printf("# '%s', not '%s'\n", err.msg, why);
	finish(&b, &mem);
}

static void
linux_damaged(void)
{
	static uint8_t initrd[MEM_BYTES];
	static uint8_t image[SETUP + KERNEL_BYTES];
	struct err err = { 0 };
	struct boot b;
	struct mem mem;

	refused(0, 0, 0, 3, "neither an ELF file nor a Linux bzImage");
	refused(0, 0, 0, 0x250, "cut off");
	refused(0, 0, 0, SETUP, "cut off");
	refused(0x1f1, 255, 1, SETUP + KERNEL_BYTES, "cut off");
	refused(0x201, 0xff, 1, SETUP + KERNEL_BYTES, "odd");
	refused(0x201, 0x10, 1, SETUP + KERNEL_BYTES, "odd");
	refused(0x206, 0x209, 2, SETUP + KERNEL_BYTES, "older than 2.10");
	refused(0x211, 0, 1, SETUP + KERNEL_BYTES, "older than 2.10");
	refused(0x238, 5, 4, SETUP + KERNEL_BYTES, "reads at most 5");
	refused(0x258, 0x1000, 4, SETUP + KERNEL_BYTES, "does not fit");
	refused(0x25c, 1, 4, SETUP + KERNEL_BYTES, "does not fit");
	refused(0x25c, UINT32_MAX, 4, SETUP + KERNEL_BYTES, "does not fit");
	refused(0x260, 60 << 20, 4, SETUP + KERNEL_BYTES, "does not fit");
	bzimage(image);
	prepare(&b, &mem, image, sizeof(image));
	b.initrd_fd = file_of(initrd, MEM_BYTES - PREFERRED - INIT_BYTES + 1);
	CHECK(boot_load(&b, &err) == -1 && strstr(err.msg, "the initrd does not fit") != NULL);
	finish(&b, &mem);
}

static void
pvh(void)
{
	static const struct {
		const char *system, *cmdline;
	} rows[] = {
		{ "linux", "console=ttyS0" },
		{ "NetBSD", "console=ttyS0 virtio_mmio.device=512@0xd0000000:5 virtio_mmio.device=512@0xd0000200:6" },
	};
	uint8_t image[1024];
	const uint8_t *info;
	struct err err = { 0 };
	struct boot b;
	struct mem mem;
	size_t i;

	for (i = 0; i < nitems(rows); i++) {
		prepare(&b, &mem, image, elf(image, rows[i].system));
		CHECK(boot_load(&b, &err) == 0);
		CHECK_STR(err.msg, "");
		CHECK(b.entry.eip == 0x200004 && b.entry.ebx == LAYOUT_BOOT_PAGE && b.entry.esi == 0);
		info = mem_at(&mem, b.entry.ebx, 4096);
		CHECK(get_le32(info) == 0x336ec578 && get_le64(info + 32) == LAYOUT_ACPI);
		CHECK(get_le32(info + 48) == 3);
		CHECK_STR(mem_at(&mem, get_le64(info + 24), 256), rows[i].cmdline);
		CHECK(memcmp(mem_at(&mem, 0x200000, 16), image + 512, 16) == 0);
		finish(&b, &mem);
	}
}

/* NetBSD puts its first page tables right behind itself, so the module is at the other end. */
static void
pvh_module(void)
{
	static uint8_t module[MEM_BYTES];
	const uint64_t gpa = MEM_BYTES - 8192, room = MEM_BYTES - 0x201000;
	uint8_t image[1024];
	const uint8_t *list;
	struct err err = { 0 };
	struct boot b;
	struct mem mem;

	memset(module, 0x77, 5000);
	prepare(&b, &mem, image, elf(image, "NetBSD"));
	b.initrd_fd = file_of(module, 5000);
	CHECK(boot_load(&b, &err) == 0);
	list = mem_at(&mem, get_le64((const uint8_t *)mem_at(&mem, b.entry.ebx, 56) + 16), 32);
	CHECK(get_le64(list) == gpa && get_le64(list + 8) == 5000);
	CHECK(memcmp(mem_at(&mem, gpa, 8192), module, 8192) == 0);
	finish(&b, &mem);
	prepare(&b, &mem, image, elf(image, "NetBSD"));
	b.initrd_fd = file_of(module, room);
	CHECK(boot_load(&b, &err) == 0);
	finish(&b, &mem);
	prepare(&b, &mem, image, elf(image, "NetBSD"));
	b.initrd_fd = file_of(module, room + 1);
	CHECK(boot_load(&b, &err) == -1 && strstr(err.msg, "the initrd does not fit") != NULL);
	finish(&b, &mem);
}

/* NetBSD keeps 1024 bytes: one more is an error, not cut. */
static void
pvh_cmdline(void)
{
	char line[1025];
	uint8_t image[1024];
	struct err err = { 0 };
	struct boot b;
	struct mem mem;

	memset(line, 'x', sizeof(line));
	line[1024] = '\0';
	prepare(&b, &mem, image, elf(image, "linux"));
	b.cmdline = line + 1;
	CHECK(boot_load(&b, &err) == 0);
	b.cmdline = line;
	CHECK(boot_load(&b, &err) == -1);
	CHECK_STR(err.msg, "the kernel arguments are 1024 bytes long; this kernel reads at most 1023");
	finish(&b, &mem);
}

TEST_MAIN({ "bzImage", linux_whole }, { "bzImage without ACPI", linux_without_acpi },
    { "damaged bzImages", linux_damaged }, { "PVH", pvh }, { "PVH, a module", pvh_module },
    { "PVH, command line", pvh_cmdline })
