/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A at COM1 (NS PC16550D data sheet), between the guest and a stream
 * socket.  What the socket does not take yet keeps the transmitter busy, so
 * that a guest waits and nothing is lost; a byte from the socket is read only
 * when the receive FIFO has room.
 */
#ifndef SMOL_VMM_DEVICE_UART_H
#define SMOL_VMM_DEVICE_UART_H

#include <pthread.h>

#include "vmm/loop.h"
#include "vmm/vm.h"

#define UART_FIFO 16
#define UART_OUT_BYTES 4096

struct uart {
	struct vm *vm;
	struct loop *loop;
	pthread_mutex_t lock;
	struct loop_source stream;
	uint8_t ier, lcr, mcr, fcr, scr, dll, dlm;
	bool thr_pending; /* the THR-empty interrupt waits to be seen */
	bool irq;
	bool overrun, ended;
	uint8_t in[UART_FIFO];
	unsigned nin;
	uint8_t out[UART_OUT_BYTES];
	unsigned nout;
};

/* stream_fd: not blocking; -1: output is lost, there is no input. */
int uart_attach(struct uart *, struct vm *, struct loop *, int stream_fd, struct err *);
void uart_release(struct uart *);

#endif
