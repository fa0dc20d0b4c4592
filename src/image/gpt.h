/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GUID partition table (UEFI 2.10, chapter 5), the one place that knows its
 * format: read with every CRC checked, from the backup if the primary copy is
 * damaged; written whole, with the protective MBR.  Sectors are 512 bytes.
 *
 *	head, GPT_HEAD_BYTES          protective MBR, header, 128 entries
 *	tail, GPT_TAIL_BYTES          128 entries, header: the last sectors
 */
#ifndef SMOL_IMAGE_GPT_H
#define SMOL_IMAGE_GPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GPT_SECTOR 512
#define GPT_ENTRIES 128
#define GPT_ENTRY_BYTES 128
#define GPT_TABLE_BYTES (GPT_ENTRIES * GPT_ENTRY_BYTES)
#define GPT_HEAD_BYTES (2 * GPT_SECTOR + GPT_TABLE_BYTES)
#define GPT_TAIL_BYTES (GPT_TABLE_BYTES + GPT_SECTOR)

#define GPT_LABEL_UNITS 36 /* UTF-16 code units */
#define GPT_LABEL_MAX (GPT_LABEL_UNITS * 3 + 1) /* the same in UTF-8, NUL included */
#define GPT_GUID_TEXT 37

#define GPT_ATTR_BOOTME (UINT64_C(1) << 59) /* NetBSD: the loader takes this one */
#define GPT_ATTR_BIOS_BOOT (UINT64_C(1) << 2) /* "legacy BIOS bootable": the code in the MBR takes this one */

/* GUIDs as they lie on disk: the first three fields little-endian. */
extern const uint8_t gpt_type_netbsd_ffs[16];
extern const uint8_t gpt_type_freebsd_ufs[16];
extern const uint8_t gpt_type_linux[16];

struct gpt_entry {
	uint8_t type[16], unique[16];
	uint64_t first_lba, last_lba; /* last one included */
	uint64_t attributes;
	char label[GPT_LABEL_MAX]; /* UTF-8 */
};

struct gpt {
	uint8_t disk_guid[16];
	uint64_t first_usable, last_usable;
	struct gpt_entry *entries; /* those in use; gpt_release() frees */
	uint32_t nentries;
	bool from_backup;
	char damage[160]; /* with from_backup: what is wrong with the primary */
};

/*
 * 1: read.  0: there is no GPT.  -1: there is one, but neither copy of it can
 * be used.  bytes is the size of the file; partitions are not held against it
 * (a truncated image is the caller's to name).
 */
int gpt_read(struct gpt *, int fd, uint64_t bytes, struct err *);
void gpt_release(struct gpt *);

/* A disk of one partition, for writing. */
struct gpt_disk {
	uint64_t bytes; /* of the whole image, a multiple of GPT_SECTOR */
	uint8_t guid[16];
	struct gpt_entry part;
};

/* Fail if the partition does not lie between head and tail, or the label is not UTF-8 of at most 36 units. */
int gpt_encode_head(const struct gpt_disk *, uint8_t head[GPT_HEAD_BYTES], struct err *);
int gpt_encode_tail(const struct gpt_disk *, uint8_t tail[GPT_TAIL_BYTES], struct err *);

/* A GUID out of 16 derived bytes: version 8 (custom), RFC 9562 variant. */
void gpt_guid_derive(uint8_t guid[16], const uint8_t seed[16]);
/* "49F48D5A-B10E-11DC-B99B-0019D1879648"; returns text. */
char *gpt_guid_text(const uint8_t guid[16], char text[GPT_GUID_TEXT]);

uint32_t gpt_crc32(const void *data, size_t len);

/* UTF-8 to at most max UTF-16LE units and back; the number of units, or -1 (not UTF-8, or too long). */
int gpt_label_encode(const char *utf8, uint8_t *utf16, unsigned max);
void gpt_label_decode(const uint8_t *utf16, unsigned units, char label[GPT_LABEL_MAX]);

#endif
