/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaving.  smolBSD's guests have no power switch: they write JEMATA! to
 * ttyVI01 (console port 1) and the host ends the machine.  Otherwise as
 * NetBSD reboots: keyboard controller, chipset, triple fault.
 */
#include "reset.h"

#include "print.h"
#include "viocon.h"
#include "x86.h"

enum { DEBUG_EXIT_PORT = 0x501, KBC_COMMAND = 0x64, CHIPSET_RESET = 0xcf9 };

void
machine_reset(void)
{
	static const struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) no_idt;

	interrupts_off();
	for (int i = 0; i < 2; i++)
		outb(KBC_COMMAND, 0xfe);
	outb(CHIPSET_RESET, 2);
	outb(CHIPSET_RESET, 6);
	__asm__ volatile("lidt %0; ud2" : : "m"(no_idt));
	for (;;)
		halt_once();
}

void
machine_exit(uint8_t code)
{
	print("probe: exit %u\n", (uint32_t)code);
	viocon_drain();
	outb(DEBUG_EXIT_PORT, code);
	if (viocon_has_port(1))
		viocon_write(1, "JEMATA!\n", 8);
	machine_reset();
}
