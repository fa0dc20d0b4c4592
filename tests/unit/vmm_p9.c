/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 9P server, message by message: files and directories in both dialects,
 * and what a guest must not get at.
 */
#include "vmm_p9_client.h"

#include "test.h"

#define U32(x) ((uint32_t)(x))
#define U64(x) ((uint64_t)(x))

static unsigned
open_descriptors(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 20000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* --- session --- */

static void
version(void)
{
	char text[16];

	client_open(false);
	CHECK(message(T_CLUNK, "4", U32(1)) == 45); /* before any version: EOPNOTSUPP, in NetBSD's numbers */
	CHECK(client_version("9P2000.L", 8192) == 0);
	CHECK(get32() == 8192);
	get_text(text, sizeof(text));
	CHECK_STR(text, "9P2000.L");
	CHECK(client_version("9P2000.u", 16 << 20) == 0);
	CHECK(get32() == P9_MSIZE_MAX);
	CHECK(client_version("9P2000", 8192) == 0);
	(void)get32();
	get_text(text, sizeof(text));
	CHECK_STR(text, "unknown");
	CHECK(client_version("a version of the future that is long", 8192) == 0);
	CHECK(client_version("9P2000.L", 4095) == 40); /* no version yet: an error of 9P2000.u */
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(message(T_ATTACH, "44ss4", U32(2), U32(1), "", "", NO_FID) == EINVAL);
	CHECK(message(T_ATTACH, "44ss4", U32(2), NO_FID, "", "/elsewhere", NO_FID) == ENOENT);
	CHECK(message(T_ATTACH, "44ss4", U32(ROOT), NO_FID, "", "", NO_FID) == EINVAL);
	CHECK(message(T_AUTH, "4ss4", U32(3), "", "", NO_FID) == EOPNOTSUPP);
	CHECK(message(T_FLUSH, "2", 3) == 0);
	CHECK(clunk(ROOT) == 0);
	CHECK(clunk(ROOT) == EBADF);
	client_close();
}

static void
malformed(void)
{
	struct iovec out = { client.out, 7 }, in = { client.in, 11 };
	struct p9_buffers b = { &out, &in, 1, 1, 7, 11 };
	unsigned type;

	client_open(false);
	CHECK(client_attach("9P2000.L") == 0);
	for (type = 0; type < 256; type++) {
		begin((uint8_t)type);
		CHECK(request() > 0 || type == T_VERSION);
		if (client_attach("9P2000.L") != 0)
			CHECK(false);
	}
	/* Lengths that lie. */
	begin(T_CLUNK);
	put_le32(client.out, 6);
	CHECK(p9_serve(client.share, &b) == 0);
	put_le32(client.out, 7);
	CHECK(p9_serve(client.share, &b) == 11 && client.in[4] == R_LERROR);
	put_le32(client.out, 8);
	CHECK(p9_serve(client.share, &b) == 11 && get_le32(client.in + 7) == EMSGSIZE);
	b.out_bytes = out.iov_len = 6;
	CHECK(p9_serve(client.share, &b) == 0);
	b.out_bytes = out.iov_len = 7;
	b.in_bytes = in.iov_len = 10;
	CHECK(p9_serve(client.share, &b) == 0);
	/* A write of more than there is. */
	CHECK(message(T_LCREATE, "4s444", U32(ROOT), "f", U32(O_RDWR), U32(0644), U32(0)) == 0);
	CHECK(message(T_WRITE, "4841", U32(ROOT), U64(0), U32(2), 'x') == EINVAL);
	CHECK(message(T_WRITE, "4841", U32(ROOT), U64(-1), U32(1), 'x') == EINVAL);
	CHECK(message(T_WRITE, "4841", U32(ROOT), U64(0), U32(1), 'x') == 0);
	CHECK_STR(client_content("share/f"), "x");
	client_close();
}

/* --- files --- */

static void
files(void)
{
	uint64_t size;

	client_open(false);
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(dup_fid(ROOT, 2) == 0);
	CHECK(message(T_LCREATE, "4s444", U32(2), "f", U32(O_RDWR | O_CREAT), U32(06640), U32(5)) == 0);
	CHECK(get8() == 0); /* qid: a file */
	CHECK(write_text(2, 0, "hello") == 0 && get32() == 5);
	CHECK_STR(read_text(2, 1), "ello");
	CHECK_STR(read_text(2, 5), "");
	CHECK(message(T_FSYNC, "44", U32(2), U32(1)) == 0);
	CHECK(message(T_FSYNC, "44", U32(2), U32(0)) == 0);
	CHECK(message(T_GETATTR, "48", U32(2), U64(-1)) == 0);
	CHECK(get64() == 0x7ff);
	(void)get(13);
	CHECK(get32() == (S_IFREG | 0640)); /* no set-user-ID */
	CHECK(get32() == getuid());
	(void)get(4 + 8 + 8);
	size = get64();
	CHECK(size == 5);
	/* Created once more: opened, unless it must be new. */
	CHECK(dup_fid(ROOT, 3) == 0);
	CHECK(message(T_LCREATE, "4s444", U32(3), "f", U32(O_RDWR | O_CREAT | O_EXCL), U32(0644), U32(0)) == EEXIST);
	CHECK(message(T_LCREATE, "4s444", U32(3), "f", U32(O_WRONLY | O_CREAT | O_TRUNC), U32(0644), U32(0)) == 0);
	CHECK_STR(client_content("share/f"), "");
	CHECK_STR(read_text(3, 0), "?");
	/* Appending writes at the end, wherever they are sent. */
	CHECK(walk(ROOT, 4, "f") == 0);
	CHECK(write_text(4, 0, "x") == EBADF);
	CHECK(message(T_LOPEN, "44", U32(4), U32(O_WRONLY | O_APPEND)) == 0);
	CHECK(message(T_LOPEN, "44", U32(4), U32(O_RDONLY)) == EBUSY);
	CHECK(write_text(4, 0, "ab") == 0 && write_text(4, 0, "cd") == 0);
	CHECK_STR(client_content("share/f"), "abcd");
	/* It is the file, not the name. */
	CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), "f", U32(0)) == 0);
	CHECK(write_text(4, 0, "ef") == 0);
	CHECK_STR(read_text(2, 0), "abcdef");
	CHECK(message(T_GETATTR, "48", U32(4), U64(-1)) == 0);
	CHECK(walk(ROOT, 5, "f") == ENOENT);
	CHECK(message(T_LOPEN, "44", U32(ROOT), U32(O_RDWR)) == EISDIR);
	client_close();
}

static int
setattr(uint32_t fid, uint32_t valid, uint32_t mode, uint64_t size, uint64_t mtime, uint64_t nsec)
{
	return message(
	    T_SETATTR, "4444488888", fid, valid, mode, NO_CHANGE, NO_CHANGE, size, U64(1), U64(2), mtime, nsec);
}

static void
attributes(void)
{
	struct stat st;
	char path[128];

	client_open(false);
	client_file("share/f", "0123456789");
	client_path(path, sizeof(path), "share/f");
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(walk(ROOT, 2, "f") == 0);
	CHECK(setattr(2, 1, 07755, 0, 0, 0) == 0 && stat(path, &st) == 0 && st.st_mode == (S_IFREG | 0755));
	CHECK(setattr(2, 8, 0, 3, 0, 0) == 0);
	CHECK_STR(client_content("share/f"), "012");
	CHECK(setattr(2, 8, 0, U64(1) << 63, 0, 0) == EINVAL);
	CHECK(setattr(2, 0x20 | 0x100, 0, 0, 1000000000, 999999999) == 0 && stat(path, &st) == 0);
	CHECK(st.st_mtim.tv_sec == 1000000000 && st.st_mtim.tv_nsec == 999999999);
	CHECK(setattr(2, 0x20 | 0x100, 0, 0, 5, UTIME_NOW) == EINVAL);
	CHECK(setattr(2, 0x10 | 0x80, 0, 0, 0, 0) == 0 && stat(path, &st) == 0);
	CHECK(st.st_atim.tv_sec == 1 && st.st_atim.tv_nsec == 2 && st.st_mtim.tv_sec == 1000000000);
	CHECK(setattr(2, 0x20, 0, 0, 0, 0) == 0 && stat(path, &st) == 0 && st.st_mtim.tv_sec > 1000000000);
	CHECK(setattr(ROOT, 8, 0, 3, 0, 0) == EISDIR);
	CHECK(message(T_STATFS, "4", U32(2)) == 0);
	CHECK(message(T_XATTRWALK, "44s", U32(2), U32(3), "user.x") == EOPNOTSUPP);
	CHECK(message(T_XATTRCREATE, "4s84", U32(2), "user.x", U64(1), U32(0)) == EOPNOTSUPP);
	CHECK(message(T_LOCK, "414884s", U32(2), 1, U32(0), U64(0), U64(0), U32(1), "guest") == 0 && get8() == 0);
	CHECK(message(T_GETLOCK, "41884s", U32(2), 1, U64(5), U64(6), U32(1), "guest") == 0);
	CHECK(get8() == 2 && get64() == 5 && get64() == 6);
	client_close();
}

static void
names(void)
{
	char text[64], long_name[300];
	struct stat st;
	char path[512];

	client_open(false);
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(message(T_MKDIR, "4s44", U32(ROOT), "d", U32(01777), U32(0)) == 0 && get8() == 0x80);
	CHECK(message(T_MKDIR, "4s44", U32(ROOT), "d", U32(0755), U32(0)) == EEXIST);
	CHECK(message(T_SYMLINK, "4ss4", U32(ROOT), "l", "../outside/file", U32(0)) == 0 && get8() == 2);
	CHECK(message(T_MKNOD, "4s4444", U32(ROOT), "p", U32(S_IFIFO | 0644), U32(0), U32(0), U32(0)) == 0);
	CHECK(message(T_MKNOD, "4s4444", U32(ROOT), "f", U32(S_IFREG | 0644), U32(0), U32(0), U32(0)) == 0);
	CHECK(message(T_MKNOD, "4s4444", U32(ROOT), "c", U32(S_IFCHR | 0644), U32(1), U32(3), U32(0)) == EPERM);
	CHECK(message(T_MKNOD, "4s4444", U32(ROOT), "b", U32(S_IFBLK | 0644), U32(8), U32(0), U32(0)) == EPERM);
	CHECK(walk(ROOT, 2, "l") == 0 && message(T_READLINK, "4", U32(2)) == 0);
	get_text(text, sizeof(text));
	CHECK_STR(text, "../outside/file");
	CHECK(walk(ROOT, 3, "f") == 0 && message(T_READLINK, "4", U32(3)) == EINVAL);
	CHECK(walk(ROOT, 4, "d") == 0);
	CHECK(message(T_LINK, "44s", U32(4), U32(3), "hard") == 0);
	CHECK(message(T_LINK, "44s", U32(4), U32(4), "dir") == EPERM);
	CHECK(message(T_LINK, "44s", U32(4), U32(2), "link") == 0); /* of the link itself */
	client_path(path, sizeof(path), "share/d/link");
	CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
	client_path(path, sizeof(path), "share/d/hard");
	CHECK(stat(path, &st) == 0 && st.st_nlink == 2);
	CHECK(message(T_RENAMEAT, "4s4s", U32(4), "hard", U32(ROOT), "moved") == 0);
	CHECK(message(T_RENAMEAT, "4s4s", U32(ROOT), "d", U32(4), "self") == EINVAL);
	CHECK(message(T_RENAME, "44s", U32(3), U32(4), "renamed") == 0);
	CHECK(message(T_RENAME, "44s", U32(3), U32(4), "again") == 0); /* the fid has learnt its name */
	CHECK(message(T_REMOVE, "4", U32(3)) == 0);
	CHECK(message(T_RENAME, "44s", U32(ROOT), U32(4), "root") == EOPNOTSUPP);
	CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), "d", U32(0)) == EISDIR);
	CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), "d", U32(0x200)) == ENOTEMPTY);
	CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), "d", U32(0x400)) == EINVAL);
	CHECK(message(T_UNLINKAT, "4s4", U32(4), "link", U32(0)) == 0);
	CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), "d", U32(0x200)) == 0);
	/* 255 bytes are a name, 256 are not. */
	memset(long_name, 'n', sizeof(long_name));
	long_name[256] = '\0';
	CHECK(message(T_MKDIR, "4s44", U32(ROOT), long_name, U32(0755), U32(0)) == ENAMETOOLONG);
	long_name[255] = '\0';
	CHECK(message(T_MKDIR, "4s44", U32(ROOT), long_name, U32(0755), U32(0)) == 0);
	CHECK(walk(ROOT, 9, long_name) == 0);
	client_close();
}

/* --- confinement --- */

static void
walks(void)
{
	static const char *const bad[] = { "", "/", "/etc", "../outside", "a/b", "a/../../outside" };
	struct stat st;
	uint64_t root;
	char path[128];
	size_t i;

	client_open(false);
	client_dir("share/a");
	client_dir("share/a/b");
	client_path(path, sizeof(path), "share");
	root = stat(path, &st) == 0 ? st.st_ino : 0;
	CHECK(client_attach("9P2000.L") == 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(walk(ROOT, 2, bad[i]) == ENOENT);
		CHECK(message(T_MKDIR, "4s44", U32(ROOT), bad[i], U32(0755), U32(0)) == ENOENT);
		CHECK(message(T_LCREATE, "4s444", U32(ROOT), bad[i], U32(O_RDWR), U32(0644), U32(0)) == ENOENT);
		CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), bad[i], U32(0x200)) == ENOENT);
		CHECK(message(T_RENAMEAT, "4s4s", U32(ROOT), "a", U32(ROOT), bad[i]) == ENOENT);
	}
	CHECK(message(T_MKDIR, "4s44", U32(ROOT), "..", U32(0755), U32(0)) == EINVAL);
	CHECK(message(T_RENAMEAT, "4s4s", U32(ROOT), "a", U32(ROOT), "..") == EINVAL);
	CHECK(message(T_RENAMEAT, "4s4s", U32(ROOT), "..", U32(ROOT), "x") == EINVAL);
	/* ".." of the root is the root, however it is come to. */
	CHECK(message(T_WALK, "442ssss", U32(ROOT), U32(2), 4, "..", "..", "a", "..") == 0 && get16() == 4);
	(void)get(5);
	CHECK(get64() == root);
	CHECK(message(T_WALK, "442sssss", U32(ROOT), U32(3), 5, "a", "b", "..", "..", "..") == 0 && get16() == 5);
	(void)get(13 * 4 + 5);
	CHECK(get64() == root);
	CHECK(message(T_WALK, "442s", U32(3), U32(4), 1, "outside") == ENOENT);
	/* Part of the way makes no fid. */
	CHECK(message(T_WALK, "442ss", U32(ROOT), U32(5), 2, "a", "none") == 0 && get16() == 1);
	CHECK(clunk(5) == EBADF);
	CHECK(message(T_WALK, "442", U32(ROOT), U32(6), 17) == EINVAL);
	CHECK(message(T_WALK, "442s", U32(ROOT), U32(2), 1, "a") == EINVAL); /* in use */
	CHECK(message(T_WALK, "442s", U32(ROOT), NO_FID, 1, "a") == EINVAL);
	/* Onto itself. */
	CHECK(walk(2, 2, "a") == 0 && walk(2, 2, "b") == 0 && walk(2, 2, "x") == ENOENT && walk(2, 2, "..") == 0);
	client_close();
}

/* A directory that the host moved out of the share: its parent is not for the guest. */
static void
moved_away(void)
{
	char from[128], to[128];

	client_open(false);
	client_dir("share/a");
	client_dir("share/a/b");
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(message(T_WALK, "442ss", U32(ROOT), U32(2), 2, "a", "b") == 0);
	client_path(from, sizeof(from), "share/a/b");
	client_path(to, sizeof(to), "outside/b");
	CHECK(rename(from, to) == 0);
	CHECK(walk(2, 3, "..") == ENOENT);
	CHECK(walk(2, 3, "file") == ENOENT);
	client_close();
}

static void
symlinks(void)
{
	char path[128], target[128];

	client_open(false);
	client_dir("share/d");
	client_file("share/d/file", "mine");
	client_path(target, sizeof(target), "outside/dir");
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(message(T_SYMLINK, "4ss4", U32(ROOT), "up", "..", U32(0)) == 0);
	CHECK(message(T_SYMLINK, "4ss4", U32(ROOT), "out", target, U32(0)) == 0);
	CHECK(message(T_SYMLINK, "4ss4", U32(ROOT), "file", "../outside/file", U32(0)) == 0);
	CHECK(message(T_SYMLINK, "4ss4", U32(ROOT), "fd", "/proc/self/fd/0", U32(0)) == 0);
	CHECK(message(T_WALK, "442ss", U32(ROOT), U32(2), 2, "up", "outside") == 0 && get16() == 1);
	CHECK(message(T_WALK, "442ss", U32(ROOT), U32(2), 2, "out", "file") == 0 && get16() == 1);
	CHECK(walk(ROOT, 3, "file") == 0);
	CHECK(message(T_LOPEN, "44", U32(3), U32(O_RDONLY)) == ELOOP);
	CHECK(setattr(3, 1, 0777, 0, 0, 0) == EOPNOTSUPP);
	CHECK(setattr(3, 8, 0, 0, 0, 0) == EINVAL);
	CHECK(walk(ROOT, 4, "fd") == 0 && message(T_LOPEN, "44", U32(4), U32(O_RDONLY)) == ELOOP);
	CHECK(dup_fid(ROOT, 5) == 0);
	CHECK(message(T_LCREATE, "4s444", U32(5), "file", U32(O_RDWR), U32(0644), U32(0)) == ELOOP);
	CHECK(message(T_MKDIR, "4s44", U32(3), "x", U32(0755), U32(0)) == ENOTDIR);
	CHECK_STR(client_content("outside/file"), "secret");
	/* A directory swapped for a link after the walk: the fid stays what it was. */
	CHECK(walk(ROOT, 6, "d") == 0);
	CHECK(message(T_RENAMEAT, "4s4s", U32(ROOT), "d", U32(ROOT), "e") == 0);
	client_path(path, sizeof(path), "share/d");
	CHECK(symlink(target, path) == 0);
	CHECK(walk(6, 7, "file") == 0 && message(T_LOPEN, "44", U32(7), U32(O_RDWR)) == 0);
	CHECK_STR(read_text(7, 0), "mine");
	CHECK(message(T_LCREATE, "4s444", U32(6), "new", U32(O_RDWR), U32(0644), U32(0)) == 0);
	CHECK_STR(client_content("outside/dir/new"), "");
	client_path(path, sizeof(path), "share/e/new");
	CHECK(access(path, F_OK) == 0);
	client_close();
}

static void
special_files(void)
{
	char path[128];

	client_open(false);
	client_path(path, sizeof(path), "share/fifo");
	CHECK(mkfifo(path, 0666) == 0);
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(walk(ROOT, 2, "fifo") == 0);
	CHECK(message(T_LOPEN, "44", U32(2), U32(O_RDONLY)) == EPERM); /* and does not wait for a writer */
	CHECK(dup_fid(ROOT, 3) == 0);
	CHECK(message(T_LCREATE, "4s444", U32(3), "fifo", U32(O_RDWR), U32(0644), U32(0)) == EPERM);
	client_close();
}

static void
read_only(void)
{
	client_open(true);
	client_file("share/f", "text");
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(walk(ROOT, 2, "f") == 0);
	CHECK(message(T_LCREATE, "4s444", U32(ROOT), "g", U32(O_RDWR), U32(0644), U32(0)) == EROFS);
	CHECK(message(T_MKDIR, "4s44", U32(ROOT), "g", U32(0755), U32(0)) == EROFS);
	CHECK(message(T_SYMLINK, "4ss4", U32(ROOT), "g", "x", U32(0)) == EROFS);
	CHECK(message(T_MKNOD, "4s4444", U32(ROOT), "g", U32(S_IFREG), U32(0), U32(0), U32(0)) == EROFS);
	CHECK(message(T_LINK, "44s", U32(ROOT), U32(2), "g") == EROFS);
	CHECK(message(T_RENAMEAT, "4s4s", U32(ROOT), "f", U32(ROOT), "g") == EROFS);
	CHECK(message(T_RENAME, "44s", U32(2), U32(ROOT), "g") == EROFS);
	CHECK(message(T_UNLINKAT, "4s4", U32(ROOT), "f", U32(0)) == EROFS);
	CHECK(setattr(2, 1, 0777, 0, 0, 0) == EROFS);
	CHECK(message(T_LOPEN, "44", U32(2), U32(O_WRONLY)) == EROFS);
	CHECK(message(T_LOPEN, "44", U32(2), U32(O_RDWR)) == EROFS);
	CHECK(message(T_LOPEN, "44", U32(2), U32(O_RDONLY | O_TRUNC)) == EROFS);
	CHECK(message(T_LOPEN, "44", U32(2), U32(O_RDONLY)) == 0);
	CHECK_STR(read_text(2, 0), "text");
	CHECK(write_text(2, 0, "x") == EBADF);
	CHECK(message(T_REMOVE, "4", U32(2)) == EROFS);
	CHECK(clunk(2) == EBADF); /* gone all the same */
	CHECK(client_attach("9P2000.u") == 0);
	CHECK(message(T_CREATE, "4s41s", U32(ROOT), "g", U32(0644), 0, "") == EROFS);
	CHECK(walk(ROOT, 2, "f") == 0);
	CHECK(message(T_OPEN, "41", U32(2), 0x40) == EROFS); /* ORCLOSE */
	CHECK(message(T_OPEN, "41", U32(2), 0x10) == EROFS); /* OTRUNC */
	CHECK_STR(client_content("share/f"), "text");
	client_close();
}

static const char *
numbered(unsigned i)
{
	static char name[16];

	(void)snprintf(name, sizeof(name), "%u", i);
	return name;
}

static void
bounds(void)
{
	unsigned before = open_descriptors(), i;
	int error = 0;

	client_open(false);
	CHECK(client_attach("9P2000.L") == 0);
	for (i = 2; i < 2 * P9_FIDS_MAX && (error = dup_fid(ROOT, i)) == 0; i++)
		continue;
	CHECK(error == ENFILE && i == P9_FIDS_MAX + 1);
	CHECK(clunk(2) == 0 && dup_fid(ROOT, 2) == 0);
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(open_descriptors() <= before + 2);
	/* Each file a descriptor, but for the last ones, which are the monitor's. */
	client.share->fd_end = (int)before + 50;
	for (i = 0, error = 0; i < 100 && error == 0; i++) {
		error = message(T_MKDIR, "4s44", U32(ROOT), numbered(i), U32(0755), U32(0));
		if (error == 0)
			error = walk(ROOT, i + 2, numbered(i));
	}
	CHECK(error == EMFILE && i > 30 && i < 60);
	CHECK(client_attach("9P2000.L") == 0);
	/* As deep as it likes. */
	error = 0;
	CHECK(dup_fid(ROOT, 2) == 0);
	for (i = 0; i < 3000 && error != -1; i++)
		if (message(T_MKDIR, "4s44", U32(2), "deep", U32(0755), U32(0)) != 0 || walk(2, 2, "deep") != 0)
			error = -1;
	CHECK(error != -1);
	CHECK(open_descriptors() < before + 6);
	CHECK(walk(2, 3, "..") == 0 && walk(3, 3, "..") == 0);
	client_close();
	CHECK(open_descriptors() == before);
}

/* --- directories --- */

#define MANY 3000

static void
many_files(void)
{
	char name[64];
	unsigned i;

	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "share/file-%u", i);
		client_file(name, "");
	}
}

static void
readdir_l(void)
{
	static bool seen[MANY];
	uint64_t offset = 0, half = 0;
	unsigned n, all = 0, twice = 0;
	char name[256], at_half[256] = "";
	uint32_t left;

	client_open(false);
	many_files();
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(dup_fid(ROOT, 2) == 0);
	CHECK(message(T_READDIR, "484", U32(2), U64(0), U32(4096)) == EBADF);
	CHECK(message(T_LOPEN, "44", U32(2), U32(O_RDONLY | O_DIRECTORY)) == 0);
	CHECK(message(T_READDIR, "484", U32(2), U64(0), U32(20)) == EINVAL);
	CHECK(message(T_READDIR, "484", U32(2), U64(0), U32(1)) == EINVAL);
	CHECK(message(T_READDIR, "484", U32(2), U64(-1), U32(4096)) == EINVAL);
	CHECK(message(T_READ, "484", U32(2), U64(0), U32(4096)) == EISDIR);
	for (;;) {
		if (message(T_READDIR, "484", U32(2), offset, U32(1000)) != 0 || (left = get32()) == 0)
			break;
		CHECK(left <= 1000);
		while (client.at < client.in_len && !client.bad) {
			(void)get(13);
			offset = get64();
			(void)get8();
			get_text(name, sizeof(name));
			all++;
			if (half != 0 && at_half[0] == '\0')
				(void)snprintf(at_half, sizeof(at_half), "%s", name);
			if (all == MANY / 2)
				half = offset;
			if (sscanf(name, "file-%u", &n) != 1)
				continue;
			twice += n >= MANY || seen[n];
			seen[n] = true;
		}
	}
	CHECK(all == MANY + 2 && twice == 0 && !client.bad);
	/* From the middle on. */
	CHECK(message(T_READDIR, "484", U32(2), half, U32(4096)) == 0 && get32() > 0);
	(void)get(13 + 8 + 1);
	get_text(name, sizeof(name));
	CHECK_STR(name, at_half);
	client_close();
}

static void
read_u(void)
{
	uint64_t offset = 0;
	unsigned all = 0;
	uint32_t left;
	char name[256];
	size_t end;

	client_open(false);
	many_files();
	CHECK(client_attach("9P2000.u") == 0);
	CHECK(dup_fid(ROOT, 2) == 0);
	CHECK(message(T_OPEN, "41", U32(2), 0) == 0);
	CHECK(message(T_READ, "484", U32(2), U64(0), U32(0)) == 0 && get32() == 0); /* as mount_9p begins */
	for (;;) {
		if (message(T_READ, "484", U32(2), offset, U32(5000)) != 0 || (left = get32()) == 0)
			break;
		offset += left;
		while (client.at < client.in_len && !client.bad) {
			end = get16();
			end += client.at;
			(void)get(2 + 4 + 13 + 4 + 4 + 4 + 8);
			get_text(name, sizeof(name));
			client.at = end;
			all++;
		}
	}
	CHECK(all == MANY + 2 && !client.bad);
	CHECK(message(T_READ, "484", U32(2), offset - 1, U32(5000)) == EINVAL);
	CHECK(message(T_READ, "484", U32(2), U64(0), U32(5000)) == 0 && get32() > 0);
	CHECK(message(T_READ, "484", U32(2), U64(0), U32(10)) == 0 && get32() == 0); /* too little for one */
	client_close();
}

/* --- 9P2000.u, as NetBSD's mount_9p speaks it --- */

static int
wstat(uint32_t fid, uint32_t mode, uint32_t mtime, uint64_t length, const char *name)
{
	return message(T_WSTAT,
	    "42224148444"
	    "8ssss"
	    "s444",
	    fid, 0, 0, 0xffff, NO_CHANGE, 0xff, NO_CHANGE, U64(-1), mode, NO_CHANGE, mtime, length, name, "", "", "",
	    "", NO_CHANGE, NO_CHANGE, NO_CHANGE);
}

static void
netbsd(void)
{
	struct stat st;
	char path[128], name[64];

	client_open(false);
	CHECK(client_version("9P2000.u", 16384) == 0 && get32() == 16384);
	CHECK(message(T_AUTH, "4ss", NO_FID, "root", "") == 45);
	CHECK(message(T_ATTACH, "44ss4", U32(ROOT), NO_FID, "root", "", NO_FID) == 0);
	CHECK(dup_fid(ROOT, 2) == 0);
	CHECK(message(T_CREATE, "4s41s", U32(2), "f", U32(0644), 0, "") == 0 && get8() == 0);
	CHECK(clunk(2) == 0);
	CHECK(walk(ROOT, 3, "f") == 0 && dup_fid(3, 4) == 0);
	CHECK(message(T_OPEN, "41", U32(4), 1) == 0);
	CHECK(write_text(4, 0, "hello") == 0);
	CHECK(message(T_STAT, "4", U32(3)) == 0);
	CHECK(get16() + 9u == client.in_len);
	CHECK(get16() + 11u == client.in_len);
	(void)get(2 + 4);
	CHECK(get8() == 0 && get32() == 0); /* no version: NetBSD would take it for another file */
	(void)get64();
	CHECK(get32() == 0644);
	(void)get(8);
	CHECK(get64() == 5);
	get_text(name, sizeof(name));
	CHECK_STR(name, "f");
	/* mkdir, rename, chmod, truncate, times */
	CHECK(dup_fid(ROOT, 5) == 0);
	CHECK(message(T_CREATE, "4s41s", U32(5), "d", U32(0x80000000u | 0700), 0, "") == 0 && get8() == 0x80);
	CHECK(wstat(3, NO_CHANGE, NO_CHANGE, U64(-1), "g") == 0);
	CHECK(wstat(3, 0600, 1000000000, 2, "") == 0);
	client_path(path, sizeof(path), "share/g");
	CHECK(stat(path, &st) == 0 && st.st_mode == (S_IFREG | 0600) && st.st_size == 2 && st.st_mtime == 1000000000);
	CHECK(wstat(3, 0x80000000u | 0755, NO_CHANGE, U64(-1), "") == EINVAL);
	CHECK(wstat(3, NO_CHANGE, NO_CHANGE, U64(-1), "../g") == ENOENT);
	CHECK(wstat(ROOT, NO_CHANGE, NO_CHANGE, U64(-1), "g") == 45);
	/* Removed by a clone of the renamed fid, as mount_9p does it. */
	CHECK(dup_fid(3, 6) == 0 && message(T_REMOVE, "4", U32(6)) == 0);
	CHECK(stat(path, &st) < 0);
	CHECK(dup_fid(3, 6) == 0 && message(T_REMOVE, "4", U32(6)) == ENOENT);
	/* ENOTEMPTY has another number there. */
	client_file("share/d/x", "");
	CHECK(walk(ROOT, 7, "d") == 0 && message(T_REMOVE, "4", U32(7)) == 66);
	CHECK(dup_fid(ROOT, 8) == 0 && message(T_CREATE, "4s41s", U32(8), "l", U32(0x02000777), 0, "../outside") == 0);
	CHECK(message(T_STAT, "4", U32(8)) == 0);
	CHECK(dup_fid(ROOT, 9) == 0 && message(T_CREATE, "4s41s", U32(9), "n", U32(0x00800644), 0, "c 1 3") == EPERM);
	CHECK(message(T_CREATE, "4s41s", U32(9), "r", U32(0644), 0x41, "") == 0); /* removed when it is clunked */
	client_path(path, sizeof(path), "share/r");
	CHECK(stat(path, &st) == 0 && clunk(9) == 0 && stat(path, &st) < 0);
	CHECK(dup_fid(ROOT, 9) == 0 && message(T_CREATE, "4s41s", U32(9), "hard", U32(0x01000000), 0, "4") == ENOENT);
	CHECK(message(T_CREATE, "4s41s", U32(9), "hard", U32(0x01000000), 0, "4x") == EINVAL);
	CHECK(message(T_CREATE, "4s41s", U32(9), "hard", U32(0x01000000), 0, "8\n") == 0); /* as Linux has it */
	client_close();
}

/* --- big messages --- */

static void
msize(void)
{
	uint32_t n = P9_MSIZE_MAX - 23, i;
	bool same = true;

	client_open(false);
	CHECK(client_attach("9P2000.L") == 0);
	CHECK(message(T_LCREATE, "4s444", U32(ROOT), "f", U32(O_RDWR), U32(0644), U32(0)) == 0);
	begin(T_WRITE);
	put32(ROOT);
	put64(0);
	put32(n);
	for (i = 0; i < n; i++)
		client.out[client.out_len + i] = (uint8_t)(i * 7 + i / 4096);
	client.out_len += n;
	CHECK(request() == 0 && get32() == n);
	CHECK(message(T_READ, "484", U32(ROOT), U64(0), U32(-1)) == 0 && get32() == n && client.in_len == 11 + n);
	for (i = 0; i < n; i++)
		same = same && client.in[11 + i] == (uint8_t)(i * 7 + i / 4096);
	CHECK(same);
	CHECK(message(T_READ, "484", U32(ROOT), U64(5), U32(100)) == 0 && get32() == 100 && get8() == 35);
	client.room = 1000; /* less room than it asks for */
	CHECK(message(T_READ, "484", U32(ROOT), U64(0), U32(4096)) == 0 && get32() == 989);
	client.room = CLIENT_BYTES;
	CHECK(client_version("9P2000.L", 4096) == 0);
	begin(T_CLUNK);
	put32(1);
	client.out_len = 4097;
	CHECK(request() == EMSGSIZE);
	client_close();
}

TEST_MAIN({ "version", version }, { "malformed messages", malformed }, { "files", files }, { "attributes", attributes },
    { "names", names }, { "walks stay below the root", walks }, { "a directory moved away", moved_away },
    { "links are not followed", symlinks }, { "special files", special_files }, { "read-only", read_only },
    { "bounds", bounds }, { "readdir", readdir_l }, { "reading directories, 9P2000.u", read_u },
    { "NetBSD's mount_9p", netbsd }, { "msize", msize })
