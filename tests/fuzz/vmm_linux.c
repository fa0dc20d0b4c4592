/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the loader of bzImages: the input is the initrd's length in 16 bits,
 * the initrd, and the kernel.  Whatever is taken must lie in memory.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/io.h"
#include "vmm/boot.h"
#include "vmm/x86_64/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEM_BYTES = 64 << 20 };

/* The same descriptor again and again. */
static int
file_fill(int *fd, const char *name, const uint8_t *data, size_t size)
{
	if (*fd < 0)
		*fd = memfd_create(name, MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, 0) < 0 || pwrite_full(*fd, data, size, 0) < 0)
		abort();
	return *fd;
}

static void
check(const struct boot *b)
{
	const uint8_t *params = mem_at(b->mem, b->entry.esi, 4096);

	if (params == NULL || b->entry.esi != LAYOUT_BOOT_PAGE || mem_at(b->mem, b->entry.eip, 1) == NULL ||
	    b->entry.eip < LAYOUT_HIGH_START)
		abort();
	if (mem_at(b->mem, get_le32(params + 0x218), get_le32(params + 0x21c)) == NULL && b->initrd_fd >= 0)
		abort();
	if (params[0x1e8] != 3 || params[0x1ef] != 0 || params[0x210] != 0xff)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int kernel = -1, initrd = -1;
	struct boot b = { .cmdline = "console=ttyS0", .initrd_fd = -1, .ncpus = 1, .nvirtio = 1 };
	struct mem mem;
	struct err err;
	size_t n;

	if (size < 2)
		return 0;
	n = get_le16(data);
	data += 2;
	size -= 2;
	if (n > size)
		return 0;
	if (mem_init(&mem, MEM_BYTES, &err) < 0)
		abort();
	b.mem = &mem;
	if (n > 0)
		b.initrd_fd = file_fill(&initrd, "initrd", data, n);
	b.kernel_fd = file_fill(&kernel, "kernel", data + n, size - n);
	if (boot_linux_load(&b, &err) == 0)
		check(&b);
	mem_release(&mem);
	return 0;
}
