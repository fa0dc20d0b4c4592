/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tar, compressed or not, into a blob file.
 */
#ifndef SMOL_SOURCE_UNPACK_H
#define SMOL_SOURCE_UNPACK_H

#include "base/err.h"

/*
 * Unpacks the tar open at fd into a new blob file at path, which appears only
 * when all of it was read without fault.  Errors tell the member but not the
 * archive's name: that is the caller's to put in front.
 */
int unpack(int fd, const char *path, struct err *);

#endif
