/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a telnet client sends: the data is no longer than it, and the same in
 * whatever pieces it comes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "instance/telnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *whole = xmalloc(len + 1), *pieces = xmalloc(len + 1);
	struct telnet a = { 0 }, b = { 0 };
	size_t na, nb = 0, i;

	memcpy(whole, data, len);
	na = telnet_input(&a, whole, len);
	for (i = 0; i < len; i++) {
		pieces[nb] = data[i];
		nb += telnet_input(&b, pieces + nb, 1);
	}
	if (na > len || na != nb || memcmp(whole, pieces, na) != 0)
		abort();
	free(whole);
	free(pieces);
	return 0;
}
