/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The least that a program does from exec to the guest's first instruction,
 * for bench/start: KVM, a machine, 128 MiB, interrupt controllers, one vCPU in
 * real mode at an OUT.  The byte that it sends goes to standard output.
 *
 * With an argument also what no kernel can do without: KVM's interval timer,
 * and CPUID.  Where KVM is in a machine itself, asking for that is a third of
 * all.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEM = 128 << 20, START = 0x1000, COM1 = 0x3f8, ENTRIES = 256 };

/* What the processor has, to the vCPU. */
static int
set_cpuid(int kvm, int cpu)
{
	static unsigned char room[sizeof(struct kvm_cpuid2) + ENTRIES * sizeof(struct kvm_cpuid_entry2)]
	    __attribute__((aligned(8)));
	struct kvm_cpuid2 *c = (void *)room;

	c->nent = ENTRIES;
	return ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c) < 0 ? -1 : ioctl(cpu, KVM_SET_CPUID2, c);
}

int
main(int argc, char **argv)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), cpu;
	unsigned char *mem =
	    mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct kvm_userspace_memory_region slot = { .memory_size = MEM, .userspace_addr = (unsigned long)mem };
	struct kvm_regs regs = { .rflags = 2, .rip = START, .rdx = COM1, .rax = 'x' };
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	struct kvm_sregs sregs;
	struct kvm_run *run;

	(void)argv;
	if (bytes < 0 || vm < 0 || mem == MAP_FAILED)
		return 1;
	mem[START] = 0xee; /* out %al, %dx */
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot) < 0 || ioctl(vm, KVM_CREATE_IRQCHIP, 0) < 0)
		return 1;
	if (argc > 1 && ioctl(vm, KVM_CREATE_PIT2, &pit) < 0)
		return 1;
	cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	if (run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &sregs) < 0)
		return 1;
	if (argc > 1 && set_cpuid(kvm, cpu) < 0)
		return 1;
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(cpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(cpu, KVM_SET_REGS, &regs) < 0 || ioctl(cpu, KVM_RUN, 0) < 0)
		return 1;
	return run->exit_reason == KVM_EXIT_IO && write(1, "x", 1) == 1 ? 0 : 1;
}
