/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports that end a machine, and what guests look for around them.  Lines to
 * an interrupt controller that is not there fail, which nobody minds.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/defs.h"
#include "test.h"
#include "vmm/device/exit.h"
#include "vmm/device/power.h"
#include "vmm/device/reset.h"
#include "vmm/x86_64/layout.h"

struct machine {
	struct vm vm;
	struct power power;
};

static void
make(struct machine *m)
{
	*m = (struct machine){ .vm = { .vm_fd = -1, .kvm_fd = -1, .end_fd = eventfd(0, EFD_CLOEXEC) } };
	reset_attach(&m->vm);
	exit_attach(&m->vm);
	power_attach(&m->power, &m->vm);
}

static void
release(struct machine *m)
{
	power_release(&m->power);
	(void)close(m->vm.end_fd);
}

/* One write to a port, and how the machine ended. */
static int
end_of(uint16_t port, uint8_t value)
{
	struct machine m;
	int end;

	make(&m);
	bus_write(&m.vm.pio, port, 1, value);
	end = atomic_load(&m.vm.end);
	release(&m);
	return end;
}

static void
ends(void)
{
	static const struct {
		uint16_t port;
		uint8_t value;
		int end;
	} rows[] = {
		{ 0x64, 0xfe, VM_RESET },
		{ 0xcf9, 6, VM_RESET },
		{ 0x92, 1, VM_RESET },
		{ LAYOUT_PORT_POWER, 5 << 2 | 1 << 5, VM_HALTED },
		{ LAYOUT_PORT_PANIC, 1, VM_PANICKED },
		/* Reading the command byte, self-test, A20 by the controller and by port 92, soft-off without the
		   enable bit. */
		{ 0x64, 0x20, VM_RUNNING },
		{ 0x64, 0xaa, VM_RUNNING },
		{ 0x64, 0xd1, VM_RUNNING },
		{ 0x60, 0xdf, VM_RUNNING },
		{ 0x92, 2, VM_RUNNING },
		{ 0xcf9, 2, VM_RUNNING },
		{ LAYOUT_PORT_POWER, 5 << 2, VM_RUNNING },
		{ LAYOUT_PORT_POWER, 3 << 2 | 1 << 5, VM_RUNNING },
		{ LAYOUT_PORT_POWER + LAYOUT_POWER_STATUS, 0xff, VM_RUNNING },
	};
	size_t i;
	int end;

	for (i = 0; i < nitems(rows); i++) {
		end = end_of(rows[i].port, rows[i].value);
		CHECK(end == rows[i].end);
		if (end != rows[i].end)
			printf("# port %x, value %x: %d\n", rows[i].port, rows[i].value, end);
	}
}

/* Linux's flush never ends, NetBSD's self-test is not answered 0x55; neither waits before a command. */
static void
no_keyboard_controller(void)
{
	struct machine m;
	uint8_t status;
	int i;

	make(&m);
	for (i = 0; i < 20; i++) {
		status = (uint8_t)bus_read(&m.vm.pio, 0x64, 1);
		CHECK((status & 1) != 0 && (status & 2) == 0);
		CHECK((uint8_t)bus_read(&m.vm.pio, 0x60, 1) != 0x55);
	}
	release(&m);
}

/* No PCI: neither of the two ways to ask for it answers. */
static void
no_pci(void)
{
	struct machine m;

	make(&m);
	bus_write(&m.vm.pio, 0xcf8, 4, 0x80000000);
	CHECK((uint32_t)bus_read(&m.vm.pio, 0xcf8, 4) == UINT32_MAX);
	CHECK((uint32_t)bus_read(&m.vm.pio, 0xcfc, 4) == UINT32_MAX);
	release(&m);
}

static void
button(void)
{
	struct machine m;

	make(&m);
	CHECK(bus_read(&m.vm.pio, LAYOUT_PORT_POWER + LAYOUT_POWER_EVENTS, 1) == 0);
	CHECK(power_button_press(&m.power) && power_button_press(&m.power));
	CHECK(bus_read(&m.vm.pio, LAYOUT_PORT_POWER + LAYOUT_POWER_EVENTS, 1) == LAYOUT_POWER_EVENT_BUTTON);
	CHECK(bus_read(&m.vm.pio, LAYOUT_PORT_POWER + LAYOUT_POWER_EVENTS, 1) == 0);
	release(&m);
	CHECK(!power_button_press(&m.power));
}

TEST_MAIN({ "ports that end the machine, and such that do not", ends },
    { "no keyboard controller", no_keyboard_controller }, { "no PCI", no_pci }, { "the power button", button })
