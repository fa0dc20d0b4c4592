/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vis(3): \ooo, C's escapes and \s, \^C, \M-C and \M^C.
 */
#include "tree/mtree_vis.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"

/* \^C: the control character of C. */
static int
control(char c)
{
	return c == '?' ? 0x7f : c & 0x1f;
}

static int
octal(const char **p)
{
	int value = 0, i;

	for (i = 0; i < 3 && **p >= '0' && **p <= '7'; i++)
		value = value * 8 + *(*p)++ - '0';
	return value;
}

/* The character after a backslash and all that belongs to it; -1 if it is none. */
static int
unescape(const char **p)
{
	static const char letters[] = "abfnrstvE", values[] = "\a\b\f\n\r \t\v\033";
	const char *found;
	char c = **p;

	if (c >= '0' && c <= '7')
		return octal(p);
	if (c == '\0')
		return -1;
	(*p)++;
	if (c == '^' && **p != '\0')
		return control(*(*p)++);
	if (c == 'M' && (**p == '-' || **p == '^') && (*p)[1] != '\0') {
		c = **p;
		*p += 2;
		return 0x80 | (c == '^' ? control((*p)[-1]) : (*p)[-1] & 0x7f);
	}
	found = strchr(letters, c);
	if (found != NULL)
		return values[found - letters];
	return strchr("\\#*?[] \"'$=,:;", c) != NULL ? c : -1;
}

int
mtree_unvis(char *s)
{
	cleanup_free char *copy = NULL;
	const char *p;
	char *out = s;
	int c;

	if (strchr(s, '\\') == NULL)
		return 0;
	copy = xstrdup(s);
	for (p = copy; *p != '\0';) {
		c = (unsigned char)*p++;
		if (c == '\\')
			c = unescape(&p);
		if (c <= 0 || c > 0xff) {
			memcpy(s, copy, strlen(copy) + 1);
			return -1;
		}
		*out++ = (char)c;
	}
	*out = '\0';
	return 0;
}

void
mtree_vis(struct str *out, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c >= 0x7f || strchr("\\#*?[", c) != NULL)
			str_addf(out, "\\%03o", c);
		else
			str_addn(out, s, 1);
	}
}
