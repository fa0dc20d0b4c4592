/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol under other names, inside a script's sandbox (build/tool.h): programs
 * with their own arguments, not commands.
 */
#ifndef SMOL_CMD_TOOL_H
#define SMOL_CMD_TOOL_H

#include <stdbool.h>

#include "base/err.h"

/* By the program's own name; false: that is none of them.  *status is the exit status. */
bool tool_main(int argc, char **argv, int *status);

/* Each: the exit status, or -1 and err. */
int tool_fetch(int argc, char **argv, struct err *);
int tool_rsynclite(int argc, char **argv, struct err *);

#endif
