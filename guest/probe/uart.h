/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550 UART at port 0x3f8.
 */
#ifndef PROBE_UART_H
#define PROBE_UART_H

#include "probe.h"

enum { UART_IRQ = 4 };

/* True if there is one; sets it up for FIFO use. */
bool uart_probe(void);
/* Newlines become carriage return + newline. */
void uart_write(const char *, size_t);
/* Asks for a "transmitter empty" interrupt, and ends it. */
void uart_interrupt_raise(void);
void uart_interrupt_end(void);

#endif
