/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * etc/NAME.conf: how to run NAME.  It is a script, as for smolBSD, whose
 * startnb.sh sources it: the host's sh reads it, in a sandbox without network
 * in which nothing can be written (conf_eval.h), with the workspace's root as
 * the current directory.  Taken are the variables below that it has set.
 *
 *	mem=512
 *	share=$(pwd)
 *	root="NAME=${svc}root"
 *	[ "$(uname -m)" = x86_64 ] && cores=4
 *
 * Set before are svc (the file's name without .conf) and the environment,
 * without the variables that a conf is for.  Of those which startnb.sh takes
 * from the environment too (KERNEL, NBIMG, ARCH, QEMU, QEMU_ACCEL) only what
 * differs from the environment counts as set.
 */
#ifndef SMOL_SERVICE_CONF_H
#define SMOL_SERVICE_CONF_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct conf_var {
	const char *name, *value;
	unsigned line; /* of the last assignment that can be seen in the text; 0: none can */
};

/* NULL: the file does not say, or says nothing ("bridgenet=").  Values are as written, not yet parsed. */
struct conf {
	const char *path; /* of the file read */
	const char *svc; /* base name without .conf */

	const char *kernel, *img, *mem, *cores, *append, *root, *hostfwd, *share, *extra;
	const char *arch, *imgtag, *drive2;
	const char *initrd; /* not NULL: the image is loaded as the initrd */
	const char *fwcfgvar, *fwcfgfile;
	const char *max_ports; /* console ports, the console's own counted */
	const char *serial_port, *qmp_port, *use_pty, *bridgenet, *nonet, *sharerw, *daemon, *verbose;
	const char *qemu, *qemu_accel;
	const char *login; /* ours: the user to log in as, for ssh */

	/* The names above as the file knows them, those that it set. */
	struct conf_var *vars; /* heap memory; names and values are the arena's */
	size_t nvars, vars_cap;
};

/*
 * Reads path, by sh in root; where there is no directory root, in the one
 * above path's own.  A script that fails, that waits, that sh complains about
 * or that prints without end is an error.  On failure nothing needs releasing.
 */
int conf_read(struct arena *, const char *root, const char *path, struct conf *, struct err *);
void conf_release(struct conf *);

/* Of any variable by name; NULL if it was not set. */
const char *conf_get(const struct conf *, const char *name);

/* The line that set name, for messages ("etc/x.conf:3: ..."); 0 if it cannot be told. */
unsigned conf_line(const struct conf *, const char *name);

/* The last line of a text that assigns to name; 0: none does. */
unsigned conf_line_in(const char *text, const char *name);

/* --- the stations of conf_read(), for tests --- */

/* Names without text. */
void conf_init(struct arena *, const char *path, struct conf *);

/*
 * What the script's sh reported: NAME=VALUE for each variable and at last
 * "end", a NUL after each.  text is the script, for the lines.
 */
int conf_take(struct arena *, const char *report, size_t len, const char *text, struct conf *, struct err *);

#endif
