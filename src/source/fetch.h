/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files from outside, checked before they have their names.
 *
 *	URL ─► .NAME.part ─► digest of the list ─► NAME
 *
 *	DIR/NAME              the file, whole and checked
 *	DIR/.NAME.json        where it came from, its ETag, date and digest: believed while NAME is
 *	                      as it was left (size, mtime)
 *	DIR/.NAME.part        what came so far; .NAME.part.json: of which file (ETag or date), without
 *	                      which it is not gone on with
 *	DIR/.NAME.lock        held while it is fetched: a second fetch waits, then finds it there
 *	DIR/.SHA512 and such  lists and indexes, kept for the next conditional request
 *
 * A process killed at any moment leaves NAME as it was, and a .part that the
 * next run goes on with or drops.
 */
#ifndef SMOL_SOURCE_FETCH_H
#define SMOL_SOURCE_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "service/service.h"
#include "service/workspace.h"

enum fetch_outcome {
	FETCH_NONE, /* not ended */
	FETCH_FETCHED,
	FETCH_UNCHANGED, /* the server has what is here */
	FETCH_PRESENT, /* only what is missing was asked for */
	FETCH_KEPT, /* it was changed here since, and left so */
	FETCH_ABSENT, /* optional, and not there */
	FETCH_FAILED,
};

struct fetch_item {
	const char *url, *path;
	struct digest digest; /* it must have; DIGEST_NONE: not checked */
	const char *digest_from; /* where that is said, for messages */
	uint64_t bytes; /* it must be so long; 0: not known */
	uint64_t max_bytes; /* 0: FETCH_MAX_BYTES */
	bool index; /* a list, for smol itself */
	bool optional; /* that it is not there is no failure */
	bool unpack; /* path is to hold what the file decompresses to; a changed one is kept */

	enum fetch_outcome outcome;
	uint64_t done, total; /* of this run; total 0: not known */
	struct err err; /* FETCH_FAILED, FETCH_ABSENT */
};

#define FETCH_MAX_BYTES (UINT64_C(16) << 30)

enum fetch_event_kind {
	FETCH_EVENT_START, /* bytes will come, or go on from item->done */
	FETCH_EVENT_PROGRESS,
	FETCH_EVENT_RETRY, /* text says why; wait_ms */
	FETCH_EVENT_WAIT, /* another process fetches it */
	FETCH_EVENT_END, /* item->outcome */
	FETCH_EVENT_TICK, /* no item: about ten times a second */
};

struct fetch_event {
	enum fetch_event_kind kind;
	const struct fetch_item *item;
	const char *text;
	uint64_t wait_ms;
};

struct fetch_options {
	bool offline; /* what is missing is an error that says where it would come from */
	bool unverified; /* take what no list has a digest of */
	bool only_missing; /* what is there is not looked at again */
	unsigned timeout_s, retries;
	void (*event)(void *arg, const struct fetch_event *); /* may be NULL */
	void *arg;
};

/* The defaults; offline if NONET is in the environment. */
void fetch_options_init(struct fetch_options *);

/* Several at once.  -1 if one failed: err is that of the first to fail, each has its own. */
int fetch_run(struct fetch_item *, size_t n, const struct fetch_options *, struct err *);

/* --- what a service needs, into the places where workspace.h finds it --- */

/* SETS and ADDSETS, from DIST/sets; those that are paths are left to the user. */
int fetch_sets(const struct workspace *, const struct service *, const struct fetch_options *, struct err *);

/* The kernel of the service's architecture, from KDIST. */
int fetch_kernel(const struct workspace *, const struct service *, const struct fetch_options *, struct err *);

/* The kernel of an image that a BIOS boots, from DIST/kernel, unpacked as kernels/BIOSKERNEL. */
int fetch_bios_kernel(const struct workspace *, const struct service *, const struct fetch_options *, struct err *);

/* ADDPKGS, from PKGSITE, as pkgs/ARCH/WORD.tgz. */
int fetch_packages(const struct workspace *, const struct service *, const struct fetch_options *, struct err *);

/* NetBSD's live image, unpacked as images/NetBSD-ARCH-live.img. */
int fetch_live(const struct workspace *, const struct service *, const struct fetch_options *, struct err *);

#endif
