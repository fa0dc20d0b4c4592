/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reset ports.
 */
#include "vmm/device/reset.h"

#include <stddef.h>

static uint64_t
zero_read(void *arg, uint64_t offset, unsigned size)
{
	(void)arg;
	(void)offset;
	(void)size;
	return 0;
}

/* The keyboard controller: always ready, never with a key. */
static void
i8042_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	(void)size;
	if (offset == 0 && (value & 0xff) == 0xfe)
		vm_end(arg, VM_RESET, NULL);
}

static void
cf9_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	(void)offset;
	(void)size;
	if ((value & 4) != 0)
		vm_end(arg, VM_RESET, NULL);
}

static void
port92_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	(void)offset;
	(void)size;
	if ((value & 1) != 0)
		vm_end(arg, VM_RESET, NULL);
}

void
reset_attach(struct vm *vm)
{
	bus_add(&vm->pio, &(struct bus_range){ 0x64, 1, zero_read, i8042_write, vm, .name = "i8042" });
	bus_add(&vm->pio, &(struct bus_range){ 0xcf9, 1, zero_read, cf9_write, vm, .name = "reset" });
	bus_add(&vm->pio, &(struct bus_range){ 0x92, 1, zero_read, port92_write, vm, .name = "port92" });
}
