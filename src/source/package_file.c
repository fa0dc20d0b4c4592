/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What files of packages say of themselves.
 */
#include "source/package_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/str.h"
#include "source/plist.h"
#include "source/summary.h"

#define META_MAX (64 * 1024 * 1024)
#define READ_BYTES 65536

static const char *const suffixes[] = { ".tgz", ".tbz", ".txz", ".tzst", ".tar.gz", ".tar.xz", ".tar.zst" };

/* --- one --- */

static void
add_contents(struct repo_builder *b, const char *text)
{
	struct plist_line line = { 0 };

	while (plist_next(&text, &line)) {
		if (line.kind == PLIST_NAME)
			repo_add(b, REPO_NAME, line.arg, line.len);
		else if (line.kind == PLIST_PKGDEP)
			repo_add(b, REPO_DEPENDS, line.arg, line.len);
		else if (line.kind == PLIST_PKGCFL)
			repo_add(b, REPO_CONFLICTS, line.arg, line.len);
	}
}

/* The lines of +BUILD_INFO that pkg_summary has too. */
static void
add_build_info(struct repo_builder *b, const char *text)
{
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		summary_line(b, text, len);
	}
}

static void
add_meta(struct repo_builder *b, const char *name, const char *text)
{
	if (strcmp(name, "+CONTENTS") == 0)
		add_contents(b, text);
	else if (strcmp(name, "+BUILD_INFO") == 0)
		add_build_info(b, text);
	else if (strcmp(name, "+COMMENT") == 0)
		repo_add(b, REPO_COMMENT, text, strcspn(text, "\n"));
	else if (strcmp(name, "+SIZE_PKG") == 0)
		repo_add(b, REPO_SIZE, text, strcspn(text, "\n"));
}

/* The members that are about the package come first. */
static int
read_meta(struct archive *tar, struct repo_builder *b, struct err *err)
{
	struct archive_entry *ae;
	struct str text = { 0 };
	const char *name;
	char buf[4096];
	la_ssize_t n;
	int rv;

	while ((rv = archive_read_next_header(tar, &ae)) == ARCHIVE_OK || rv == ARCHIVE_WARN) {
		name = archive_entry_pathname(ae);
		if (name != NULL && str_starts(name, "./"))
			name += 2;
		if (name == NULL || name[0] != '+')
			break;
		text.len = 0;
		str_add(&text, "");
		while ((n = archive_read_data(tar, buf, sizeof(buf))) > 0 && text.len < META_MAX)
			str_addn(&text, buf, (size_t)n);
		if (n != 0)
			break;
		add_meta(b, name, text.p);
	}
	str_release(&text);
	if (rv < ARCHIVE_WARN)
		return err_set(err, "it cannot be unpacked: %s", archive_error_string(tar));
	return 0;
}

static int
describe_fd(int fd, struct repo_builder *b, struct err *err)
{
	struct archive *tar;
	int rv, payload = package_payload(fd, err);

	if (payload < 0)
		return -1;
	tar = archive_read_new();
	if (tar == NULL || archive_read_support_format_tar(tar) != ARCHIVE_OK ||
	    archive_read_support_filter_all(tar) < ARCHIVE_WARN ||
	    archive_read_open_fd(tar, payload, READ_BYTES) != ARCHIVE_OK)
		rv = err_set(err, "it is not a package: %s", tar == NULL ? "no memory" : archive_error_string(tar));
	else
		rv = read_meta(tar, b, err);
	(void)archive_read_free(tar);
	if (payload != fd)
		(void)close(payload);
	return rv;
}

static void
add_number(struct repo_builder *b, enum repo_field field, long long n)
{
	struct str s = { 0 };

	str_addf(&s, "%lld", n);
	repo_add(b, field, s.p, s.len);
	str_release(&s);
}

int
package_describe(const char *path, struct repo_builder *b, struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rv = 0;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, "%s: it is not a regular file", path);
	rv = describe_fd(fd, b, err);
	repo_add(b, REPO_FILE, path, strlen(path));
	add_number(b, REPO_BYTES, (long long)st.st_size);
	return rv < 0 ? err_wrap(err, "%s", path) : 0;
}

/* --- all --- */

static size_t
suffix_len(const char *file)
{
	size_t i;

	for (i = 0; i < nitems(suffixes); i++)
		if (str_ends(file, suffixes[i]))
			return strlen(suffixes[i]);
	return 0;
}

static void
add_file(struct repo_builder *b, const char *dir, const char *file)
{
	struct err ignored = { 0 };
	struct str path = { 0 };

	str_addf(&path, "%s/%s", dir, file);
	(void)package_describe(path.p, b, &ignored);
	if (b->now[REPO_NAME] == 0)
		repo_add(b, REPO_NAME, file, strlen(file) - suffix_len(file));
	repo_add(b, REPO_FILE, path.p, path.len);
	repo_add_end(b);
	str_release(&path);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_dir(struct repo_builder *b, const char *path)
{
	DIR *d = path == NULL ? NULL : opendir(path);
	size_t n = 0, cap = 0, i;
	const struct dirent *e;
	char **files = NULL;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && suffix_len(e->d_name) > 0)
			*vec_push(files, n, cap) = xstrdup(e->d_name);
	if (d != NULL)
		(void)closedir(d);
	/* The order of a directory is not the same everywhere. */
	if (n > 1)
		qsort(files, n, sizeof(*files), by_text);
	for (i = 0; i < n; i++) {
		add_file(b, path, files[i]);
		free(files[i]);
	}
	free(files);
}

void
package_repo(const char *const *dirs, size_t n, struct repo *r)
{
	struct repo_builder b;
	size_t i;

	repo_builder_init(&b);
	for (i = 0; i < n; i++)
		add_dir(&b, dirs[i]);
	repo_build(r, &b);
}
