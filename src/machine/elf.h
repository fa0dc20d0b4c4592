/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A little-endian ELF file of either class, in memory (System V gABI, chapters
 * 4 and 5): its sections, segments, symbols, and the bytes at an address.  The
 * file is not trusted: nothing outside of it is read, and what contradicts
 * itself is as if it were not there.
 */
#ifndef SMOL_MACHINE_ELF_H
#define SMOL_MACHINE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	ELF_386 = 3,
	ELF_X86_64 = 62,
	ELF_AARCH64 = 183,
	ELF_SEGMENT_LOAD = 1,
	ELF_SEGMENT_NOTE = 4,
	ELF_SECTION_SYMTAB = 2,
	ELF_SECTION_STRTAB = 3,
	ELF_SECTION_NOTE = 7,
	ELF_SECTION_NOBITS = 8,
	ELF_LOADS_MAX = 16, /* real kernels have three to five */
};

/* A section or a segment; its bytes lie in the file (of a section without any, bytes is 0). */
struct elf_part {
	uint32_t type, link;
	uint64_t offset, bytes, addr, align;
	uint64_t memory; /* bytes it takes when it is loaded */
	bool write, exec; /* of a segment */
};

struct elf {
	const uint8_t *p;
	uint64_t len;
	bool is64;
	uint16_t machine;
	uint64_t entry;
	uint64_t phoff, shoff;
	uint16_t phentsize, phnum, shentsize, shnum; /* counts are 0 if the headers do not lie in the file */
	struct elf_part loads[ELF_LOADS_MAX];
	unsigned nloads;
	uint64_t symtab, nsymbols, strtab, strtab_bytes; /* the first SYMTAB's; none: 0 */
};

static inline bool
elf_is(const void *p, size_t len)
{
	static const uint8_t magic[] = { 0x7f, 'E', 'L', 'F' };

	return len >= 16 && __builtin_memcmp(p, magic, sizeof(magic)) == 0;
}

/* p must be one by elf_is(), and outlive it.  Fails on another class or byte order, and a header that is cut off. */
int elf_open(struct elf *, const void *p, size_t len, struct err *);

/* False: it does not lie in the file. */
bool elf_section(const struct elf *, unsigned i, struct elf_part *);
bool elf_segment(const struct elf *, unsigned i, struct elf_part *);

/* The value and size of the symbol; false: there is none of that name. */
bool elf_symbol(const struct elf *, const char *name, uint64_t *value, uint64_t *bytes);

/* Where in the file n bytes lie that are loaded at that address; false: nowhere. */
bool elf_find(const struct elf *, uint64_t addr, uint64_t n, uint64_t *offset);
/* The NUL-terminated string there, of at most max characters; NULL: there is none. */
const char *elf_string(const struct elf *, uint64_t addr, size_t max);

/* A pointer of the program's, at an offset that lies in the file. */
uint64_t elf_pointer(const struct elf *, uint64_t offset);

#endif
