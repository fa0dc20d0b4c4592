/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stand-in for NetBSD's /boot: loaded to 1000:0 whole, and started there with
 * the drive in %dl, the partition's first sector in %ebx.
 */
#define MAGIC_2 0x7886b6d2

	.code16
	.section .head, "ax"
	.globl start
start:
	jmp	1f
	.balign	4
	.long	MAGIC_2
	.globl	disk_drive, disk_start
disk_drive: .long 0
disk_start: .long 0
1:	movw	%cs, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0xfff0, %esp
	cld
	movb	%dl, disk_drive
	movl	%ebx, disk_start
	calll	loader
2:	hlt
	jmp	2b
