/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine description, line by line; each kind is a row of the table.
 */
#include "vmm/config.h"

#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "vmm/vm.h"

#define FD_MAX 1000000
#define MEM_MIN (UINT64_C(16) << 20)
#define MEM_MAX (UINT64_C(64) << 30)

struct line {
	struct config *c;
	char *words[4];
	unsigned n;
	const char *rest; /* behind the first word */
	struct err *err;
};

static int
parse_fd(const char *s, int *fd, struct err *err)
{
	uint64_t v;

	if (parse_u64(s, 0, FD_MAX, "descriptor", &v, err) < 0)
		return -1;
	*fd = (int)v;
	return 0;
}

static int
do_cpus(struct line *l)
{
	uint64_t v;

	if (parse_u64(l->words[1], 1, VM_CPUS_MAX, "number of CPUs", &v, l->err) < 0)
		return -1;
	l->c->cpus = (unsigned)v;
	return 0;
}

static int
do_mem(struct line *l)
{
	if (parse_u64(l->words[1], MEM_MIN, MEM_MAX, "memory size", &l->c->mem_bytes, l->err) < 0)
		return -1;
	return l->c->mem_bytes % 4096 == 0 ? 0 : err_set(l->err, "memory must be whole pages");
}

static int
do_kvm(struct line *l)
{
	return parse_fd(l->words[1], &l->c->kvm_fd, l->err);
}

static int
do_kernel(struct line *l)
{
	return parse_fd(l->words[1], &l->c->kernel_fd, l->err);
}

static int
do_initrd(struct line *l)
{
	return parse_fd(l->words[1], &l->c->initrd_fd, l->err);
}

static int
do_uart(struct line *l)
{
	return parse_fd(l->words[1], &l->c->uart_fd, l->err);
}

static int
do_control(struct line *l)
{
	return parse_fd(l->words[1], &l->c->control_fd, l->err);
}

static int
do_cmdline(struct line *l)
{
	if (strlen(l->rest) >= sizeof(l->c->cmdline))
		return err_set(l->err, "the command line is too long");
	(void)snprintf(l->c->cmdline, sizeof(l->c->cmdline), "%s", l->rest);
	return 0;
}

static int
do_console(struct line *l)
{
	l->c->console = true;
	l->c->nports += l->c->nports == 0;
	return parse_fd(l->words[1], &l->c->port_fds[0], l->err);
}

static int
do_port(struct line *l)
{
	if (l->c->nports == 0)
		l->c->nports = 1;
	if (l->c->nports > CONFIG_PORTS_MAX)
		return err_set(l->err, "more than %d ports", CONFIG_PORTS_MAX);
	return parse_fd(l->words[1], &l->c->port_fds[l->c->nports++], l->err);
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
	struct config_disk *d = &l->c->disks[l->c->ndisks];

	if (l->c->ndisks == CONFIG_DISKS_MAX)
		return err_set(l->err, "more than %d disks", CONFIG_DISKS_MAX);
	d->overlay_fd = -1;
	if (parse_fd(l->words[1], &d->fd, l->err) < 0 ||
	    (strcmp(l->words[2], "-") != 0 && parse_fd(l->words[2], &d->overlay_fd, l->err) < 0))
		return -1;
	if (parse_access(l, l->words[3], &d->read_only) < 0)
		return -1;
	l->c->ndisks++;
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
	struct config_net *n = &l->c->nets[l->c->nnets];

	if (l->c->nnets == CONFIG_NETS_MAX)
		return err_set(l->err, "more than %d networks", CONFIG_NETS_MAX);
	if (parse_fd(l->words[1], &n->fd, l->err) < 0 || parse_mac(l->words[2], n->mac, l->err) < 0)
		return -1;
	l->c->nnets++;
	return 0;
}

static int
do_rng(struct line *l)
{
	l->c->rng = true;
	return 0;
}

static int
do_fwcfg(struct line *l)
{
	struct config_fwcfg *f = &l->c->fwcfg[l->c->nfwcfg];

	if (l->c->nfwcfg == CONFIG_FWCFG_MAX)
		return err_set(l->err, "more than %d files for the guest", CONFIG_FWCFG_MAX);
	if (strlen(l->words[1]) >= sizeof(f->name))
		return err_set(l->err, "the name '%s' is too long", l->words[1]);
	(void)snprintf(f->name, sizeof(f->name), "%s", l->words[1]);
	if (parse_fd(l->words[2], &f->fd, l->err) < 0)
		return -1;
	l->c->nfwcfg++;
	return 0;
}

static int
do_share(struct line *l)
{
	struct config_share *s = &l->c->shares[l->c->nshares];

	if (l->c->nshares == CONFIG_SHARES_MAX)
		return err_set(l->err, "more than %d shares", CONFIG_SHARES_MAX);
	if (l->words[1][0] == '\0' || strlen(l->words[1]) >= sizeof(s->tag))
		return err_set(l->err, "the tag '%s' of a share must have 1 to %d bytes", l->words[1], CONFIG_TAG_MAX);
	(void)snprintf(s->tag, sizeof(s->tag), "%s", l->words[1]);
	if (parse_fd(l->words[2], &s->fd, l->err) < 0 || parse_access(l, l->words[3], &s->read_only) < 0)
		return -1;
	l->c->nshares++;
	return 0;
}

static int
do_balloon(struct line *l)
{
	l->c->balloon = true;
	return 0;
}

static int
do_acpi(struct line *l)
{
	l->c->acpi = true;
	return 0;
}

static const struct {
	const char *word;
	unsigned n; /* words, 0: any */
	int (*fn)(struct line *);
} kinds[] = {
	{ "cpus", 2, do_cpus },
	{ "mem", 2, do_mem },
	{ "kvm", 2, do_kvm },
	{ "kernel", 2, do_kernel },
	{ "initrd", 2, do_initrd },
	{ "cmdline", 0, do_cmdline },
	{ "uart", 2, do_uart },
	{ "console", 2, do_console },
	{ "port", 2, do_port },
	{ "disk", 4, do_disk },
	{ "net", 3, do_net },
	{ "rng", 1, do_rng },
	{ "control", 2, do_control },
	{ "fwcfg", 3, do_fwcfg },
	{ "share", 4, do_share },
	{ "balloon", 1, do_balloon },
	{ "acpi", 1, do_acpi },
};

static int
parse_line(struct line *l, char *text)
{
	char *space = strchr(text, ' '), *p = text, *word;
	size_t i;

	l->rest = space == NULL ? "" : space + 1;
	for (i = 0; i < nitems(kinds); i++) {
		size_t len = strlen(kinds[i].word);

		if (strncmp(text, kinds[i].word, len) != 0 || (text[len] != ' ' && text[len] != '\0'))
			continue;
		if (kinds[i].n == 0)
			return kinds[i].fn(l);
		for (l->n = 0; (word = strsep(&p, " ")) != NULL; l->n++)
			if (l->n < nitems(l->words))
				l->words[l->n] = word;
		return l->n == kinds[i].n
			   ? kinds[i].fn(l)
			   : err_set(l->err, "'%s' has %u words, not %u", kinds[i].word, l->n, kinds[i].n);
	}
	return err_set(l->err, "'%.40s' is not known", text);
}

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
	char copy[CONFIG_CMDLINE_MAX + 64];
	struct line l = { .c = c, .err = err };
	unsigned number = 1;
	size_t len;

	memset(c, 0, sizeof(*c));
	c->kvm_fd = c->kernel_fd = c->initrd_fd = c->uart_fd = c->control_fd = -1;
	c->port_fds[0] = -1;
	if (!str_starts(text, "smol-vmm 1\n"))
		return err_set(err, "machine description:1: this is for another version of smol-vmm");
	for (text = strchr(text, '\n') + 1; *text != '\0'; text += len + (text[len] == '\n')) {
		number++;
		len = strcspn(text, "\n");
		if (len >= sizeof(copy))
			return err_set(err, "machine description:%u: the line is too long", number);
		memcpy(copy, text, len);
		copy[len] = '\0';
		if (len > 0 && parse_line(&l, copy) < 0)
			return err_wrap(err, "machine description:%u", number);
	}
	return check(c, err) < 0 ? err_wrap(err, "machine description") : 0;
}
