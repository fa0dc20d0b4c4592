/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF files as a linker would write their headers, for tests: one PT_LOAD of
 * the whole at LOAD_ADDR, PT_INTERP and PT_DYNAMIC where they are asked for.
 */
#ifndef SMOL_TEST_ELF_FILE_H
#define SMOL_TEST_ELF_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/endian.h"
#include "minimise/elf.h"

#define ELF_FILE_MAX 4096
#define LOAD_ADDR 0x10000

struct elf_file {
	bool is32, big;
	uint16_t machine; /* 0: ELF_X86_64 */
	const char *interp, *soname, *rpath, *runpath;
	const char *needed[8];
};

struct elf_writer {
	const struct elf_file *f;
	uint8_t *p;
	size_t strings, string_end, dynamic, end;
};

/* A word of the class at p; how many bytes. */
static inline size_t
elf_word(const struct elf_writer *w, size_t at, uint64_t v)
{
	if (w->f->is32)
		put_u32(w->p + at, (uint32_t)v, w->f->big);
	else
		put_u64(w->p + at, v, w->f->big);
	return w->f->is32 ? 4 : 8;
}

static inline uint64_t
elf_string(struct elf_writer *w, const char *s)
{
	uint64_t at = w->string_end - w->strings;

	memcpy(w->p + w->string_end, s, strlen(s) + 1);
	w->string_end += strlen(s) + 1;
	return at;
}

static inline void
elf_tag(struct elf_writer *w, uint64_t tag, uint64_t value)
{
	w->end += elf_word(w, w->end, tag);
	w->end += elf_word(w, w->end, value);
}

static inline void
elf_phdr(struct elf_writer *w, unsigned i, uint32_t type, uint64_t off, uint64_t size)
{
	size_t p = w->f->is32 ? 52 + 32u * i : 64 + 56u * i;

	put_u32(w->p + p, type, w->f->big);
	(void)elf_word(w, p + (w->f->is32 ? 4 : 8), off);
	(void)elf_word(w, p + (w->f->is32 ? 8 : 16), LOAD_ADDR + off);
	(void)elf_word(w, p + (w->f->is32 ? 16 : 32), size);
}

static inline void
elf_ehdr(struct elf_writer *w, uint16_t nsegments)
{
	bool is32 = w->f->is32, big = w->f->big;

	memcpy(w->p, "\177ELF", 4);
	w->p[4] = is32 ? 1 : 2;
	w->p[5] = big ? 2 : 1;
	w->p[6] = 1;
	put_u16(w->p + 16, 3, big);
	put_u16(w->p + 18, w->f->machine == 0 ? ELF_X86_64 : w->f->machine, big);
	(void)elf_word(w, is32 ? 28 : 32, is32 ? 52 : 64);
	put_u16(w->p + (is32 ? 42 : 54), is32 ? 32 : 56, big);
	put_u16(w->p + (is32 ? 44 : 56), nsegments, big);
}

/* Into buf of ELF_FILE_MAX bytes; how many it is. */
static inline size_t
elf_file_make(const struct elf_file *f, uint8_t *buf)
{
	struct elf_writer w = { .f = f, .p = buf, .strings = 512, .string_end = 513, .dynamic = 2048, .end = 2048 };
	uint64_t interp;
	unsigned n = 0, i;

	memset(buf, 0, ELF_FILE_MAX);
	for (i = 0; i < 8 && f->needed[i] != NULL; i++)
		elf_tag(&w, 1, elf_string(&w, f->needed[i]));
	if (f->soname != NULL)
		elf_tag(&w, 14, elf_string(&w, f->soname));
	if (f->rpath != NULL)
		elf_tag(&w, 15, elf_string(&w, f->rpath));
	if (f->runpath != NULL)
		elf_tag(&w, 29, elf_string(&w, f->runpath));
	elf_phdr(&w, n++, 1, 0, ELF_FILE_MAX);
	if (f->interp != NULL) {
		interp = elf_string(&w, f->interp);
		elf_phdr(&w, n++, 3, w.strings + interp, strlen(f->interp) + 1);
	}
	elf_tag(&w, 5, LOAD_ADDR + w.strings);
	elf_tag(&w, 10, w.string_end - w.strings);
	elf_tag(&w, 0, 0);
	elf_phdr(&w, n++, 2, w.dynamic, w.end - w.dynamic);
	elf_ehdr(&w, (uint16_t)n);
	return ELF_FILE_MAX;
}

#endif
