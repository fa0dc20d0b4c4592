/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entropy device.
 */
#include "vmm_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return size == 0 ? 0 : device_fuzz(M_ENTROPY, data, size);
}
