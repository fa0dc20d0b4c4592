/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scripts find in the room beside the host's programs: smol itself under
 * other names (cmd/tool.c), and variables.
 *
 *	fetch, ftp		FETCH: asks the smol outside, which fetches; scripts have no network
 *	rsynclite		smolBSD's: a file, or a directory's contents, copied
 *	pwd_mkdb, makefs ...	NetBSD's, which cannot run here: a clear error
 */
#ifndef SMOL_BUILD_TOOL_H
#define SMOL_BUILD_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define TOOL_DIR "/build/bin"
#define TOOL_PROGRAM "smol"
/* The descriptor for requests: a number in the environment. */
#define TOOL_SOCKET "SMOL_FETCH_FD"
/*
 * A request is one packet: the URL, then the digest it must have ("SHA256:..")
 * if one is known, each with its NUL; and a descriptor to write the answer to:
 * "ok NAME\n", the file being /build/fetched/NAME, or "error TEXT\n".
 */
#define TOOL_REQUEST_MAX 4096
#define TOOL_ANSWER_MAX 1200

struct tool_variable {
	const char *name, *value;
};
extern const struct tool_variable tool_variables[];
extern const size_t tool_nvariables;

/* TAR: the host's bsdtar, else its tar, which knows the same options. */
const char *tool_tar(void);

/* Why a program of NetBSD's is not here; NULL: it is none of these. */
const char *tool_refused(const char *name);

/* The names, in the directory that becomes TOOL_DIR. */
int tool_install(int dirfd, struct err *);

#endif
