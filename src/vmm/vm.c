/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * KVM: the machine and its interrupt controllers.
 */
#include "vmm/vm.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "vmm/vcpu.h"
#include "vmm/x86_64/layout.h"

static int
set_memory(struct vm *vm, struct err *err)
{
	unsigned i;

	for (i = 0; i < vm->mem.nregions; i++) {
		struct kvm_userspace_memory_region r = { .slot = i,
			.guest_phys_addr = vm->mem.region[i].gpa,
			.memory_size = vm->mem.region[i].bytes,
			.userspace_addr = (uintptr_t)vm->mem.region[i].host };

		if (ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &r) < 0)
			return err_sys(err, "KVM refuses the guest's memory");
	}
	return 0;
}

static int
set_platform(struct vm *vm, struct err *err)
{
	uint64_t identity = LAYOUT_KVM_IDENTITY;
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	if (ioctl(vm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity) < 0 ||
	    ioctl(vm->vm_fd, KVM_SET_TSS_ADDR, (unsigned long)LAYOUT_KVM_TSS) < 0)
		return err_sys(err, "KVM refuses the addresses of its own pages");
	if (ioctl(vm->vm_fd, KVM_CREATE_IRQCHIP, 0) < 0)
		return err_sys(err, "KVM has no interrupt controllers here");
	if (ioctl(vm->vm_fd, KVM_CREATE_PIT2, &pit) < 0)
		return err_sys(err, "KVM has no interval timer here");
	return 0;
}

int
vm_open(struct vm *vm, int kvm_fd, uint64_t mem_bytes, struct err *err)
{
	memset(vm, 0, sizeof(*vm));
	vm->kvm_fd = kvm_fd;
	vm->vm_fd = vm->end_fd = -1;
	(void)pthread_mutex_init(&vm->pause_lock, NULL);
	(void)pthread_cond_init(&vm->resumed, NULL);
	(void)pthread_cond_init(&vm->left, NULL);
	bus_init(&vm->pio, 65536);
	bus_init(&vm->mmio, 0);
	if (ioctl(kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return err_set(err, "/dev/kvm does not speak KVM's API version %d", KVM_API_VERSION);
	if (mem_init(&vm->mem, mem_bytes, err) < 0)
		return -1;
	do
		vm->vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	while (vm->vm_fd < 0 && errno == EINTR);
	if (vm->vm_fd < 0)
		return err_sys(err, "KVM cannot make a machine");
	vm->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->end_fd < 0)
		return err_sys(err, "cannot make an eventfd");
	if (set_memory(vm, err) < 0 || set_platform(vm, err) < 0)
		return -1;
	vm->made_ns = vm_now_ns();
	return 0;
}

void
vm_release(struct vm *vm)
{
	if (vm->end_fd >= 0)
		(void)close(vm->end_fd);
	if (vm->vm_fd >= 0)
		(void)close(vm->vm_fd);
	mem_release(&vm->mem);
	bus_release(&vm->pio);
}

void
vm_end(struct vm *vm, enum vm_end how, const char *why)
{
	uint64_t one = 1;

	if (atomic_flag_test_and_set(&vm->ending))
		return;
	(void)snprintf(vm->why, sizeof(vm->why), "%s", why == NULL ? "" : why);
	atomic_store(&vm->end, how);
	(void)write_full(vm->end_fd, &one, sizeof(one));
}

const char *
vm_end_name(enum vm_end end)
{
	static const char *const names[] = {
		[VM_HALTED] = "halted",
		[VM_RESET] = "reset",
		[VM_PANICKED] = "panicked",
		[VM_STOPPED] = "stopped",
		[VM_EXITED] = "exit",
		[VM_FAILED] = "failed",
	};

	return (unsigned)end < nitems(names) ? names[end] : NULL;
}

uint64_t
vm_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
vm_irq(struct vm *vm, unsigned pin, bool level)
{
	struct kvm_irq_level l = { .irq = pin, .level = level };

	(void)ioctl(vm->vm_fd, KVM_IRQ_LINE, &l);
}
