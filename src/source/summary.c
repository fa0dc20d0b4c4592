/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads pkg_summary line by line, keeping the variables that a package is
 * chosen, fetched, checked and described by.
 */
#include "source/summary.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "source/decode.h"

#define LINE_MAX_BYTES 65536 /* the rest of a longer line is dropped */
#define TEXT_MAX_BYTES (UINT64_C(1) << 30)

static const struct {
	const char *name;
	enum repo_field field;
} variables[] = {
	{ "BUILD_DATE", REPO_BUILT },
	{ "CATEGORIES", REPO_CATEGORIES },
	{ "COMMENT", REPO_COMMENT },
	{ "CONFLICTS", REPO_CONFLICTS },
	{ "DEPENDS", REPO_DEPENDS },
	{ "FILE_CKSUM", REPO_DIGEST },
	{ "FILE_NAME", REPO_FILE },
	{ "FILE_SIZE", REPO_BYTES },
	{ "HOMEPAGE", REPO_HOMEPAGE },
	{ "LICENSE", REPO_LICENSE },
	{ "PKGNAME", REPO_NAME },
	{ "PKGPATH", REPO_PKGPATH },
	{ "PKG_OPTIONS", REPO_OPTIONS },
	{ "PROVIDES", REPO_PROVIDES },
	{ "REQUIRES", REPO_REQUIRES },
	{ "SIZE_PKG", REPO_SIZE },
	{ "SUPERSEDES", REPO_SUPERSEDES },
};

void
summary_line(struct repo_builder *b, const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	size_t name, i;

	if (equals == NULL)
		return;
	name = (size_t)(equals - line);
	for (i = 0; i < nitems(variables); i++) {
		if (variables[i].name[0] != line[0] || strlen(variables[i].name) != name ||
		    memcmp(variables[i].name, line, name) != 0)
			continue;
		repo_add(b, variables[i].field, equals + 1, len - name - 1);
		return;
	}
}

void
summary_init(struct summary *s, struct repo_builder *to)
{
	*s = (struct summary){ .to = to };
}

/* A file name that leads elsewhere: the package cannot be fetched, and is dropped. */
static bool
file_ok(const struct repo_builder *b)
{
	const char *file = b->strings.p + b->now[REPO_FILE];

	return strchr(file, '/') == NULL && strchr(file, '\\') == NULL && *file != '.';
}

static void
end_line(struct summary *s, const char *line, size_t len)
{
	if (len > 0) {
		summary_line(s->to, line, len);
		return;
	}
	if (!file_ok(s->to))
		s->to->now[REPO_NAME] = 0;
	repo_add_end(s->to);
}

void
summary_add(struct summary *s, const char *text, size_t len)
{
	const char *end = text + len, *newline;
	size_t n;

	while (text < end) {
		newline = memchr(text, '\n', (size_t)(end - text));
		n = (size_t)((newline == NULL ? end : newline) - text);
		if (newline != NULL && s->line.len == 0) {
			end_line(s, text, u64_min(n, LINE_MAX_BYTES));
		} else {
			str_addn(&s->line, text, u64_min(n, LINE_MAX_BYTES - u64_min(s->line.len, LINE_MAX_BYTES)));
			if (newline == NULL)
				return;
			end_line(s, s->line.p, s->line.len);
			s->line.len = 0;
		}
		text = newline + 1;
	}
}

void
summary_end(struct summary *s)
{
	if (s->line.len > 0)
		end_line(s, s->line.p, s->line.len);
	end_line(s, "", 0);
	str_release(&s->line);
}

int
summary_read(const char *path, struct repo *r, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct repo_builder builder;
	struct summary s;
	struct decode *d;
	uint64_t total = 0;
	const void *buf;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	d = decode_open(fd, err);
	if (d == NULL)
		return err_wrap(err, "%s", path);
	repo_builder_init(&builder);
	summary_init(&s, &builder);
	while ((n = decode_next(d, &buf, err)) > 0 && (total += (uint64_t)n) <= TEXT_MAX_BYTES)
		summary_add(&s, buf, (size_t)n);
	decode_close(d);
	summary_end(&s);
	if (n == 0) {
		repo_build(r, &builder);
		return 0;
	}
	repo_builder_release(&builder);
	if (n > 0)
		return err_set(err, "%s: it is larger than 1 GiB unpacked", path);
	return err_wrap(err, "%s", path);
}
