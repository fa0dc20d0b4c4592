/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's filter of system calls, of the table that sandbox_syscalls.py
 * makes of the notes (sandbox.h).  seccomp(2): the kernel remembers the calls
 * that are allowed whatever their arguments, so that only the others run it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/defs.h"
#include "vmm/sandbox.h"

#ifndef KVM_GET_STATS_FD
#define KVM_GET_STATS_FD _IO(KVMIO, 0xce)
#endif

enum test { ANY, EQUAL, WITHOUT, SELF };

struct call {
	int nr;
	unsigned roles; /* bits */
	enum test test;
	unsigned arg;
	uint32_t value;
};

#define ROLE(r) (1u << SANDBOX_##r)
#define ROLE_ALL (ROLE(VCPU) | ROLE(LOOP) | ROLE(DISK) | ROLE(P9) | ROLE(BALLOON) | ROLE(NET))

/* Rows of the same call stand together. */
static const struct call calls[] = {
#include "vmm/sandbox_syscalls.h"
};

#define INSNS_MAX (8 + 4 * nitems(calls))

struct program {
	struct sock_filter insns[INSNS_MAX];
	unsigned short n;
};

static void
add(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	p->insns[p->n++] = (struct sock_filter){ code, jt, jf, k };
}

static void
load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Allows if the row's argument is as it must be. */
static void
add_row(struct program *p, const struct call *c)
{
	if (c->test == ANY) {
		add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	load(p, offsetof(struct seccomp_data, args) + 8 * c->arg);
	if (c->test == WITHOUT)
		add(p, BPF_JMP | BPF_JSET | BPF_K, c->value, 1, 0);
	else
		add(p, BPF_JMP | BPF_JEQ | BPF_K, c->test == SELF ? (uint32_t)getpid() : c->value, 0, 1);
	add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* calls[first] and the rows of the same call behind it, if any is this role's; the number of the call is loaded. */
static void
add_call(struct program *p, size_t first, size_t end, unsigned role)
{
	unsigned short head = p->n;
	size_t i;

	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[first].nr, 0, 0);
	for (i = first; i < end; i++)
		if ((calls[i].roles & role) != 0)
			add_row(p, &calls[i]);
	if (p->n == head + 1) {
		p->n = head;
		return;
	}
	add(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	p->insns[head].jf = (uint8_t)(p->n - head - 1);
}

int
sandbox_filter(enum sandbox_role role, struct err *err)
{
	struct program p = { .n = 0 };
	struct sock_fprog program = { .filter = p.insns };
	size_t first, end;

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	load(&p, offsetof(struct seccomp_data, nr));
	for (first = 0; first < nitems(calls); first = end) {
		for (end = first; end < nitems(calls) && calls[end].nr == calls[first].nr; end++)
			continue;
		add_call(&p, first, end, 1u << role);
	}
	add(&p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	program.len = p.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return err_sys(err, "sandbox: this system filters no system calls (seccomp)");
	return 0;
}
