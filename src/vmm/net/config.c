/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-net's description, line by line; each kind is a row of the table.
 */
#include "vmm/net/config.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "vmm/lines.h"

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
do_forward(struct line *l)
{
	struct net_config *c = l->into;
	struct net_forward *f = &c->forwards[c->nforwards];
	uint8_t protocol = 0;

	if (c->nforwards == NET_FORWARDS_MAX)
		return err_set(l->err, "more than %d forwards", NET_FORWARDS_MAX);
	if (parse_protocol(l->words[1], &protocol, l->err) < 0 || parse_addr(l->words[2], &f->host_addr, l->err) < 0 ||
	    parse_port(l->words[3], &f->host_port, l->err) < 0 || parse_addr(l->words[4], &f->guest_addr, l->err) < 0 ||
	    parse_port(l->words[5], &f->guest_port, l->err) < 0)
		return -1;
	f->udp = protocol == IPPROTO_UDP;
	if ((f->guest_addr & NET_MASK) != NET_NETWORK)
		return err_set(l->err, "'%s' is not of the guest's network", l->words[4]);
	c->nforwards++;
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
	struct net_config *c = l->into;
	struct net_rule *r = &c->rules[c->nrules];

	if (c->nrules == NET_RULES_MAX)
		return err_set(l->err, "more than %d allowed destinations", NET_RULES_MAX);
	if (parse_protocol(l->words[1], &r->protocol, l->err) < 0 ||
	    parse_prefix(l->words[2], &r->addr, &r->mask, l->err) < 0 ||
	    parse_ports(l->words[3], &r->first, &r->last, l->err) < 0)
		return -1;
	c->nrules++;
	return 0;
}

static const struct line_kind kinds[] = {
	{ "frames", 2, line_fd, offsetof(struct net_config, frames_fd) },
	{ "ready", 2, line_fd, offsetof(struct net_config, ready_fd) },
	{ "forward", 6, do_forward, 0 },
	{ "restrict", 1, line_flag, offsetof(struct net_config, restricted) },
	{ "allow", 4, do_allow, 0 },
};

static const struct lines description = { "network description", "smol-net", "smol-net 1\n", kinds, nitems(kinds) };

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
	memset(c, 0, sizeof(*c));
	c->frames_fd = c->ready_fd = -1;
	if (lines_parse(&description, c, text, err) < 0)
		return -1;
	return check(c, err) < 0 ? err_wrap(err, "%s", description.what) : 0;
}

int
net_config_read(struct net_config *c, const char *arg, struct err *err)
{
	const char *text = lines_read(&description, arg, err);

	return text == NULL ? -1 : net_config_parse(c, text, err);
}
