/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packages of a build: over the tree, registered, and what is left to the
 * guest noted.
 */
#include <string.h>

#include "base/str.h"
#include "build/step.h"
#include "source/pkgdb.h"

static int
add_all(struct build *b, struct pkgdb *db)
{
	const struct resolution *r = &b->packages.resolution;
	struct blob *blob;
	size_t i, j;

	for (i = 0; i < r->n; i++) {
		blob = build_blob(b, b->packages.paths[i]);
		if (blob == NULL || pkgdb_add(db, blob, r->v[i].automatic, &b->newest, b->err) < 0)
			return -1;
	}
	for (i = 0; i < r->n; i++)
		for (j = 0; j < r->v[i].ndepends; j++)
			if (pkgdb_require(db, i, r->v[i].depends[j], b->err) < 0)
				return -1;
	return pkgdb_end(db, b->err);
}

/* What is started from had another version. */
static void
note_kept(const struct build *b, const struct pkgdb *db)
{
	size_t i;

	for (i = 0; i < db->n; i++)
		if (db->entries[i].kept && strcmp(db->entries[i].name, b->packages.resolution.v[i].name) != 0)
			build_note(b, "%s of the image is kept, where %s would do too", db->entries[i].name,
			    b->packages.resolution.v[i].name);
}

static void
note_first_boot(struct build *b, const struct pkgdb *db)
{
	struct str names = { 0 };
	size_t i;

	for (i = 0; i < db->n; i++)
		if (db->entries[i].first_boot)
			str_addf(&names, "%s%s", names.len == 0 ? "" : ", ", db->entries[i].name);
	if (names.len > 0) {
		b->first_boot = arena_strdup(&b->arena, names.p);
		build_note(b, "INSTALL scripts run at the first boot, by /etc/rc.d/smol_firstboot%s: %s",
		    b->plan->read_only ? ", unless MOUNTRO=y keeps them from it" : "", names.p);
	}
	str_release(&names);
}

int
build_packages(struct build *b)
{
	const struct resolution *r = &b->packages.resolution;
	struct pkgdb db;
	size_t i;
	int rv;

	pkgdb_init(&db, &b->arena, &b->tree);
	rv = add_all(b, &db);
	if (rv == 0)
		note_first_boot(b, &db);
	if (rv == 0)
		note_kept(b, &db);
	for (i = 0; i < r->nnotes && rv == 0; i++)
		build_note(b, "%s", r->notes[i]);
	pkgdb_release(&db);
	return rv;
}
