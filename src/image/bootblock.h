/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NetBSD's boot blocks of x86, as gpt(8) biosboot and installboot(8) place
 * them.  What a BIOS starts finds the next by:
 *
 *	LBA 0, bytes 0..439	gptmbr.bin: the GPT's partition with the attribute
 *				"legacy BIOS bootable" (bit 2)
 *	its first 8 KiB		bootxx_ffsv1, v2: the file system's own files, by name
 *	  sector 0		  loads the others
 *	  sector 1		  the disklabel's place, zeros
 *	  sectors 2..14		  magic at byte 4, then struct x86_boot_params
 *	/boot			the loader, which reads /boot.cfg and the kernel
 *
 * So there are no block lists: an image whose files move is still bootable.
 * (sys/arch/i386/stand/{mbr,bootxx}, sys/bootblock.h.)
 */
#ifndef SMOL_IMAGE_BOOTBLOCK_H
#define SMOL_IMAGE_BOOTBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BOOTBLOCK_MBR_BYTES 440 /* MBR_DSN_OFFSET */
#define BOOTBLOCK_STAGE1_MAX 8192 /* what FFSv1 has before its superblock */
#define BOOTBLOCK_AREA 65536 /* and FFSv2 */

struct boot_params {
	uint32_t consdev; /* X86_BP_CONSDEV_*: 0 pc, 1 com0, ... */
	uint32_t speed; /* 0: as it is */
	uint32_t timeout_s; /* before /boot.cfg is read */
};

struct boot_blocks {
	bool present;
	uint8_t mbr[BOOTBLOCK_MBR_BYTES];
	uint8_t area[BOOTBLOCK_AREA]; /* before the superblock */
};

/*
 * Checked as NetBSD's tools check them, and the parameters filled in.  name is
 * the file's, for messages.
 */
int bootblock_mbr(struct boot_blocks *, const char *name, const void *code, size_t len, struct err *);
int bootblock_stage1(
    struct boot_blocks *, const char *name, const void *code, size_t len, const struct boot_params *, struct err *);
/* Whether this is a loader that stage 1 takes. */
int bootblock_loader_check(const char *name, const void *loader, size_t len, struct err *);

#endif
