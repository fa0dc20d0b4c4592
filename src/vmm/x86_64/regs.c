/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start registers (Intel SDM vol. 3A: segment types; 11.5: local vector table).
 */
#include "vmm/x86_64/regs.h"

#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/endian.h"
#include "vmm/boot.h"
#include "vmm/vcpu.h"

#define CR0_PE 0x1u
#define CR0_ET 0x10u
#define LVT_LINT0 0x350
#define LVT_LINT1 0x360
#define LVT_EXTINT 0x700u
#define LVT_NMI 0x400u
#define LVT_MODE 0x700u

static struct kvm_segment
flat(uint8_t type, uint16_t selector)
{
	return (struct kvm_segment){
		.limit = 0xffffffff, .selector = selector, .type = type, .present = 1, .db = 1, .s = 1, .g = 1
	};
}

int
regs_set_entry(const struct vcpu *cpu, const struct boot_entry *e, struct err *err)
{
	struct kvm_regs regs = { .rip = e->eip, .rbx = e->ebx, .rsi = e->esi, .rflags = 0x2 };
	struct kvm_sregs s;

	if (ioctl(cpu->fd, KVM_GET_SREGS, &s) < 0)
		return err_sys(err, "KVM does not tell a vCPU's registers");
	/* The selectors that Linux asks for; PVH does not mind. */
	s.cs = flat(0xb, 0x10);
	s.ds = s.es = s.fs = s.gs = s.ss = flat(0x3, 0x18);
	/* A busy 32-bit TSS, whose limit is what PVH says. */
	s.tr = (struct kvm_segment){ .limit = 0x67, .type = 0xb, .present = 1 };
	s.cr0 = CR0_PE | CR0_ET;
	s.cr4 = s.efer = 0;
	if (ioctl(cpu->fd, KVM_SET_SREGS, &s) < 0 || ioctl(cpu->fd, KVM_SET_REGS, &regs) < 0)
		return err_sys(err, "KVM refuses the first vCPU's registers");
	return 0;
}

int
regs_set_lapic(const struct vcpu *cpu, struct err *err)
{
	struct kvm_lapic_state l;

	if (ioctl(cpu->fd, KVM_GET_LAPIC, &l) < 0)
		return err_sys(err, "KVM does not tell a vCPU's local APIC");
	put_le32(l.regs + LVT_LINT0, (get_le32(l.regs + LVT_LINT0) & ~LVT_MODE) | LVT_EXTINT);
	put_le32(l.regs + LVT_LINT1, (get_le32(l.regs + LVT_LINT1) & ~LVT_MODE) | LVT_NMI);
	if (ioctl(cpu->fd, KVM_SET_LAPIC, &l) < 0)
		return err_sys(err, "KVM refuses a vCPU's local APIC");
	return 0;
}
