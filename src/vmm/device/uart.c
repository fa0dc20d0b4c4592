/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550A registers.
 */
#include "vmm/device/uart.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vmm/x86_64/layout.h"

enum {
	R_DATA = 0, /* RBR, THR; with DLAB: divisor low */
	R_IER = 1, /* with DLAB: divisor high */
	R_IIR = 2, /* write: FCR */
	R_LCR = 3,
	R_MCR = 4,
	R_LSR = 5,
	R_MSR = 6,
	R_SCR = 7,
	IER_RX = 1,
	IER_THR = 2,
	IER_LINE = 4,
	IIR_NONE = 1,
	IIR_THR = 2,
	IIR_RX = 4,
	IIR_LINE = 6,
	IIR_FIFO = 0xc0,
	FCR_ENABLE = 1,
	FCR_CLEAR_RX = 2,
	LCR_DLAB = 0x80,
	MCR_LOOP = 0x10,
	LSR_DATA = 1,
	LSR_OVERRUN = 2,
	LSR_THR_EMPTY = 0x20,
	LSR_IDLE = 0x40,
	MSR_CTS_DSR_DCD = 0xb0,
};

static bool
can_send(const struct uart *u)
{
	return u->nout < UART_OUT_BYTES;
}

static uint8_t
pending(const struct uart *u)
{
	if ((u->ier & IER_LINE) != 0 && u->overrun)
		return IIR_LINE;
	if ((u->ier & IER_RX) != 0 && u->nin > 0)
		return IIR_RX;
	if ((u->ier & IER_THR) != 0 && u->thr_pending && can_send(u))
		return IIR_THR;
	return IIR_NONE;
}

/* The line and what the socket is waited for, as they should be now. */
static void
update(struct uart *u)
{
	bool irq = pending(u) != IIR_NONE;
	struct err ignored;
	uint32_t events = 0;

	if (irq != u->irq)
		vm_irq(u->vm, LAYOUT_IRQ_UART, irq);
	u->irq = irq;
	if (u->stream.fd < 0)
		return;
	if (!u->ended && u->nin < UART_FIFO)
		events |= EPOLLIN;
	if (u->nout > 0)
		events |= EPOLLOUT;
	(void)loop_set(u->loop, &u->stream, events, &ignored);
}

static void
flush(struct uart *u)
{
	ssize_t n = u->nout == 0 ? 0 : write(u->stream.fd, u->out, u->nout);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* Nobody listens any more. */
		u->nout = 0;
		return;
	}
	if (n > 0) {
		u->nout -= (unsigned)n;
		memmove(u->out, u->out + n, u->nout);
	}
}

static void
receive(struct uart *u, uint8_t byte)
{
	if (u->nin == UART_FIFO)
		u->overrun = true;
	else
		u->in[u->nin++] = byte;
}

static void
transmit(struct uart *u, uint8_t byte)
{
	u->thr_pending = true;
	if ((u->mcr & MCR_LOOP) != 0) {
		receive(u, byte);
		return;
	}
	if (u->stream.fd < 0)
		return;
	if (can_send(u))
		u->out[u->nout++] = byte;
	flush(u);
}

static uint8_t
take(struct uart *u)
{
	uint8_t byte = u->nin > 0 ? u->in[0] : 0;

	if (u->nin > 0)
		memmove(u->in, u->in + 1, --u->nin);
	return byte;
}

static uint8_t
register_read(struct uart *u, uint64_t r)
{
	uint8_t v;

	switch (r) {
	case R_DATA:
		return (u->lcr & LCR_DLAB) != 0 ? u->dll : take(u);
	case R_IER:
		return (u->lcr & LCR_DLAB) != 0 ? u->dlm : u->ier;
	case R_IIR:
		v = pending(u);
		if (v == IIR_THR)
			u->thr_pending = false;
		return (uint8_t)(v | ((u->fcr & FCR_ENABLE) != 0 ? IIR_FIFO : 0));
	case R_LCR:
		return u->lcr;
	case R_MCR:
		return u->mcr;
	case R_LSR:
		v = (uint8_t)((u->nin > 0 ? LSR_DATA : 0) | (u->overrun ? LSR_OVERRUN : 0) |
			      (can_send(u) ? LSR_THR_EMPTY | LSR_IDLE : 0));
		u->overrun = false;
		return v;
	case R_MSR:
		/* In loop mode the outputs are the inputs: OUT2, OUT1, RTS, DTR as DCD, RI, CTS, DSR. */
		if ((u->mcr & MCR_LOOP) != 0)
			return (uint8_t)((u->mcr & 0xc) << 4 | (u->mcr & 2) << 3 | (u->mcr & 1) << 5);
		return MSR_CTS_DSR_DCD;
	default:
		return u->scr;
	}
}

static void
register_write(struct uart *u, uint64_t r, uint8_t v)
{
	switch (r) {
	case R_DATA:
		if ((u->lcr & LCR_DLAB) != 0)
			u->dll = v;
		else
			transmit(u, v);
		break;
	case R_IER:
		if ((u->lcr & LCR_DLAB) != 0) {
			u->dlm = v;
			break;
		}
		/* Switched on while the transmitter is empty, the interrupt comes at once. */
		if ((v & IER_THR) != 0 && (u->ier & IER_THR) == 0)
			u->thr_pending = true;
		u->ier = v & 0xf;
		break;
	case R_IIR:
		u->fcr = v;
		if ((v & FCR_CLEAR_RX) != 0)
			u->nin = 0;
		break;
	case R_LCR:
		u->lcr = v;
		break;
	case R_MCR:
		u->mcr = v & 0x1f;
		break;
	case R_SCR:
		u->scr = v;
		break;
	default:
		break;
	}
}

static uint64_t
port_read(void *arg, uint64_t offset, unsigned size)
{
	struct uart *u = arg;
	uint8_t v;

	(void)size;
	(void)pthread_mutex_lock(&u->lock);
	v = register_read(u, offset);
	update(u);
	(void)pthread_mutex_unlock(&u->lock);
	return v;
}

static void
port_write(void *arg, uint64_t offset, unsigned size, uint64_t value)
{
	struct uart *u = arg;

	(void)size;
	(void)pthread_mutex_lock(&u->lock);
	register_write(u, offset, (uint8_t)value);
	update(u);
	(void)pthread_mutex_unlock(&u->lock);
}

static void
stream_event(void *arg, uint32_t events)
{
	struct uart *u = arg;
	ssize_t n;

	(void)pthread_mutex_lock(&u->lock);
	if ((events & EPOLLOUT) != 0)
		flush(u);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && u->nin < UART_FIFO) {
		n = read(u->stream.fd, u->in + u->nin, UART_FIFO - u->nin);
		if (n > 0)
			u->nin += (unsigned)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			u->ended = true;
	}
	update(u);
	(void)pthread_mutex_unlock(&u->lock);
}

int
uart_attach(struct uart *u, struct vm *vm, struct loop *loop, int stream_fd, struct err *err)
{
	memset(u, 0, sizeof(*u));
	u->vm = vm;
	u->loop = loop;
	u->dll = 1; /* 115200 */
	u->stream = (struct loop_source){ .fd = stream_fd, .fn = stream_event, .arg = u };
	(void)pthread_mutex_init(&u->lock, NULL);
	bus_add(&vm->pio, &(struct bus_range){ LAYOUT_PORT_UART, 8, port_read, port_write, u, .name = "uart" });
	return stream_fd < 0 ? 0 : loop_set(loop, &u->stream, EPOLLIN, err);
}

void
uart_release(struct uart *u)
{
	if (u->vm != NULL)
		(void)pthread_mutex_destroy(&u->lock);
}
