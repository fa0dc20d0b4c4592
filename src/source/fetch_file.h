/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file being fetched: its lock, what is here of it already, and how what
 * came gets its name.
 */
#ifndef SMOL_SOURCE_FETCH_FILE_H
#define SMOL_SOURCE_FETCH_FILE_H

#include "source/fetch.h"
#include "source/fetch_state.h"

struct fetch_file {
	struct fetch_item *item;
	char *lock_path, *part_path, *part_state_path, *state_path;
	int lock, part; /* descriptors, or -1 */
	struct fetch_state state; /* of the file here, if valid */
	struct fetch_state coming; /* of what comes */
	bool valid;
	uint64_t have; /* bytes of .part to go on with */
	bool resumed; /* some of them are an earlier run's */
};

void fetch_file_init(struct fetch_file *, struct fetch_item *);
void fetch_file_release(struct fetch_file *); /* lets go of the lock */

/* 0, LOCK_BUSY, or -1 and err; makes the directory. */
int fetch_file_lock(struct fetch_file *, struct err *);

/*
 * With the lock: 1 if nothing need be asked of the server, and
 * item->outcome says why; else 0, .part open, and have and state tell from
 * where to go on or what to compare with.
 */
int fetch_file_look(struct fetch_file *, bool only_missing, struct err *);

/* .part is whole: checks it and gives it its name.  1: it is not what it should be, as item->err says. */
int fetch_file_finish(struct fetch_file *, struct err *);

/* Begin again from nothing. */
void fetch_file_restart(struct fetch_file *);

/* .part stays only if another run can go on with it. */
void fetch_file_abandon(struct fetch_file *, bool keep);

#endif
