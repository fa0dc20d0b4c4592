/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a fetch on the disk.  All of it under the file's lock.
 */
#include "source/fetch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/str.h"
#include "source/unpack_file.h"

/* DIR/.NAME and suffix. */
static char *
hidden(const char *path, const char *suffix)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	struct str s = { 0 };

	str_addn(&s, path, (size_t)(name - path));
	str_addf(&s, "%s%s%s", *name == '.' ? "" : ".", name, suffix);
	return s.p;
}

void
fetch_file_init(struct fetch_file *f, struct fetch_item *item)
{
	*f = (struct fetch_file){ .item = item, .lock = -1, .part = -1 };
	f->lock_path = hidden(item->path, ".lock");
	f->part_path = hidden(item->path, ".part");
	f->part_state_path = hidden(item->path, ".part.json");
	f->state_path = hidden(item->path, ".json");
}

void
fetch_file_release(struct fetch_file *f)
{
	if (f->part >= 0)
		(void)close(f->part);
	if (f->lock >= 0)
		lock_drop(f->lock_path, f->lock);
	f->part = f->lock = -1;
	free(f->lock_path);
	free(f->part_path);
	free(f->part_state_path);
	free(f->state_path);
	f->lock_path = f->part_path = f->part_state_path = f->state_path = NULL;
}

int
fetch_file_lock(struct fetch_file *f, struct err *err)
{
	cleanup_free char *dir = xstrdup(f->item->path);
	char *slash = strrchr(dir, '/');

	if (slash != NULL && slash != dir) {
		*slash = '\0';
		if (dir_make(dir, err) < 0)
			return -1;
	}
	f->lock = lock_take(f->lock_path, false, err);
	return f->lock >= 0 ? 0 : f->lock;
}

/* --- what is here --- */

static int
save_state(struct fetch_file *f, struct fetch_state *s, struct err *err)
{
	(void)snprintf(s->url, sizeof(s->url), "%s", f->item->url);
	if (fetch_state_of(s, f->item->path, err) < 0)
		return -1;
	return fetch_state_write(f->state_path, s, err);
}

/* A file of unknown origin that has the right digest is as good as fetched. */
static bool
adopt(struct fetch_file *f)
{
	cleanup_close int fd = open(f->item->path, O_RDONLY | O_CLOEXEC);
	struct fetch_state s = { .digest = f->item->digest };
	struct digest d;
	struct err ignored;

	if (fd < 0 || digest_file(fd, f->item->digest.kind, &d, &ignored) < 0 || !digest_equal(&d, &f->item->digest))
		return false;
	(void)save_state(f, &s, &ignored);
	return true;
}

static bool
is_current(struct fetch_file *f)
{
	const struct fetch_item *item = f->item;

	f->valid = fetch_state_read(f->state_path, &f->state) && fetch_state_holds(&f->state, item->path);
	if (item->digest.kind == DIGEST_NONE)
		return false;
	if (f->valid && f->state.digest.kind != DIGEST_NONE)
		return digest_equal(&f->state.digest, &item->digest);
	return !item->unpack && adopt(f);
}

/* What an earlier run left: gone on with if it can be checked in the end, and is of a file that can be known again. */
static void
look_at_part(struct fetch_file *f)
{
	struct stat st;

	f->have = 0;
	if (f->item->digest.kind == DIGEST_NONE || fstat(f->part, &st) < 0 ||
	    !fetch_state_read(f->part_state_path, &f->coming) || strcmp(f->coming.url, f->item->url) != 0)
		f->coming = (struct fetch_state){ 0 };
	else
		f->have = (uint64_t)st.st_size;
	f->resumed = f->have > 0;
}

int
fetch_file_look(struct fetch_file *f, bool only_missing, struct err *err)
{
	struct fetch_item *item = f->item;
	bool there = access(item->path, F_OK) == 0;

	if (there && only_missing)
		item->outcome = FETCH_PRESENT;
	else if (there && is_current(f))
		item->outcome = FETCH_UNCHANGED;
	else if (there && item->unpack && !f->valid)
		item->outcome = FETCH_KEPT;
	if (item->outcome != FETCH_NONE) {
		/* Of a process that was killed, or of what the server has no longer. */
		(void)unlink(f->part_path);
		(void)unlink(f->part_state_path);
		return 1;
	}
	f->part = open(f->part_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (f->part < 0)
		return err_sys(err, "cannot write '%s'", f->part_path);
	look_at_part(f);
	return 0;
}

/* --- what came --- */

static int
check(struct fetch_file *f, struct err *err)
{
	struct fetch_item *item = f->item;
	struct stat st;
	struct digest d;

	if (fstat(f->part, &st) < 0)
		return err_sys(err, "cannot read '%s'", f->part_path);
	if (item->bytes != 0 && (uint64_t)st.st_size != item->bytes) {
		(void)err_set(&item->err, "it is %" PRIu64 " bytes long, %s says %" PRIu64, (uint64_t)st.st_size,
		    item->digest_from, item->bytes);
		return 1;
	}
	if (item->digest.kind == DIGEST_NONE)
		return 0;
	if (digest_file(f->part, item->digest.kind, &d, err) < 0)
		return err_wrap(err, "%s", f->part_path);
	if (digest_equal(&d, &item->digest))
		return 0;
	(void)err_set(&item->err, "its %s is not what %s says: damaged on the way, or one of the two is newer",
	    digest_name(d.kind), item->digest_from);
	return 1;
}

static int
give_name(struct fetch_file *f, struct err *err)
{
	struct outfile out = { .fd = f->part };

	f->part = -1;
	out.path = xstrdup(f->item->path);
	out.temp = xstrdup(f->part_path);
	if (outfile_commit(&out, err) < 0) {
		outfile_abort(&out);
		return -1;
	}
	return 0;
}

int
fetch_file_finish(struct fetch_file *f, struct err *err)
{
	int rv = check(f, err);
	struct err ignored;

	if (rv != 0)
		return rv;
	/* The old file's state must not be taken for the new one's. */
	(void)unlink(f->state_path);
	if (f->item->unpack) {
		if (unpack_file(f->part, f->item->path, err) < 0)
			return -1;
		(void)unlink(f->part_path);
	} else if (give_name(f, err) < 0)
		return -1;
	(void)unlink(f->part_state_path);
	f->coming.digest = f->item->digest;
	/* What cannot be remembered is looked at again. */
	(void)save_state(f, &f->coming, &ignored);
	return 0;
}

void
fetch_file_restart(struct fetch_file *f)
{
	(void)unlink(f->part_state_path);
	f->coming = (struct fetch_state){ 0 };
	f->have = 0;
	f->resumed = false;
}

void
fetch_file_abandon(struct fetch_file *f, bool keep)
{
	struct stat st;

	if (f->part < 0)
		return;
	if (keep && f->item->digest.kind != DIGEST_NONE && access(f->part_state_path, F_OK) == 0 &&
	    fstat(f->part, &st) == 0 && st.st_size > 0)
		return;
	(void)unlink(f->part_path);
	(void)unlink(f->part_state_path);
}
