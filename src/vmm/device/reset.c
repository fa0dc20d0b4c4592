/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reset ports.
 *
 * There is no keyboard controller, and guests that look for one shall see so
 * at once.  All ones, as where nothing is, would do for that; but then one that
 * resets by it waits first for bit 1 (its input is full) to clear, 65536 reads
 * long.  All zeros would let it wait for answers: Linux 0.5 s, NetBSD 0.2 s.
 * So: never full, and always a byte to be read, 0xff.  Linux, whose flush
 * finds no end, and NetBSD, whose self-test is answered 0xff, both give up.
 */
#include "vmm/device/reset.h"

#include <stddef.h>

enum { I8042_OUTPUT_FULL = 1 };

static uint64_t
zero_read(void *arg, uint64_t offset, unsigned size)
{
	(void)arg;
	(void)offset;
	(void)size;
	return 0;
}

static uint64_t
i8042_read(void *arg, uint64_t offset, unsigned size)
{
	(void)arg;
	(void)offset;
	(void)size;
	return I8042_OUTPUT_FULL;
}

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
	bus_add(&vm->pio, &(struct bus_range){ 0x64, 1, i8042_read, i8042_write, vm, .name = "i8042" });
	bus_add(&vm->pio, &(struct bus_range){ 0xcf9, 1, zero_read, cf9_write, vm, .name = "reset" });
	bus_add(&vm->pio, &(struct bus_range){ 0x92, 1, zero_read, port92_write, vm, .name = "port92" });
}
