/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 by libcrypto's EVP interface, which picks the CPU's instructions.
 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

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

char *
sha256_hex(const uint8_t digest[SHA256_SIZE], char hex[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < SHA256_SIZE; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[2 * SHA256_SIZE] = '\0';
	return hex;
}
