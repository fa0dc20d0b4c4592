/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: input, output, control messages, emergency register, one port and several.
 */
#include "vmm_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return size == 0 ? 0 : device_fuzz((data[0] & 0x80) != 0 ? M_CONSOLE : M_PORTS, data, size);
}
