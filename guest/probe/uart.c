/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550A UART (National Semiconductor PC16550D): polled output through the
 * FIFO, one look at the line status a FIFO's worth.  An absent port reads 0xff.
 */
#include "uart.h"

#include "x86.h"

enum {
	BASE = 0x3f8,
	THR = BASE,
	IER = BASE + 1,
	IIR = BASE + 2,
	FCR = BASE + 2,
	LCR = BASE + 3,
	MCR = BASE + 4,
	LSR = BASE + 5,
	SCR = BASE + 7,
	IER_THRE = 0x02,
	FCR_ENABLE_CLEAR = 0x07,
	LCR_8N1 = 0x03,
	MCR_DTR_RTS_OUT2 = 0x0b,
	LSR_THRE = 0x20,
	IIR_FIFO = 0xc0,
	FIFO_DEPTH = 16,
	SPIN_MAX = 100000
};

static uint32_t fifo_depth = 1;

bool
uart_probe(void)
{
	if (inb(LSR) == 0xff && inb(IIR) == 0xff)
		return false;
	outb(SCR, 0x5a);
	if (inb(SCR) != 0x5a)
		return false;
	outb(IER, 0);
	outb(LCR, LCR_8N1);
	outb(FCR, FCR_ENABLE_CLEAR);
	outb(MCR, MCR_DTR_RTS_OUT2);
	if ((inb(IIR) & IIR_FIFO) == IIR_FIFO)
		fifo_depth = FIFO_DEPTH;
	return true;
}

static void
wait_empty(void)
{
	for (int i = 0; i < SPIN_MAX && !(inb(LSR) & LSR_THRE); i++)
		cpu_pause();
}

void
uart_write(const char *text, size_t len)
{
	char chunk[FIFO_DEPTH];
	uint32_t n = 0;
	bool returned = false;

	for (size_t i = 0; i < len;) {
		if (text[i] == '\n' && !returned) {
			chunk[n++] = '\r';
			returned = true;
		} else {
			chunk[n++] = text[i++];
			returned = false;
		}
		if (n == fifo_depth || i == len) {
			wait_empty();
			outb_many(THR, chunk, n);
			n = 0;
		}
	}
}

void
uart_interrupt_raise(void)
{
	wait_empty();
	outb(IER, 0);
	outb(IER, IER_THRE);
}

void
uart_interrupt_end(void)
{
	(void)inb(IIR);
	outb(IER, 0);
}
