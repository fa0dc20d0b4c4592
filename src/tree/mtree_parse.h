/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mtree(5) specifications, line by line: comments, continuation, /set and
 * /unset, vis(3) encoded words, keywords and their values.
 *
 *	text ─► mtree_next() ─► entry: its name, its keywords (with what /set gave)
 */
#ifndef SMOL_TREE_MTREE_PARSE_H
#define SMOL_TREE_MTREE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What was given: bits of has. */
#define MTREE_TYPE 0x001u
#define MTREE_MODE 0x002u
#define MTREE_UID 0x004u
#define MTREE_GID 0x008u
#define MTREE_FLAGS 0x010u
#define MTREE_TIME 0x020u
#define MTREE_LINK 0x040u
#define MTREE_DEVICE 0x080u
#define MTREE_OPTIONAL 0x100u
#define MTREE_ALL 0x1ffu

struct mtree_keys {
	uint32_t has;
	uint32_t type; /* TREE_IFDIR and so on */
	uint32_t mode, uid, gid, flags, rdev;
	int64_t mtime;
	uint32_t mtime_nsec;
	char *link; /* in the text */
};

struct mtree_parser {
	const char *file; /* for messages */
	char *p, *end; /* what is left of the text, which is changed */
	unsigned line, next_line;
	struct mtree_keys set;
};

struct mtree_entry {
	char *name; /* decoded, in the text */
	bool full_path; /* it had a slash as it was written */
	unsigned line;
	struct mtree_keys keys;
};

/* text[len] must be NUL and the text must last as long as the entries. */
void mtree_init(struct mtree_parser *, const char *file, char *text, size_t len);

/* 1 and the next entry, 0 at the end, -1 and err. */
int mtree_next(struct mtree_parser *, struct mtree_entry *, struct err *);

#endif
