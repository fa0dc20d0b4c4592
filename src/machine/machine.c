/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description: defaults, checks, the kernel's command line.
 */
#include "machine/machine.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"

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

/* Control characters would reach the kernel's console or end QEMU's option. */
static bool
printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool
is_word(const char *s)
{
	return *s != '\0' && printable(s) && strchr(s, ' ') == NULL;
}

static bool
addresses_overlap(const char *a, const char *b)
{
	static const char any[] = "0.0.0.0";

	return *a == '\0' || *b == '\0' || strcmp(a, any) == 0 || strcmp(b, any) == 0 || strcmp(a, b) == 0;
}

static int
check_forwards(const struct machine_nic *nic, struct err *err)
{
	char text[MACHINE_FORWARD_TEXT_MAX];
	size_t i, j;

	if (nic->kind == MACHINE_NIC_NONE && nic->nforwards > 0)
		return err_usage(err, "a machine without network cannot have forwarded ports");
	for (i = 0; i < nic->nforwards; i++) {
		const struct machine_forward *f = &nic->forwards[i];

		if (f->host_port == 0 || f->guest_port == 0)
			return err_usage(err, "a forwarded port must be 1 to 65535");
		for (j = 0; j < i; j++) {
			const struct machine_forward *g = &nic->forwards[j];

			if (f->udp == g->udp && f->host_port == g->host_port &&
			    addresses_overlap(f->host_addr, g->host_addr))
				return err_usage(
				    err, "port %s of the host is forwarded twice", machine_forward_text(f, text));
		}
	}
	return 0;
}

static int
check_disks(const struct machine *m, struct err *err)
{
	size_t i, j;

	if (m->ndisks > MACHINE_DISKS_MAX)
		return err_usage(err, "%zu disks are too many, the most is %d", m->ndisks, MACHINE_DISKS_MAX);
	for (i = 0; i < m->ndisks; i++) {
		const struct machine_disk *d = &m->disks[i];

		if (d->path == NULL || *d->path == '\0')
			return err_usage(err, "disk %zu has no file", i);
		if (!printable(d->path))
			return err_usage(err, "the name of disk '%s' has control characters", d->path);
		if (d->read_only && d->persist)
			return err_usage(err, "disk '%s' cannot be read-only and written to", d->path);
		for (j = 0; j < i; j++)
			if (d->persist && strcmp(d->path, m->disks[j].path) == 0)
				return err_usage(err, "disk '%s' is there twice and written to", d->path);
	}
	return 0;
}

int
machine_check(const struct machine *m, struct err *err)
{
	struct str cmdline = { 0 };
	int rv;

	if (m->name == NULL || *m->name == '\0' || !printable(m->name) || strpbrk(m->name, ",/ ") != NULL)
		return err_usage(err, "bad machine name '%s'", m->name == NULL ? "" : m->name);
	if (m->arch == NULL || *m->arch == '\0')
		return err_usage(err, "the machine has no architecture");
	if (m->kernel == NULL || *m->kernel == '\0')
		return err_usage(err, "the machine has no kernel; name one with -k");
	if (!printable(m->kernel))
		return err_usage(err, "the kernel's name '%s' has control characters", m->kernel);
	if (m->mem_bytes < MACHINE_MEM_MIN || m->mem_bytes > MACHINE_MEM_MAX)
		return err_usage(err, "bad memory size %" PRIu64 ": must be 16M to 1T", m->mem_bytes);
	if (m->mem_bytes % MIB != 0)
		return err_usage(err, "bad memory size %" PRIu64 ": must be whole MiB", m->mem_bytes);
	if (m->cpus < 1 || m->cpus > MACHINE_CPUS_MAX)
		return err_usage(err, "bad number of CPUs %u: must be 1 to %d", m->cpus, MACHINE_CPUS_MAX);
	if (m->root != NULL && !is_word(m->root))
		return err_usage(err, "bad root device '%s': it must be one word", m->root);
	if (check_disks(m, err) < 0 || check_forwards(&m->nic, err) < 0)
		return -1;
	rv = machine_cmdline(m, &cmdline, err);
	str_release(&cmdline);
	return rv;
}

int
machine_cmdline(const struct machine *m, struct str *out, struct err *err)
{
	size_t start = out->len;

	str_add(out, m->console == MACHINE_CONSOLE_VIOCON ? "console=viocon" : "console=com");
	if (m->root != NULL)
		str_addf(out, " root=%s", m->root);
	if (m->append != NULL && *m->append != '\0')
		str_addf(out, " %s", m->append);
	if (!printable(out->p + start))
		return err_usage(err, "the kernel arguments '%s' have control characters", m->append);
	if (out->len - start > MACHINE_CMDLINE_MAX)
		return err_usage(err,
		    "the kernel arguments are %zu characters too long: NetBSD reads only %d, and "
		    "'console=' and 'root=' are among them",
		    out->len - start - MACHINE_CMDLINE_MAX, MACHINE_CMDLINE_MAX);
	return 0;
}
