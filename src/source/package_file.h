/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Binary packages as files: a compressed tar whose first members, "+CONTENTS"
 * and others, are about the package; or that in an ar(1) archive with what
 * vouches for it (pkg_install's signed packages):
 *
 *	+PKG_HASH		"pkgsrc signature": SHA512 of each block of the tar
 *	+PKG_GPG_SIGNATURE	of +PKG_HASH; not looked at
 *	NAME.tgz		the tar
 */
#ifndef SMOL_SOURCE_PACKAGE_FILE_H
#define SMOL_SOURCE_PACKAGE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "source/repo.h"

/*
 * The tar of the package open at fd: fd itself, or of a signed one an unnamed
 * file of what was checked, at its beginning, to be closed by the caller; -1
 * and err.
 */
int package_payload(int fd, struct err *);

/* What the package at path says of itself, as one package of the repository: REPO_FILE is the path. */
int package_describe(const char *path, struct repo_builder *, struct err *);

/*
 * The packages in the directories (NULL: none), *.tgz and its like; of two of
 * one name the first counts.  One that cannot be read goes by its file's name:
 * whoever unpacks it will say what is wrong.
 */
void package_repo(const char *const *dirs, size_t n, struct repo *);

#endif
