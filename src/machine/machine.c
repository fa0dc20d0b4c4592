/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description: defaults, sizes, the kernel's command line.
 */
#include "machine/machine.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

void
machine_init(struct machine *m)
{
	*m = (struct machine){
		.append = "",
		.mem_bytes = 256 * MIB,
		.cpus = 1,
		.nic.kind = MACHINE_NIC_USER,
	};
}

void
machine_release(struct machine *m)
{
	free(m->disks);
	free(m->nic.forwards);
	free(m->nic.allows);
	free(m->taps);
	free(m->shares);
	free(m->fwcfg);
	free(m->ports);
	*m = (struct machine){ 0 };
}

/* vec_push() gives what was there before. */
#define add(p, n, cap) memset(vec_push(p, n, cap), 0, sizeof(*(p)))

struct machine_disk *
machine_add_disk(struct machine *m)
{
	return add(m->disks, m->ndisks, m->disks_cap);
}

struct machine_tap *
machine_add_tap(struct machine *m)
{
	return add(m->taps, m->ntaps, m->taps_cap);
}

struct machine_share *
machine_add_share(struct machine *m)
{
	return add(m->shares, m->nshares, m->shares_cap);
}

struct machine_fwcfg *
machine_add_fwcfg(struct machine *m)
{
	return add(m->fwcfg, m->nfwcfg, m->fwcfg_cap);
}

struct machine_port *
machine_add_port(struct machine *m)
{
	return add(m->ports, m->nports, m->ports_cap);
}

int
machine_mem_parse(const char *text, uint64_t *bytes, struct err *err)
{
	size_t len = strlen(text);

	if (parse_size(text, "memory size", bytes, err) < 0)
		return -1;
	if (isdigit((unsigned char)text[len - 1])) {
		if (*bytes > MACHINE_MEM_MAX / MIB)
			return err_usage(err, "bad memory size '%s': a plain number is MiB; the most is 1T", text);
		*bytes *= MIB;
	}
	if (*bytes < MACHINE_MEM_MIN || *bytes > MACHINE_MEM_MAX)
		return err_usage(err, "bad memory size '%s': must be 16M to 1T (a plain number is MiB)", text);
	return 0;
}

/* NetBSD/evbarm takes the device tree's choice, virt's PL011, whatever the word. */
static const char *
console_word(const struct machine *m)
{
	bool viocon = m->console == MACHINE_CONSOLE_VIOCON;

	if (m->guest == MACHINE_GUEST_NETBSD)
		return viocon ? "viocon" : "com";
	if (viocon)
		return "hvc0";
	return strcmp(m->arch, "evbarm-aarch64") == 0 ? "ttyAMA0" : "ttyS0";
}

int
machine_cmdline(const struct machine *m, struct str *out, struct err *err)
{
	size_t start = out->len,
	       max = m->guest == MACHINE_GUEST_LINUX ? MACHINE_CMDLINE_LINUX_MAX : MACHINE_CMDLINE_MAX;

	str_addf(out, "console=%s", console_word(m));
	if (m->root != NULL)
		str_addf(out, " root=%s", m->root);
	if (m->append != NULL && *m->append != '\0')
		str_addf(out, " %s", m->append);
	if (out->len - start > max)
		return err_usage(err,
		    "the kernel arguments are %zu characters too long: %s reads only %zu, and 'console=' and 'root=' "
		    "are among them",
		    out->len - start - max, m->guest == MACHINE_GUEST_LINUX ? "Linux" : "NetBSD", max);
	return 0;
}
