/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One console of two.  console=viocon speaks by EMERG_WRITE until the queues
 * are up; where there is no virtio console the UART stands in, and the other
 * way round.
 */
#include "console.h"

#include "string.h"
#include "uart.h"
#include "viocon.h"

static enum { NOWHERE, COM, VIOCON } console;

void
console_init(const char *name)
{
	bool com = uart_probe();
	bool viocon = viocon_find();

	if (viocon && (!com || strcmp(name, "viocon") == 0))
		console = VIOCON;
	else if (com)
		console = COM;
}

void
console_write(const char *text, size_t len)
{
	if (console == COM)
		uart_write(text, len);
	else if (console == VIOCON)
		viocon_write(0, text, len);
}

const char *
console_name(void)
{
	static const char *const names[] = { "none", "com0", "viocon0" };

	return names[console];
}
