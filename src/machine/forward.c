/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarded ports as users write them: Docker's form and QEMU's.
 *
 *	Docker	[ADDR:]HOST:GUEST[/tcp|/udp]
 *	QEMU	[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport
 *
 * They cannot be mistaken for each other: only QEMU's begins with a protocol
 * or a colon and has a '-'.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "machine/machine.h"

#define WANTED "want [ADDR:]HOST:GUEST[/udp], as in 8080:80, or [tcp|udp]:[ADDR]:HOST-[ADDR]:GUEST"

static int
bad(const char *item, struct err *err)
{
	return err_usage(err, "bad port forward '%s': " WANTED, item);
}

static int
parse_port(const char *s, const char *item, uint16_t *port, struct err *err)
{
	struct err ignored;
	uint64_t v;

	if (parse_u64(s, 1, 65535, "port", &v, &ignored) < 0) {
		if (strchr(s, '-') != NULL)
			return err_usage(
			    err, "bad port forward '%s': ranges are not known, give each port its own -p", item);
		if (*s == '\0')
			return bad(item, err);
		return err_usage(err, "bad port forward '%s': '%s' is not a port (1 to 65535)", item, s);
	}
	*port = (uint16_t)v;
	return 0;
}

static int
parse_addr(const char *s, const char *item, const char **addr, struct err *err)
{
	struct in_addr in;

	if (strcmp(s, "localhost") == 0)
		s = "127.0.0.1";
	if (*s != '\0' && inet_pton(AF_INET, s, &in) != 1)
		return err_usage(err, "bad port forward '%s': '%s' is not an IPv4 address", item, s);
	*addr = s;
	return 0;
}

/* s is cut up: "[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport". */
static int
parse_qemu(char *s, const char *item, struct machine_forward *f, struct err *err)
{
	char *colon = strchr(s, ':'), *dash, *port;

	*colon = '\0';
	if (strcmp(s, "udp") == 0)
		f->udp = true;
	else if (*s != '\0' && strcmp(s, "tcp") != 0)
		return bad(item, err);
	s = colon + 1;
	dash = strchr(s, '-');
	*dash = '\0';
	port = strchr(s, ':');
	if (port == NULL)
		return bad(item, err);
	*port++ = '\0';
	if (parse_addr(s, item, &f->host_addr, err) < 0 || parse_port(port, item, &f->host_port, err) < 0)
		return -1;
	s = dash + 1;
	port = strchr(s, ':');
	if (port == NULL)
		return bad(item, err);
	*port++ = '\0';
	if (parse_addr(s, item, &f->guest_addr, err) < 0)
		return -1;
	return parse_port(port, item, &f->guest_port, err);
}

static int
parse_docker(char *s, const char *item, struct machine_forward *f, struct err *err)
{
	char *slash = strchr(s, '/'), *guest, *host;

	if (slash != NULL) {
		*slash++ = '\0';
		f->udp = strcmp(slash, "udp") == 0;
		if (!f->udp && strcmp(slash, "tcp") != 0)
			return err_usage(err, "bad port forward '%s': '%s' is neither tcp nor udp", item, slash);
	}
	guest = strrchr(s, ':');
	if (guest == NULL)
		return bad(item, err);
	*guest++ = '\0';
	host = strrchr(s, ':');
	if (host != NULL)
		*host++ = '\0';
	if (parse_addr(host == NULL ? "" : s, item, &f->host_addr, err) < 0)
		return -1;
	f->guest_addr = "";
	if (parse_port(host == NULL ? s : host, item, &f->host_port, err) < 0)
		return -1;
	return parse_port(guest, item, &f->guest_port, err);
}

static bool
is_qemu(const char *s)
{
	return (*s == ':' || str_starts(s, "tcp:") || str_starts(s, "udp:")) && strchr(s, '-') != NULL;
}

int
machine_forward_parse(struct machine *m, struct arena *arena, const char *text, struct err *err)
{
	char *copy = arena_strdup(arena, text), *item, *next;

	for (item = copy; item != NULL; item = next) {
		struct machine_forward f = { .host_addr = "" };
		char *words;

		next = strchr(item, ',');
		if (next != NULL)
			*next++ = '\0';
		words = arena_strdup(arena, item);
		if (is_qemu(item) ? parse_qemu(words, item, &f, err) < 0 : parse_docker(words, item, &f, err) < 0)
			return -1;
		*vec_push(m->nic.forwards, m->nic.nforwards, m->nic.forwards_cap) = f;
	}
	return 0;
}

char *
machine_forward_text(const struct machine_forward *f, char buf[MACHINE_FORWARD_TEXT_MAX])
{
	(void)snprintf(buf, MACHINE_FORWARD_TEXT_MAX, "%s%s%" PRIu16 "%s", f->host_addr,
	    *f->host_addr == '\0' ? "" : ":", f->host_port, f->udp ? "/udp" : "");
	return buf;
}
