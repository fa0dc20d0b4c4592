/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads pkg_summary line by line, keeping only what is needed, and chooses a
 * package by name.
 */
#include "source/summary.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "source/decode.h"
#include "source/dewey.h"

#define LINE_MAX_BYTES 65536 /* the rest of a longer line is dropped */
#define TEXT_MAX_BYTES (UINT64_C(1) << 30)
#define PACKAGES_MAX 1000000
#define FILE_BYTES_MAX (UINT64_C(1) << 40)

void
summary_init(struct summary *s, struct arena *arena)
{
	*s = (struct summary){ .arena = arena };
}

void
summary_release(struct summary *s)
{
	free(s->packages);
	str_release(&s->line);
	*s = (struct summary){ 0 };
}

/* A name that can stand in a URL and under pkgs/: no directory, nothing hidden. */
static bool
name_ok(const char *name)
{
	return *name != '\0' && *name != '.' && strpbrk(name, "/\\") == NULL;
}

static void
end_package(struct summary *s)
{
	struct summary_package *p = &s->now;

	if (p->name != NULL && p->file == NULL)
		p->file = arena_printf(s->arena, "%s.tgz", p->name);
	if (p->name != NULL && name_ok(p->name) && name_ok(p->file) && s->n < PACKAGES_MAX)
		*vec_push(s->packages, s->n, s->cap) = *p;
	*p = (struct summary_package){ 0 };
}

static void
set_digest(struct summary_package *p, const char *value)
{
	const char *blank = strchr(value, ' ');

	if (blank == NULL ||
	    !digest_read(&p->digest, digest_kind_of(value, (size_t)(blank - value)), blank + 1, strlen(blank + 1)))
		p->digest = (struct digest){ 0 };
}

static void
end_line(struct summary *s)
{
	char *line = s->line.p, *value = s->line.len == 0 ? NULL : strchr(line, '=');
	struct err ignored;

	if (s->line.len == 0) {
		end_package(s);
		return;
	}
	s->line.len = 0;
	if (value == NULL)
		return;
	*value++ = '\0';
	if (strcmp(line, "PKGNAME") == 0)
		s->now.name = arena_strdup(s->arena, value);
	else if (strcmp(line, "FILE_NAME") == 0)
		s->now.file = arena_strdup(s->arena, value);
	else if (strcmp(line, "FILE_CKSUM") == 0)
		set_digest(&s->now, value);
	else if (strcmp(line, "FILE_SIZE") == 0 &&
		 parse_u64(value, 0, FILE_BYTES_MAX, "FILE_SIZE", &s->now.bytes, &ignored) < 0)
		s->now.bytes = 0;
}

void
summary_add(struct summary *s, const char *text, size_t len)
{
	const char *end = text + len, *newline;
	size_t n;

	while (text < end) {
		newline = memchr(text, '\n', (size_t)(end - text));
		n = (size_t)((newline == NULL ? end : newline) - text);
		str_addn(&s->line, text, u64_min(n, LINE_MAX_BYTES - u64_min(s->line.len, LINE_MAX_BYTES)));
		if (newline == NULL)
			return;
		end_line(s);
		text = newline + 1;
	}
}

void
summary_end(struct summary *s)
{
	if (s->line.len > 0)
		end_line(s);
	end_package(s);
}

int
summary_read(struct summary *s, const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct decode *d;
	uint64_t total = 0;
	const void *buf;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	d = decode_open(fd, err);
	if (d == NULL)
		return err_wrap(err, "%s", path);
	while ((n = decode_next(d, &buf, err)) > 0 && (total += (uint64_t)n) <= TEXT_MAX_BYTES)
		summary_add(s, buf, (size_t)n);
	decode_close(d);
	if (n < 0)
		return err_wrap(err, "%s", path);
	if (n > 0)
		return err_set(err, "%s: it is larger than 1 GiB unpacked", path);
	summary_end(s);
	return 0;
}

/* The version, where name is that of the package; else NULL. */
static const char *
version_of(const struct summary_package *p, const char *name)
{
	size_t len = dewey_name_len(p->name);

	return strlen(name) == len && strncmp(p->name, name, len) == 0 && p->name[len] == '-' ? p->name + len + 1
											      : NULL;
}

const struct summary_package *
summary_find(const struct summary *s, const char *word)
{
	const struct summary_package *p, *best = NULL;
	const char *version, *newest = NULL;

	for (p = s->packages; p < s->packages + s->n; p++) {
		if (strcmp(p->name, word) == 0 || strcmp(p->file, word) == 0)
			return p;
		version = version_of(p, word);
		if (version != NULL && (newest == NULL || dewey_compare(version, newest) > 0)) {
			best = p;
			newest = version;
		}
	}
	return best;
}
