/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of pkgdb.c in files of their own.
 */
#ifndef SMOL_SOURCE_PKGDB_IMPL_H
#define SMOL_SOURCE_PKGDB_IMPL_H

#include "source/pkgdb.h"

/* The package's script for the first boot, and what runs it; lines (NULL: none) come between PRE- and POST-INSTALL. */
int pkgdb_first_boot(struct pkgdb *, const struct pkgdb_entry *, const char *lines, bool install, struct err *);

#endif
