/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the bytes are what comes over the control socket, in pieces:
 * each begins with its length.  Every reply is one line of "ok" or "error",
 * and no more is kept than one of them.
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vm vm;
static struct loop loop = { .epoll_fd = -1 };
static struct devices devices;
static struct stop stop;
static struct kvmstats kvmstats;
static struct control control;

/* The one reply that waits is a line, and is taken; how long it was. */
static size_t
take_reply(void)
{
	const struct str *out = &control.out;
	size_t len = out->len;

	if (len == 0)
		return 0;
	if (strncmp(out->p, "ok", 2) != 0 && strncmp(out->p, "error ", 6) != 0)
		abort();
	if (memchr(out->p, '\n', len) != out->p + len - 1)
		abort();
	control.out.len = 0;
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct metrics metrics = { &vm, &devices, &kvmstats, 0 };
	const uint8_t *end = data + size;
	size_t n, taken;

	memset(&vm, 0, sizeof(vm));
	vm.kvm_fd = vm.vm_fd = vm.end_fd = -1;
	vm.mem.bytes = 1 << 20;
	devices.vm = &vm;
	stop_init(&stop, &vm, &loop);
	control_init(&control, -1, &loop, &vm, &devices, &stop, &metrics);
	while (data < end) {
		n = (size_t)*data++ * 32 + 1;
		n = n > (size_t)(end - data) ? (size_t)(end - data) : n;
		do {
			taken = control_feed(&control, (const char *)data, n);
			data += taken;
			n -= taken;
		} while (take_reply() + taken > 0);
	}
	control_release(&control);
	return 0;
}
