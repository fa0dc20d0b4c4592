/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checker proved: our own images (v1 and v2) and makefs's (both versions,
 * both byte orders) are clean, and each of the corruptions in the table below,
 * applied to a clean image by itself, is found and named.
 *
 * With SMOL_TEST_DUMP=DIR in the environment each corrupted image is left in
 * DIR, for fsck_ffs to look at.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "fs/ffs.h"

#include "ffs_image.h"
#include "test.h"

/* --- the corruptions --- */

#define SUPER(fn, change)                                                                                              \
	static void fn(struct img *im)                                                                                 \
	{                                                                                                              \
		struct ffs_super s = im->r.super;                                                                      \
		change;                                                                                                \
		put_super(im, &s);                                                                                     \
	}

#define CG(fn, change)                                                                                                 \
	static void fn(struct img *im)                                                                                 \
	{                                                                                                              \
		struct ffs_cg cg = get_cg(im);                                                                         \
		change;                                                                                                \
		put_cg(im, &cg);                                                                                       \
	}

#define INODE(fn, path, change)                                                                                        \
	static void fn(struct img *im)                                                                                 \
	{                                                                                                              \
		uint64_t ino = find(im, path);                                                                         \
		struct ffs_dinode d = get_inode(im, ino);                                                              \
		change;                                                                                                \
		put_inode(im, ino, &d);                                                                                \
	}

#define DO(fn, statement)                                                                                              \
	static void fn(struct img *im)                                                                                 \
	{                                                                                                              \
		statement;                                                                                             \
	}

static void
change_log_inode(struct img *im)
{
	uint64_t ino = im->r.super.journal[FFS_JOURNAL_INO];
	struct ffs_dinode d = get_inode(im, ino);

	d.flags = 0;
	put_inode(im, ino, &d);
}

/* clang-format off */
SUPER(super_sbsize, s.sbsize = 9000)
SUPER(super_bsize, s.bsize = 5000)
SUPER(super_bmask, s.bmask = 0)
SUPER(super_frag, s.frag = 3)
SUPER(super_inopb, s.inopb = 7)
SUPER(super_cgsize, s.cgsize = 100)
SUPER(super_size, s.size *= 2; s.old_size *= 2)
SUPER(super_ncg, s.ncg++)
SUPER(super_fpg, s.fpg = -8)
SUPER(super_iblkno, s.iblkno = s.dblkno)
SUPER(super_csaddr, s.csaddr = s.size)
SUPER(super_nindir, s.nindir = 12)
SUPER(super_fsbtodb, s.fsbtodb = 9)
SUPER(super_minfree, s.minfree = 200)
SUPER(super_optim, s.optim = 7)
SUPER(super_maxfilesize, s.maxfilesize = 1)
SUPER(super_maxsymlinklen, s.maxsymlinklen = 20)
SUPER(super_qbmask, s.qbmask = 0)
SUPER(super_clean, s.clean = 0)
SUPER(super_flags, s.flags |= 0x40000)
SUPER(super_wapbl, s.flags |= 0x100)
SUPER(log_version, s.journal_version = 3)
SUPER(log_location, s.journal_location = 9)
SUPER(log_blksz, s.journal[FFS_JOURNAL_BLKSZ] = 500)
SUPER(log_outside, s.journal[FFS_JOURNAL_COUNT] = 1 << 20)
SUPER(log_moved, s.journal[FFS_JOURNAL_ADDR] -= 8)
SUPER(log_longer, s.journal[FFS_JOURNAL_COUNT] += 8; s.journal[FFS_JOURNAL_ADDR] -= 8)
SUPER(log_nowhere, s.journal[FFS_JOURNAL_INO] = 5000)
SUPER(log_end, s.journal_location = FFS_JOURNAL_END)
SUPER(super_pending, s.pendinginodes = 3)
SUPER(super_nbfree, s.cstotal.nbfree++)
SUPER(super_ndir, s.cstotal.ndir--)
SUPER(super_nifree, s.cstotal.nifree += 2)
SUPER(super_nffree, s.cstotal.nffree++)
SUPER(super_cssize, s.cssize += s.fsize)
SUPER(super_dsize, s.dsize = 1)
SUPER(super_contigsumsize, s.contigsumsize = 99)
SUPER(super_negative, s.contigsumsize = -5)
SUPER(super_old_size, s.old_size -= 8)

static void
copy_magic(struct img *im)
{
	img_put(im, copy_offset(im, im->r.super.ncg - 1) + 1372, "\0\0\0", 4);
}

static void
copy_ipg(struct img *im)
{
	struct ffs_super s = im->r.super;
	uint8_t buf[FFS_SB_BYTES];

	s.ipg++;
	ffs_super_encode(&s, buf);
	img_put(im, copy_offset(im, 0), buf, sizeof(buf));
}

CG(cg_magic, cg.magic = 1)
CG(cg_cgx, cg.cgx = 77)
CG(cg_ndblk, cg.ndblk--)
CG(cg_nbfree, cg.cs.nbfree--)
CG(cg_ndir, cg.cs.ndir++)
CG(cg_frsum, cg.frsum[3]++)
CG(cg_frsum0, cg.frsum[0]++)
CG(cg_freeoff, cg.freeoff += 4)
CG(cg_rotor, cg.rotor = cg.ndblk)
CG(cg_irotor, cg.irotor = 0x7fffffff)
CG(cg_initediblk, cg.initediblk = 0x7fffffff)
CG(cg_nclusterblks, cg.nclusterblks++)
DO(cg_spare, img_put(im, cg_offset(im, 0) + 150, "x", 1))
DO(map_inode_free, flip(im, get_cg(im).iusedoff, find(im, "/etc/rc")))
DO(map_inode_used, flip(im, get_cg(im).iusedoff, im->r.super.ipg - 1))
DO(map_frag_free, flip(im, get_cg(im).freeoff, (uint64_t)get_inode(im, find(im, "/etc/rc")).db[0]))
DO(map_frag_used, flip(im, get_cg(im).freeoff, get_cg(im).ndblk - 1))
DO(map_cluster, flip(im, get_cg(im).clusteroff, 2))
DO(sum_cluster, flip(im, get_cg(im).clustersumoff + 4, 0))
DO(sum_area, img_put(im, addr_offset(im, im->r.super.csaddr) + 8, "\1\2\3\4", 4))

DO(log_unmarked, change_log_inode(im))
INODE(inode_type, "/etc/rc", d.mode = 0170644)
INODE(inode_shrunk, "/bin/sh", d.size = 1)
INODE(inode_frags, "/etc/two", d.size = 1)
INODE(inode_huge, "/etc/rc", d.size = UINT64_C(1) << 62)
INODE(inode_blocks, "/etc/rc", d.blocks += 2)
INODE(inode_dup, "/bin/sh", d.db[1] = get_inode(im, find(im, "/bin/big")).db[2])
INODE(inode_self_dup, "/bin/sh", d.db[1] = d.db[2])
INODE(inode_in_summary, "/etc/rc", d.db[0] = im->r.super.csaddr)
INODE(inode_range, "/bin/sh", d.db[1] = im->r.super.size)
INODE(inode_negative, "/bin/sh", d.db[1] = -8)
INODE(inode_metadata, "/bin/sh", d.db[1] = im->r.super.cblkno)
INODE(inode_unaligned, "/bin/sh", d.db[1]++)
INODE(inode_indirect_beyond, "/bin/sh", d.ib[2] = d.db[0])
INODE(inode_indirect_dup, "/bin/big", d.ib[0] = d.ib[1])
INODE(inode_indirect_hole, "/bin/big", d.ib[1] = 0)
INODE(inode_nlink, "/etc/rc", d.nlink = 9)
INODE(inode_nlink_hard, "/bin/sh", d.nlink = 1)
INODE(inode_nlink_dir, "/etc", d.nlink++)
INODE(inode_nlink_negative, "/etc/rc", d.nlink = -1)
INODE(link_empty, "/lnk", d.size = 0)
INODE(link_nul, "/lnk", d.link[2] = '\0')
DO(link_garbage, put_raw_pointer(im, "/lnk", 9, 0x1234))
INODE(link_blocks, "/lnk", d.blocks = 8)
DO(link_long_nul, img_put(im, addr_offset(im, get_inode(im, find(im, "/longlnk")).db[0]) + 5, "\0", 1))
INODE(device_blocks, "/dev/null", d.blocks = 8)
INODE(device_address, "/dev/null", d.db[3] = 100)
INODE(device_size, "/dev/null", d.size = 12)
INODE(fifo_address, "/dev/fifo", d.db[0] = 100)
INODE(inode_cleared, "/etc/rc", d.mode = 0)
INODE(dir_size, "/etc", d.size -= 100)
INODE(dir_empty, "/etc", d.size = 0)
INODE(dir_hole, "/many", d.db[1] = 0)
INODE(root_file, "/", d.mode = 0100755)
INODE(root_free, "/", memset(&d, 0, sizeof(d)))

static void
inode_remains(struct img *im)
{
	struct ffs_dinode d = { .db = { 99 } };

	put_inode(im, im->ver == 2 ? get_cg(im).initediblk - 1 : im->r.super.ipg - 1, &d);
}

static void
indirect_tail(struct img *im)
{
	struct ffs_dinode d = get_inode(im, find(im, "/bin/middle"));
	uint64_t width = (uint64_t)ffs_ptr_bytes(&im->r.super);
	uint8_t buf[8];

	ffs_ptr_put(&im->r.super, buf, 0, d.db[0]);
	img_put(im, addr_offset(im, d.ib[0]) + (uint64_t)im->r.super.bsize - width, buf, width);
}

DO(entry_short, put_entry_reclen(im, "/etc", "rc", -0x4000))
DO(entry_zero, img_put(im, entry_offset(im, "/etc", "rc") + 4, "\0", 2))
DO(entry_odd, put_entry_reclen(im, "/etc", "rc", 2))
DO(entry_crosses, put_entry_reclen(im, "/etc", "rc", 512))
DO(entry_namelen, put_entry_byte(im, "/etc", "rc", 7, 200))
DO(entry_noname, put_entry_byte(im, "/etc", "rc", 7, 0))
DO(entry_slash, put_entry_byte(im, "/etc", "rc", 8, '/'))
DO(entry_nul, put_entry_byte(im, "/etc", "rc", 8, '\0'))
DO(entry_end, put_entry_byte(im, "/etc", "rc", 10, 'x'))
DO(entry_type, put_entry_byte(im, "/etc", "rc", 6, 4))
DO(entry_removed, put_entry_u32(im, "/etc", "rc", 0))
DO(entry_range, put_entry_u32(im, "/etc", "rc", 0xfffffff0))
DO(entry_free, put_entry_u32(im, "/etc", "rc", im->r.super.ipg - 1))
DO(entry_twice, put_entry_byte(im, "/etc", "rc", 9, 'd'))
DO(entry_dot_extra, img_put(im, entry_offset(im, "/etc", "x") + 8, ".", 1))
DO(entry_dir_link, put_entry_u32(im, "/etc", "rd", (uint32_t)find(im, "/a/b")))
DO(dir_orphan, put_entry_u32(im, "/", "a", 0))
DO(dir_dot, put_entry_u32(im, "/etc", ".", (uint32_t)find(im, "/a")))
DO(dir_no_dot, put_entry_byte(im, "/etc", ".", 8, 'q'))
DO(dir_dotdot, put_entry_u32(im, "/a/b", "..", (uint32_t)find(im, "/etc")))
DO(dir_no_dotdot, put_entry_byte(im, "/a/b", "..", 8, 'q'))
DO(dir_dot_type, put_entry_byte(im, "/etc", ".", 6, 8))

static void
dir_ring(struct img *im)
{
	uint32_t a = (uint32_t)find(im, "/a");

	put_entry_u32(im, "/a/b", "c", a);
	put_entry_u32(im, "/", "a", 0);
}

static const struct corruption {
	const char *name;
	void (*fn)(struct img *);
	const char *want; /* in a line of the report, or in the error of ffs_open() */
} corruptions[] = {
	{ "superblock size", super_sbsize, "superblock size 9000" },
	{ "block size", super_bsize, "block size 5000" },
	{ "block mask", super_bmask, "mask 0x0" },
	{ "fragments a block", super_frag, "3 fragments in a block" },
	{ "inodes a block", super_inopb, "7 inodes in a block" },
	{ "cylinder group size", super_cgsize, "cylinder group block size 100" },
	{ "file system size", super_size, "truncated" },
	{ "number of groups", super_ncg, "cylinder groups for" },
	{ "group size", super_fpg, "fragments in a cylinder group" },
	{ "inode table place", super_iblkno, "of a cylinder group of" },
	{ "summary place", super_csaddr, "summary area at fragment" },
	{ "nindir", super_nindir, "nindir is 12" },
	{ "fsbtodb", super_fsbtodb, "fsbtodb is 9" },
	{ "minfree", super_minfree, "minfree is 200" },
	{ "optimization", super_optim, "unknown optimization 7" },
	{ "maxfilesize", super_maxfilesize, "maxfilesize is 1" },
	{ "maxsymlinklen", super_maxsymlinklen, "maxsymlinklen is 20" },
	{ "qbmask", super_qbmask, "qbmask is 0" },
	{ "clean flag", super_clean, "not marked clean" },
	{ "unknown flags", super_flags, "flags that NetBSD does not know: 0x40000" },
	{ "dirty journal", super_wapbl, "journal (WAPBL)" },
	{ "journal without a header", super_wapbl, "journal without a header" },
	{ "journal version", log_version, "journal of version 3" },
	{ "journal of an unknown place", log_location, "at place 9" },
	{ "journal's block size", log_blksz, "journal of blocks of 500 bytes" },
	{ "journal outside", log_outside, "journal outside of the partition" },
	{ "journal elsewhere", log_moved, "block 0 of the journal is at fragment" },
	{ "journal longer than its inode", log_longer, "holds a journal of 1052672 bytes" },
	{ "journal without an inode", log_nowhere, "the journal's inode 5000 is not in use" },
	{ "journal's inode not marked", log_unmarked, "is not marked so (flag SF_LOG)" },
	{ "journal behind the file system", log_end, "journal behind the file system, but at byte" },
	{ "pending inodes", super_pending, "still to be freed" },
	{ "total of free blocks", super_nbfree, "superblock: number of free blocks" },
	{ "total of directories", super_ndir, "superblock: number of directories" },
	{ "total of free inodes", super_nifree, "superblock: number of free inodes" },
	{ "total of free fragments", super_nffree, "superblock: number of free fragments" },
	{ "summary size", super_cssize, "cssize is" },
	{ "data size", super_dsize, "dsize is 1," },
	{ "cluster summary size", super_contigsumsize, "contigsumsize is 99" },
	{ "negative cluster summary size", super_negative, "contigsumsize is -5" },
	{ "no superblock copy", copy_magic, "there is no superblock copy" },
	{ "different superblock copy", copy_ipg, "superblock copy of cylinder group 0: ipg" },
	{ "group magic", cg_magic, "cylinder group 0: magic is 0x1" },
	{ "group number", cg_cgx, "cgx is 77" },
	{ "group fragments", cg_ndblk, "ndblk is" },
	{ "group free blocks", cg_nbfree, "cylinder group 0: number of free blocks" },
	{ "group directories", cg_ndir, "cylinder group 0: number of directories" },
	{ "fragment sums", cg_frsum, "frsum[3] is" },
	{ "fragment sum of nothing", cg_frsum0, "frsum[0] is 1" },
	{ "fragment map place", cg_freeoff, "freeoff is" },
	{ "rotor", cg_rotor, "rotor is" },
	{ "inode rotor", cg_irotor, "irotor is" },
	{ "initialized inodes", cg_initediblk, "initediblk is" },
	{ "cluster count", cg_nclusterblks, "nclusterblks is" },
	{ "spare bytes", cg_spare, "spare byte 150" },
	{ "inode marked free", map_inode_free, "allocated, but marked free" },
	{ "inode marked used", map_inode_used, "marked used, but not allocated" },
	{ "fragment marked free", map_frag_free, "marked free, but in use" },
	{ "fragment marked used", map_frag_used, "marked used, but nothing holds it" },
	{ "cluster map", map_cluster, "cluster map" },
	{ "cluster sums", sum_cluster, "number of clusters of 1 " },
	{ "summary area", sum_area, "summary area's number of free inodes" },
	{ "unknown file type", inode_type, "(/etc/rc): unknown file type" },
	{ "size too small", inode_shrunk, "(/bin/sh): direct block 1 is at" },
	{ "size within fragments", inode_frags, "(/etc/two): block count is" },
	{ "impossible size", inode_huge, "(/etc/rc): size is" },
	{ "block count", inode_blocks, "(/etc/rc): block count is" },
	{ "block of two files", inode_dup, "are also held by inode" },
	{ "block twice in a file", inode_self_dup, "are in the file twice" },
	{ "block in the summary area", inode_in_summary, "belong to the summary area" },
	{ "address too large", inode_range, "(/bin/sh): block at fragment" },
	{ "negative address", inode_negative, "-8 is outside of the file system" },
	{ "address in metadata", inode_metadata, "lies in the metadata" },
	{ "unaligned block", inode_unaligned, "is not aligned" },
	{ "needless indirect block", inode_indirect_beyond, "indirect block 2 is at" },
	{ "indirect block twice", inode_indirect_dup, "(/bin/big): duplicate block" },
	{ "lost indirect block", inode_indirect_hole, "(/bin/big): block count is" },
	{ "pointers behind the end", indirect_tail, "(/bin/middle): the indirect block" },
	{ "link count too high", inode_nlink, "(/etc/rc): link count is 9, should be 1" },
	{ "link count too low", inode_nlink_hard, "link count is 1, should be 2" },
	{ "link count of a directory", inode_nlink_dir, "(/etc): link count is 3, should be 2" },
	{ "negative link count", inode_nlink_negative, "link count is -1, should be 1" },
	{ "empty symlink", link_empty, "(/lnk): symlink of 0 bytes" },
	{ "NUL in a symlink", link_nul, "(/lnk): symlink of 6 bytes has a NUL at 2" },
	{ "garbage behind a symlink", link_garbage, "a symlink kept in its inode has block addresses" },
	{ "blocks of an inline symlink", link_blocks, "block count of a symlink kept in its inode is 8" },
	{ "NUL in a long symlink", link_long_nul, "(/longlnk): symlink of 300 bytes has a NUL at 5" },
	{ "device with blocks", device_blocks, "(/dev/null): block count of a device is 8" },
	{ "device with addresses", device_address, "a device has block addresses" },
	{ "device with a size", device_size, "size of a device is 12" },
	{ "FIFO with addresses", fifo_address, "a FIFO has block addresses" },
	{ "named inode not allocated", inode_cleared, "which is not allocated" },
	{ "remains in a free inode", inode_remains, "not allocated (mode 0)" },
	{ "directory size", dir_size, "(/etc): size of a directory is 412" },
	{ "empty directory", dir_empty, "size of a directory is 0" },
	{ "hole in a directory", dir_hole, "(/many): block 1 of the directory is a hole" },
	{ "root is a file", root_file, "the root is not a directory" },
	{ "root is not there", root_free, "the root is not allocated" },
	{ "entry beyond its block", entry_short, "it crosses the end" },
	{ "entry of no length", entry_zero, "its length is too small" },
	{ "entry of odd length", entry_odd, "not a multiple of 4" },
	{ "entry over 512 bytes", entry_crosses, "it crosses the end" },
	{ "name too long", entry_namelen, "its name is longer than it" },
	{ "no name", entry_noname, "it has no name" },
	{ "'/' in a name", entry_slash, "its name has a '/'" },
	{ "NUL in a name", entry_nul, "its name has a NUL" },
	{ "name without an end", entry_end, "does not end in a NUL" },
	{ "entry type", entry_type, "has type 4, should be 8" },
	{ "lost file", entry_removed, "no directory names it" },
	{ "inode number too large", entry_range, "names inode 4294967280, there is none" },
	{ "inode number of nothing", entry_free, "which is not allocated" },
	{ "same name twice", entry_twice, "the name 'rd' is there twice" },
	{ "second '.'", entry_dot_extra, "is out of place" },
	{ "directory linked twice", entry_dir_link, "is a second hard link to the directory" },
	{ "lost directory", dir_orphan, "no path from the root" },
	{ "wrong '.'", dir_dot, "'.' is wrong" },
	{ "no '.'", dir_no_dot, "the first entry is not '.'" },
	{ "wrong '..'", dir_dotdot, "'..' is inode" },
	{ "no '..'", dir_no_dotdot, "the second entry is not '..'" },
	{ "type of '.'", dir_dot_type, "has type 8, should be 4" },
	{ "ring of directories", dir_ring, "no path from the root" },
};
/* clang-format on */

/* --- the proof --- */

static void
collect(void *arg, const char *line)
{
	struct str *out = arg;

	str_addf(out, "%s\n", line);
}

/* What check has to say, or the error of ffs_open(). */
static uint64_t
report_of(int fd, struct str *out)
{
	struct ffs_check_result result = { 0 };
	struct err err = { 0 };
	struct ffs_reader r;
	struct stat st;

	must(fstat(fd, &st) == 0, "fstat");
	if (ffs_open(&r, fd, 0, (uint64_t)st.st_size, &err) < 0 || ffs_check(&r, collect, out, &result, &err) < 0) {
		str_addf(out, "%s\n", err.msg);
		return 1;
	}
	return result.problems;
}

static void
dump(const struct img *im, const char *name)
{
	const char *dir = getenv("SMOL_TEST_DUMP");
	struct str cmd = { 0 };
	size_t i;

	if (dir == NULL)
		return;
	str_addf(&cmd, "cp --sparse=always /proc/%ld/fd/%d '%s/v%u-", (long)getpid(), im->fd, dir, im->ver);
	for (i = 0; name[i] != '\0'; i++)
		str_addf(&cmd, "%c", strchr(" /'", name[i]) != NULL ? '_' : name[i]);
	str_add(&cmd, ".img'");
	must(system(cmd.p) == 0, "cannot dump");
	str_release(&cmd);
}

static void
try_corruption(struct img *im, const struct corruption *c)
{
	struct str out = { 0 };

	c->fn(im);
	dump(im, c->name);
	CHECK(report_of(im->fd, &out) > 0);
	if (out.p == NULL || strstr(out.p, c->want) == NULL) {
		printf("# v%u, %s: want '%s', got:\n", im->ver, c->name, c->want);
		for (char *line = strtok(out.p, "\n"); line != NULL; line = strtok(NULL, "\n"))
			printf("#   %s\n", line);
		CHECK(!"found");
	}
	str_release(&out);
	img_undo(im);
}

static void
check_clean(struct img *im)
{
	struct str out = { 0 };

	CHECK(report_of(im->fd, &out) == 0);
	if (out.p != NULL)
		printf("# v%u should be clean: %s\n", im->ver, out.p);
	str_release(&out);
}

static void
test_version(unsigned ver)
{
	struct img im;
	size_t i;

	make_image(&im, ver);
	CHECK(im.r.super.ver == ver);
	check_clean(&im);
	for (i = 0; i < nitems(corruptions); i++)
		try_corruption(&im, &corruptions[i]);
	if (ver == 1)
		try_corruption(&im, &(struct corruption){ "old size", super_old_size, "old size is" });
	check_clean(&im);
	(void)close(im.fd);
}

static void
test_v1(void)
{
	test_version(1);
}

static void
test_v2(void)
{
	test_version(2);
}

static void
try_makefs(const char *dir, unsigned ver, const char *order)
{
	struct img im = { .ver = ver };
	struct str cmd = { 0 }, path = { 0 };
	struct err err = { 0 };

	str_addf(&path, "%s/makefs.img", dir);
	str_addf(&cmd, "makefs -t ffs -B %s -s 24m -o version=%u '%s' '%s/d' >/dev/null 2>&1", order, ver, path.p, dir);
	must(system(cmd.p) == 0, "makefs fails");
	im.fd = open(path.p, O_RDWR | O_CLOEXEC);
	must(im.fd >= 0 && ffs_open(&im.r, im.fd, 0, 24 * 1024 * 1024, &err) == 0, err.msg);
	CHECK(im.r.super.ver == ver);
	CHECK(im.r.super.big == (strcmp(order, "be") == 0));
	check_clean(&im);
	/* The codec's other byte order: a few corruptions that need no special file. */
	try_corruption(&im, &(struct corruption){ "total", super_nbfree, "superblock: number of free blocks" });
	try_corruption(&im, &(struct corruption){ "fragment sums", cg_frsum, "frsum[3]" });
	try_corruption(
	    &im, &(struct corruption){ "link count", inode_nlink, "(/etc/rc): link count is 9, should be 1" });
	try_corruption(&im, &(struct corruption){ "lost file", entry_removed, "no directory names it" });
	try_corruption(&im, &(struct corruption){ "dup", inode_dup, "are also held by inode" });
	(void)close(im.fd);
	str_release(&cmd);
	str_release(&path);
}

static void
test_makefs(void)
{
	char dir[] = "/tmp/smol-makefs.XXXXXX";
	struct str cmd = { 0 };

	if (system("command -v makefs >/dev/null") != 0) {
		printf("# SKIP makefs is not installed\n");
		return;
	}
	must(mkdtemp(dir) != NULL, "mkdtemp");
	str_addf(&cmd,
	    "cd %s && mkdir -p d/etc d/bin && echo hello >d/etc/rc && ln -s etc/rc d/lnk && ln d/etc/rc d/etc/hard && "
	    "rm d/etc/hard && "
	    "head -c 30000 /dev/zero | tr '\\0' x >d/bin/sh && head -c 6000000 /dev/zero | tr '\\0' y >d/bin/big",
	    dir);
	must(system(cmd.p) == 0, "cannot make files");
	try_makefs(dir, 1, "le");
	try_makefs(dir, 1, "be");
	try_makefs(dir, 2, "le");
	try_makefs(dir, 2, "be");
	cmd.len = 0;
	str_addf(&cmd, "rm -r %s", dir);
	must(system(cmd.p) == 0, "cannot clean up");
	str_release(&cmd);
}

TEST_MAIN({ "our v1 image is clean, and every corruption of it is found", test_v1 },
    { "our v2 image is clean, and every corruption of it is found", test_v2 },
    { "images of makefs are clean, in both versions and byte orders", test_makefs })
