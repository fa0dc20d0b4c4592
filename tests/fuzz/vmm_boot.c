/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loaders, PVH and bzImage: any file as kernel, and where its length is
 * odd as initial ramdisk too, with tables as the length says.  It fails with
 * a message, or what is to be entered is known.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "vmm/boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEM_BYTES (UINT64_C(32) << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mem mem;
	int fd = memfd_create("kernel", MFD_CLOEXEC);
	struct boot b = { .mem = &mem,
		.kernel_fd = fd,
		.initrd_fd = size % 2 != 0 ? fd : -1,
		.cmdline = "root=ld0a",
		.ncpus = 2,
		.nvirtio = 3,
		.acpi = size % 4 < 2 };
	struct err err = { 0 };

	if (mem.nregions == 0 && mem_init(&mem, MEM_BYTES, &err) < 0)
		abort();
	/* Loaders want zeros. */
	if (madvise(mem.region[0].host, MEM_BYTES, MADV_DONTNEED) < 0)
		abort();
	if (fd < 0 || write_full(fd, data, size) < 0)
		abort();
	if ((boot_load(&b, &err) == 0) != (err.msg[0] == '\0'))
		abort();
	(void)close(fd);
	return 0;
}
