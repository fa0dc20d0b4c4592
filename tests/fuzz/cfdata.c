/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the table of devices of a kernel: any bytes, read, and disabled in a
 * copy of exactly that size.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "machine/cfdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfdata_choice choice = { .list = cfdata_keep_default, .keep = true, .any = true };
	char name[CFDATA_TEXT_MAX], parent[CFDATA_TEXT_MAX];
	uint8_t *copy;
	struct cfdata c;
	struct err err;
	struct cfdata_count n;
	size_t i;

	if (cfdata_read(&c, data, size, &err) < 0)
		return 0;
	copy = xmalloc(size);
	memcpy(copy, data, size);
	for (i = 0; i < c.n; i++)
		if (strlen(cfdata_name(&c.entries[i], name)) + strlen(cfdata_parent(&c.entries[i], parent)) == 0)
			__builtin_trap();
	(void)cfdata_disable(&c, copy, &choice, &n, &err);
	if (n.disabled + n.left > c.n)
		__builtin_trap();
	cfdata_release(&c);
	/* What was written makes the same table, all of it in a state that is known. */
	if (n.disabled > 0 && cfdata_read(&c, copy, size, &err) == 0)
		cfdata_release(&c);
	free(copy);
	return 0;
}
