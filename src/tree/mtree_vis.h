/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vis(3) encoding, as far as names in mtree specifications have it.
 */
#ifndef SMOL_TREE_MTREE_VIS_H
#define SMOL_TREE_MTREE_VIS_H

struct str;

/* Decodes in place.  0, or -1: a bad escape, or one that is a NUL (then it is left as it was). */
int mtree_unvis(char *);

/* Appends with \ooo for what is not plain, and for what mtree takes for its own. */
void mtree_vis(struct str *, const char *);

#endif
