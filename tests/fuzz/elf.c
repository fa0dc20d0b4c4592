/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the kernel probe: any bytes, no crash and no reading outside of them.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/defs.h"
#include "machine/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const archs[] = { "amd64", "i386", "evbarm-aarch64" };
	struct kernel k;
	struct err err;
	size_t i;

	if (kernel_parse(data, size, &k, &err) == 0)
		for (i = 0; i < nitems(archs); i++)
			(void)kernel_check(&k, "fuzz", archs[i], &err);
	return 0;
}
