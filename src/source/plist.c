/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads packing lists.
 */
#include "source/plist.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/defs.h"

static const struct {
	const char *word;
	enum plist_kind kind;
} commands[] = {
	{ "blddep", PLIST_BLDDEP },
	{ "cd", PLIST_CWD },
	{ "comment", PLIST_COMMENT },
	{ "cwd", PLIST_CWD },
	{ "dirrm", PLIST_DIRRM },
	{ "display", PLIST_DISPLAY },
	{ "exec", PLIST_EXEC },
	{ "group", PLIST_GROUP },
	{ "ignore", PLIST_IGNORE },
	{ "mode", PLIST_MODE },
	{ "name", PLIST_NAME },
	{ "option", PLIST_OPTION },
	{ "owner", PLIST_OWNER },
	{ "pkgcfl", PLIST_PKGCFL },
	{ "pkgdep", PLIST_PKGDEP },
	{ "pkgdir", PLIST_PKGDIR },
	{ "src", PLIST_SRC },
	{ "unexec", PLIST_UNEXEC },
};

static bool
blank(char c)
{
	return isspace((unsigned char)c) != 0;
}

static void
parse_command(struct plist_line *line)
{
	const char *word = line->arg + 1, *end = line->arg + line->len;
	size_t len = 0, i;

	while (word + len < end && !blank(word[len]))
		len++;
	line->kind = PLIST_UNKNOWN;
	for (i = 0; i < nitems(commands); i++)
		if (strlen(commands[i].word) == len && strncasecmp(commands[i].word, word, len) == 0)
			line->kind = commands[i].kind;
	for (word += len; word < end && blank(*word); word++)
		;
	line->arg = word;
	line->len = (size_t)(end - word);
}

/* One line, empty or not. */
static bool
any_line(const char **text, struct plist_line *line)
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	*line = (struct plist_line){ .kind = PLIST_FILE, .arg = *text, .len = len, .number = line->number + 1 };
	*text += len + ((*text)[len] == '\n');
	while (line->len > 0 && blank(line->arg[line->len - 1]))
		line->len--;
	if (line->len > 0 && line->arg[0] == '@')
		parse_command(line);
	return true;
}

bool
plist_next(const char **text, struct plist_line *line)
{
	while (any_line(text, line)) {
		if (line->kind == PLIST_FILE && line->len == 0)
			continue;
		if (line->kind != PLIST_IGNORE)
			return true;
		while (any_line(text, line) && line->kind == PLIST_FILE && line->len == 0)
			;
	}
	return false;
}
