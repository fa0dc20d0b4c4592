/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port traffic: UART, clock, fw_cfg (its DMA too) and the ports that end or
 * reset the machine, with bytes and the button from the host's side in between.  Five bytes an access: a device's
 * port or any, the width, a value.
 */
#include "vmm/device/exit.h"
#include "vmm/device/power.h"
#include "vmm_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COM1 = 0x3f8, FW_CFG = 0x510, FW_BYTES = 300 };

struct ports {
	struct vm vm;
	struct ring_host host;
	struct uart uart;
	struct rtc rtc;
	struct fwcfg fwcfg;
	struct power power;
	int peer;
};

static void
ports_init(struct ports *p)
{
	int fd = memfd_create("fw", MFD_CLOEXEC), fds[2];
	struct err err;

	(void)signal(SIGPIPE, SIG_IGN);
	ring_host_init(&p->host);
	p->vm.mem = p->host.mem;
	p->vm.end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	machine_need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0 && ftruncate(fd, FW_BYTES) == 0);
	p->peer = fds[1];
	fwcfg_init(&p->fwcfg);
	machine_need(fwcfg_add(&p->fwcfg, "opt/a", fd, &err) == 0 && fwcfg_add(&p->fwcfg, "opt/b", fd, &err) == 0);
	fwcfg_attach(&p->fwcfg, &p->vm);
	rtc_attach(&p->rtc, &p->vm);
	reset_attach(&p->vm);
	exit_attach(&p->vm);
	power_attach(&p->power, &p->vm);
	machine_need(uart_attach(&p->uart, &p->vm, &p->host.loop, fds[0], &err) == 0);
}

/* A DMA command somewhere, and its address to the register. */
static void
dma(struct ports *p, struct input *in)
{
	uint64_t at = address(in);
	uint8_t *c = mem_at(&p->vm.mem, at, 16);

	if (c != NULL) {
		put_u32(c, (uint32_t)(u8(in) % 4 + (in->left % 3 == 0 ? 0x18 : 0x20)) << 16 | (u8(in) & 31), true);
		put_u32(c + 4, u16(in) * (in->left % 5 == 0 ? 65536u : 1u), true);
		put_u64(c + 8, address(in), true);
	}
	bus_write(&p->vm.pio, FW_CFG + 4, 4, __builtin_bswap32((uint32_t)(at >> 32)));
	bus_write(&p->vm.pio, FW_CFG + 8, 4, __builtin_bswap32((uint32_t)at));
}

static void
host(struct ports *p, struct input *in)
{
	uint8_t buf[256];

	(void)send(p->peer, buf, u8(in) % 40, MSG_DONTWAIT);
	(void)power_button_press(&p->power);
	(void)ring_turn(&p->host);
	if (u8(in) % 2 == 0)
		while (recv(p->peer, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			continue;
}

static void
step_port(struct ports *p, struct input *in)
{
	static const uint16_t end[] = { 0x64, 0x92, 0xcf9, LAYOUT_PORT_EXIT, LAYOUT_PORT_PANIC, LAYOUT_PORT_POWER,
		LAYOUT_PORT_POWER + LAYOUT_POWER_EVENTS };
	uint8_t op = u8(in), size = (uint8_t)(1u << (op >> 4 & 3)), a = u8(in);
	uint16_t port = 0;

	switch (op & 7) {
	case 0:
	case 1:
		port = (uint16_t)(COM1 + a % 8);
		break;
	case 2:
		port = (uint16_t)(0x70 + a % 2);
		break;
	case 3:
		port = (uint16_t)(FW_CFG + a % 13);
		break;
	case 4:
		port = end[a % nitems(end)];
		break;
	case 5:
		dma(p, in);
		return;
	case 6:
		host(p, in);
		return;
	default:
		port = (uint16_t)(a << 8 | u8(in));
		break;
	}
	if ((op & 8) != 0)
		(void)bus_read(&p->vm.pio, port, size);
	else
		bus_write(&p->vm.pio, port, size, u16(in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ports p;
	struct input in = { data, size };

	if (p.host.next_gpa == 0)
		ports_init(&p);
	/* A guest that never looks whether there is room. */
	if (size > 0 && data[0] == 0xff)
		for (size = 0; size < 3 * UART_OUT_BYTES; size++)
			bus_write(&p.vm.pio, COM1, 1, 'x');
	while (in.left > 0)
		step_port(&p, &in);
	if (p.uart.nin > UART_FIFO || p.uart.nout > UART_OUT_BYTES)
		abort();
	return 0;
}
