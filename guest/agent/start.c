/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of an OPEN (base/agent_protocol.h), taken apart in place.
 */
#include "agent.h"

/* Strings of an OPEN or of the service: NULL if the payload is not as it must be. */
static char *
string_next(uint8_t **p, size_t *left)
{
	char *s = (char *)*p;
	size_t i;

	for (i = 0; i < *left; i++) {
		if ((*p)[i] == '\0') {
			*p += i + 1;
			*left -= i + 1;
			return s;
		}
	}
	return NULL;
}

const char *
start_parse(struct start *s, uint8_t *payload, size_t len)
{
	uint8_t *p = payload + AGENT_OPEN_SIZE;
	size_t left = len - AGENT_OPEN_SIZE, i;

	if (len < AGENT_OPEN_SIZE)
		return "bad request";
	s->kind = payload[0];
	s->flags = payload[1];
	s->rows = get_le16(payload + 2);
	s->columns = get_le16(payload + 4);
	s->argc = get_le16(payload + 6);
	s->envc = get_le16(payload + 8);
	if (s->kind == 0 || s->kind >= AGENT_NKINDS)
		return "this agent does not know that request";
	if (s->argc > ARGS_MAX || s->envc > ARGS_MAX)
		return "too many arguments";
	s->user = string_next(&p, &left);
	s->dir = string_next(&p, &left);
	if (s->user == NULL || s->dir == NULL)
		return "bad request";
	for (i = 0; i < s->argc + s->envc; i++) {
		char *string = string_next(&p, &left);

		if (string == NULL)
			return "bad request";
		if (i < s->argc)
			s->argv[i] = string;
		else
			s->env[i - s->argc] = string;
	}
	s->argv[s->argc] = s->env[s->envc] = NULL;
	return s->argc == 0 && s->kind != AGENT_SERVICE ? "no arguments" : NULL;
}
