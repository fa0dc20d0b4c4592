/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests by libcrypto's EVP interface, which picks the CPU's instructions.
 */
#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"

#define READ_BYTES (256 * 1024)

static const struct {
	const char *name;
	size_t size;
	const EVP_MD *(*md)(void);
} kinds[] = {
	[DIGEST_NONE] = { "none", 0, EVP_md_null },
	[DIGEST_SHA1] = { "SHA1", 20, EVP_sha1 },
	[DIGEST_SHA256] = { "SHA256", SHA256_SIZE, EVP_sha256 },
	[DIGEST_SHA512] = { "SHA512", 64, EVP_sha512 },
};

static const char digits[] = "0123456789abcdef";

void
sha256_init(struct sha256 *s)
{
	s->ctx = EVP_MD_CTX_new();
	if (s->ctx == NULL || EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1)
		abort();
}

void
sha256_add(struct sha256 *s, const void *data, size_t len)
{
	if (EVP_DigestUpdate(s->ctx, data, len) != 1)
		abort();
}

void
sha256_final(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(s->ctx, out == NULL ? digest : out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(s->ctx);
	s->ctx = NULL;
}

static char *
hex_write(const uint8_t *bytes, size_t n, char *hex)
{
	size_t i;

	for (i = 0; i < n; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * n] = '\0';
	return hex;
}

char *
sha256_hex(const uint8_t digest[SHA256_SIZE], char hex[SHA256_HEX])
{
	return hex_write(digest, SHA256_SIZE, hex);
}

static int
hex_value(char c)
{
	const char *p = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

	return p == NULL ? -1 : (int)(p - digits);
}

bool
hex_read(const char *hex, size_t len, uint8_t *out, size_t n)
{
	int high, low;
	size_t i;

	if (len != 2 * n)
		return false;
	for (i = 0; i < n; i++) {
		high = hex_value(hex[2 * i]);
		low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);
		if (low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

const char *
digest_name(enum digest_kind kind)
{
	return kinds[kind].name;
}

enum digest_kind
digest_kind_of(const char *name, size_t len)
{
	size_t i;

	for (i = DIGEST_SHA1; i < nitems(kinds); i++)
		if (len == strlen(kinds[i].name) && strncasecmp(name, kinds[i].name, len) == 0)
			return (enum digest_kind)i;
	return DIGEST_NONE;
}

enum digest_kind
digest_kind_of_length(size_t hex_len)
{
	size_t i;

	for (i = DIGEST_SHA1; i < nitems(kinds); i++)
		if (hex_len == 2 * kinds[i].size)
			return (enum digest_kind)i;
	return DIGEST_NONE;
}

bool
digest_read(struct digest *d, enum digest_kind kind, const char *hex, size_t len)
{
	*d = (struct digest){ .kind = kind };
	return kind != DIGEST_NONE && hex_read(hex, len, d->bytes, kinds[kind].size);
}

char *
digest_string(const struct digest *d, char text[DIGEST_TEXT_MAX])
{
	size_t len = strlen(kinds[d->kind].name);

	memcpy(text, kinds[d->kind].name, len);
	text[len] = ':';
	(void)hex_write(d->bytes, kinds[d->kind].size, text + len + 1);
	return text;
}

bool
digest_parse(struct digest *d, const char *text)
{
	const char *colon = strchr(text, ':');

	*d = (struct digest){ 0 };
	return colon != NULL &&
	       digest_read(d, digest_kind_of(text, (size_t)(colon - text)), colon + 1, strlen(colon + 1));
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return a->kind == b->kind && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int
digest_file(int fd, enum digest_kind kind, struct digest *d, struct err *err)
{
	cleanup_free uint8_t *buf = xmalloc(READ_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	off_t off = 0;
	ssize_t n;
	int rv = 0;

	*d = (struct digest){ .kind = kind };
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (ctx == NULL || EVP_DigestInit_ex(ctx, kinds[kind].md(), NULL) != 1)
		abort();
	while (rv == 0 && (n = pread(fd, buf, READ_BYTES, off)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rv = err_sys(err, "cannot read it");
		else if (EVP_DigestUpdate(ctx, buf, (size_t)n) != 1)
			abort();
		off += n;
	}
	if (rv == 0 && EVP_DigestFinal_ex(ctx, d->bytes, NULL) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return rv;
}

void
digest_data(enum digest_kind kind, const void *data, size_t len, struct digest *d)
{
	*d = (struct digest){ .kind = kind };
	if (EVP_Digest(data, len, d->bytes, NULL, kinds[kind].md(), NULL) != 1)
		abort();
}

bool
md5_init(struct md5 *m)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	m->ctx = ctx;
	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1)
		return true;
	EVP_MD_CTX_free(ctx);
	m->ctx = NULL;
	return false;
}

void
md5_add(struct md5 *m, const void *data, size_t len)
{
	if (EVP_DigestUpdate(m->ctx, data, len) != 1)
		abort();
}

void
md5_final(struct md5 *m, char hex[MD5_HEX])
{
	uint8_t bytes[16];

	if (EVP_DigestFinal_ex(m->ctx, bytes, NULL) != 1)
		abort();
	EVP_MD_CTX_free(m->ctx);
	m->ctx = NULL;
	(void)hex_write(bytes, sizeof(bytes), hex);
}
