/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF through bounded accessors.  The work is bounded too: a file may have
 * 65,535 headers that all name the same megabytes, so the segments that are
 * loaded are kept, at most ELF_LOADS_MAX of them, and there is one table of
 * symbols, as the gABI has it.
 */
#include "machine/elf.h"

#include <string.h>

#include "base/endian.h"

enum {
	EI_CLASS = 4,
	EI_DATA = 5,
	ELFCLASS32 = 1,
	ELFCLASS64 = 2,
	ELFDATA2LSB = 1,
	PF_X = 1,
	PF_W = 2,
};

/* True if [off, off + n) lies in the file. */
static bool
within(const struct elf *e, uint64_t off, uint64_t n)
{
	return off <= e->len && n <= e->len - off;
}

/* A field that is 4 bytes wide in ELF32 and 8 in ELF64. */
static uint64_t
word(const struct elf *e, uint64_t off32, uint64_t off64)
{
	return e->is64 ? get_le64(e->p + off64) : get_le32(e->p + off32);
}

bool
elf_section(const struct elf *e, unsigned i, struct elf_part *s)
{
	uint64_t sh = e->shoff + (uint64_t)i * e->shentsize;

	if (i >= e->shnum)
		return false;
	*s = (struct elf_part){
		.type = get_le32(e->p + sh + 4),
		.addr = word(e, sh + 12, sh + 16),
		.offset = word(e, sh + 16, sh + 24),
		.memory = word(e, sh + 20, sh + 32),
		.link = get_le32(e->p + sh + (e->is64 ? 40 : 24)),
		.align = word(e, sh + 32, sh + 48),
	};
	s->bytes = s->type == ELF_SECTION_NOBITS ? 0 : s->memory;
	return s->type == ELF_SECTION_NOBITS || within(e, s->offset, s->bytes);
}

bool
elf_segment(const struct elf *e, unsigned i, struct elf_part *s)
{
	uint64_t ph = e->phoff + (uint64_t)i * e->phentsize;
	uint32_t flags;

	if (i >= e->phnum)
		return false;
	flags = get_le32(e->p + ph + (e->is64 ? 4 : 24));
	*s = (struct elf_part){
		.type = get_le32(e->p + ph),
		.offset = word(e, ph + 4, ph + 8),
		.addr = word(e, ph + 8, ph + 16),
		.bytes = word(e, ph + 16, ph + 32),
		.memory = word(e, ph + 20, ph + 40),
		.align = word(e, ph + 28, ph + 48),
		.write = (flags & PF_W) != 0,
		.exec = (flags & PF_X) != 0,
	};
	return within(e, s->offset, s->bytes);
}

static void
find_loads(struct elf *e)
{
	struct elf_part s;
	unsigned i;

	for (i = 0; i < e->phnum && e->nloads < ELF_LOADS_MAX; i++)
		if (elf_segment(e, i, &s) && s.type == ELF_SEGMENT_LOAD)
			e->loads[e->nloads++] = s;
}

static void
find_symbols(struct elf *e)
{
	struct elf_part s, strings;
	unsigned i;

	for (i = 0; i < e->shnum; i++) {
		if (!elf_section(e, i, &s) || s.type != ELF_SECTION_SYMTAB)
			continue;
		if (s.link >= e->shnum || !elf_section(e, s.link, &strings))
			return;
		e->symtab = s.offset;
		e->nsymbols = s.bytes / (e->is64 ? 24 : 16);
		e->strtab = strings.offset;
		e->strtab_bytes = strings.bytes;
		return;
	}
}

int
elf_open(struct elf *e, const void *data, size_t len, struct err *err)
{
	const uint8_t *p = data;

	*e = (struct elf){ .p = p, .len = len, .is64 = p[EI_CLASS] == ELFCLASS64 };
	if (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)
		return err_set(err, "its ELF class is %u, neither 32 nor 64 bits", p[EI_CLASS]);
	if (p[EI_DATA] != ELFDATA2LSB)
		return err_set(err, "it is a big-endian ELF file, for no machine that smol knows");
	if (len < (e->is64 ? 64u : 52u))
		return err_set(err, "its ELF header is cut off");
	e->machine = get_le16(p + 18);
	e->entry = word(e, 24, 24);
	e->phoff = word(e, 28, 32);
	e->shoff = word(e, 32, 40);
	e->phentsize = get_le16(p + (e->is64 ? 54 : 42));
	e->phnum = get_le16(p + (e->is64 ? 56 : 44));
	e->shentsize = get_le16(p + (e->is64 ? 58 : 46));
	e->shnum = get_le16(p + (e->is64 ? 60 : 48));
	if (e->phentsize < (e->is64 ? 56 : 32) || !within(e, e->phoff, (uint64_t)e->phentsize * e->phnum))
		e->phnum = 0;
	if (e->shentsize < (e->is64 ? 64 : 40) || !within(e, e->shoff, (uint64_t)e->shentsize * e->shnum))
		e->shnum = 0;
	find_loads(e);
	find_symbols(e);
	return 0;
}

bool
elf_symbol(const struct elf *e, const char *name, uint64_t *value, uint64_t *bytes)
{
	uint64_t size = e->is64 ? 24 : 16, namelen = strlen(name) + 1, i, sym;
	uint32_t at;

	for (i = 0; i < e->nsymbols; i++) {
		sym = e->symtab + i * size;
		at = get_le32(e->p + sym);
		if (at >= e->strtab_bytes || namelen > e->strtab_bytes - at ||
		    memcmp(e->p + e->strtab + at, name, (size_t)namelen) != 0)
			continue;
		*value = word(e, sym + 4, sym + 8);
		*bytes = word(e, sym + 8, sym + 16);
		return true;
	}
	return false;
}

bool
elf_find(const struct elf *e, uint64_t addr, uint64_t n, uint64_t *offset)
{
	const struct elf_part *s;
	unsigned i;

	for (i = 0; i < e->nloads; i++) {
		s = &e->loads[i];
		if (addr < s->addr || addr - s->addr > s->bytes || n > s->bytes - (addr - s->addr))
			continue;
		*offset = s->offset + (addr - s->addr);
		return true;
	}
	return false;
}

const char *
elf_string(const struct elf *e, uint64_t addr, size_t max)
{
	uint64_t off;
	size_t i;

	for (i = 0; i <= max; i++) {
		if (!elf_find(e, addr, i + 1, &off))
			return NULL;
		if (e->p[off + i] == '\0')
			return (const char *)e->p + off;
	}
	return NULL;
}

uint64_t
elf_pointer(const struct elf *e, uint64_t offset)
{
	return word(e, offset, offset);
}
