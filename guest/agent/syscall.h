/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One system call, by hand: the result or -errno.
 *
 *	NetBSD amd64	number rax, arguments rdi rsi rdx r10 r8 r9; carry: rax is errno
 *	NetBSD i386	number eax, int 0x80; arguments on the stack above one word; carry as above
 *	NetBSD aarch64	svc 0: number x17, arguments x0..x5; carry as above
 *	Linux		the same registers (aarch64: number x8), negative results are errors
 *
 * *second: the other result register, by which NetBSD's fork(2) tells child from parent.
 */
#ifndef AGENT_SYSCALL_H
#define AGENT_SYSCALL_H

#if defined(__x86_64__)

#ifdef AGENT_NETBSD
#define SYSCALL_INSTRUCTION "syscall\n\tjnc 1f\n\tnegq %%rax\n1:"
#else
#define SYSCALL_INSTRUCTION "syscall"
#endif

static inline long
syscall_raw(long n, const long v[6], long *second)
{
	long c = v[2];
	register long r10 __asm__("r10") = v[3];
	register long r8 __asm__("r8") = v[4];
	register long r9 __asm__("r9") = v[5];

	__asm__ volatile(SYSCALL_INSTRUCTION
			 : "+a"(n), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
			 : "D"(v[0]), "S"(v[1])
			 : "rcx", "r11", "memory", "cc");
	*second = c;
	return n;
}

#elif defined(__i386__)

static inline long
syscall_raw(long n, const long v[6], long *second)
{
	long stack[7] = { 0, v[0], v[1], v[2], v[3], v[4], v[5] };
	const long *top = stack;

	__asm__ volatile("movl %%esp, %%edi\n\tmovl %%ecx, %%esp\n\tint $0x80\n\tmovl %%edi, %%esp\n\tjnc 1f\n\tnegl "
			 "%%eax\n1:"
			 : "+a"(n), "=d"(*second), "+c"(top)
			 : "m"(stack)
			 : "edi", "memory", "cc");
	return n;
}

#elif defined(__aarch64__)

#ifdef AGENT_NETBSD
#define SYSCALL_NUMBER "x17"
#define SYSCALL_INSTRUCTION "svc #0\n\tb.cc 1f\n\tneg x0, x0\n1:"
#else
#define SYSCALL_NUMBER "x8"
#define SYSCALL_INSTRUCTION "svc #0"
#endif

static inline long
syscall_raw(long n, const long v[6], long *second)
{
	register long number __asm__(SYSCALL_NUMBER) = n;
	register long x0 __asm__("x0") = v[0];
	register long x1 __asm__("x1") = v[1];
	register long x2 __asm__("x2") = v[2];
	register long x3 __asm__("x3") = v[3];
	register long x4 __asm__("x4") = v[4];
	register long x5 __asm__("x5") = v[5];

	__asm__ volatile(SYSCALL_INSTRUCTION
			 : "+r"(x0), "+r"(x1), "+r"(number)
			 : "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	*second = x1;
	return x0;
}

#endif

static inline long
syscall_call(long n, const long v[6])
{
	long second;

	return syscall_raw(n, v, &second);
}

/* Up to six arguments; the rest are zeros. */
#define syscall(n, ...) syscall_call((n), (const long[6]){ __VA_ARGS__ })

#endif
