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
 *	  "inputs": [ { "kind": "set"|"package"|"file"|"recipe"|"keys"|"script"|"fetched",
 *	                "path": "...", "sha256": "..." }, ... ],
 *	                                       a package has "name" and "automatic" too
 *	  "first_boot": "NAME, NAME" }           packages that run something then, if any do
 */
#ifndef SMOL_BUILD_MANIFEST_H
#define SMOL_BUILD_MANIFEST_H

struct build;

/* Of a build that wrote its image; -1 and the build's err. */
int manifest_write(struct build *);

#endif
