/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language of the probe's /etc/rc: first line "#!probe", then a command
 * a line:
 *
 *	print TEXT...  cat FILE  ls DIR  sleep SECONDS  serve DIR PORT
 *	test  exit CODE  say TEXT...  hear  fwcfg  share FILE  disks
 *	write DISK TEXT...
 */
#ifndef PROBE_SCRIPT_H
#define PROBE_SCRIPT_H

#include "ffs.h"

/* Runs /etc/rc or /etc/rc.probe; false if neither is for us. */
bool script_run(struct ffs *);
void script_ls(struct ffs *, const char *dir);

#endif
