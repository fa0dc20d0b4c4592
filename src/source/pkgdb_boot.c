/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What packages want done and only NetBSD can do: a script each, run once at
 * the first boot, in the order in which the packages came.
 */
#include <string.h>

#include "base/str.h"
#include "source/pkgdb_impl.h"

#define RUNNER "/etc/rc.d/smol_firstboot"

/* Stock rc(8) finds it by rcorder; /etc/include/basicrc of smol's services calls it. */
static const char runner[] = "#!/bin/sh\n"
			     "#\n"
			     "# What packages want done on NetBSD itself, each script once.\n"
			     "#\n"
			     "# PROVIDE: smol_firstboot\n"
			     "# REQUIRE: mountcritremote\n"
			     "# BEFORE: DAEMON\n"
			     "\n"
			     "case $1 in\n"
			     "*start)\n"
			     "	for f in /var/db/smol/firstboot/*.sh; do\n"
			     "		[ -f \"$f\" ] || continue\n"
			     "		if /bin/sh \"$f\" >\"$f.log\" 2>&1; then\n"
			     "			rm -f \"$f\" \"$f.log\"\n"
			     "		else\n"
			     "			mv \"$f\" \"$f.failed\"\n"
			     "			echo \"smol_firstboot: ${f##*/} failed: see $f.log\"\n"
			     "		fi\n"
			     "	done\n"
			     "	;;\n"
			     "esac\n";

static void
script(struct str *s, const struct pkgdb *db, const struct pkgdb_entry *e, const char *lines, bool install)
{
	str_addf(s,
	    "# %s: once, on NetBSD.\n"
	    "PATH=/sbin:/bin:/usr/sbin:/usr/bin:%s/sbin:%s/bin\n"
	    "PKG_PREFIX=%s\n"
	    "PKG_METADATA_DIR=%s/%s\n"
	    "PKG_REFCOUNT_DBDIR=%s.refcount\n"
	    "export PATH PKG_PREFIX PKG_METADATA_DIR PKG_REFCOUNT_DBDIR\n"
	    "cd \"$PKG_METADATA_DIR\" || exit 1\n"
	    "status=0\n",
	    e->name, e->prefix, e->prefix, e->prefix, db->dir, e->name, db->dir);
	if (install)
		str_addf(s, "./+INSTALL '%s' PRE-INSTALL || status=1\n", e->name);
	str_add(s, lines == NULL ? "" : lines);
	if (install)
		str_addf(s, "./+INSTALL '%s' POST-INSTALL || status=1\n", e->name);
	str_add(s, "exit $status\n");
}

int
pkgdb_first_boot(struct pkgdb *db, const struct pkgdb_entry *e, const char *lines, bool install, struct err *err)
{
	struct str text = { 0 }, path = { 0 };
	struct tree_node *n = NULL;

	str_addf(&path, "/var/db/smol/firstboot/%04zu-%s.sh", ++db->nfirst_boot, e->name);
	script(&text, db, e, lines, install);
	if (tree_lookup(db->tree, RUNNER) != NULL ||
	    tree_write(db->tree, RUNNER, 0555, runner, strlen(runner), err) != NULL)
		n = tree_write(db->tree, path.p, 0555, text.p, text.len, err);
	str_release(&text);
	str_release(&path);
	return n == NULL ? -1 : 0;
}
