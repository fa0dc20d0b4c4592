/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an ELF program or library asks its loader for (System V gABI, chapters
 * 4 and 5): of a file in the tree, 32 or 64 bits, either byte order.
 *
 *	PT_INTERP              the loader's own path
 *	PT_DYNAMIC  DT_NEEDED  names of libraries
 *	            DT_RPATH, DT_RUNPATH  where to look for them first
 *
 * Sections are not looked at: what runs has segments.
 */
#ifndef SMOL_MINIMISE_ELF_H
#define SMOL_MINIMISE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "tree/tree.h"

#define ELF_NEEDED_MAX 512

enum elf_machine {
	ELF_386 = 3,
	ELF_X86_64 = 62,
	ELF_AARCH64 = 183,
};

struct elf {
	bool is64, big;
	uint16_t type, machine;
	const char *interp, *soname, *rpath, *runpath; /* NULL: none */
	const char *const *needed; /* in the file's order */
	size_t nneeded;
	const char *bad; /* why it cannot be read on; NULL: it could */
};

/*
 * 1: it is ELF; strings are the arena's.  0: it is not.  -1: the file cannot
 * be read, and err says why.
 */
int elf_read(const struct tree_inode *, struct arena *, struct elf *, struct err *);

/* The same of the header alone: class, byte order, type and machine. */
int elf_read_header(const struct tree_inode *, struct elf *, struct err *);

#endif
