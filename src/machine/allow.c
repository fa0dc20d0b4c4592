/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Destinations that a restricted guest may reach:
 *
 *	ADDR[/BITS]:PORT[-LAST][/tcp|/udp]	ADDR[/BITS]:*	dns
 */
#include <arpa/inet.h>
#include <string.h>

#include "machine/machine.h"

#define WANTED "want ADDR[/BITS]:PORT[-LAST][/udp], as in 192.0.2.0/24:443, or dns"

static int
bad(const char *item, struct err *err)
{
	return err_usage(err, "bad destination '%s': " WANTED, item);
}

static int
check_prefix(char *s, const char *item, struct err *err)
{
	char *slash = strchr(s, '/');
	struct err ignored;
	struct in_addr in;
	uint64_t bits = 32;
	bool good;

	if (slash != NULL) {
		*slash = '\0';
		if (parse_u64(slash + 1, 0, 32, "prefix", &bits, &ignored) < 0)
			return bad(item, err);
	}
	good = inet_pton(AF_INET, s, &in) == 1;
	if (slash != NULL)
		*slash = '/';
	if (!good)
		return bad(item, err);
	if (bits < 32 && (ntohl(in.s_addr) << bits) != 0)
		return err_usage(err, "bad destination '%s': there are more bits than the prefix has", item);
	return 0;
}

static int
check_ports(char *s, const char *item, struct err *err)
{
	char *dash = strchr(s, '-');
	uint64_t first, last;
	struct err ignored;
	int rv;

	if (strcmp(s, "*") == 0)
		return 0;
	if (dash != NULL)
		*dash = '\0';
	rv = parse_u64(s, 1, 65535, "port", &first, &ignored);
	last = first;
	if (rv == 0 && dash != NULL)
		rv = parse_u64(dash + 1, 1, 65535, "port", &last, &ignored);
	if (dash != NULL)
		*dash = '-';
	return rv < 0 || first > last ? bad(item, err) : 0;
}

int
machine_allow_parse(struct machine *m, struct arena *arena, const char *item, struct err *err)
{
	struct machine_nic *nic = &m->nic;
	struct machine_allow a = { 0 };
	char *s = arena_strdup(arena, strcmp(item, "dns") == 0 ? "10.0.2.3:53/udp" : item), *colon;

	colon = strrchr(s, ':');
	if (colon == NULL)
		return bad(item, err);
	*colon = '\0';
	a.prefix = s;
	a.ports = colon + 1;
	a.udp = str_ends(a.ports, "/udp");
	if (a.udp || str_ends(a.ports, "/tcp"))
		colon[1 + strlen(a.ports) - strlen("/udp")] = '\0';
	if (check_prefix(s, item, err) < 0 || check_ports(colon + 1, item, err) < 0)
		return -1;
	*vec_push(nic->allows, nic->nallows, nic->allows_cap) = a;
	return 0;
}
