/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a made image is told as, by "image make" and "build" alike.
 */
#ifndef SMOL_CMD_IMAGE_RESULT_H
#define SMOL_CMD_IMAGE_RESULT_H

#include "base/err.h"
#include "image/image.h"

/* Above this an image is not digested unless asked: its holes alone take seconds. */
#define IMAGE_DIGEST_MAX (UINT64_C(64) << 30)

/* read_ns: what came before the layout, reading and overlaying the inputs. */
int image_result_print(const char *path, const struct image_options *, const struct image_result *, uint64_t read_ns,
    bool json, struct err *);

#endif
