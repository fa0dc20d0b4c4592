/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands of the script language (script.h) that show what the host gave the
 * machine.  Each gets the rest of its line; NULL or what went wrong.
 */
#ifndef PROBE_SCRIPT_DEVICE_H
#define PROBE_SCRIPT_DEVICE_H

/* A line to console port 1. */
const char *command_say(char *arg);
/* Prints the next line that comes from there. */
const char *command_hear(char *arg);
/* Prints each entry of fw_cfg under opt/. */
const char *command_fwcfg(char *arg);
/* Prints a file of the 9p share's root. */
const char *command_share(char *arg);
/* Prints the disks' sizes. */
const char *command_disks(char *arg);
/* "N TEXT": into the first sector of disk N. */
const char *command_write(char *arg);

#endif
