/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol image ls: ls(1) on the file system of an image.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/defs.h"
#include "cmd/cmd.h"
#include "cmd/image_arg.h"

struct ls {
	struct image_arg a;
	bool longer, recursive, all, inode, one, json;
	bool first; /* nothing was printed yet */
	struct image_seen seen;
	struct str out;
};

/* --- fields --- */

static void
mode_text(uint32_t mode, char text[11])
{
	static const char types[] = "?pc?d?b?-?l?s?w?", rwx[] = "rwxrwxrwx";
	unsigned i;

	text[0] = types[(mode & TREE_IFMT) >> 12];
	for (i = 0; i < 9; i++)
		text[i + 1] = (mode & (0400u >> i)) != 0 ? rwx[i] : '-';
	if ((mode & 04000) != 0)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if ((mode & 02000) != 0)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if ((mode & 01000) != 0)
		text[9] = text[9] == 'x' ? 't' : 'T';
	text[10] = '\0';
}

static bool
is_device(const struct image_file *f)
{
	return image_file_is(f, TREE_IFCHR) || image_file_is(f, TREE_IFBLK);
}

static void
add_date(struct str *out, int64_t when)
{
	time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900) {
		str_addf(out, "%" PRId64, when);
		return;
	}
	(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	str_add(out, text);
}

static int
add_target(struct ls *ls, const struct image_file *f, bool json, struct err *err)
{
	char *target;

	if (!image_file_is(f, TREE_IFLNK))
		return 0;
	target = ffs_readlink(&ls->a.r, &f->d, err);
	if (target == NULL)
		return err_wrap(err, "symlink inode %" PRIu64, f->ino);
	str_add(&ls->out, json ? ",\"target\":" : " -> ");
	if (json)
		str_add_json(&ls->out, target);
	else
		str_add_escaped(&ls->out, target, true);
	free(target);
	return 0;
}

static void
add_flags(struct str *out, uint32_t flags)
{
	size_t before = out->len;

	tree_flags_print(flags, out);
	if (out->len == before || flags == 0) {
		out->len = before;
		str_add(out, "-");
	}
}

/* --- one file --- */

/* How wide the columns of a listing must be. */
struct widths {
	int links, uid, gid, size, ino;
};

static int
digits(uint64_t n)
{
	int w = 1;

	while ((n /= 10) > 0)
		w++;
	return w;
}

static void
widen(int *w, int need)
{
	if (need > *w)
		*w = need;
}

static struct widths
measure(const struct image_dir *dir)
{
	const struct image_file *f;
	struct widths w = { 0 };
	size_t i;

	for (i = 0; i < dir->n; i++) {
		f = &dir->files[i];
		widen(&w.links, digits((uint64_t)(f->d.nlink < 0 ? 0 : f->d.nlink)));
		widen(&w.uid, digits(f->d.uid));
		widen(&w.gid, digits(f->d.gid));
		widen(&w.ino, digits(f->ino));
		widen(&w.size, is_device(f) ? digits(tree_major((uint32_t)f->d.db[0])) + 2 +
						  digits(tree_minor((uint32_t)f->d.db[0]))
					    : digits(f->d.size));
	}
	return w;
}

static int
print_long(struct ls *ls, const struct image_file *f, const struct widths *w, struct err *err)
{
	struct str *out = &ls->out;
	char mode[11], size[48];

	mode_text(f->d.mode, mode);
	if (is_device(f))
		(void)snprintf(size, sizeof(size), "%" PRIu32 ", %" PRIu32, tree_major((uint32_t)f->d.db[0]),
		    tree_minor((uint32_t)f->d.db[0]));
	else
		(void)snprintf(size, sizeof(size), "%" PRIu64, f->d.size);
	str_addf(
	    out, "%s %*d %*" PRIu32 " %*" PRIu32 " ", mode, w->links, f->d.nlink, w->uid, f->d.uid, w->gid, f->d.gid);
	add_flags(out, f->d.flags);
	str_addf(out, " %*s ", w->size, size);
	add_date(out, f->d.mtime);
	str_add(out, " ");
	str_add_escaped(out, f->name, true);
	return add_target(ls, f, false, err);
}

static int
print_json(struct ls *ls, const struct image_file *f, const char *dir, struct err *err)
{
	static const char *const types[16] = {
		[1] = "fifo", [2] = "char", [4] = "dir", [6] = "block", [8] = "file", [10] = "link", [12] = "socket"
	};
	const char *type = types[(f->d.mode & TREE_IFMT) >> 12];
	struct str *out = &ls->out, path = { 0 };

	str_addf(&path, "%s%s%s", dir, dir[0] == '\0' || str_ends(dir, "/") ? "" : "/", f->name);
	str_add(out, ls->first ? "[\n {\"path\":" : ",\n {\"path\":");
	ls->first = false;
	str_add_json(out, path.p);
	str_release(&path);
	str_addf(out,
	    ",\"inode\":%" PRIu64 ",\"type\":\"%s\",\"mode\":\"%04o\",\"nlink\":%d,\"uid\":%" PRIu32 ",\"gid\":%" PRIu32
	    ",\"flags\":\"",
	    f->ino, type == NULL ? "unknown" : type, (unsigned)f->d.mode & 07777, f->d.nlink, f->d.uid, f->d.gid);
	add_flags(out, f->d.flags);
	str_addf(out, "\",\"mtime\":%" PRId64, f->d.mtime);
	if (is_device(f))
		str_addf(out, ",\"major\":%" PRIu32 ",\"minor\":%" PRIu32, tree_major((uint32_t)f->d.db[0]),
		    tree_minor((uint32_t)f->d.db[0]));
	else
		str_addf(out, ",\"size\":%" PRIu64, f->d.size);
	if (add_target(ls, f, true, err) < 0)
		return -1;
	str_add(out, "}");
	return 0;
}

static void
flush_line(struct ls *ls)
{
	if (ls->out.len > 0)
		(void)fwrite(ls->out.p, 1, ls->out.len, stdout);
	ls->out.len = 0;
}

/* --- listings --- */

static unsigned
terminal_width(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return 80;
}

/* Names in columns, downwards, as ls(1). */
static void
print_columns(struct ls *ls, const struct image_dir *dir, const struct widths *w)
{
	struct str *cells = xcalloc(dir->n, sizeof(*cells));
	size_t i, row, col, ncols, nrows, width = 0;

	for (i = 0; i < dir->n; i++) {
		if (ls->inode)
			str_addf(&cells[i], "%*" PRIu64 " ", w->ino, dir->files[i].ino);
		str_add_escaped(&cells[i], dir->files[i].name, true);
		width = cells[i].len > width ? cells[i].len : width;
	}
	ncols = u64_max(1, terminal_width() / (width + 2));
	nrows = howmany(dir->n, ncols);
	for (row = 0; row < nrows; row++) {
		for (col = 0; (i = col * nrows + row) < dir->n; col++)
			str_addf(&ls->out, "%-*s", i + nrows < dir->n ? (int)width + 2 : 0, cells[i].p);
		str_add(&ls->out, "\n");
		flush_line(ls);
	}
	for (i = 0; i < dir->n; i++)
		str_release(&cells[i]);
	free(cells);
}

static int
print_files(struct ls *ls, const struct image_dir *dir, const char *path, struct err *err)
{
	struct widths w = measure(dir);
	const struct image_file *f;
	size_t i;

	if (!ls->json && !ls->longer && !ls->one && isatty(STDOUT_FILENO)) {
		if (dir->n > 0)
			print_columns(ls, dir, &w);
		return 0;
	}
	for (i = 0; i < dir->n; i++) {
		f = &dir->files[i];
		if (ls->json) {
			if (print_json(ls, f, path, err) < 0)
				return -1;
			flush_line(ls);
			continue;
		}
		if (ls->inode)
			str_addf(&ls->out, "%*" PRIu64 " ", w.ino, f->ino);
		if (!ls->longer)
			str_add_escaped(&ls->out, f->name, true);
		else if (print_long(ls, f, &w, err) < 0)
			return -1;
		str_add(&ls->out, "\n");
		flush_line(ls);
	}
	return 0;
}

/* Without -a what begins with a dot is left out. */
static void
drop_hidden(struct image_dir *dir)
{
	size_t i, n = 0;

	for (i = 0; i < dir->n; i++) {
		if (dir->files[i].name[0] == '.')
			free(dir->files[i].name);
		else
			dir->files[n++] = dir->files[i];
	}
	dir->n = n;
}

static int list_dir(struct ls *, const char *path, uint64_t ino, struct err *);

static int
list_below(struct ls *ls, const struct image_dir *dir, const char *path, struct err *err)
{
	struct str sub = { 0 };
	size_t i;
	int rv = 0;

	for (i = 0; i < dir->n && rv == 0; i++) {
		if (!image_file_is(&dir->files[i], TREE_IFDIR) || strcmp(dir->files[i].name, ".") == 0 ||
		    strcmp(dir->files[i].name, "..") == 0)
			continue;
		sub.len = 0;
		str_addf(&sub, "%s%s%s", path, str_ends(path, "/") ? "" : "/", dir->files[i].name);
		rv = list_dir(ls, sub.p, dir->files[i].ino, err);
	}
	str_release(&sub);
	return rv;
}

static void
print_heading(struct ls *ls, const char *path)
{
	if (!ls->recursive || ls->json)
		return;
	if (!ls->first)
		str_add(&ls->out, "\n");
	str_add_escaped(&ls->out, path, true);
	str_add(&ls->out, ":\n");
	ls->first = false;
	flush_line(ls);
}

/* "." and "..", which -a shows. */
static int
add_dots(struct ls *ls, struct image_dir *dir, const char *path, uint64_t ino, struct err *err)
{
	struct str up = { 0 };
	uint64_t parent;
	int rv;

	if (!ls->all || ls->json)
		return 0;
	str_addf(&up, "%s/..", path);
	rv = ffs_lookup(&ls->a.r, up.p, true, &parent, err);
	str_release(&up);
	if (rv < 0 || image_dir_add(dir, &ls->a.r, ".", ino, err) < 0)
		return -1;
	return image_dir_add(dir, &ls->a.r, "..", parent, err);
}

static int
list_dir(struct ls *ls, const char *path, uint64_t ino, struct err *err)
{
	struct image_dir dir = { 0 };
	struct ffs_dinode d;
	int rv;

	if (image_seen_add(&ls->seen, &ls->a.r, ino, err) < 0 || ffs_read_inode(&ls->a.r, ino, &d, err) < 0)
		return -1;
	rv = add_dots(ls, &dir, path, ino, err);
	if (rv == 0 && image_dir_load(&dir, &ls->a.r, &d, err) < 0)
		rv = err_wrap(err, "directory '%s'", path);
	if (rv == 0) {
		if (!ls->all && !ls->json)
			drop_hidden(&dir);
		print_heading(ls, path);
		rv = print_files(ls, &dir, path, err);
	}
	if (rv == 0 && ls->recursive)
		rv = list_below(ls, &dir, path, err);
	image_dir_release(&dir);
	return rv;
}

static int
list_file(struct ls *ls, uint64_t ino, struct err *err)
{
	struct image_dir one = { 0 };
	int rv = image_dir_add(&one, &ls->a.r, ls->a.path, ino, err);

	if (rv == 0)
		rv = print_files(ls, &one, "", err);
	image_dir_release(&one);
	return rv;
}

static int
list(struct ls *ls, struct err *err)
{
	struct err ignored = { 0 };
	struct ffs_dinode d;
	uint64_t ino;
	int rv;

	/* As ls(1): a symlink is followed unless -l asks about it, or it leads nowhere. */
	if (ls->longer || ffs_lookup(&ls->a.r, ls->a.path, true, &ino, &ignored) < 0)
		if (ffs_lookup(&ls->a.r, ls->a.path, false, &ino, err) < 0)
			return -1;
	if (ffs_read_inode(&ls->a.r, ino, &d, err) < 0)
		return -1;
	ls->first = true;
	rv = (d.mode & TREE_IFMT) == TREE_IFDIR ? list_dir(ls, ls->a.path, ino, err) : list_file(ls, ino, err);
	if (rv == 0 && ls->json)
		(void)fputs(ls->first ? "[]\n" : "\n]\n", stdout);
	return rv;
}

static int
parse(struct ls *ls, int argc, char **argv, struct err *err)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	int ch;

	while ((ch = cmd_getopt(argc, argv, "lRai1", longs, err)) != -1) {
		switch (ch) {
		case 'l':
			ls->longer = true;
			break;
		case 'R':
			ls->recursive = true;
			break;
		case 'a':
			ls->all = true;
			break;
		case 'i':
			ls->inode = true;
			break;
		case '1':
			ls->one = true;
			break;
		case 'j':
			ls->json = true;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1)
		return err_usage(err, "want one IMAGE[:PATH]; see 'smol image ls --help'");
	return 0;
}

static int
run(int argc, char **argv, struct err *err)
{
	struct ls ls = { 0 };
	int rv;

	if (parse(&ls, argc, argv, err) < 0)
		return -1;
	rv = image_arg_open(&ls.a, argv[optind], err);
	if (rv == 0) {
		image_arg_note(&ls.a);
		rv = list(&ls, err);
		if (rv < 0)
			(void)err_wrap(err, "image '%s'", ls.a.image);
	}
	if (rv == 0)
		rv = cmd_flush(err);
	image_arg_close(&ls.a);
	free(ls.seen.map);
	str_release(&ls.out);
	return rv;
}

const struct command cmd_image_ls = {
	.name = "image ls",
	.args = "[-lRai1] [--json] IMAGE[:PATH]",
	.summary = "list files of an image",
	.help = "  -l      mode, links, owner and group numbers, flags, size or device, UTC date, symlink target\n"
		"  -R      what is below, too\n"
		"  -a      names that begin with a dot, too\n"
		"  -i      inode numbers\n"
		"  -1      one name a line\n"
		"  --json  a JSON array of everything known\n\n"
		"  smol image ls -l images/base-amd64.img:/etc\n",
	.run = run,
};
