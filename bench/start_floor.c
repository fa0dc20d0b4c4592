/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a program does from exec to the guest's first instruction,
 * for bench/start: KVM, a machine, 128 MiB, interrupt controllers, one vCPU in
 * real mode at an OUT.  The byte that it sends goes to standard output.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEM = 128 << 20, START = 0x1000, COM1 = 0x3f8 };

int
main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), cpu;
	unsigned char *mem =
	    mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kvm_userspace_memory_region slot = { .memory_size = MEM, .userspace_addr = (unsigned long)mem };
	struct kvm_regs regs = { .rflags = 2, .rip = START, .rdx = COM1, .rax = 'x' };
	struct kvm_sregs sregs;
	struct kvm_run *run;

	if (bytes < 0 || vm < 0 || mem == MAP_FAILED)
		return 1;
	mem[START] = 0xee; /* out %al, %dx */
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot) < 0 || ioctl(vm, KVM_CREATE_IRQCHIP, 0) < 0)
		return 1;
	cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	if (run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &sregs) < 0)
		return 1;
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(cpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(cpu, KVM_SET_REGS, &regs) < 0 || ioctl(cpu, KVM_RUN, 0) < 0)
		return 1;
	return run->exit_reason == KVM_EXIT_IO && write(1, "x", 1) == 1 ? 0 : 1;
}
