/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of devices of a kernel, on ELF files made here: both classes, the
 * state before and since NetBSD 10; disabled; damaged at every byte.
 */
#include "machine/cfdata.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "machine/elf.h"
#include "test.h"

/* ELF header, 1 program header for the whole file, 3 section headers, strings, symbols, parents, entries. */
struct file {
	bool is64, old;
	uint8_t p[2048];
	size_t strings; /* end of them */
	unsigned entries;
};

enum { PH = 64, SH = 128, STRINGS = 384, SYMTAB = 896, PARENTS = 1024, TABLE = 1280, BASE = 0x100000 };

static void
word(struct file *f, size_t at32, size_t at64, uint64_t v)
{
	if (f->is64)
		put_le64(f->p + at64, v);
	else
		put_le32(f->p + at32, (uint32_t)v);
}

static uint64_t
string(struct file *f, const char *s)
{
	uint64_t at = f->strings;

	memcpy(f->p + at, s, strlen(s) + 1);
	f->strings += strlen(s) + 1;
	return BASE + at;
}

static void
section(struct file *f, unsigned i, uint32_t type, size_t off, size_t len, uint32_t link)
{
	size_t sh = SH + i * (f->is64 ? 64 : 40);

	put_le32(f->p + sh + 4, type);
	word(f, sh + 16, sh + 24, off);
	word(f, sh + 20, sh + 32, len);
	put_le32(f->p + sh + (f->is64 ? 40 : 24), link);
}

static void
entry(struct file *f, const char *name, const char *attach, unsigned unit, unsigned state, const char *iattr,
    const char *parent, int parent_unit)
{
	size_t w = f->is64 ? 8 : 4, at = TABLE + f->entries * (f->is64 ? 48 : 24), pspec = PARENTS + f->entries * 24;

	word(f, at, at, string(f, name));
	word(f, at + w, at + w, string(f, attach));
	put_le16(f->p + at + 2 * w, (uint16_t)unit);
	f->p[at + 2 * w + (f->old ? 2 : 3)] = (uint8_t)state;
	f->entries++;
	if (iattr == NULL)
		return;
	word(f, at + 20, at + 40, BASE + pspec);
	word(f, pspec, pspec, string(f, iattr));
	if (parent != NULL)
		word(f, pspec + w, pspec + w, string(f, parent));
	put_le32(f->p + pspec + 2 * w, (uint32_t)parent_unit);
}

static struct file
make(bool is64, bool old)
{
	struct file f = { .is64 = is64, .old = old, .strings = STRINGS + 1 };
	size_t sym = SYMTAB + (is64 ? 24 : 16);

	memcpy(f.p,
	    "\x7f"
	    "ELF",
	    4);
	f.p[4] = is64 ? 2 : 1;
	f.p[5] = f.p[6] = 1;
	put_le16(f.p + 18, is64 ? ELF_X86_64 : ELF_386);
	word(&f, 28, 32, PH);
	put_le16(f.p + (is64 ? 54 : 42), is64 ? 56 : 32);
	put_le16(f.p + (is64 ? 56 : 44), 1);
	put_le32(f.p + PH, ELF_SEGMENT_LOAD);
	word(&f, PH + 8, PH + 16, BASE);
	word(&f, PH + 16, PH + 32, sizeof(f.p));
	word(&f, PH + 20, PH + 40, sizeof(f.p));
	word(&f, 32, 40, SH);
	put_le16(f.p + (is64 ? 58 : 46), is64 ? 64 : 40);
	put_le16(f.p + (is64 ? 60 : 48), 3);
	section(&f, 1, ELF_SECTION_SYMTAB, SYMTAB, is64 ? 48 : 32, 2);
	section(&f, 2, ELF_SECTION_STRTAB, STRINGS, 16, 0);
	(void)string(&f, "cfdata");
	put_le32(f.p + sym, 1);
	word(&f, sym + 4, sym + 8, BASE + TABLE);
	entry(&f, "mainbus", "mainbus", 0, CFDATA_NOTFOUND, NULL, NULL, 0);
	entry(&f, "com", "com_isa", 1, CFDATA_NOTFOUND, "isa", "isa", -1);
	entry(&f, "ld", "ld_virtio", 0, CFDATA_STAR, "virtio", NULL, -1);
	entry(&f, "wd", "wd", 0, CFDATA_STAR, "ata_hl", "atabus", 3);
	entry(&f, "lpt", "lpt_isa", 0, CFDATA_DNOTFOUND, "isa", "isa", 0);
	return f;
}

static void
lines(const struct cfdata *c, char out[512])
{
	char name[CFDATA_TEXT_MAX], parent[CFDATA_TEXT_MAX];
	size_t i;

	*out = '\0';
	for (i = 0; i < c->n; i++) {
		(void)snprintf(out + strlen(out), 512 - strlen(out), "%s at %s (%s)%s; ",
		    cfdata_name(&c->entries[i], name), cfdata_parent(&c->entries[i], parent), c->entries[i].attach,
		    cfdata_disabled(&c->entries[i]) ? " disabled" : "");
	}
}

static void
read_back(void)
{
	struct err err = { 0 };
	struct cfdata c;
	char text[512];
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct file f = make((i & 1) != 0, (i & 2) != 0);

		CHECK(cfdata_read(&c, f.p, sizeof(f.p), &err) == 0);
		lines(&c, text);
		CHECK_STR(text, "mainbus0 at root (mainbus); com1 at isa? (com_isa); ld* at virtio? (ld_virtio); wd* "
				"at atabus3 (wd); "
				"lpt0 at isa0 (lpt_isa) disabled; ");
		cfdata_release(&c);
	}
}

static void
disabling(void)
{
	static const struct {
		struct cfdata_choice choice;
		size_t count;
		const char *states;
	} cases[] = {
		{ { .list = "wd" }, 1, "0 0 2 3 4 " },
		{ { .list = "wd,com lpt" }, 2, "0 4 2 3 4 " },
		{ { .list = "mainbus, ld", .keep = true }, 2, "0 4 2 3 4 " },
		{ { .list = cfdata_keep_default, .keep = true, .any = true }, 1, "0 0 2 3 4 " },
		{ { .list = "com", .keep = true }, 3, "4 0 3 3 4 " },
	};
	struct err err = { 0 };
	struct cfdata c;
	char states[32];
	struct cfdata_count n;
	size_t i, k;

	for (i = 0; i < nitems(cases) * 4; i++) {
		struct file f = make((i & 1) != 0, (i & 2) != 0);

		CHECK(cfdata_read(&c, f.p, sizeof(f.p), &err) == 0);
		CHECK(cfdata_disable(&c, f.p, &cases[i / 4].choice, &n, &err) == 0);
		CHECK(n.disabled == cases[i / 4].count);
		cfdata_release(&c);
		/* As another reader sees it. */
		CHECK(cfdata_read(&c, f.p, sizeof(f.p), &err) == 0);
		*states = '\0';
		for (k = 0; k < c.n; k++)
			(void)snprintf(states + strlen(states), sizeof(states) - strlen(states), "%u ",
			    (unsigned)c.entries[k].state);
		CHECK_STR(states, cases[i / 4].states);
		cfdata_release(&c);
	}
}

static void
refused(const struct file *f, size_t len, const char *want)
{
	struct err err = { 0 };
	struct cfdata c;

	CHECK(cfdata_read(&c, f->p, len, &err) < 0);
	CHECK_STR(err.msg, want);
	CHECK(c.entries == NULL && c.n == 0);
}

static void
errors(void)
{
	struct cfdata_choice choice = { .list = "ld wdd" };
	struct file f = make(true, false);
	struct err err = { 0 };
	struct cfdata c;
	struct cfdata_count n;

	CHECK(cfdata_read(&c, f.p, sizeof(f.p), &err) == 0);
	CHECK(cfdata_disable(&c, f.p, &choice, &n, &err) < 0 && n.disabled == 0);
	CHECK_STR(err.msg, "the kernel has no driver 'wdd'; 'smol kernel list' tells which it has");
	choice = (struct cfdata_choice){ .list = "lpt", .keep = true };
	CHECK(cfdata_disable(&c, f.p, &choice, &n, &err) < 0);
	CHECK_STR(err.msg, "it would be left without any device");
	cfdata_release(&c);

	f.p[STRINGS + 1] = 'x';
	refused(&f, sizeof(f.p), "it has no table of devices (no symbol cfdata): it is no NetBSD kernel");
	section(&f, 1, 1, SYMTAB, 48, 2);
	refused(&f, sizeof(f.p),
	    "it has no symbols, by which its table of devices is found; take one that is not stripped");
	f.p[0] = 0;
	refused(&f, sizeof(f.p), "it is not an ELF file, in which alone the table of devices is found");
	f = make(true, false);
	word(&f, 0, TABLE + 2 * 48, 1);
	refused(&f, sizeof(f.p),
	    "entry 2 of its table of devices has no name: it is damaged, or of a NetBSD that smol does not know");
	f = make(true, false);
	f.p[TABLE + 3 * 48 + 19] = 9;
	refused(&f, sizeof(f.p),
	    "entry 3 of its table of devices is in state 2304: it is damaged, or of a NetBSD that smol does not know");
	f = make(false, false);
	memset(f.p + TABLE + 5 * 24, 0x41, sizeof(f.p) - TABLE - 5 * 24);
	refused(&f, sizeof(f.p),
	    "entry 5 of its table of devices has no name: it is damaged, or of a NetBSD that smol does not know");
}

/* Every truncation and every byte turned over: no crash, no reading or writing outside. */
static void
damaged(void)
{
	struct cfdata_choice choice = { .list = "ld", .keep = true, .any = true };
	struct err err;
	struct cfdata c;
	struct cfdata_count n;
	size_t at;
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct file whole = make((i & 1) != 0, (i & 2) != 0);

		for (at = 16; at < sizeof(whole.p); at++) {
			struct file f = whole;
			uint8_t *copy = xmalloc(at);

			memcpy(copy, f.p, at);
			(void)cfdata_read(&c, copy, at, &err);
			cfdata_release(&c);
			free(copy);
			f.p[at] ^= 0xff;
			copy = xmalloc(sizeof(f.p));
			memcpy(copy, f.p, sizeof(f.p));
			if (cfdata_read(&c, copy, sizeof(f.p), &err) == 0)
				(void)cfdata_disable(&c, copy, &choice, &n, &err);
			cfdata_release(&c);
			free(copy);
		}
	}
}

TEST_MAIN({ "both classes, both layouts", read_back }, { "entries disabled", disabling }, { "errors", errors },
    { "damaged files", damaged })
