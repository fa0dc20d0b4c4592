/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel probe.  Notes Xen/6 and Xen/18 (GUEST_OS, PHYS32_ENTRY): Xen
 * public/elfnote.h; bzImage and Image: Linux Documentation/x86/boot and
 * arm64/booting.  The number of notes is bounded: a file may have 65,535
 * headers that all name the same megabytes.
 */
#include "machine/kernel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/defs.h"
#include "base/endian.h"
#include "machine/elf.h"

enum {
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

/* seen counts the notes of the whole file. */
static void
notes(const struct elf *e, struct kernel *k, const struct elf_part *part, unsigned *seen)
{
	uint64_t off = part->offset, start = off, end = off + part->bytes, desc, next;
	uint64_t align = part->align == 8 ? 8 : 4;

	while (off <= end && end - off >= 12 && (*seen)++ < NOTES_MAX) {
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
all_notes(const struct elf *e, struct kernel *k)
{
	struct elf_part part;
	unsigned i, seen = 0;

	for (i = 0; i < e->phnum && seen < NOTES_MAX; i++)
		if (elf_segment(e, i, &part) && part.type == ELF_SEGMENT_NOTE)
			notes(e, k, &part, &seen);
	for (i = 0; i < e->shnum && seen < NOTES_MAX; i++)
		if (elf_section(e, i, &part) && part.type == ELF_SECTION_NOTE)
			notes(e, k, &part, &seen);
}

static int
parse_elf(const uint8_t *p, size_t len, struct kernel *k, struct err *err)
{
	uint64_t value, bytes;
	struct elf e;

	k->kind = KERNEL_ELF;
	if (elf_open(&e, p, len, err) < 0)
		return -1;
	switch (e.machine) {
	case ELF_386:
		k->machine = KERNEL_MACHINE_I386;
		break;
	case ELF_X86_64:
		k->machine = KERNEL_MACHINE_AMD64;
		break;
	case ELF_AARCH64:
		k->machine = KERNEL_MACHINE_AARCH64;
		break;
	default:
		break;
	}
	k->bits = e.is64 ? 64 : 32;
	k->entry = e.entry;
	all_notes(&e, k);
	k->viocon = elf_symbol(&e, "viocon_earlyinit", &value, &bytes);
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
	const uint8_t *p = data;

	*k = (struct kernel){ .kind = KERNEL_UNKNOWN };
	if (elf_is(p, len))
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
kernel_map(struct kernel_map *m, const char *path, bool writable, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open the kernel '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "the kernel '%s' is not a regular file", path);
	if (st.st_size == 0)
		return err_set(err, "the kernel '%s' is empty", path);
	m->len = (size_t)st.st_size;
	m->mode = st.st_mode & 0777;
	m->p = mmap(NULL, m->len, PROT_READ | (writable ? PROT_WRITE : 0), MAP_PRIVATE, fd, 0);
	return m->p == MAP_FAILED ? err_sys(err, "cannot map the kernel '%s'", path) : 0;
}

void
kernel_unmap(struct kernel_map *m)
{
	(void)munmap(m->p, m->len);
}

int
kernel_probe(const char *path, struct kernel *k, struct err *err)
{
	struct kernel_map m;
	int rv;

	if (kernel_map(&m, path, false, err) < 0)
		return -1;
	rv = kernel_parse(m.p, m.len, k, err);
	kernel_unmap(&m);
	return rv < 0 ? err_wrap(err, "the kernel '%s' is damaged", path) : 0;
}

const char *
kernel_machine_name(enum kernel_machine machine)
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
	    kernel_machine_name(k->machine), arch, arch);
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
