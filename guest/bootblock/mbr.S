/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stand-in for NetBSD's gptmbr.bin, for tests without NetBSD: 440 bytes that a
 * BIOS starts at 0:7c00 with the drive in %dl.  Of the GPT's partition with
 * the attribute "legacy BIOS bootable" the first sector is started at 0:7c00
 * by the protocol of a hybrid MBR (T13 EDD-4, annex A): %eax is "!GPT", %ds:%si
 * leads to 20 bytes, after which the partition's GPT entry follows.
 * What it does goes to the first serial line.
 */
#define COM1 0x3f8
#define HEADER 0x8000
#define TABLE 0x8200
#define HANDOVER 0x0a00

	.code16
	.section .head, "ax"
	.globl start
start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	sti
	cld
	movw	%sp, %si
	movw	$start, %di
	movw	$256, %cx
	rep movsw
	ljmpw	$0, $moved
moved:
	movb	%dl, drive
	movw	$banner, %si
	call	print

	movl	$1, %eax		/* the header, then its entries */
	movw	$HEADER, %bx
	movw	$1, %cx
	call	read
	movw	$no_gpt, %si
	cmpl	$0x20494645, HEADER	/* "EFI " */
	jne	fail
	movl	HEADER + 72, %eax
	movw	$TABLE, %bx
	movw	$32, %cx
	call	read

	movw	$TABLE, %di
	movw	$128, %cx
1:	cmpl	$0, (%di)
	je	2f
	testb	$4, 48(%di)
	jnz	found
2:	addw	$128, %di
	loop	1b
	movw	$no_part, %si
	jmp	fail

found:
	movl	32(%di), %eax
	movw	$0x7c00, %bx
	movw	$1, %cx
	call	read
	movw	$no_code, %si
	cmpw	$0xaa55, 0x7dfe
	jne	fail
	movw	%di, %si
	movw	$HANDOVER + 20, %di
	movw	$64, %cx
	rep movsw
	movw	$HANDOVER, %si
	movb	drive, %dl
	movl	$0x54504721, %eax
	ljmpw	$0, $0x7c00

/* %cx sectors from sector %eax to 0:%bx; fails here. */
read:
	pushaw
	movl	%eax, packet + 8
	movw	%bx, packet + 4
	movw	%cx, packet + 2
	movw	$packet, %si
	movb	drive, %dl
	movb	$0x42, %ah
	int	$0x13
	popaw
	movw	$no_read, %si
	jc	fail
	ret

fail:
	call	print
1:	hlt
	jmp	1b

print:
	movw	$COM1 + 5, %dx
1:	inb	%dx, %al
	testb	$0x20, %al
	jz	1b
	lodsb
	testb	%al, %al
	jz	2f
	movw	$COM1, %dx
	outb	%al, %dx
	jmp	print
2:	ret

banner:	.asciz	"smol mbr\r\n"
no_gpt:	.asciz	"mbr: no GPT\r\n"
no_part: .asciz	"mbr: no partition to boot\r\n"
no_code: .asciz	"mbr: no boot block\r\n"
no_read: .asciz	"mbr: cannot read\r\n"

	.balign	4
packet:	.byte	16, 0
	.word	0, 0, 0
	.quad	0
drive:	.byte	0
