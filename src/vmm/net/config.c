/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-net's description, line by line; each kind is a row of the table.
 */
#include "vmm/net/config.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"

#define FD_MAX 1000000
#define LINE_MAX_BYTES 256

struct line {
	struct net_config *c;
	char *words[6];
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
parse_port(const char *s, uint16_t *port, struct err *err)
{
	uint64_t v;

	if (parse_u64(s, 1, 65535, "port", &v, err) < 0)
		return -1;
	*port = (uint16_t)v;
	return 0;
}

static int
parse_addr(const char *s, uint32_t *addr, struct err *err)
{
	struct in_addr in;

	if (inet_pton(AF_INET, s, &in) != 1)
		return err_set(err, "'%s' is not an IPv4 address", s);
	*addr = ntohl(in.s_addr);
	return 0;
}

static int
parse_protocol(const char *s, uint8_t *protocol, struct err *err)
{
	bool udp = strcmp(s, "udp") == 0;

	if (!udp && strcmp(s, "tcp") != 0)
		return err_set(err, "'%s' is neither tcp nor udp", s);
	*protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
	return 0;
}

static int
do_frames(struct line *l)
{
	return parse_fd(l->words[1], &l->c->frames_fd, l->err);
}

static int
do_ready(struct line *l)
{
	return parse_fd(l->words[1], &l->c->ready_fd, l->err);
}

static int
do_forward(struct line *l)
{
	struct net_forward *f = &l->c->forwards[l->c->nforwards];
	uint8_t protocol = 0;

	if (l->c->nforwards == NET_FORWARDS_MAX)
		return err_set(l->err, "more than %d forwards", NET_FORWARDS_MAX);
	if (parse_protocol(l->words[1], &protocol, l->err) < 0 || parse_addr(l->words[2], &f->host_addr, l->err) < 0 ||
	    parse_port(l->words[3], &f->host_port, l->err) < 0 || parse_addr(l->words[4], &f->guest_addr, l->err) < 0 ||
	    parse_port(l->words[5], &f->guest_port, l->err) < 0)
		return -1;
	f->udp = protocol == IPPROTO_UDP;
	if ((f->guest_addr & NET_MASK) != NET_NETWORK)
		return err_set(l->err, "'%s' is not of the guest's network", l->words[4]);
	l->c->nforwards++;
	return 0;
}

static int
do_restrict(struct line *l)
{
	l->c->restricted = true;
	return 0;
}

/* ADDR[/BITS]; s is cut up.  Bits behind the prefix are an error: the writer meant something else. */
static int
parse_prefix(char *s, uint32_t *addr, uint32_t *mask, struct err *err)
{
	char *bits = strchr(s, '/');
	uint64_t n = 32;

	if (bits != NULL) {
		*bits++ = '\0';
		if (parse_u64(bits, 0, 32, "prefix length", &n, err) < 0)
			return -1;
	}
	*mask = n == 0 ? 0 : UINT32_MAX << (32 - n);
	if (parse_addr(s, addr, err) < 0)
		return -1;
	return (*addr & ~*mask) == 0 ? 0 : err_set(err, "'%s' has more bits than its prefix", s);
}

/* PORT, FIRST-LAST or *; s is cut up. */
static int
parse_ports(char *s, uint16_t *first, uint16_t *last, struct err *err)
{
	char *dash = strchr(s, '-');

	*first = 0;
	*last = UINT16_MAX;
	if (strcmp(s, "*") == 0)
		return 0;
	if (dash != NULL)
		*dash++ = '\0';
	if (parse_port(s, first, err) < 0 || parse_port(dash == NULL ? s : dash, last, err) < 0)
		return -1;
	return *first <= *last ? 0 : err_set(err, "the ports' first is above their last");
}

static int
do_allow(struct line *l)
{
	struct net_rule *r = &l->c->rules[l->c->nrules];

	if (l->c->nrules == NET_RULES_MAX)
		return err_set(l->err, "more than %d allowed destinations", NET_RULES_MAX);
	if (parse_protocol(l->words[1], &r->protocol, l->err) < 0 ||
	    parse_prefix(l->words[2], &r->addr, &r->mask, l->err) < 0 ||
	    parse_ports(l->words[3], &r->first, &r->last, l->err) < 0)
		return -1;
	l->c->nrules++;
	return 0;
}

static const struct {
	const char *word;
	unsigned n; /* words */
	int (*fn)(struct line *);
} kinds[] = {
	{ "frames", 2, do_frames },
	{ "ready", 2, do_ready },
	{ "forward", 6, do_forward },
	{ "restrict", 1, do_restrict },
	{ "allow", 4, do_allow },
};

static int
parse_line(struct line *l, char *text)
{
	unsigned n;
	size_t i;
	char *word;

	for (n = 0; (word = strsep(&text, " ")) != NULL; n++)
		if (n < nitems(l->words))
			l->words[n] = word;
	for (i = 0; i < nitems(kinds); i++)
		if (strcmp(l->words[0], kinds[i].word) == 0)
			return n == kinds[i].n
				   ? kinds[i].fn(l)
				   : err_set(l->err, "'%s' has %u words, not %u", kinds[i].word, n, kinds[i].n);
	return err_set(l->err, "'%.40s' is not known", l->words[0]);
}

static int
check(const struct net_config *c, struct err *err)
{
	if (c->frames_fd < 0)
		return err_set(err, "the frames' descriptor is missing");
	if (c->nrules > 0 && !c->restricted)
		return err_set(err, "'allow' says nothing without 'restrict'");
	return 0;
}

int
net_config_parse(struct net_config *c, const char *text, struct err *err)
{
	char copy[LINE_MAX_BYTES];
	struct line l = { .c = c, .err = err };
	unsigned number = 1;
	size_t len;

	memset(c, 0, sizeof(*c));
	c->frames_fd = c->ready_fd = -1;
	if (!str_starts(text, "smol-net 1\n"))
		return err_set(err, "network description:1: this is for another version of smol-net");
	for (text = strchr(text, '\n') + 1; *text != '\0'; text += len + (text[len] == '\n')) {
		number++;
		len = strcspn(text, "\n");
		if (len >= sizeof(copy))
			return err_set(err, "network description:%u: the line is too long", number);
		memcpy(copy, text, len);
		copy[len] = '\0';
		if (len > 0 && parse_line(&l, copy) < 0)
			return err_wrap(err, "network description:%u", number);
	}
	return check(c, err) < 0 ? err_wrap(err, "network description") : 0;
}
