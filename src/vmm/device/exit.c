/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exit ports.
 */
#include "vmm/device/exit.h"

#include <stdio.h>

#include "vmm/x86_64/layout.h"

enum { PANICKED = 1 };

static void
exit_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	char status[8];

	(void)size;
	if (offset != 0)
		return;
	(void)snprintf(status, sizeof(status), "%u", (unsigned)(value << 1 | 1) & 0xff);
	vm_end(arg, VM_EXITED, status);
}

static uint64_t
panic_read(void *arg, uint64_t offset, unsigned size)
{
	(void)arg;
	(void)offset;
	(void)size;
	return PANICKED;
}

static void
panic_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	(void)offset;
	(void)size;
	if ((value & PANICKED) != 0)
		vm_end(arg, VM_PANICKED, NULL);
}

void
exit_attach(struct vm *vm)
{
	bus_add(&vm->pio, &(struct bus_range){ LAYOUT_PORT_EXIT, 4, NULL, exit_write, vm, .name = "exit" });
	bus_add(&vm->pio, &(struct bus_range){ LAYOUT_PORT_PANIC, 1, panic_read, panic_write, vm, .name = "pvpanic" });
}
