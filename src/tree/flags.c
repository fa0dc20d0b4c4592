/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * File flags: chflags(1)'s words and the bits of NetBSD's <sys/stat.h>.
 */
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "tree/tree.h"

/* For each bit, the word that ls -lo prints comes first. */
static const struct flag {
	const char *word;
	uint32_t bit;
} flags[] = {
	{ "arch", 0x00010000 },
	{ "nodump", 0x00000001 },
	{ "opaque", 0x00000008 },
	{ "sappnd", 0x00040000 },
	{ "schg", 0x00020000 },
	{ "uappnd", 0x00000004 },
	{ "uchg", 0x00000002 },
	{ "archived", 0x00010000 },
	{ "sappend", 0x00040000 },
	{ "schange", 0x00020000 },
	{ "simmutable", 0x00020000 },
	{ "uappend", 0x00000004 },
	{ "uchange", 0x00000002 },
	{ "uimmutable", 0x00000002 },
};

static const struct flag *
find(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < nitems(flags); i++)
		if (strlen(flags[i].word) == len && memcmp(flags[i].word, word, len) == 0)
			return &flags[i];
	return NULL;
}

/*
 * Adds up the words; "no" in front clears one ("dump" clears "nodump").
 * Returns the first unknown word and its length, or NULL.
 */
static const char *
parse(const char *text, uint32_t *bits, size_t *badlen)
{
	const char *bad = NULL;
	size_t len;

	*bits = 0;
	for (; *text != '\0'; text += len) {
		const struct flag *f;

		text += strspn(text, ", \t");
		len = strcspn(text, ", \t");
		if (len == 0 || (len == 4 && memcmp(text, "none", 4) == 0))
			continue;
		f = find(text, len);
		if (f != NULL) {
			*bits |= f->bit;
			continue;
		}
		if (len == 4 && memcmp(text, "dump", 4) == 0)
			f = &flags[1];
		else if (len > 2 && memcmp(text, "no", 2) == 0)
			f = find(text + 2, len - 2);
		if (f != NULL) {
			*bits &= ~f->bit;
		} else if (bad == NULL) {
			bad = text;
			*badlen = len;
		}
	}
	return bad;
}

int
tree_flags_parse(const char *text, uint32_t *bits, struct err *err)
{
	size_t len = 0;
	const char *bad = parse(text, bits, &len);

	if (bad != NULL)
		return err_set(err, "unknown file flag '%.*s'", (int)len, bad);
	return 0;
}

uint32_t
tree_flags_known(const char *text)
{
	uint32_t bits;
	size_t len;

	(void)parse(text, &bits, &len);
	return bits;
}

void
tree_flags_print(uint32_t bits, struct str *out)
{
	const char *sep = "";
	size_t i;

	for (i = 0; i < nitems(flags); i++) {
		if ((bits & flags[i].bit) == 0)
			continue;
		str_addf(out, "%s%s", sep, flags[i].word);
		bits &= ~flags[i].bit;
		sep = ",";
	}
	if (*sep == '\0')
		str_add(out, "none");
}
