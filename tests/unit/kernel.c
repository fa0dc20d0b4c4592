/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel probe, on ELF files made here byte by byte: notes by program and
 * by section header, both classes, symbols; cut off, contradictory, and no ELF.
 */
#include "machine/kernel.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/endian.h"
#include "base/io.h"
#include "test.h"

/* An ELF file: header, 1 program header, 4 section headers, notes, symbols. */
struct file {
	bool is64;
	uint8_t p[1024];
	size_t len;
};

enum { PH = 64, SH = 128, NOTES = 512, SYMTAB = 640, STRTAB = 768, STRTAB_LEN = 64 };

static void
word(struct file *f, size_t at32, size_t at64, uint64_t v)
{
	if (f->is64)
		put_le64(f->p + at64, v);
	else
		put_le32(f->p + at32, (uint32_t)v);
}

static size_t
note(uint8_t *p, const char *name, uint32_t type, uint32_t desc)
{
	size_t namelen = strlen(name) + 1;

	put_le32(p, (uint32_t)namelen);
	put_le32(p + 4, 4);
	put_le32(p + 8, type);
	memcpy(p + 12, name, namelen);
	put_le32(p + 12 + roundup(namelen, 4), desc);
	return 12 + roundup(namelen, 4) + 4;
}

static void
section(struct file *f, unsigned i, uint32_t type, size_t off, size_t len, uint32_t link)
{
	size_t sh = SH + i * (f->is64 ? 64 : 40);

	put_le32(f->p + sh + 4, type);
	word(f, sh + 16, sh + 24, off);
	word(f, sh + 20, sh + 32, len);
	put_le32(f->p + sh + (f->is64 ? 40 : 24), link);
	word(f, sh + 32, sh + 48, 4);
}

/* by_section: the notes are found by a section header, else by a program header. */
static struct file
make(bool is64, bool by_section, const char *symbol)
{
	struct file f = { .is64 = is64, .len = sizeof(f.p) };
	size_t n;

	memcpy(f.p,
	    "\x7f"
	    "ELF",
	    4);
	f.p[4] = is64 ? 2 : 1;
	f.p[5] = f.p[6] = 1;
	put_le16(f.p + 18, is64 ? 62 : 3);
	word(&f, 24, 24, 0x200000);
	n = note(f.p + NOTES, "NetBSD", 1, 1099001200);
	n += note(f.p + NOTES + n, "Xen", 18, 0x20b000);
	if (by_section) {
		section(&f, 1, 7, NOTES, n, 0);
	} else {
		word(&f, 28, 32, PH);
		put_le16(f.p + (is64 ? 54 : 42), is64 ? 56 : 32);
		put_le16(f.p + (is64 ? 56 : 44), 1);
		put_le32(f.p + PH, 4);
		word(&f, PH + 4, PH + 8, NOTES);
		word(&f, PH + 16, PH + 32, n);
		word(&f, PH + 28, PH + 48, 4);
	}
	section(&f, 2, 2, SYMTAB, is64 ? 48 : 32, 3);
	section(&f, 3, 3, STRTAB, STRTAB_LEN, 0);
	word(&f, 32, 40, SH);
	put_le16(f.p + (is64 ? 58 : 46), is64 ? 64 : 40);
	put_le16(f.p + (is64 ? 60 : 48), 4);
	/* Symbol 1's name lies at 5. */
	put_le32(f.p + SYMTAB + (is64 ? 24 : 16), 5);
	memcpy(f.p + STRTAB + 5, symbol, strlen(symbol) + 1);
	return f;
}

static struct kernel
parse(const struct file *f)
{
	struct kernel k;
	struct err err;
	void *copy = xmalloc(f->len); /* exactly as long, for the sanitizer */

	memcpy(copy, f->p, f->len);
	CHECK(kernel_parse(copy, f->len, &k, &err) == 0);
	free(copy);
	return k;
}

static void
good(void)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		struct file f = make((i & 1) != 0, (i & 2) != 0, "viocon_earlyinit");
		struct kernel k = parse(&f);

		CHECK(k.kind == KERNEL_ELF && k.bits == (f.is64 ? 64 : 32) && k.entry == 0x200000);
		CHECK(k.machine == (f.is64 ? KERNEL_MACHINE_AMD64 : KERNEL_MACHINE_I386));
		CHECK(k.pvh && k.pvh_entry == 0x20b000);
		CHECK(k.netbsd && k.netbsd_version == 1099001200);
		CHECK(k.viocon);
	}
}

static void
symbols(void)
{
	static const char *const others[] = { "viocon_earlyini", "viocon_earlyinit2", "xviocon_earlyinit", "" };
	struct file f;
	size_t i;

	for (i = 0; i < nitems(others); i++) {
		f = make(true, true, others[i]);
		CHECK(!parse(&f).viocon);
	}
	/* The name runs to the table's very end, without its NUL. */
	f = make(true, true, "");
	memcpy(f.p + STRTAB + STRTAB_LEN - 16, "viocon_earlyinit", 16);
	put_le32(f.p + SYMTAB + 24, STRTAB_LEN - 16);
	CHECK(!parse(&f).viocon);
	/* A link to a section that is not there. */
	f = make(true, true, "viocon_earlyinit");
	section(&f, 2, 2, SYMTAB, 48, 4);
	CHECK(!parse(&f).viocon);
}

/* Every truncation and every byte turned over: no crash, no reading outside. */
static void
damaged(void)
{
	struct kernel k;
	struct err err;
	unsigned i;
	size_t at;

	for (i = 0; i < 4; i++) {
		struct file whole = make((i & 1) != 0, (i & 2) != 0, "viocon_earlyinit");

		for (at = 0; at < whole.len; at++) {
			struct file f = whole;
			void *copy = xmalloc(at + 1);

			memcpy(copy, f.p, at);
			(void)kernel_parse(copy, at, &k, &err);
			free(copy);
			f.p[at] ^= 0xff;
			copy = xmalloc(f.len);
			memcpy(copy, f.p, f.len);
			(void)kernel_parse(copy, f.len, &k, &err);
			free(copy);
		}
	}
}

static void
kinds(void)
{
	struct file f = { .len = sizeof(f.p) };

	CHECK(parse(&f).kind == KERNEL_UNKNOWN);
	memcpy(f.p, "\x1f\x8b", 2);
	CHECK(parse(&f).kind == KERNEL_COMPRESSED);
	CHECK_STR(parse(&f).compression, "gzip");
	memcpy(f.p, "MZ\0\0zimg", 8);
	CHECK_STR(parse(&f).compression, "zboot");
}

/* Linux Documentation/x86/boot: the version at 0x206, xloadflags at 0x236. */
static void
bzimage(void)
{
	struct file f = { .len = sizeof(f.p) };
	struct kernel k;

	memcpy(f.p + 0x202, "HdrS", 4);
	put_le16(f.p + 0x206, 0x20f);
	put_le16(f.p + 0x236, 0x3f);
	k = parse(&f);
	CHECK(k.kind == KERNEL_LINUX_X86 && k.machine == KERNEL_MACHINE_AMD64 && k.is_linux && !k.netbsd);
	put_le16(f.p + 0x236, 0x3e);
	CHECK(parse(&f).machine == KERNEL_MACHINE_I386);
	put_le16(f.p + 0x236, 0x3f);
	put_le16(f.p + 0x206, 0x20b);
	CHECK(parse(&f).machine == KERNEL_MACHINE_I386);
	f.len = 0x206;
	CHECK(parse(&f).kind == KERNEL_LINUX_X86 && parse(&f).machine == KERNEL_MACHINE_I386);
}

static void
image(void)
{
	struct file f = { .len = sizeof(f.p) };
	struct kernel k;
	size_t n;

	memcpy(f.p + 56, "ARM\x64", 4);
	k = parse(&f);
	CHECK(k.kind == KERNEL_IMAGE_ARM64 && k.machine == KERNEL_MACHINE_AARCH64 && !k.is_linux && !k.netbsd);
	memcpy(f.p, "MZ", 2);
	CHECK(parse(&f).is_linux);
	memset(f.p, 0, 2);
	memcpy(f.p + 300, "Linux version 6.1.0", 20);
	CHECK(parse(&f).is_linux);
	memcpy(f.p + 400, "The NetBSD Foundation, Inc.", 28);
	CHECK(!parse(&f).is_linux);
	/* The note at the very end, then cut. */
	n = note(f.p + sizeof(f.p) - 24, "NetBSD", 1, 1099001200);
	CHECK(n == 24);
	k = parse(&f);
	CHECK(k.netbsd && k.netbsd_version == 1099001200 && !k.is_linux && !k.viocon);
	f.len--;
	CHECK(!parse(&f).netbsd);
	f.len = 63;
	CHECK(parse(&f).kind == KERNEL_UNKNOWN);
}

static void
refused(struct kernel k, const char *arch, const char *want)
{
	struct err err = { 0 };

	CHECK((kernel_check(&k, "k", arch, &err) == 0) == (*want == '\0'));
	CHECK_STR(err.msg, want);
}

static void
checks(void)
{
	struct kernel k = { .kind = KERNEL_ELF, .machine = KERNEL_MACHINE_AMD64, .bits = 64, .pvh = true };

	refused(k, "amd64", "");
	refused(k, "i386", "the kernel 'k' is for amd64, the machine is i386; give -k a kernel for i386");
	refused(k, "vax", "vax is no architecture that smol knows");
	k.machine = KERNEL_MACHINE_I386;
	refused(k, "amd64", "");
	refused(k, "i386", "");
	k.pvh_entry = UINT64_C(1) << 32;
	refused(k, "i386", "the kernel 'k' is damaged: its PVH entry lies above 4 GiB");
	k.pvh = false;
	refused(k, "i386",
	    "the kernel 'k' has no PVH entry, which a microvm needs; give -k one that has: netbsd-SMOL386, or one of "
	    "NetBSD's MICROVM configuration");
	k.kind = KERNEL_LINUX_X86;
	refused(k, "amd64", "");
	k.machine = KERNEL_MACHINE_AMD64;
	refused(k, "i386", "the kernel 'k' is for amd64, the machine is i386; give -k a kernel for i386");
	refused(k, "evbarm-aarch64",
	    "the kernel 'k' is for amd64, the machine is evbarm-aarch64; give -k a kernel for evbarm-aarch64");
	k = (struct kernel){ .kind = KERNEL_COMPRESSED, .compression = "gzip" };
	refused(k, "amd64", "the kernel 'k' is compressed with gzip; unpack it first");
	k.kind = KERNEL_UNKNOWN;
	refused(k, "amd64", "'k' is not a kernel: it is neither an ELF file nor a bzImage nor an arm64 Image");
}

static void
checks_aarch64(void)
{
	struct kernel k = { .kind = KERNEL_IMAGE_ARM64, .machine = KERNEL_MACHINE_AARCH64, .bits = 64 };

	refused(k, "evbarm-aarch64", "");
	refused(k, "amd64", "the kernel 'k' is for evbarm-aarch64, the machine is amd64; give -k a kernel for amd64");
	k.kind = KERNEL_ELF;
	refused(k, "evbarm-aarch64",
	    "the kernel 'k' is an ELF file, which finds no device tree on evbarm-aarch64; give -k the image made of "
	    "it: netbsd.img, or Linux's Image");
	k.machine = KERNEL_MACHINE_OTHER;
	refused(k, "evbarm-aarch64",
	    "the kernel 'k' is for another architecture, the machine is evbarm-aarch64; give -k a kernel for "
	    "evbarm-aarch64");
}

static void
files(void)
{
	struct kernel k;
	struct err err;

	CHECK(kernel_probe("/nonexistent/kernel", &k, &err) < 0);
	CHECK_STR(err.msg, "cannot open the kernel '/nonexistent/kernel': No such file or directory");
	CHECK(kernel_probe("/dev", &k, &err) < 0);
	CHECK_STR(err.msg, "the kernel '/dev' is not a regular file");
	CHECK(kernel_probe("/proc/self/status", &k, &err) < 0);
	CHECK_STR(err.msg, "the kernel '/proc/self/status' is empty");
}

static void
names(void)
{
	CHECK_STR(kernel_default_name("amd64"), "netbsd-SMOL");
	CHECK_STR(kernel_default_name("i386"), "netbsd-SMOL386");
	CHECK_STR(kernel_default_name("evbarm-aarch64"), "netbsd-SMOL-aarch64.img");
	CHECK(kernel_default_name("vax") == NULL);
}

TEST_MAIN({ "notes and symbols, both classes", good }, { "symbol names", symbols }, { "damaged files", damaged },
    { "what is no ELF file", kinds }, { "bzImage", bzimage }, { "arm64 Image", image },
    { "what a microvm takes", checks }, { "what virt takes", checks_aarch64 }, { "unreadable files", files },
    { "default names", names })
