/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file systems an image can be made of.
 */
#include "image/gpt.h"
#include "image/image.h"

static const struct image_type types[IMAGE_FS_COUNT] = {
	[IMAGE_FFS] = { "ffs", &fs_ffs_ops, gpt_type_netbsd_ffs },
};

const struct image_type *
image_type(enum image_fs fs)
{
	return &types[fs];
}
