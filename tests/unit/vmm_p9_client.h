/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 9P client that writes messages by hand to a share on a fresh directory,
 * for the tests and the fuzzer.  request() sends what put_*() gathered; the
 * reply is read by get_*().
 *
 *	dir/outside	what no guest may reach: file, dir/file
 *	dir/share	the share
 */
#ifndef SMOL_TEST_VMM_P9_CLIENT_H
#define SMOL_TEST_VMM_P9_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endian.h"
#include "vmm/p9/share.h"

enum {
	T_STATFS = 8,
	T_LOPEN = 12,
	T_LCREATE = 14,
	T_SYMLINK = 16,
	T_MKNOD = 18,
	T_RENAME = 20,
	T_READLINK = 22,
	T_GETATTR = 24,
	T_SETATTR = 26,
	T_XATTRWALK = 30,
	T_XATTRCREATE = 32,
	T_READDIR = 40,
	T_FSYNC = 50,
	T_LOCK = 52,
	T_GETLOCK = 54,
	T_LINK = 70,
	T_MKDIR = 72,
	T_RENAMEAT = 74,
	T_UNLINKAT = 76,
	T_VERSION = 100,
	T_AUTH = 102,
	T_ATTACH = 104,
	T_FLUSH = 108,
	T_WALK = 110,
	T_OPEN = 112,
	T_CREATE = 114,
	T_READ = 116,
	T_WRITE = 118,
	T_CLUNK = 120,
	T_REMOVE = 122,
	T_STAT = 124,
	T_WSTAT = 126,
	R_LERROR = 7,
	R_ERROR = 107,
	CLIENT_BYTES = 1 << 20,
	ROOT = 1,
};
#define NO_FID UINT32_MAX
#define NO_CHANGE UINT32_MAX

struct client {
	struct p9_share *share;
	char dir[64]; /* its own */
	uint8_t out[CLIENT_BYTES], in[CLIENT_BYTES];
	size_t out_len, in_len, at; /* at: of the reply's reader */
	size_t room; /* for a reply */
	bool bad; /* the reply was shorter than what was read of it */
};

static struct client client;

static inline void
put(const void *p, size_t len)
{
	memcpy(client.out + client.out_len, p, len);
	client.out_len += len;
}

static inline void
put8(uint8_t v)
{
	put(&v, 1);
}

static inline void
put16(uint16_t v)
{
	uint8_t b[2];

	put_le16(b, v);
	put(b, 2);
}

static inline void
put32(uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	put(b, 4);
}

static inline void
put64(uint64_t v)
{
	put32((uint32_t)v);
	put32((uint32_t)(v >> 32));
}

static inline void
put_text(const char *s)
{
	put16((uint16_t)strlen(s));
	put(s, strlen(s));
}

static inline const uint8_t *
get(size_t len)
{
	static const uint8_t zeros[4096];

	if (client.in_len - client.at < len) {
		client.bad = true;
		return zeros;
	}
	client.at += len;
	return client.in + client.at - len;
}

static inline uint8_t
get8(void)
{
	return *get(1);
}

static inline uint16_t
get16(void)
{
	return get_le16(get(2));
}

static inline uint32_t
get32(void)
{
	return get_le32(get(4));
}

static inline uint64_t
get64(void)
{
	return get_le64(get(8));
}

static inline void
get_text(char *buf, size_t size)
{
	size_t len = get16();

	if (len >= size) {
		client.bad = true;
		len = 0;
	}
	memcpy(buf, get(len), len);
	buf[len] = '\0';
}

static inline void
begin(uint8_t type)
{
	client.out_len = 0;
	put32(0);
	put8(type);
	put16(type == T_VERSION ? 0xffff : 7);
}

/* Sends it in pieces of odd sizes; 0, or the errno of the reply, or -1 if there is none or it is malformed. */
static inline int
request(void)
{
	const size_t half = client.out_len / 2;
	struct iovec out[2] = { { client.out, half }, { client.out + half, client.out_len - half } };
	const struct iovec in[2] = { { client.in, 5 }, { client.in + 5, client.room - 5 } };
	const struct p9_buffers b = { out, in, 2, 2, client.out_len, client.room };
	char text[128];
	uint32_t len;

	put_le32(client.out, (uint32_t)client.out_len);
	memset(client.in, 0xa5, 4096);
	len = p9_serve(client.share, &b);
	client.at = 7;
	client.bad = false;
	client.in_len = len;
	if (len < 7 || len > client.room || get_le32(client.in) != len || memcmp(client.in + 5, client.out + 5, 2) != 0)
		return -1;
	if (client.in[4] == R_LERROR)
		return (int)get32();
	if (client.in[4] == R_ERROR) {
		get_text(text, sizeof(text));
		return (int)get32();
	}
	return client.in[4] == client.out[4] + 1 ? 0 : -1;
}

/* A whole message: 1, 2, 4, 8: an integer of so many bytes; s: a string. */
static inline int
message(uint8_t type, const char *format, ...)
{
	va_list ap;

	begin(type);
	va_start(ap, format);
	for (; *format != '\0'; format++) {
		if (*format == 's')
			put_text(va_arg(ap, const char *));
		else if (*format == '8')
			put64(va_arg(ap, uint64_t));
		else if (*format == '4')
			put32(va_arg(ap, uint32_t));
		else if (*format == '2')
			put16((uint16_t)va_arg(ap, int));
		else
			put8((uint8_t)va_arg(ap, int));
	}
	va_end(ap);
	return request();
}

static inline void
client_path(char *buf, size_t size, const char *path)
{
	(void)snprintf(buf, size, "%s/%s", client.dir, path);
}

static inline void
client_file(const char *path, const char *text)
{
	char full[1024];
	FILE *f;

	client_path(full, sizeof(full), path);
	f = fopen(full, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static inline void
client_dir(const char *path)
{
	char full[1024];

	client_path(full, sizeof(full), path);
	if (mkdir(full, 0755) < 0)
		abort();
}

/* What a host's file has; "" if there is none. */
static inline const char *
client_content(const char *path)
{
	static char buf[4096];
	char full[1024];
	size_t n = 0;
	FILE *f;

	client_path(full, sizeof(full), path);
	f = fopen(full, "r");
	if (f != NULL) {
		n = fread(buf, 1, sizeof(buf) - 1, f);
		(void)fclose(f);
	}
	buf[n] = '\0';
	return buf;
}

static inline int
client_version(const char *version, uint32_t msize)
{
	return message(T_VERSION, "4s", msize, version);
}

static inline void
client_open(bool read_only)
{
	struct err err = { 0 };
	char path[128];

	(void)umask(0);
	(void)snprintf(client.dir, sizeof(client.dir), "/dev/shm/smol-p9.XXXXXX");
	if (mkdtemp(client.dir) == NULL)
		abort();
	client_dir("outside");
	client_dir("outside/dir");
	client_dir("share");
	client_file("outside/file", "secret");
	client_file("outside/dir/file", "secret");
	client_path(path, sizeof(path), "share");
	client.room = CLIENT_BYTES;
	client.share = p9_share_new(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), read_only, &err);
	if (client.share == NULL)
		abort();
}

static inline int
client_attach(const char *version)
{
	int error = client_version(version, CLIENT_BYTES);

	return error != 0 ? error : message(T_ATTACH, "44ss4", (uint32_t)ROOT, NO_FID, "root", "", NO_FID);
}

static inline void
client_close(void)
{
	char command[128];

	p9_share_free(client.share);
	(void)snprintf(command, sizeof(command), "rm -rf %s", client.dir);
	if (system(command) != 0)
		abort();
}

/* A new fid of one name below another. */
static inline int
walk(uint32_t fid, uint32_t newfid, const char *name)
{
	int error = message(T_WALK, "442s", fid, newfid, 1, name);

	return error != 0 ? error : get16() == 1 ? 0 : -1;
}

static inline int
dup_fid(uint32_t fid, uint32_t newfid)
{
	return message(T_WALK, "442", fid, newfid, 0);
}

static inline int
clunk(uint32_t fid)
{
	return message(T_CLUNK, "4", fid);
}

static inline int
write_text(uint32_t fid, uint64_t offset, const char *text)
{
	begin(T_WRITE);
	put32(fid);
	put64(offset);
	put32((uint32_t)strlen(text));
	put(text, strlen(text));
	return request();
}

/* The text at offset, "?" on an error. */
static inline const char *
read_text(uint32_t fid, uint64_t offset)
{
	static char buf[4096];
	uint32_t n;

	if (message(T_READ, "484", fid, offset, 4000u) != 0)
		return "?";
	n = get32();
	memcpy(buf, get(n), n);
	buf[n] = '\0';
	return buf;
}

#endif
