/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A compressed file into a plain one, sparse where it is zeros.
 */
#ifndef SMOL_SOURCE_UNPACK_FILE_H
#define SMOL_SOURCE_UNPACK_FILE_H

#include "base/err.h"

/* What fd decompresses to (decode.h knows how) becomes the file at path, which appears when it is whole. */
int unpack_file(int fd, const char *path, struct err *);

#endif
