/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping of blob files.
 */
#ifndef SMOL_SOURCE_BLOB_MAP_H
#define SMOL_SOURCE_BLOB_MAP_H

#include <stdbool.h>

#include "source/source.h"

/* Opens and maps the file at b->path; false if there is none or it is not sound. */
bool blob_map(struct blob *b);
void blob_unmap(struct blob *b);

#endif
