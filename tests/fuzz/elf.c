/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the kernel probe: any bytes, no crash and no reading outside of them.
 */
#include <stddef.h>
#include <stdint.h>

#include "machine/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel k;
	struct err err;

	if (kernel_parse(data, size, &k, &err) == 0)
		(void)kernel_check_pvh(&k, "fuzz", "amd64", &err);
	return 0;
}
