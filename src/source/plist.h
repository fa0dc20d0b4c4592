/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * +CONTENTS of a binary package, its packing list (pkg_create(1)): a line is a
 * file below the prefix, or "@" and a command.
 *
 *	@name curl-8.1.2nb1
 *	@cwd /usr/pkg		the prefix
 *	@pkgdep openssl>=3.0	@pkgcfl curl<7
 *	bin/curl
 *	@comment MD5:0123...	of the file before it; or "Symlink:target"
 *	@mode 4755		@owner, @group: of the files behind it; alone: no longer
 *	@pkgdir share/curl	made if missing; @dirrm removes it in the end
 *	@exec, @unexec CMD	run when the package comes and goes
 *	@ignore			the next line is about the package itself
 *	@display, @option, @src, @blddep
 */
#ifndef SMOL_SOURCE_PLIST_H
#define SMOL_SOURCE_PLIST_H

#include <stdbool.h>
#include <stddef.h>

enum plist_kind {
	PLIST_FILE,
	PLIST_BLDDEP,
	PLIST_COMMENT,
	PLIST_CWD,
	PLIST_DIRRM,
	PLIST_DISPLAY,
	PLIST_EXEC,
	PLIST_GROUP,
	PLIST_IGNORE,
	PLIST_MODE,
	PLIST_NAME,
	PLIST_OPTION,
	PLIST_OWNER,
	PLIST_PKGCFL,
	PLIST_PKGDEP,
	PLIST_PKGDIR,
	PLIST_SRC,
	PLIST_UNEXEC,
	PLIST_UNKNOWN,
};

struct plist_line {
	enum plist_kind kind;
	const char *arg; /* within the text, not NUL-terminated; blanks around it left out */
	size_t len;
	unsigned number; /* of the line, from 1; plist_next() counts on from what it holds */
};

/*
 * The next line of a NUL-terminated text that is not empty, and *text behind
 * it; false at the end.  What @ignore is about is passed over with it.
 */
bool plist_next(const char **text, struct plist_line *);

#endif
