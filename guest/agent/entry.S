/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instruction, with argc and argv on the stack as both systems put
 * them there; and the note by which NetBSD's kernel knows its programs
 * (sys/sys/exec_elf.h): name "NetBSD", type 1, a version that it only shows.
 */
	.globl	_start
	.text
_start:
#if defined(__x86_64__)
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	agent_entry
	hlt
#elif defined(__i386__)
	xorl	%ebp, %ebp
	movl	%esp, %eax
	andl	$-16, %esp
	subl	$12, %esp
	pushl	%eax
	call	agent_entry
	hlt
#elif defined(__aarch64__)
	mov	x29, #0
	mov	x0, sp
	bl	agent_entry
	brk	#0
#endif

#ifdef AGENT_NETBSD
	.section ".note.netbsd.ident", "a"
	.p2align 2
	.long	7, 4, 1
	.ascii	"NetBSD\0\0"
	.long	1000000000

	/* No limits that PaX would set. */
	.section ".note.netbsd.pax", "a"
	.p2align 2
	.long	4, 4, 3
	.ascii	"PaX\0"
	.long	0
#endif
	.section .note.GNU-stack, "", %progbits
