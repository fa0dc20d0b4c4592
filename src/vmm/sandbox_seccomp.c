/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread's filter of system calls, of the table that sandbox_syscalls.py
 * makes of the notes (sandbox.h).  seccomp(2): the kernel remembers the calls
 * that are allowed whatever their arguments, so that only the others run it.
 * To know them it goes through the filter once for each number there is, for
 * each thread anew: with a tree that takes some 30 us, with a list 50.
 */
#include <assert.h>
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

#define ROLE_ALL (~0u)

/* Rows of the same call stand together. */
static const struct call calls[] = {
#include "vmm/sandbox_syscalls.h"
};

#define INSNS_MAX (8 + 4 * nitems(calls))
#define LEAF_MAX 3

/* Jumps to be patched: to one of the two instructions at the end. */
enum { TO_ALLOW = 254, TO_KILL = 255 };

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

/* An argument of the call that has the row's number; where it is not as it must be, otherwise. */
static void
add_argument(struct program *p, const struct call *c, uint8_t otherwise)
{
	load(p, offsetof(struct seccomp_data, args) + 8 * c->arg);
	if (c->test == WITHOUT)
		add(p, BPF_JMP | BPF_JSET | BPF_K, c->value, otherwise, TO_ALLOW);
	else
		add(p, BPF_JMP | BPF_JEQ | BPF_K, c->test == SELF ? (uint32_t)getpid() : c->value, TO_ALLOW, otherwise);
}

/* --- the tree of calls --- */

/* A call that the roles may make: its rows are calls[first] to before calls[end], some of them theirs. */
struct group {
	int nr;
	size_t first, end;
};

/* By number; how many. */
static size_t
groups_of(unsigned roles, struct group *g)
{
	size_t first, end, n = 0, i;
	unsigned any;

	for (first = 0; first < nitems(calls); first = end) {
		any = 0;
		for (end = first; end < nitems(calls) && calls[end].nr == calls[first].nr; end++)
			any |= calls[end].roles;
		if ((any & roles) == 0)
			continue;
		for (i = n++; i > 0 && g[i - 1].nr > calls[first].nr; i--)
			g[i] = g[i - 1];
		g[i] = (struct group){ calls[first].nr, first, end };
	}
	return n;
}

/* The call's number is loaded; if it is another's, otherwise. */
static void
add_call(struct program *p, const struct group *g, unsigned roles, uint8_t otherwise)
{
	const unsigned short head = p->n;
	size_t i, last = g->first;

	for (i = g->first; i < g->end; i++) {
		if ((calls[i].roles & roles) == 0)
			continue;
		last = i;
		if (calls[i].test == ANY) {
			add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)g->nr, TO_ALLOW, otherwise);
			return;
		}
	}
	add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)g->nr, 0, otherwise);
	for (i = g->first; i <= last; i++)
		if ((calls[i].roles & roles) != 0)
			add_argument(p, &calls[i], i == last ? TO_KILL : 0);
	if (otherwise == 0)
		p->insns[head].jf = (uint8_t)(p->n - head - 1);
}

static void
add_tree(struct program *p, const struct group *g, size_t n, unsigned roles)
{
	unsigned short head = p->n;
	size_t i, half = n / 2;

	if (n <= LEAF_MAX) {
		for (i = 0; i < n; i++)
			add_call(p, &g[i], roles, i + 1 == n ? TO_KILL : 0);
		return;
	}
	add(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)g[half].nr, 0, 0);
	add_tree(p, g, half, roles);
	p->insns[head].jt = (uint8_t)(p->n - head - 1);
	add_tree(p, g + half, n - half, roles);
}

static void
finish(struct program *p)
{
	const unsigned kill = p->n, allow = kill + 1u;
	struct sock_filter *f;
	unsigned i;

	add(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	/* Each place is near enough to the end that no true distance looks like a mark. */
	assert(allow < TO_ALLOW);
	for (i = 0; i < kill; i++) {
		f = &p->insns[i];
		f->jt = (uint8_t)(f->jt == TO_ALLOW ? allow - i - 1 : f->jt == TO_KILL ? kill - i - 1 : f->jt);
		f->jf = (uint8_t)(f->jf == TO_ALLOW ? allow - i - 1 : f->jf == TO_KILL ? kill - i - 1 : f->jf);
	}
}

int
sandbox_filter(unsigned roles, struct err *err)
{
	struct program p = { .n = 0 };
	struct sock_fprog program = { .filter = p.insns };
	struct group g[nitems(calls)];

	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, TO_KILL);
	load(&p, offsetof(struct seccomp_data, nr));
	add_tree(&p, g, groups_of(roles, g), roles);
	finish(&p);
	program.len = p.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return err_sys(err, "sandbox: this system filters no system calls (seccomp)");
	return 0;
}
