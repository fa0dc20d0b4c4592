/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 (FIPS 180-4), by OpenSSL's libcrypto.
 */
#ifndef SMOL_BASE_DIGEST_H
#define SMOL_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

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

#endif
