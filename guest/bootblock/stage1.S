/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stand-in for NetBSD's bootxx_ffsv1 and bootxx_ffsv2: the first 15 sectors of
 * the partition.  Sector 0 loads the others behind itself, sector 1 is left to
 * a disklabel, sector 2 has the magic and the boot parameters where
 * installboot(8) looks for them, then comes stage1.c.
 * Started by mbr.S's protocol, at 0:7c00.
 */
#define MAGIC_1 0x7886b6d1

	.code16
	.section .head, "ax"
	.globl start
start:
	jmp	1f
	nop
	.ascii	"smolboot"
	. = start + 62			/* behind a BIOS parameter block */
1:	cmpl	$0x54504721, %eax	/* "!GPT" */
	jne	fail
	movl	20 + 32(%si), %ebx	/* the entry's first sector */
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
	cld
	movb	%dl, disk_drive
	movl	%ebx, disk_start
	incl	%ebx
	movl	%ebx, packet + 8
	movw	$packet, %si
	movb	$0x42, %ah
	int	$0x13
	jc	fail
	cmpl	$MAGIC_1, magic
	jne	fail
	jmp	stage1
fail:	hlt
	jmp	fail

	.balign	4
packet:	.byte	16, 0
	.word	14, 0x7e00, 0
	.quad	0
	.globl	disk_drive, disk_start
disk_drive: .long 0
disk_start: .long 0

	. = start + 510
	.word	0xaa55

	. = start + 1024
stage1:
	jmp	1f
	.balign	4
magic:	.long	MAGIC_1
	.globl	params
params:	.long	1f - params
	.long	0, 5, 0, 9600		/* flags, timeout, console, speed */
	.space	16 + 64 + 4
	. = stage1 + 0x80
1:	calll	load
	movzbl	disk_drive, %edx
	movl	disk_start, %ebx
	xorl	%ecx, %ecx
	movl	$params, %esi
	ljmpw	$0x1000, $0
