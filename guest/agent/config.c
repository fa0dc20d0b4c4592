/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /etc/smol/service: a word and its value on each line, to the line's end; '\n'
 * and '\\' in a value stand for a newline and a backslash.  Lines that begin
 * with '#' and empty ones are let be.
 *
 *	arg WORD		one for each, the program first
 *	env NAME=VALUE		one for each; also for what is run beside the service
 *	user NAME[:GROUP]	directory DIR
 *	hostname NAME
 *	port PATH		the console port; of several the first that there is
 *	address ADDRESS/PREFIX	10.0.2.15/24; "none": no network
 *	gateway ADDRESS		10.0.2.2
 *	nameserver ADDRESS	10.0.2.3, where /etc/resolv.conf has none
 *	interface NAME		vioif0
 *	root ro			not to be written
 *	wait MS			so long for a host that says what to run
 *	end poweroff|halt|reboot|stay	when the service has ended
 */
#include "agent.h"

struct config config;

static char strings[16384];
static size_t used;
static struct lines lines;

/* A copy that stays; NULL if there is no room. */
static char *
keep(const char *s)
{
	char *to = strings + used;
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (used + n + 2 > sizeof(strings))
			return NULL;
		if (s[0] == '\\' && (s[1] == 'n' || s[1] == '\\')) {
			s++;
			to[n++] = *s == 'n' ? '\n' : '\\';
		} else {
			to[n++] = *s;
		}
	}
	if (used + n + 1 > sizeof(strings))
		return NULL;
	to[n] = '\0';
	used += n + 1;
	return to;
}

static void
setting_end(const char *value)
{
	config.stay = text_same(value, "stay");
	config.end = text_same(value, "halt") ? SYS_HALT : text_same(value, "reboot") ? SYS_REBOOT : SYS_POWEROFF;
}

static const struct {
	const char *word;
	const char **value;
} texts[] = {
	{ "user", &config.service.user },
	{ "directory", &config.service.dir },
	{ "hostname", &config.hostname },
	{ "interface", &config.interface },
	{ "address", &config.address },
	{ "gateway", &config.gateway },
	{ "nameserver", &config.nameserver },
};

static bool
setting(const char *word, char *value)
{
	struct start *s = &config.service;
	size_t i;

	for (i = 0; i < nitems(texts); i++) {
		if (text_same(word, texts[i].word)) {
			*texts[i].value = value;
			return true;
		}
	}
	if (text_same(word, "arg") && s->argc < ARGS_MAX)
		s->argv[s->argc++] = value;
	else if (text_same(word, "env") && s->envc < ARGS_MAX)
		s->env[s->envc++] = value;
	else if (text_same(word, "port") && config.nports < nitems(config.ports))
		config.ports[config.nports++] = value;
	else if (text_same(word, "root"))
		config.read_only = text_same(value, "ro");
	else if (text_same(word, "wait"))
		return text_number(value, 3600000, &config.wait_ms);
	else if (text_same(word, "end"))
		setting_end(value);
	else
		return false;
	return true;
}

void
config_read(const char *path)
{
	char *line, *rest, *word, *value;

	config.service.user = config.service.dir = "";
	config.service.kind = AGENT_SERVICE;
	config.interface = init_interface;
	config.address = "10.0.2.15/24";
	config.gateway = "10.0.2.2";
	config.end = SYS_POWEROFF;
	if (!lines_open(&lines, path))
		return;
	config.read = true;
	while ((line = lines_next(&lines)) != NULL) {
		if (line[0] == '#' || line[0] == '\0')
			continue;
		rest = line;
		word = field_next(&rest, ' ');
		value = keep(rest == NULL ? "" : rest);
		if (value == NULL || !setting(word, value))
			agent_say("/etc/smol/service: cannot take", word, 0);
	}
	lines_close(&lines);
}
