/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-mmio registers of a device of each kind: the first byte says which,
 * the rest are its driver's doings, right and wrong.
 */
#include "vmm_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return size == 0 ? 0 : device_fuzz((enum machine_kind)(data[0] % M_KINDS), data + 1, size - 1);
}
