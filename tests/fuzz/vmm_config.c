/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-vmm's machine description: counts stay within their arrays, and strings
 * end.  (smol-net's: vmm_net_frames.)
 */
#include <stdlib.h>
#include <string.h>

#include "vmm/config.h"
#include "vmm/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct config *c)
{
	unsigned i;

	if (c->cpus < 1 || c->cpus > VM_CPUS_MAX || c->ndisks > CONFIG_DISKS_MAX || c->nnets > CONFIG_NETS_MAX ||
	    c->nfwcfg > CONFIG_FWCFG_MAX || c->nshares > CONFIG_SHARES_MAX || c->nports > 1 + CONFIG_PORTS_MAX)
		abort();
	for (i = 0; i < c->nfwcfg; i++)
		if (memchr(c->fwcfg[i].name, '\0', sizeof(c->fwcfg[i].name)) == NULL)
			abort();
	for (i = 0; i < c->nshares; i++)
		if (memchr(c->shares[i].tag, '\0', sizeof(c->shares[i].tag)) == NULL)
			abort();
	if (memchr(c->cmdline, '\0', sizeof(c->cmdline)) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config c;
	char *text = calloc(1, size + 1);
	struct err err = { 0 };

	if (size > 0)
		memcpy(text, data, size);
	if (config_parse(&c, text, &err) == 0)
		check(&c);
	else if (err.msg[0] == '\0')
		abort();
	free(text);
	return 0;
}
