/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel probe.  ELF: System V gABI chapters 4 and 5; notes Xen/6 and Xen/18
 * (GUEST_OS, PHYS32_ENTRY): Xen public/elfnote.h; bzImage and Image: Linux
 * Documentation/x86/boot and arm64/booting.
 * Everything is read through bounded accessors, and the work is bounded too: a
 * file may have 65,535 headers that all name the same megabytes.
 */
#include "machine/kernel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/defs.h"
#include "base/endian.h"

enum {
	EI_CLASS = 4,
	EI_DATA = 5,
	ELFCLASS32 = 1,
	ELFCLASS64 = 2,
	ELFDATA2LSB = 1,
	EM_386 = 3,
	EM_X86_64 = 62,
	EM_AARCH64 = 183,
	PT_NOTE = 4,
	SHT_SYMTAB = 2,
	SHT_NOTE = 7,
	XEN_ELFNOTE_GUEST_OS = 6,
	XEN_ELFNOTE_PHYS32_ENTRY = 18,
	NETBSD_NOTE_IDENT = 1,
	NOTES_MAX = 1000, /* real kernels have about ten */
	IMAGE_SCAN_MAX = 64 << 20,
};

const char *
kernel_default_name(const char *arch)
{
	static const char *const names[][2] = {
		{ "amd64", "netbsd-SMOL" },
		{ "i386", "netbsd-SMOL386" },
		{ "evbarm-aarch64", "netbsd-SMOL-aarch64.img" },
	};
	size_t i;

	for (i = 0; i < nitems(names); i++)
		if (strcmp(arch, names[i][0]) == 0)
			return names[i][1];
	return NULL;
}

struct elf {
	const uint8_t *p;
	uint64_t len;
	bool is64;
	unsigned notes; /* seen so far */
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

static void
note(struct kernel *k, const uint8_t *name, uint32_t namesz, uint32_t type, const uint8_t *desc, uint32_t descsz)
{
	if (namesz == 4 && memcmp(name, "Xen", 4) == 0 && type == XEN_ELFNOTE_PHYS32_ENTRY && descsz >= 4) {
		k->pvh = true;
		k->pvh_entry = descsz >= 8 ? get_le64(desc) : get_le32(desc);
	}
	if (namesz == 4 && memcmp(name, "Xen", 4) == 0 && type == XEN_ELFNOTE_GUEST_OS && descsz >= 5)
		k->is_linux = memcmp(desc, "linux", 5) == 0;
	if (namesz == 7 && memcmp(name, "NetBSD", 7) == 0 && type == NETBSD_NOTE_IDENT && descsz >= 4) {
		k->netbsd = true;
		k->netbsd_version = get_le32(desc);
	}
}

static void
notes(struct elf *e, struct kernel *k, uint64_t off, uint64_t len, uint64_t align)
{
	uint64_t start = off, end = off + len, desc, next;

	align = align == 8 ? 8 : 4;
	while (off <= end && end - off >= 12 && e->notes++ < NOTES_MAX) {
		uint32_t namesz = get_le32(e->p + off), descsz = get_le32(e->p + off + 4);

		desc = start + roundup(off - start + 12 + namesz, align);
		next = start + roundup(desc - start + descsz, align);
		if (desc > end || descsz > end - desc)
			return;
		note(k, e->p + off + 12, namesz, get_le32(e->p + off + 8), e->p + desc, descsz);
		off = next;
	}
}

static void
program_headers(struct elf *e, struct kernel *k)
{
	uint64_t phoff = word(e, 28, 32), size = e->is64 ? 56 : 32;
	uint16_t phentsize = get_le16(e->p + (e->is64 ? 54 : 42)), phnum = get_le16(e->p + (e->is64 ? 56 : 44));
	uint64_t i, ph;

	if (phentsize < size || !within(e, phoff, (uint64_t)phentsize * phnum))
		return;
	for (i = 0; i < phnum && e->notes < NOTES_MAX; i++) {
		ph = phoff + i * phentsize;
		if (get_le32(e->p + ph) == PT_NOTE && within(e, word(e, ph + 4, ph + 8), word(e, ph + 16, ph + 32)))
			notes(e, k, word(e, ph + 4, ph + 8), word(e, ph + 16, ph + 32), word(e, ph + 28, ph + 48));
	}
}

static bool
has_symbol(const struct elf *e, uint64_t symoff, uint64_t symlen, uint64_t stroff, uint64_t strlen_, const char *name)
{
	uint64_t size = e->is64 ? 24 : 16, namelen = strlen(name) + 1, i;

	for (i = 0; i + size <= symlen; i += size) {
		uint32_t at = get_le32(e->p + symoff + i);

		if (at < strlen_ && namelen <= strlen_ - at && memcmp(e->p + stroff + at, name, (size_t)namelen) == 0)
			return true;
	}
	return false;
}

struct sections {
	uint64_t off, entsize;
	uint16_t num;
};

static uint64_t
section_offset(const struct elf *e, uint64_t sh)
{
	return word(e, sh + 16, sh + 24);
}

static uint64_t
section_size(const struct elf *e, uint64_t sh)
{
	return word(e, sh + 20, sh + 32);
}

static void
symbols(const struct elf *e, struct kernel *k, const struct sections *s, uint64_t symtab)
{
	uint32_t link = get_le32(e->p + symtab + (e->is64 ? 40 : 24));
	uint64_t strtab;

	if (link >= s->num)
		return;
	strtab = s->off + link * s->entsize;
	if (within(e, section_offset(e, symtab), section_size(e, symtab)) &&
	    within(e, section_offset(e, strtab), section_size(e, strtab)))
		k->viocon = has_symbol(e, section_offset(e, symtab), section_size(e, symtab), section_offset(e, strtab),
		    section_size(e, strtab), "viocon_earlyinit");
}

static void
section_headers(struct elf *e, struct kernel *k)
{
	struct sections s = {
		.off = word(e, 32, 40),
		.entsize = get_le16(e->p + (e->is64 ? 58 : 46)),
		.num = get_le16(e->p + (e->is64 ? 60 : 48)),
	};
	bool seen = false;
	uint64_t i, sh;

	if (s.entsize < (e->is64 ? 64u : 40u) || !within(e, s.off, s.entsize * s.num))
		return;
	for (i = 0; i < s.num; i++) {
		sh = s.off + i * s.entsize;
		switch (get_le32(e->p + sh + 4)) {
		case SHT_NOTE:
			if (within(e, section_offset(e, sh), section_size(e, sh)))
				notes(e, k, section_offset(e, sh), section_size(e, sh), word(e, sh + 32, sh + 48));
			break;
		case SHT_SYMTAB: /* the gABI allows one */
			if (!seen)
				symbols(e, k, &s, sh);
			seen = true;
			break;
		default:
			break;
		}
	}
}

static int
parse_elf(const uint8_t *p, size_t len, struct kernel *k, struct err *err)
{
	struct elf e = { .p = p, .len = len, .is64 = p[EI_CLASS] == ELFCLASS64 };

	k->kind = KERNEL_ELF;
	if (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)
		return err_set(err, "its ELF class is %u, neither 32 nor 64 bits", p[EI_CLASS]);
	if (p[EI_DATA] != ELFDATA2LSB)
		return err_set(err, "it is a big-endian ELF file, for no machine that smol knows");
	if (len < (e.is64 ? 64u : 52u))
		return err_set(err, "its ELF header is cut off");
	switch (get_le16(p + 18)) {
	case EM_386:
		k->machine = KERNEL_MACHINE_I386;
		break;
	case EM_X86_64:
		k->machine = KERNEL_MACHINE_AMD64;
		break;
	case EM_AARCH64:
		k->machine = KERNEL_MACHINE_AARCH64;
		break;
	default:
		break;
	}
	k->bits = e.is64 ? 64 : 32;
	k->entry = word(&e, 24, 24);
	program_headers(&e, k);
	section_headers(&e, k);
	return 0;
}

/* Protocol 2.12 and later say whether there is a 64-bit entry. */
static void
parse_bzimage(const uint8_t *p, size_t len, struct kernel *k)
{
	bool has64 = len >= 0x238 && get_le16(p + 0x206) >= 0x20c && (get_le16(p + 0x236) & 1) != 0;

	k->kind = KERNEL_LINUX_X86;
	k->machine = has64 ? KERNEL_MACHINE_AMD64 : KERNEL_MACHINE_I386;
	k->bits = has64 ? 64 : 32;
	k->is_linux = true;
}

static bool
contains(const uint8_t *p, size_t len, const char *text)
{
	return memmem(p, len, text, strlen(text)) != NULL;
}

/*
 * An Image has no section headers and no symbols.  Linux's begins as a UEFI
 * program does, or else tells by its banner; NetBSD's ident note is found by
 * its bytes.
 */
static void
parse_image(const uint8_t *p, size_t len, struct kernel *k)
{
	static const char ident[] = "\7\0\0\0\4\0\0\0\1\0\0\0NetBSD\0";
	const uint8_t *found;

	k->kind = KERNEL_IMAGE_ARM64;
	k->machine = KERNEL_MACHINE_AARCH64;
	k->bits = 64;
	k->is_linux = memcmp(p, "MZ", 2) == 0;
	if (k->is_linux)
		return;
	len = len > IMAGE_SCAN_MAX ? IMAGE_SCAN_MAX : len;
	found = memmem(p, len, ident, sizeof(ident));
	k->netbsd = found != NULL && (size_t)(p + len - found) >= sizeof(ident) + 4;
	if (k->netbsd)
		k->netbsd_version = get_le32(found + sizeof(ident));
	else
		k->is_linux = contains(p, len, "Linux version ") && !contains(p, len, "The NetBSD Foundation, Inc.");
}

static void
parse_compressed(const uint8_t *p, size_t len, struct kernel *k)
{
	static const struct {
		size_t at, len;
		const char *magic, *name;
	} packed[] = {
		{ 0, 2, "\x1f\x8b", "gzip" },
		{ 0, 5,
		    "\xfd"
		    "7zXZ",
		    "xz" },
		{ 0, 3, "BZh", "bzip2" },
		{ 0, 4, "\x28\xb5\x2f\xfd", "zstd" },
		{ 4, 4, "zimg", "zboot" },
	};
	size_t i;

	for (i = 0; i < nitems(packed) && k->kind == KERNEL_UNKNOWN; i++) {
		if (len >= packed[i].at + packed[i].len &&
		    memcmp(p + packed[i].at, packed[i].magic, packed[i].len) == 0) {
			k->kind = KERNEL_COMPRESSED;
			k->compression = packed[i].name;
		}
	}
}

int
kernel_parse(const void *data, size_t len, struct kernel *k, struct err *err)
{
	static const uint8_t elf[] = { 0x7f, 'E', 'L', 'F' };
	const uint8_t *p = data;

	*k = (struct kernel){ .kind = KERNEL_UNKNOWN };
	if (len >= 16 && memcmp(p, elf, sizeof(elf)) == 0)
		return parse_elf(p, len, k, err);
	if (len >= 0x206 && memcmp(p + 0x202, "HdrS", 4) == 0)
		parse_bzimage(p, len, k);
	else if (len >= 64 && memcmp(p + 56, "ARM\x64", 4) == 0)
		parse_image(p, len, k);
	else
		parse_compressed(p, len, k);
	return 0;
}

int
kernel_probe(const char *path, struct kernel *k, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *map;
	int rv;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open the kernel '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "the kernel '%s' is not a regular file", path);
	if (st.st_size == 0)
		return err_set(err, "the kernel '%s' is empty", path);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(err, "cannot map the kernel '%s'", path);
	rv = kernel_parse(map, (size_t)st.st_size, k, err);
	(void)munmap(map, (size_t)st.st_size);
	return rv < 0 ? err_wrap(err, "the kernel '%s' is damaged", path) : 0;
}

static const char *
machine_name(enum kernel_machine machine)
{
	switch (machine) {
	case KERNEL_MACHINE_I386:
		return "i386";
	case KERNEL_MACHINE_AMD64:
		return "amd64";
	case KERNEL_MACHINE_AARCH64:
		return "evbarm-aarch64";
	default:
		return "another architecture";
	}
}

static int
wrong_machine(const struct kernel *k, const char *path, const char *arch, struct err *err)
{
	return err_set(err, "the kernel '%s' is for %s, the machine is %s; give -k a kernel for %s", path,
	    machine_name(k->machine), arch, arch);
}

static int
check_x86(const struct kernel *k, const char *path, const char *arch, struct err *err)
{
	/* A 32-bit kernel runs on either, amd64's only on amd64. */
	if (k->machine != KERNEL_MACHINE_I386 && !(strcmp(arch, "amd64") == 0 && k->machine == KERNEL_MACHINE_AMD64))
		return wrong_machine(k, path, arch, err);
	if (k->kind == KERNEL_LINUX_X86)
		return 0;
	if (!k->pvh)
		return err_set(err,
		    "the kernel '%s' has no PVH entry, which a microvm needs; give -k one that has: "
		    "%s, or one of NetBSD's MICROVM configuration",
		    path, kernel_default_name(arch));
	if (k->pvh_entry > UINT32_MAX)
		return err_set(err, "the kernel '%s' is damaged: its PVH entry lies above 4 GiB", path);
	return 0;
}

/* QEMU starts an ELF file as it is, without the device tree that a system's kernel needs. */
static int
check_aarch64(const struct kernel *k, const char *path, const char *arch, struct err *err)
{
	if (k->machine != KERNEL_MACHINE_AARCH64)
		return wrong_machine(k, path, arch, err);
	if (k->kind == KERNEL_ELF)
		return err_set(err,
		    "the kernel '%s' is an ELF file, which finds no device tree on %s; give -k the image "
		    "made of it: netbsd.img, or Linux's Image",
		    path, arch);
	return 0;
}

int
kernel_check(const struct kernel *k, const char *path, const char *arch, struct err *err)
{
	if (k->kind == KERNEL_COMPRESSED)
		return err_set(err, "the kernel '%s' is compressed with %s; unpack it first", path, k->compression);
	if (k->kind == KERNEL_UNKNOWN)
		return err_set(
		    err, "'%s' is not a kernel: it is neither an ELF file nor a bzImage nor an arm64 Image", path);
	if (strcmp(arch, "evbarm-aarch64") == 0)
		return check_aarch64(k, path, arch, err);
	if (strcmp(arch, "amd64") == 0 || strcmp(arch, "i386") == 0)
		return check_x86(k, path, arch, err);
	return err_set(err, "%s is no architecture that smol knows", arch);
}
