/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's frames against the list of what is allowed.
 */
#include "vmm/net/filter.h"

#include <string.h>

enum {
	DHCP_SERVER = 67,
	DHCP_CLIENT = 68,
	ICMP_ECHO_REQUEST = 8,
};

void
filter_init(struct filter *f, const struct net_config *config)
{
	memset(f, 0, sizeof(*f));
	f->config = config;
}

/* The stack gives these to the host itself. */
static bool
is_own(uint32_t addr)
{
	return (addr & NET_MASK) == NET_NETWORK || addr == UINT32_MAX;
}

static bool
rule_matches(const struct net_rule *r, const struct frame *fr)
{
	if (r->protocol != fr->protocol || fr->to_port < r->first || fr->to_port > r->last)
		return false;
	if (is_own(fr->to) && (r->mask & NET_MASK) != NET_MASK)
		return false;
	return (fr->to & r->mask) == r->addr;
}

static bool
allowed(const struct filter *f, const struct frame *fr)
{
	unsigned i;

	for (i = 0; i < f->config->nrules; i++)
		if (rule_matches(&f->config->rules[i], fr))
			return true;
	return false;
}

static struct filter_peer *
peer_place(struct filter *f, uint32_t addr, uint16_t port, uint16_t guest_port)
{
	uint32_t h = addr * 2654435761u ^ ((uint32_t)port << 16 | guest_port) * 2246822519u;

	return &f->peers[(h ^ h >> 15) % FILTER_PEERS];
}

static bool
is_answer(struct filter *f, const struct frame *fr, int64_t now_ms)
{
	const struct filter_peer *p = peer_place(f, fr->to, fr->to_port, fr->from_port);

	return p->addr == fr->to && p->port == fr->to_port && p->guest_port == fr->from_port && p->seen_ms > 0 &&
	       now_ms - p->seen_ms < FILTER_PEER_MS;
}

static bool
restricted_out(struct filter *f, const struct frame *fr, int64_t now_ms)
{
	if (fr->fragment)
		return false;
	if (fr->protocol == IPPROTO_ICMP)
		return fr->to == NET_HOST && fr->icmp_type == ICMP_ECHO_REQUEST;
	if (!fr->ports)
		return false;
	if (fr->protocol == IPPROTO_TCP)
		return !fr->opens || allowed(f, fr);
	if (fr->from_port == DHCP_CLIENT && fr->to_port == DHCP_SERVER && (fr->to == NET_HOST || fr->to == UINT32_MAX))
		return true;
	return allowed(f, fr) || is_answer(f, fr, now_ms);
}

static bool
judge(struct filter *f, const struct frame *fr, int64_t now_ms)
{
	if (fr->kind != FRAME_IPV4)
		return fr->kind == FRAME_ARP;
	if (fr->to >> 24 == 0 || fr->to >> 24 == 127)
		return false;
	return !f->config->restricted || restricted_out(f, fr, now_ms);
}

bool
filter_out(struct filter *f, const struct frame *fr, int64_t now_ms)
{
	bool passes = judge(f, fr, now_ms);

	f->refused += !passes;
	return passes;
}

void
filter_in(struct filter *f, const struct frame *fr, int64_t now_ms)
{
	if (f->config->restricted && fr->protocol == IPPROTO_UDP && fr->ports)
		*peer_place(f, fr->from, fr->from_port, fr->to_port) = (struct filter_peer){
			.addr = fr->from, .port = fr->from_port, .guest_port = fr->to_port, .seen_ms = now_ms + 1
		};
}
