/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests, by OpenSSL's libcrypto: SHA-256 (FIPS 180-4) of what passes by, and
 * of whole files those that checksum lists name.
 */
#ifndef SMOL_BASE_DIGEST_H
#define SMOL_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SHA256_SIZE 32
#define SHA256_HEX (2 * SHA256_SIZE + 1)

struct sha256 {
	void *ctx; /* EVP_MD_CTX */
};

void sha256_init(struct sha256 *);
void sha256_add(struct sha256 *, const void *data, size_t len);
/* Ends the computation and frees its state; out may be NULL. */
void sha256_final(struct sha256 *, uint8_t out[SHA256_SIZE]);

/* Lower-case hexadecimal; returns hex. */
char *sha256_hex(const uint8_t digest[SHA256_SIZE], char hex[SHA256_HEX]);

/* Reads 2 * n hexadecimal digits of either case, no more and no less up to their end. */
bool hex_read(const char *hex, size_t len, uint8_t *out, size_t n);

/*
 * MD5 (RFC 1321), which vouches for nothing: packing lists of packages have
 * it.  false where the system's libcrypto refuses it.
 */
#define MD5_HEX 33
struct md5 {
	void *ctx; /* EVP_MD_CTX; NULL: refused */
};
bool md5_init(struct md5 *);
void md5_add(struct md5 *, const void *data, size_t len);
/* Lower-case hexadecimal; frees the state. */
void md5_final(struct md5 *, char hex[MD5_HEX]);

/* --- of the kinds that lists have --- */

enum digest_kind { DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };

#define DIGEST_SIZE_MAX 64
#define DIGEST_TEXT_MAX (8 + 2 * DIGEST_SIZE_MAX)

struct digest {
	enum digest_kind kind;
	uint8_t bytes[DIGEST_SIZE_MAX]; /* zeros after the digest */
};

const char *digest_name(enum digest_kind); /* "SHA512" */
/* From a name of either case, or the number of hexadecimal digits; DIGEST_NONE if there is no such kind. */
enum digest_kind digest_kind_of(const char *name, size_t len);
enum digest_kind digest_kind_of_length(size_t hex_len);

/* hex must be as long as the kind wants. */
bool digest_read(struct digest *, enum digest_kind, const char *hex, size_t len);
/* "SHA512:0123..." and back; returns text. */
char *digest_string(const struct digest *, char text[DIGEST_TEXT_MAX]);
bool digest_parse(struct digest *, const char *text);
bool digest_equal(const struct digest *, const struct digest *);

void digest_data(enum digest_kind, const void *data, size_t len, struct digest *);

/* Of a whole file, whatever its offset is: "cannot read it: ...". */
int digest_file(int fd, enum digest_kind, struct digest *, struct err *);

#endif
