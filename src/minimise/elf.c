/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading ELF from the tree.  Every offset and count is the file's word and is
 * bounded; an address is turned into a place in the file by PT_LOAD.
 */
#include "minimise/elf.h"

#include <string.h>

#include "base/defs.h"
#include "base/endian.h"

enum {
	EHDR_MIN = 52, /* ELF32's; ELF64's has 64 bytes */
	EHDR_MAX = 64,
	PHDRS_MAX = 64,
	PHDR_MAX = 56,
	DYN_MAX = 4096, /* entries; real ones have 40 */
	STRING_MAX = 1024,
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_INTERP = 3,
	DT_NULL = 0,
	DT_NEEDED = 1,
	DT_STRTAB = 5,
	DT_STRSZ = 10,
	DT_SONAME = 14,
	DT_RPATH = 15,
	DT_RUNPATH = 29,
};

struct segment {
	uint32_t type;
	uint64_t offset, vaddr, filesz;
};

struct reader {
	const struct tree_inode *inode;
	struct arena *arena;
	struct elf *e;
	struct segment segments[PHDRS_MAX];
	size_t nsegments;
	uint64_t phoff;
	unsigned phentsize;
	uint64_t strtab, strsz; /* in the file */
	struct err *err;
};

/* A field that is 4 bytes wide in ELF32 and 8 in ELF64. */
static uint64_t
word(const struct elf *e, const uint8_t *p, size_t off32, size_t off64)
{
	return e->is64 ? get_u64(p + off64, e->big) : get_u32(p + off32, e->big);
}

static bool
within(const struct reader *r, uint64_t off, uint64_t n)
{
	return off <= r->inode->attr.size && n <= r->inode->attr.size - off;
}

static int
bad(struct reader *r, const char *why)
{
	r->e->bad = why;
	return 1;
}

/* --- headers --- */

static int
read_header(struct reader *r)
{
	uint64_t size = r->inode->attr.size;
	struct elf *e = r->e;
	uint8_t h[EHDR_MAX] = { 0 };

	*e = (struct elf){ 0 };
	if (size < EHDR_MIN)
		return 0;
	if (tree_pread(r->inode, h, (size_t)u64_min(size, sizeof(h)), 0, r->err) < 0)
		return -1;
	if (memcmp(h, "\177ELF", 4) != 0)
		return 0;
	if ((h[4] != 1 && h[4] != 2) || (h[5] != 1 && h[5] != 2))
		return bad(r, "its class or byte order is unknown");
	e->is64 = h[4] == 2;
	e->big = h[5] == 2;
	if (e->is64 && size < EHDR_MAX)
		return bad(r, "its header is cut short");
	e->type = get_u16(h + 16, e->big);
	e->machine = get_u16(h + 18, e->big);
	r->phoff = word(e, h, 28, 32);
	r->phentsize = get_u16(h + (e->is64 ? 54 : 42), e->big);
	r->nsegments = get_u16(h + (e->is64 ? 56 : 44), e->big);
	return 1;
}

static int
read_segments(struct reader *r)
{
	uint8_t buf[PHDRS_MAX * PHDR_MAX];
	size_t size = r->e->is64 ? 56 : 32, i;
	const uint8_t *p = buf;

	if (r->nsegments == 0)
		return 1;
	if (r->nsegments > PHDRS_MAX || r->phentsize != size || !within(r, r->phoff, r->nsegments * size)) {
		r->nsegments = 0;
		return bad(r, "its program headers are not where they should be");
	}
	if (tree_pread(r->inode, buf, r->nsegments * size, r->phoff, r->err) < 0)
		return -1;
	for (i = 0; i < r->nsegments; i++, p += size)
		r->segments[i] = (struct segment){
			.type = get_u32(p, r->e->big),
			.offset = word(r->e, p, 4, 8),
			.vaddr = word(r->e, p, 8, 16),
			.filesz = word(r->e, p, 16, 32),
		};
	return 1;
}

static const struct segment *
find_segment(const struct reader *r, uint32_t type)
{
	size_t i;

	for (i = 0; i < r->nsegments; i++)
		if (r->segments[i].type == type)
			return &r->segments[i];
	return NULL;
}

/* --- strings --- */

/* The string at an offset of the file, at most max bytes long. */
static int
read_string(struct reader *r, uint64_t off, uint64_t max, const char **s)
{
	char buf[STRING_MAX];
	size_t n;

	if (!within(r, off, 1) || max == 0)
		return bad(r, "a name of it lies outside of the file");
	n = (size_t)u64_min(u64_min(max, sizeof(buf)), r->inode->attr.size - off);
	if (tree_pread(r->inode, buf, n, off, r->err) < 0)
		return -1;
	if (memchr(buf, '\0', n) == NULL)
		return bad(r, "a name of it has no end");
	*s = arena_strdup(r->arena, buf);
	return 1;
}

static int
table_string(struct reader *r, uint64_t index, const char **s)
{
	if (index >= r->strsz)
		return bad(r, "a name of it lies outside of its string table");
	return read_string(r, r->strtab + index, r->strsz - index, s);
}

/* --- the dynamic segment --- */

struct dynamic {
	const uint8_t *p;
	size_t n, width; /* entries, and bytes of a word */
};

static uint64_t
dyn_tag(const struct reader *r, const struct dynamic *d, size_t i)
{
	return word(r->e, d->p + i * 2 * d->width, 0, 0);
}

static uint64_t
dyn_value(const struct reader *r, const struct dynamic *d, size_t i)
{
	return word(r->e, d->p + i * 2 * d->width + d->width, 0, 0);
}

/* Where the loaded address lies in the file. */
static bool
file_offset(const struct reader *r, uint64_t addr, uint64_t *off)
{
	const struct segment *s;
	size_t i;

	for (i = 0; i < r->nsegments; i++) {
		s = &r->segments[i];
		if (s->type != PT_LOAD || addr < s->vaddr || addr - s->vaddr >= s->filesz)
			continue;
		*off = s->offset + (addr - s->vaddr);
		return *off >= s->offset;
	}
	return false;
}

static int
find_strings(struct reader *r, const struct dynamic *d)
{
	uint64_t addr = 0;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (dyn_tag(r, d, i) == DT_STRTAB)
			addr = dyn_value(r, d, i);
		if (dyn_tag(r, d, i) == DT_STRSZ)
			r->strsz = dyn_value(r, d, i);
	}
	if (!file_offset(r, addr, &r->strtab) || !within(r, r->strtab, r->strsz)) {
		r->strsz = 0;
		return bad(r, "its string table is not where it should be");
	}
	return 1;
}

static int
take_entry(struct reader *r, uint64_t tag, uint64_t value, const char **needed)
{
	struct elf *e = r->e;

	switch (tag) {
	case DT_NEEDED:
		if (e->nneeded == ELF_NEEDED_MAX)
			return bad(r, "it asks for too many libraries");
		return table_string(r, value, &needed[e->nneeded]) < 0 ? -1 : (e->nneeded += e->bad == NULL, 1);
	case DT_SONAME:
		return table_string(r, value, &e->soname);
	case DT_RPATH:
		return table_string(r, value, &e->rpath);
	case DT_RUNPATH:
		return table_string(r, value, &e->runpath);
	default:
		return 1;
	}
}

static int
take_entries(struct reader *r, const struct dynamic *d)
{
	const char **needed;
	size_t i, count = 0;
	int rv = 1;

	for (i = 0; i < d->n; i++)
		count += dyn_tag(r, d, i) == DT_NEEDED;
	needed = arena_calloc(r->arena, u64_min(count, ELF_NEEDED_MAX) + 1, sizeof(*needed));
	r->e->needed = needed;
	for (i = 0; i < d->n && rv > 0 && r->e->bad == NULL; i++)
		rv = take_entry(r, dyn_tag(r, d, i), dyn_value(r, d, i), needed);
	return rv;
}

static int
read_dynamic(struct reader *r, const struct segment *s)
{
	struct dynamic d = { .width = r->e->is64 ? 8 : 4 };
	size_t bytes = (size_t)u64_min(s->filesz, 2 * d.width * DYN_MAX), i;
	cleanup_free uint8_t *buf = NULL;

	if (!within(r, s->offset, bytes))
		return bad(r, "its dynamic segment lies outside of the file");
	buf = xmalloc(bytes + 1);
	if (tree_pread(r->inode, buf, bytes, s->offset, r->err) < 0)
		return -1;
	d.p = buf;
	d.n = bytes / (2 * d.width);
	for (i = 0; i < d.n && dyn_tag(r, &d, i) != DT_NULL; i++)
		continue;
	d.n = i;
	if (find_strings(r, &d) < 0)
		return -1;
	return r->e->bad != NULL ? 1 : take_entries(r, &d);
}

/* --- all of it --- */

int
elf_read(const struct tree_inode *inode, struct arena *arena, struct elf *e, struct err *err)
{
	struct reader r = { .inode = inode, .arena = arena, .e = e, .err = err };
	const struct segment *s;
	int rv = read_header(&r);

	if (rv <= 0 || e->bad != NULL)
		return rv;
	rv = read_segments(&r);
	if (rv > 0 && (s = find_segment(&r, PT_INTERP)) != NULL)
		rv = read_string(&r, s->offset, s->filesz, &e->interp);
	if (rv > 0 && e->bad == NULL && (s = find_segment(&r, PT_DYNAMIC)) != NULL)
		rv = read_dynamic(&r, s);
	return rv;
}

int
elf_read_header(const struct tree_inode *inode, struct elf *e, struct err *err)
{
	struct reader r = { .inode = inode, .e = e, .err = err };

	return read_header(&r);
}
