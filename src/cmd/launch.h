/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What "run" and "start" share: settings by startnb.sh's names, from options
 * and confs, become a machine, and that an instance.
 *
 *	options, etc/NAME.conf ─► settings ─► launch_machine() ─► launch_run()
 */
#ifndef SMOL_CMD_LAUNCH_H
#define SMOL_CMD_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/backend.h"
#include "base/arena.h"
#include "base/err.h"
#include "instance/trace.h"
#include "machine/machine.h"
#include "service/workspace.h"

enum setting_id {
	SET_KERNEL,
	SET_IMG,
	SET_MEM,
	SET_CORES,
	SET_APPEND,
	SET_ROOT,
	SET_HOSTFWD,
	SET_SHARE,
	SET_EXTRA,
	SET_ARCH,
	SET_IMGTAG,
	SET_FWCFGVAR,
	SET_FWCFGFILE,
	SET_SERIAL_PORT,
	SET_QMP_PORT,
	SET_USE_PTY,
	SET_BRIDGENET,
	SET_SHARERW,
	SET_DRIVE2,
	SET_MAX_PORTS, /* the console is one of them */
	SET_NONET,
	SET_DAEMON,
	SET_INITRD,
	SET_LOGIN,
	SET_VERBOSE, /* print the command line only */
	SET_VMM, /* smol or qemu */
	SET_ACPI,
	SET_BALLOON,
	SET_BIOS,
	SETTINGS
};

struct setting {
	const char *value; /* NULL: not set */
	const char *file; /* the conf that set it; NULL: the command line */
	unsigned line;
};

/* What of a boot, or of many, is timed (instance/trace.h). */
struct launch_trace {
	bool on;
	bool command; /* "smol trace": many boots, each ended when it is over */
	bool cold, json;
	unsigned runs, timeout_s; /* 0: not said */
	const char *until; /* NULL: not said */
};

struct launch {
	struct arena arena;
	struct workspace ws;
	const char *arch;
	bool arch_given; /* by the environment */
	struct setting set[SETTINGS];
	const char *name; /* of the instance; NULL: the service's, else the image's */
	const char *service; /* NULL: not known */
	const char *image; /* path; NULL with none */
	struct machine machine;
	int initrd_fd; /* what machine.initrd names, if that is in memory; -1 */
	/* Beside the settings: in addition to fwcfgvar and fwcfgfile, instead of share. */
	struct machine_fwcfg *vars;
	size_t nvars, vars_cap;
	struct machine_share *shares;
	size_t nshares, shares_cap;
	const char *overlay; /* file that keeps the writes; NULL: none */
	bool write_through; /* the guest's writes reach the image */
	bool pidfile; /* qemu-NAME.pid in the current directory */
	bool loud; /* append replaces -z, whatever it says */
	bool all_keys;
	struct launch_trace trace;
	const char *control; /* path of a control socket (instance/clients.h); a detached instance has its own */
};

/* The workspace and the architecture are found. */
int launch_init(struct launch *, struct err *);
void launch_release(struct launch *);

void launch_set(struct launch *, enum setting_id, const char *value);
/* So many console ports beside the console; max_ports counts that too. */
int launch_set_sockets(struct launch *, const char *count, struct err *);
/* Further values of a list, behind a comma. */
void launch_append(struct launch *, enum setting_id, const char *value);
/* NULL if it is not set, or empty. */
const char *launch_get(const struct launch *, enum setting_id);
/* Set, and to no "n", "no" or "0". */
bool launch_is(const struct launch *, enum setting_id);
/* -1; puts the conf's file and line in front, if one set it. */
int launch_bad(const struct launch *, enum setting_id, struct err *);
/* The path that a setting names: a conf's are the workspace's, others the current directory's, else the workspace's. */
const char *launch_path(struct launch *, enum setting_id, const char *path);

/* All that a conf sets; what is set already stays, or with override does not. */
int launch_conf(struct launch *, const char *path, bool override, struct err *);

/* "NAME-ARCH[:TAG]" → NAME, the arena's, and the architecture taken; NULL if it is neither. */
const char *launch_service_of(struct launch *, const char *name);

/* From the settings and image: the machine, checked. */
int launch_machine(struct launch *, struct err *);

/* Prints its command line, or runs it here, or detaches it: the exit status, or -1. */
int launch_run(struct launch *, struct err *);

/* The parts of launch_run(): the backend, found and checked, by the user's word, the machine and the host. NULL and
 * err. */
const struct backend_ops *launch_backend(struct launch *, struct backend_env *, struct err *);
/* Boots it as often as trace says, and prints when it reached what. */
int launch_trace(struct launch *, struct err *);
/* The stages of a boot, on standard error. */
void launch_trace_tell(const struct trace *);
/* For one: the port that answers, if it has one. */
void launch_trace_init(const struct launch *, struct trace *);

/* Of "run" and "trace": options and argument → everything but launch_run(). */
int launch_run_options(struct launch *, int argc, char **argv, struct err *);

bool launch_is_file(const char *path);

/* NetBSD's live image, as 'smol fetch live' names it; that it is not there. */
bool launch_is_live(const char *path);
int launch_no_live(const char *path, struct err *);

#endif
