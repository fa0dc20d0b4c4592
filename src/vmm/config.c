/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description, line by line; each kind is a row of the table.
 */
#include "vmm/config.h"

#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "vmm/lines.h"
#include "vmm/vm.h"

#define MEM_MIN (UINT64_C(16) << 20)
#define MEM_MAX (UINT64_C(64) << 30)

static int
do_cpus(struct line *l)
{
	struct config *c = l->into;
	uint64_t v;

	if (parse_u64(l->words[1], 1, VM_CPUS_MAX, "number of CPUs", &v, l->err) < 0)
		return -1;
	c->cpus = (unsigned)v;
	return 0;
}

static int
do_mem(struct line *l)
{
	struct config *c = l->into;

	if (parse_u64(l->words[1], MEM_MIN, MEM_MAX, "memory size", &c->mem_bytes, l->err) < 0)
		return -1;
	return c->mem_bytes % 4096 == 0 ? 0 : err_set(l->err, "memory must be whole pages");
}

static int
do_cmdline(struct line *l)
{
	struct config *c = l->into;

	if (strlen(l->rest) >= sizeof(c->cmdline))
		return err_set(l->err, "the command line is too long");
	(void)snprintf(c->cmdline, sizeof(c->cmdline), "%s", l->rest);
	return 0;
}

static int
do_console(struct line *l)
{
	struct config *c = l->into;

	c->console = true;
	c->nports += c->nports == 0;
	return parse_fd(l->words[1], &c->port_fds[0], l->err);
}

static int
do_port(struct line *l)
{
	struct config *c = l->into;

	if (c->nports == 0)
		c->nports = 1;
	if (c->nports > CONFIG_PORTS_MAX)
		return err_set(l->err, "more than %d ports", CONFIG_PORTS_MAX);
	return parse_fd(l->words[1], &c->port_fds[c->nports++], l->err);
}

static int
parse_access(struct line *l, const char *word, bool *read_only)
{
	*read_only = strcmp(word, "ro") == 0;
	return *read_only || strcmp(word, "rw") == 0 ? 0 : err_set(l->err, "want ro or rw");
}

static int
do_disk(struct line *l)
{
	struct config *c = l->into;
	struct config_disk *d = &c->disks[c->ndisks];

	if (c->ndisks == CONFIG_DISKS_MAX)
		return err_set(l->err, "more than %d disks", CONFIG_DISKS_MAX);
	d->overlay_fd = -1;
	if (parse_fd(l->words[1], &d->fd, l->err) < 0 ||
	    (strcmp(l->words[2], "-") != 0 && parse_fd(l->words[2], &d->overlay_fd, l->err) < 0))
		return -1;
	if (parse_access(l, l->words[3], &d->read_only) < 0)
		return -1;
	c->ndisks++;
	return 0;
}

/* Six bytes as two hexadecimal digits each; a group's address is nobody's own. */
static int
parse_mac(const char *s, uint8_t mac[6], struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	const char *whole = s, *high, *low;
	unsigned i;

	for (i = 0; i < 6; i++, s += 2) {
		if (i > 0 && *s++ != ':')
			break;
		high = *s == '\0' ? NULL : strchr(digits, s[0]);
		low = high == NULL || s[1] == '\0' ? NULL : strchr(digits, s[1]);
		if (low == NULL)
			break;
		mac[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return i == 6 && *s == '\0' && (mac[0] & 1) == 0 ? 0 : err_set(err, "bad network address '%.40s'", whole);
}

static int
do_net(struct line *l)
{
	struct config *c = l->into;
	struct config_net *n = &c->nets[c->nnets];

	if (c->nnets == CONFIG_NETS_MAX)
		return err_set(l->err, "more than %d networks", CONFIG_NETS_MAX);
	if (parse_fd(l->words[1], &n->fd, l->err) < 0 || parse_mac(l->words[2], n->mac, l->err) < 0)
		return -1;
	c->nnets++;
	return 0;
}

static int
do_fwcfg(struct line *l)
{
	struct config *c = l->into;
	struct config_fwcfg *f = &c->fwcfg[c->nfwcfg];

	if (c->nfwcfg == CONFIG_FWCFG_MAX)
		return err_set(l->err, "more than %d files for the guest", CONFIG_FWCFG_MAX);
	if (strlen(l->words[1]) >= sizeof(f->name))
		return err_set(l->err, "the name '%s' is too long", l->words[1]);
	(void)snprintf(f->name, sizeof(f->name), "%s", l->words[1]);
	if (parse_fd(l->words[2], &f->fd, l->err) < 0)
		return -1;
	c->nfwcfg++;
	return 0;
}

static int
do_share(struct line *l)
{
	struct config *c = l->into;
	struct config_share *s = &c->shares[c->nshares];

	if (c->nshares == CONFIG_SHARES_MAX)
		return err_set(l->err, "more than %d shares", CONFIG_SHARES_MAX);
	if (l->words[1][0] == '\0' || strlen(l->words[1]) >= sizeof(s->tag))
		return err_set(l->err, "the tag '%s' of a share must have 1 to %d bytes", l->words[1], CONFIG_TAG_MAX);
	(void)snprintf(s->tag, sizeof(s->tag), "%s", l->words[1]);
	if (parse_fd(l->words[2], &s->fd, l->err) < 0 || parse_access(l, l->words[3], &s->read_only) < 0)
		return -1;
	c->nshares++;
	return 0;
}

#define FIELD(name) offsetof(struct config, name)

static const struct line_kind kinds[] = {
	{ "cpus", 2, do_cpus, 0 },
	{ "mem", 2, do_mem, 0 },
	{ "kvm", 2, line_fd, FIELD(kvm_fd) },
	{ "kernel", 2, line_fd, FIELD(kernel_fd) },
	{ "initrd", 2, line_fd, FIELD(initrd_fd) },
	{ "cmdline", 0, do_cmdline, 0 },
	{ "uart", 2, line_fd, FIELD(uart_fd) },
	{ "console", 2, do_console, 0 },
	{ "port", 2, do_port, 0 },
	{ "disk", 4, do_disk, 0 },
	{ "net", 3, do_net, 0 },
	{ "rng", 1, line_flag, FIELD(rng) },
	{ "control", 2, line_fd, FIELD(control_fd) },
	{ "fwcfg", 3, do_fwcfg, 0 },
	{ "share", 4, do_share, 0 },
	{ "balloon", 1, line_flag, FIELD(balloon) },
	{ "acpi", 1, line_flag, FIELD(acpi) },
};

static const struct lines description = { "machine description", "smol-vmm", "smol-vmm 1\n", kinds, nitems(kinds) };

static int
check(const struct config *c, struct err *err)
{
	if (c->cpus == 0 || c->mem_bytes == 0)
		return err_set(err, "CPUs or memory are missing");
	if (c->kvm_fd < 0 || c->kernel_fd < 0)
		return err_set(err, "KVM or the kernel is missing");
	return 0;
}

int
config_parse(struct config *c, const char *text, struct err *err)
{
	memset(c, 0, sizeof(*c));
	c->kvm_fd = c->kernel_fd = c->initrd_fd = c->uart_fd = c->control_fd = -1;
	c->port_fds[0] = -1;
	if (lines_parse(&description, c, text, err) < 0)
		return -1;
	return check(c, err) < 0 ? err_wrap(err, "%s", description.what) : 0;
}

int
config_read(struct config *c, const char *arg, struct err *err)
{
	const char *text = lines_read(&description, arg, err);

	return text == NULL ? -1 : config_parse(c, text, err);
}
