/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mtree parser.  It works in the text it was given: words are cut out with
 * NULs and decoded where they lie.
 */
#include "tree/mtree_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "tree/mtree_vis.h"
#include "tree/tree.h"

void
mtree_init(struct mtree_parser *m, const char *file, char *text, size_t len)
{
	*m = (struct mtree_parser){ .file = file, .p = text, .end = text + len, .next_line = 1 };
}

/* --- values --- */

/* An unsigned number of this base that is all of the text. */
static int
number(const char *text, int base, uint64_t max, uint64_t *out)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return -1;
	errno = 0;
	*out = strtoull(text, &end, base);
	return *end == '\0' && errno == 0 && *out <= max ? 0 : -1;
}

static int
number32(const char *text, int base, uint32_t max, uint32_t *out)
{
	uint64_t v;

	if (number(text, base, max, &v) < 0)
		return -1;
	*out = (uint32_t)v;
	return 0;
}

static int
parse_type(struct mtree_keys *k, char *value, struct err *err)
{
	static const struct {
		const char *word;
		uint32_t type;
	} types[] = { { "file", TREE_IFREG }, { "dir", TREE_IFDIR }, { "link", TREE_IFLNK }, { "char", TREE_IFCHR },
		{ "block", TREE_IFBLK }, { "fifo", TREE_IFIFO }, { "socket", TREE_IFSOCK } };
	size_t i;

	for (i = 0; i < nitems(types); i++)
		if (strcmp(types[i].word, value) == 0) {
			k->type = types[i].type;
			return 0;
		}
	return err_set(err, "unknown type '%s'", value);
}

static int
parse_mode(struct mtree_keys *k, char *value, struct err *err)
{
	if (number32(value, 8, 07777, &k->mode) < 0)
		return err_set(err, "bad mode '%s': an octal number is wanted", value);
	return 0;
}

static int
parse_uid(struct mtree_keys *k, char *value, struct err *err)
{
	if (number32(value, 10, UINT32_MAX, &k->uid) < 0)
		return err_set(err, "bad uid '%s'", value);
	return 0;
}

static int
parse_gid(struct mtree_keys *k, char *value, struct err *err)
{
	if (number32(value, 10, UINT32_MAX, &k->gid) < 0)
		return err_set(err, "bad gid '%s'", value);
	return 0;
}

static int
parse_uname(struct mtree_keys *k, char *value, struct err *err)
{
	int32_t id = tree_user_id(value);

	if (id < 0)
		return err_set(err, "unknown user '%s': give its number with uid=", value);
	k->uid = (uint32_t)id;
	return 0;
}

static int
parse_gname(struct mtree_keys *k, char *value, struct err *err)
{
	int32_t id = tree_group_id(value);

	if (id < 0)
		return err_set(err, "unknown group '%s': give its number with gid=", value);
	k->gid = (uint32_t)id;
	return 0;
}

static int
parse_flags(struct mtree_keys *k, char *value, struct err *err)
{
	return tree_flags_parse(value, &k->flags, err);
}

/* Seconds, a period, nine digits of nanoseconds (as a number: ".5" is 5 ns, as NetBSD reads it). */
static int
parse_time(struct mtree_keys *k, char *value, struct err *err)
{
	char *dot = strchr(value, '.');
	bool minus = *value == '-';
	uint64_t seconds;

	k->mtime_nsec = 0;
	if (dot != NULL)
		*dot++ = '\0';
	if (number(value + minus, 10, INT64_MAX, &seconds) < 0 ||
	    (dot != NULL && *dot != '\0' && number32(dot, 10, 999999999, &k->mtime_nsec) < 0))
		return err_set(err, "bad time '%s': want SECONDS.NANOSECONDS", value);
	k->mtime = minus ? -(int64_t)seconds : (int64_t)seconds;
	return 0;
}

static int
parse_link(struct mtree_keys *k, char *value, struct err *err)
{
	if (*value == '\0' || mtree_unvis(value) < 0)
		return err_set(err, "bad link target '%s'", value);
	k->link = value;
	return 0;
}

/* NUMBER, or [FORMAT,]MAJOR,MINOR; every format's numbers mean NetBSD's here. */
static int
parse_device(struct mtree_keys *k, char *value, struct err *err)
{
	char *comma = strrchr(value, ','), *first;
	uint32_t major, minor;

	if (comma == NULL) {
		if (number32(value, 0, UINT32_MAX, &k->rdev) < 0)
			return err_set(err, "bad device '%s'", value);
		return 0;
	}
	*comma = '\0';
	first = strchr(value, ',');
	first = first == NULL ? value : first + 1;
	if (number32(first, 0, 0xfff, &major) < 0 || number32(comma + 1, 0, 0xfffff, &minor) < 0)
		return err_set(err, "bad device '%s,%s': want netbsd,MAJOR,MINOR", value, comma + 1);
	k->rdev = tree_makedev(major, minor);
	return 0;
}

/* --- keywords --- */

/* bit 0: known, means nothing here.  parse NULL: it has no value. */
static const struct keyword {
	const char *name;
	uint32_t bit;
	int (*parse)(struct mtree_keys *, char *value, struct err *);
} keywords[] = {
	{ "type", MTREE_TYPE, parse_type },
	{ "mode", MTREE_MODE, parse_mode },
	{ "uid", MTREE_UID, parse_uid },
	{ "gid", MTREE_GID, parse_gid },
	{ "uname", MTREE_UID, parse_uname },
	{ "gname", MTREE_GID, parse_gname },
	{ "flags", MTREE_FLAGS, parse_flags },
	{ "time", MTREE_TIME, parse_time },
	{ "link", MTREE_LINK, parse_link },
	{ "device", MTREE_DEVICE, parse_device },
	{ "optional", MTREE_OPTIONAL, NULL },
	{ "cksum", 0, NULL },
	{ "contents", 0, NULL },
	{ "ignore", 0, NULL },
	{ "inode", 0, NULL },
	{ "md5", 0, NULL },
	{ "md5digest", 0, NULL },
	{ "nlink", 0, NULL },
	{ "nochange", 0, NULL },
	{ "resdevice", 0, NULL },
	{ "ripemd160digest", 0, NULL },
	{ "rmd160", 0, NULL },
	{ "rmd160digest", 0, NULL },
	{ "sha1", 0, NULL },
	{ "sha1digest", 0, NULL },
	{ "sha256", 0, NULL },
	{ "sha256digest", 0, NULL },
	{ "sha384", 0, NULL },
	{ "sha384digest", 0, NULL },
	{ "sha512", 0, NULL },
	{ "sha512digest", 0, NULL },
	{ "size", 0, NULL },
	{ "tags", 0, NULL },
};

static const struct keyword *
find_keyword(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(keywords); i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/* One "keyword=value"; the word is cut at the "=". */
static int
parse_word(struct mtree_keys *k, char *word, struct err *err)
{
	char *value = strchr(word, '=');
	const struct keyword *key;

	if (value != NULL)
		*value++ = '\0';
	key = find_keyword(word);
	if (key == NULL)
		return err_set(err, "unknown keyword '%s'", word);
	if (key->parse != NULL && value == NULL)
		return err_set(err, "keyword '%s' needs a value", word);
	if (key->parse != NULL && key->parse(k, value, err) < 0)
		return -1;
	k->has |= key->bit;
	return 0;
}

static int
unset_word(struct mtree_keys *k, const char *word, struct err *err)
{
	const struct keyword *key = find_keyword(word);

	if (strcmp(word, "all") == 0)
		k->has = 0;
	else if (key != NULL)
		k->has &= ~key->bit;
	else
		return err_set(err, "unknown keyword '%s'", word);
	return 0;
}

/* --- lines --- */

/*
 * The next logical line: continuation joined, the comment cut off.  NULL at
 * the end.
 */
static char *
next_line(struct mtree_parser *m)
{
	char *start = m->p, *p, *comment = NULL;

	if (m->p >= m->end)
		return NULL;
	m->line = m->next_line;
	for (p = start; p < m->end && *p != '\n'; p++) {
		if (*p == '\\' && p + 1 < m->end) {
			if (p[1] == '\n') {
				m->next_line++;
				p[0] = p[1] = ' ';
			}
			p++;
		} else if (*p == '#' && comment == NULL) {
			comment = p;
		} else if (*p == '\r' && p + 1 < m->end && p[1] == '\n') {
			*p = ' ';
		}
	}
	m->next_line++;
	*p = '\0';
	m->p = p + 1;
	if (comment != NULL)
		*comment = '\0';
	return start;
}

static char *
next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");

	if (*word == '\0')
		return NULL;
	*line = word + strcspn(word, " \t");
	if (**line != '\0')
		*(*line)++ = '\0';
	return word;
}

static int
parse_words(struct mtree_parser *m, struct mtree_keys *k, char *line, bool unset, struct err *err)
{
	char *word;

	while ((word = next_word(&line)) != NULL)
		if ((unset ? unset_word(k, word, err) : parse_word(k, word, err)) < 0)
			return err_wrap(err, "%s:%u", m->file, m->line);
	return 0;
}

int
mtree_next(struct mtree_parser *m, struct mtree_entry *e, struct err *err)
{
	char *line, *word;

	while ((line = next_line(m)) != NULL) {
		word = next_word(&line);
		if (word == NULL)
			continue;
		if (strcmp(word, "/set") == 0 || strcmp(word, "/unset") == 0) {
			if (parse_words(m, &m->set, line, word[1] == 'u', err) < 0)
				return -1;
			continue;
		}
		if (*word == '/')
			return err_at(err, m->file, m->line, "bad name '%s': paths begin with './'", word);
		*e = (struct mtree_entry){ .name = word, .line = m->line, .keys = m->set };
		e->full_path = strchr(word, '/') != NULL;
		if (mtree_unvis(word) < 0)
			return err_at(err, m->file, m->line, "bad escape in the name '%s'", word);
		return parse_words(m, &e->keys, line, false, err) < 0 ? -1 : 1;
	}
	return 0;
}
