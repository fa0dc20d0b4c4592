/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs of NetBSD open at run time, which no header of theirs tells:
 * a table of "if this is kept, keep that".
 */
#ifndef SMOL_MINIMISE_RULES_H
#define SMOL_MINIMISE_RULES_H

#include <stddef.h>

struct rule {
	/* A pattern: of a path if it has a '/', else of a file's own name.  NULL: always. */
	const char *when;
	/*
	 * Patterns of paths, separated by blanks.  One that ends in '/' is a
	 * directory and all in it; "@NAME" is what a file says:
	 *
	 *	@pam		modules that /etc/pam.d and /etc/pam.conf name
	 *	@nss		libraries of the sources in /etc/nsswitch.conf
	 *	@fstab:PREFIX	PREFIX and the type of each file system in /etc/fstab
	 *	@dirs:PATH	the directories at and below PATH, without their files
	 */
	const char *keep;
	const char *why; /* "init runs /etc/rc with it" */
};

extern const struct rule minimise_rules[];
extern const size_t minimise_nrules;

#endif
