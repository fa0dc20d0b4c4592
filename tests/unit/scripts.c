/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The room of a build's scripts without scripts: a tree as files, changes that
 * this test makes, the tree again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "build/script.h"
#include "test.h"

#define DATE 1700000000

static struct err err;
static struct build b;
static struct script_room *room;
static char cache[64];

static struct tree_node *
add(const char *path, uint32_t mode, const char *text)
{
	struct tree_attr a = { .mode = mode, .uid = 7, .gid = 8, .mtime = DATE };

	if (text != NULL && (mode & TREE_IFMT) == TREE_IFREG) {
		a.content.mem = text;
		a.size = strlen(text);
	}
	if ((mode & TREE_IFMT) == TREE_IFLNK)
		a.target = text;
	a.rdev = (mode & TREE_IFMT) == TREE_IFCHR ? tree_makedev(4, 300000) : 0;
	return tree_add(&b.tree, path, &a, &err);
}

/* Puts it, and is where scripts would be. */
static bool
begin(bool on_disk)
{
	err = (struct err){ 0 };
	memset(&b, 0, sizeof(b));
	b.err = &err;
	b.newest = DATE + 1;
	tree_init(&b.tree);
	CHECK(add("d", TREE_IFDIR | 0750, NULL) && add("d/a", TREE_IFREG | 0644, "text of a") &&
	      add("d/b", TREE_IFREG | 04555, "b") && add("e", TREE_IFDIR | 0555, NULL) &&
	      add("e/x", TREE_IFREG | 0000, "x") && add("link", TREE_IFLNK | 0755, "d/a") &&
	      add("null", TREE_IFCHR | 0666, NULL) && add("fifo", TREE_IFIFO | 0620, NULL) &&
	      tree_link(&b.tree, "e/a2", "d/a", &err));
	room = script_room_new(on_disk, &err);
	if (room == NULL && !on_disk) {
		test_skip("there are no user namespaces here");
		tree_release(&b.tree);
		return false;
	}
	CHECK(room != NULL && script_put(room, &b) == 0);
	CHECK(fchdir(room->root) == 0);
	return true;
}

/* What the sandbox would leave: nobody's owner is recorded but for these. */
static void
record(const char *path, uint32_t uid, uint32_t type, uint32_t rdev)
{
	struct sandbox_owner o = { .uid = uid, .gid = uid + 1, .type = type, .rdev = rdev };
	struct stat st;

	CHECK(lstat(path, &st) == 0);
	o.ino = st.st_ino;
	CHECK(write_full(room->owners, &o, sizeof(o)) == 0);
}

static void
start_record(void)
{
	CHECK(ftruncate(room->owners, 0) == 0 && lseek(room->owners, 0, SEEK_SET) == 0);
}

static void
end(void)
{
	CHECK(script_take(room, &b) == 0);
	if (err.msg[0] != '\0')
		printf("# %s\n", err.msg);
	CHECK(chdir("/") == 0);
}

static void
release(void)
{
	tree_release(&b.tree);
	script_room_free(room);
	room = NULL;
}

static const struct tree_attr *
attr(const char *path)
{
	static const struct tree_attr none;
	const struct tree_node *n = tree_lookup(&b.tree, path);

	return n == NULL ? &none : &n->inode->attr;
}

static const char *
text(const char *path)
{
	static char buf[256];
	const struct tree_node *n = tree_lookup(&b.tree, path);
	char *data = n == NULL ? NULL : tree_read(n, 200, NULL, &err);

	(void)snprintf(buf, sizeof(buf), "%s", data == NULL ? "(none)" : data);
	free(data);
	return buf;
}

static void
put(const char *path, const char *data)
{
	CHECK(file_write(path, data, strlen(data), &err) == 0);
}

static void
check_untouched(bool on_disk)
{
	const void *mem;
	char want[8192];
	struct str before = { 0 }, after = { 0 };

	if (!begin(on_disk))
		return;
	mem = attr("d/a")->content.mem;
	tree_mtree_print(&b.tree, &before);
	start_record();
	record("d", 7, 0, 0);
	record("d/a", 7, 0, 0);
	record("d/b", 7, 0, 0);
	record("e", 7, 0, 0);
	record("e/x", 7, 0, 0);
	record("link", 7, 0, 0);
	record("fifo", 7, 0, 0);
	record("null", 7, S_IFCHR, 4 << 8 | (300000 & 0xff) | (300000 & ~0xff) << 12);
	end();
	tree_mtree_print(&b.tree, &after);
	(void)snprintf(want, sizeof(want), "%s", before.p);
	CHECK_STR(after.p, want);
	CHECK(attr("d/a")->content.mem == mem); /* not read anew */
	str_release(&before);
	str_release(&after);
	release();
}

static void
test_untouched(void)
{
	check_untouched(false);
}

static void
test_on_disk(void)
{
	check_untouched(true);
}

static void
test_as_files(void)
{
	struct stat a, a2, st;
	char buf[16] = "";

	if (!begin(false))
		return;
	CHECK(stat("d/a", &a) == 0 && stat("e/a2", &a2) == 0 && a.st_ino == a2.st_ino && a.st_nlink == 2);
	CHECK(a.st_size == 9 && a.st_mtime == DATE && (a.st_mode & 07777) == 0644);
	CHECK(stat("d/b", &st) == 0 && (st.st_mode & 07777) == 04555);
	CHECK(lstat("link", &st) == 0 && S_ISLNK(st.st_mode) && readlink("link", buf, sizeof(buf) - 1) == 3);
	CHECK(lstat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(lstat("null", &st) == 0 && S_ISREG(st.st_mode));
	CHECK(fstat(room->owners, &st) == 0 && st.st_size > 0);
	start_record();
	end();
	release();
}

static void
test_changes(void)
{
	const void *mem;

	if (!begin(false))
		return;
	mem = attr("d/b")->content.mem;
	start_record();
	put("d/a", "other"); /* a new file of that name: e/a2 stays what it was */
	CHECK(rename("d/b", "c") == 0);
	CHECK(unlink("link") == 0 && mkdir("link", 0700) == 0);
	CHECK(chmod("e", 0755) == 0 && rename("e", "f") == 0 && mkdir("e", 0711) == 0);
	put("e/new", "new");
	CHECK(link("e/new", "again") == 0 && link("c", "c2") == 0);
	CHECK(unlink("fifo") == 0);
	record("c", 42, 0, 0);
	end();
	CHECK_STR(text("d/a"), "other");
	CHECK_STR(text("f/a2"), "text of a");
	CHECK_STR(text("e/new"), "new");
	CHECK(attr("d/a")->mtime == TREE_UNDATED && attr("d/a")->uid == 0);
	CHECK(attr("f/a2")->mtime == DATE);
	CHECK(attr("c")->content.mem == mem || strcmp(text("c"), "b") == 0);
	CHECK(attr("c")->uid == 42 && attr("c")->gid == 43 && attr("c")->mtime == DATE);
	CHECK(tree_lookup(&b.tree, "c")->inode == tree_lookup(&b.tree, "c2")->inode);
	CHECK(tree_lookup(&b.tree, "e/new")->inode == tree_lookup(&b.tree, "again")->inode);
	CHECK((attr("link")->mode & TREE_IFMT) == TREE_IFDIR && (attr("e")->mode & 07777) == 0711);
	CHECK(tree_lookup(&b.tree, "d/b") == NULL && tree_lookup(&b.tree, "fifo") == NULL);
	CHECK(tree_lookup(&b.tree, "e/x") == NULL && (attr("f/x")->mode & 07777) == 0);
	CHECK_STR(text("f/x"), "x");
	release();
}

/* Links that lead out are taken as links; what the root becomes is not followed. */
static void
test_links_out(void)
{
	char path[128];

	if (!begin(true))
		return;
	start_record();
	CHECK(symlink("/etc", "out") == 0 && symlink("/etc/passwd", "file") == 0);
	end();
	CHECK_STR(attr("out")->target, "/etc");
	CHECK(tree_lookup(&b.tree, "out/passwd") == NULL);
	CHECK(fchdir(room->fd) == 0 && rename("root", "r") == 0 && symlink("/etc", "root") == 0);
	CHECK(script_take(room, &b) < 0 && strstr(err.msg, "replaced") != NULL);
	CHECK(chdir("/") == 0);
	(void)snprintf(path, sizeof(path), "%s/root", room->dir);
	release();
	CHECK(access(path, F_OK) < 0 && access("/etc/passwd", F_OK) == 0);
}

static unsigned
rooms_in_cache(void)
{
	DIR *dir = opendir(cache);
	struct dirent *e;
	unsigned n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		n += strncmp(e->d_name, "scripts-", 8) == 0;
	if (dir != NULL)
		(void)closedir(dir);
	return n;
}

/* One that nobody holds goes with the next; one that is held does not. */
static void
test_sweep(void)
{
	struct script_room *held, *next;
	int status;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(begin(true) ? 0 : 1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(rooms_in_cache() == 1);
	held = script_room_new(true, &err);
	CHECK(held != NULL && rooms_in_cache() == 1);
	next = script_room_new(true, &err);
	CHECK(next != NULL && rooms_in_cache() == 2);
	script_room_free(held);
	script_room_free(next);
	CHECK(rooms_in_cache() == 0);
}

static void
test_listing(void)
{
	static const char html[] =
	    "<a href=\"../\">up</a><a href=\"a-1.tgz\">a-1</a> <a href=\"/x/a-2.tgz\"><a href=\"b-1.tgz";
	struct str found = { 0 };

	CHECK(script_listing_find(html, "a-*", &found, &err) == 0);
	CHECK_STR(found.p, "a-1.tgz");
	found.len = 0;
	CHECK(script_listing_find(html, "*-1.tgz", &found, &err) < 0);
	found.len = 0;
	CHECK(script_listing_find(html, "c*", &found, &err) < 0 && script_listing_find("", "*", &found, &err) < 0);
	str_release(&found);
}

static void
test_check(void)
{
	err = (struct err){ 0 };
	if (script_check(&err) < 0) {
		CHECK(strstr(err.msg, "scripts cannot be run here: ") == err.msg);
		test_skip("scripts cannot be run here");
	}
}

static void
prepare(void)
{
	(void)snprintf(cache, sizeof(cache), "/tmp/smol-scripts-XXXXXX");
	CHECK(mkdtemp(cache) != NULL && setenv("SMOL_CACHE", cache, 1) == 0);
}

static void
clean(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", cache);
	CHECK(chdir("/") == 0 && rooms_in_cache() == 0 && system(command) == 0);
}

TEST_MAIN({ "a cache", prepare }, { "a tree as files", test_as_files },
    { "nothing done: the same tree", test_untouched }, { "the same on a disk", test_on_disk },
    { "changes, moves and links", test_changes }, { "links that lead out", test_links_out },
    { "rooms of killed builds go", test_sweep }, { "a listing's names", test_listing },
    { "whether scripts can be run", test_check }, { "all is gone", clean })
