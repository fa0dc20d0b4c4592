/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PVH entry (Xen public headers, "hvm/start_info.h": 32-bit protected mode,
 * paging off, %ebx = start_info), our GDT and stack, and the interrupt stubs.
 */

	.section .note.Xen, "a", @note
	.balign	4
	.long	4			/* name size */
	.long	4			/* descriptor size */
	.long	18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	entry

	.text
	.globl	entry
entry:
	cli
	cld
	movl	$stack_top, %esp
	lgdt	gdt_descriptor
	ljmp	$8, $1f
1:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	pushl	%ebx
	call	probe_main
2:
	cli
	hlt
	jmp	2b

/*
 * One stub of 16 bytes a vector.  The processor pushes an error code for
 * exceptions 8, 10-14 and 17; the others get a zero here.
 */
	.balign	16
	.globl	trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	64
	.balign	16
	.if	vector != 8 && (vector < 10 || vector > 14) && vector != 17
	pushl	$0
	.endif
	pushl	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
	pusha
	movl	%esp, %eax
	pushl	%eax
	call	trap
	addl	$4, %esp
	popa
	addl	$8, %esp
	/*
	 * Not iret, which KVM's emulator lacks in protected mode: move flags
	 * and eip over cs (always ours) and leave by popf and ret.
	 */
	pushl	%eax			/* eax eip cs eflags */
	movl	12(%esp), %eax
	movl	%eax, 8(%esp)
	movl	4(%esp), %eax
	movl	%eax, 12(%esp)		/* eax eip eflags eip */
	popl	%eax
	leal	4(%esp), %esp
	popf
	ret

	.section .rodata
	.balign	8
	.globl	gdt
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: flat code, accessed */
	.quad	0x00cf93000000ffff	/* 0x10: flat data, accessed */
gdt_descriptor:
	.word	gdt_descriptor - gdt - 1
	.long	gdt

	.bss
	.balign	16
	.skip	65536
stack_top:

	.section .note.GNU-stack, "", @progbits
