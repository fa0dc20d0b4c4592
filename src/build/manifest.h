/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The manifest of an image, as JSON: the digests of all inputs, the recipe and
 * the tool's version, and the digest of the image that came of them.  The same
 * inputs give the same bytes: no time, host or path outside the workspace.
 *
 *	{ "manifest": 1, "smol": "0.1.0",
 *	  "service": "x", "arch": "amd64", "tag": null, "epoch": 1733000000,
 *	  "image": { "bytes": N, "sha256": "..." },
 *	  "tree": "...",                         tree_digest()
 *	  "given": { "IMGSIZE": "256" },         the command line
 *	  "steps": [ "set base.tar.xz", ... ],
 *	  "inputs": [ { "kind": "set"|"package"|"file"|"recipe"|"keys", "path": "...", "sha256": "..." }, ... ] }
 */
#ifndef SMOL_BUILD_MANIFEST_H
#define SMOL_BUILD_MANIFEST_H

#include "base/err.h"
#include "build/build.h"
#include "plan/plan.h"
#include "source/source.h"
#include "tree/tree.h"

/* blobs: one for each step that has one, in their order. */
int
manifest_write(const struct plan *, struct tree *, const struct blob *blobs, const struct build_result *, struct err *);

#endif
