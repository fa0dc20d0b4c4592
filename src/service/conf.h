/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etc/NAME.conf: how to run NAME.  smolBSD sources the file with sh; here it
 * is read as plain assignments, and what needs a real shell is an error.
 *
 *	# comment
 *	mem=512                         value: bare words, 'single', "double"
 *	kernel=kernels/netbsd-SMOL
 *	root="NAME=${svc}root"          $x and ${x}: variables known so far
 *	share=$(pwd)                    the one command that is understood
 *	export hostfwd=::8080-:80
 *
 * Known so far are svc (the file's name without .conf), ARCH (the environment,
 * else the host's), what the file set above, and HOME, USER and PWD of the
 * environment.
 */
#ifndef SMOL_SERVICE_CONF_H
#define SMOL_SERVICE_CONF_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct conf_var {
	const char *name, *value;
	unsigned line; /* of the last assignment */
};

/* NULL: the file does not say, or says nothing ("bridgenet=").  Values are as written, not yet parsed. */
struct conf {
	const char *path; /* of the file read */
	const char *svc; /* base name without .conf */

	const char *kernel, *img, *mem, *cores, *append, *root, *hostfwd, *share, *extra;
	const char *arch, *imgtag;
	const char *fwcfgvar, *fwcfgfile;
	const char *serial_port, *qmp_port, *use_pty, *bridgenet, *sharerw;

	/* Everything, in the order of first assignment, the names above included. */
	struct conf_var *vars; /* heap memory; names and values are the arena's */
	size_t nvars, vars_cap;
};

/* Reads path.  On failure nothing needs releasing. */
int conf_read(struct arena *, const char *path, struct conf *, struct err *);
/* The same of text, which a NUL follows; path gives the name. */
int conf_read_text(struct arena *, const char *path, const char *text, size_t len, struct conf *, struct err *);
void conf_release(struct conf *);

/* Of any variable by name; NULL if it was not set. */
const char *conf_get(const struct conf *, const char *name);

/* The line that set name, for messages ("etc/x.conf:3: ..."); 0 if none did. */
unsigned conf_line(const struct conf *, const char *name);

#endif
