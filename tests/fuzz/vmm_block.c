/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block device: whole chains over a small disk, with and without an overlay.
 */
#include "vmm_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return size == 0 ? 0 : device_fuzz((data[0] & 0x80) != 0 ? M_OVERLAY : M_BLOCK, data, size);
}
