/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where another CPU starts: real mode, at the page the start-up IPI names
 * (Intel SDM volume 3, "Multiple-Processor Initialization").  smp.c copies
 * this below 1 MiB.  The CPU counts itself and halts; it needs no stack.
 */
	.text
	.code16
	.globl	trampoline, trampoline_end
trampoline:
	cli
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	trampoline_gdt - trampoline
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $ap_start
	.balign	4
trampoline_gdt:
	.word	23
	.long	gdt
trampoline_end:

	.code32
ap_start:
	movw	$16, %ax
	movw	%ax, %ds
	lock
	incl	smp_started
1:
	cli
	hlt
	jmp	1b

	.section .note.GNU-stack, "", @progbits
