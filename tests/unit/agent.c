/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smol-agent as a process of this host, and the host's side of its protocol.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/digest.h"

#include "agent_guest.h"

#define MIB (1024 * 1024)

static bool
begin(struct guest *g)
{
	if (guest_start(g) != 0) {
		if (test_skipped == NULL)
			CHECK(!"the agent starts");
		return false;
	}
	CHECK(guest_until_open(g, 1));
	return true;
}

static void
test_session(void)
{
	struct guest g;

	if (!begin(&g))
		return;
	CHECK(str_starts(g.client.link.info.name, "Linux "));
	CHECK(g.client.link.info.features == 0);
	CHECK(g.client.link.info.state.service == AGENT_SERVICE_NONE);
	guest_end(&g);
}

static void
test_exec(void)
{
	const char *argv[] = { "echo", "two  blanks", "", "x", NULL }, *none[] = { "no-such-program", NULL };
	const char *file[] = { "/etc/passwd", NULL }, *env[] = { "COLOUR=blue", "HOME=/nowhere", NULL };
	const char *print[] = { "/bin/sh", "-c", "echo $COLOUR $HOME $PWD", NULL };
	struct guest g;
	struct job j = { 0 };

	if (!begin(&g))
		return;
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = argv });
	CHECK(job_wait(&j) && j.end == AGENT_EXITED && j.status == 0);
	CHECK_STR(job_out(&j), "two  blanks  x\n");
	job_free(&j);

	job_shell(&j, &g, "echo out; echo err >&2; exit 7");
	CHECK(job_wait(&j) && j.end == AGENT_EXITED && j.status == 7);
	CHECK_STR(job_out(&j), "out\n");
	CHECK_STR(j.err.p, "err\n");
	job_free(&j);

	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = none });
	CHECK(job_wait(&j) && j.end == AGENT_FAILED && j.status == 127);
	CHECK_STR(j.text, "cannot run 'no-such-program': no such file or directory");
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = file });
	CHECK(job_wait(&j) && j.end == AGENT_FAILED && j.status == 126);
	CHECK_STR(j.text, "cannot run '/etc/passwd': permission denied");
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = print, .dir = "/nowhere" });
	CHECK(job_wait(&j) && j.end == AGENT_FAILED);
	CHECK_STR(j.text, "cannot enter '/nowhere': no such file or directory");
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = print, .user = "no-such-user" });
	CHECK(job_wait(&j) && j.end == AGENT_FAILED);
	CHECK_STR(j.text, "no such user or group 'no-such-user'");

	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = print, .env = env, .dir = "/usr" });
	CHECK(job_wait(&j) && j.end == AGENT_EXITED);
	CHECK_STR(job_out(&j), "blue /nowhere /usr\n");
	job_free(&j);
	guest_end(&g);
}

static void
test_input_ends(void)
{
	struct guest g;
	struct job j = { .input = "line\n", .input_len = 5 };

	if (!begin(&g))
		return;
	job_shell(&j, &g, "cat; echo end");
	CHECK(job_wait(&j));
	CHECK_STR(job_out(&j), "line\nend\n");
	job_free(&j);
	/* One that does not read, and more than the agent holds. */
	j.input = calloc(1, MIB);
	j.input_len = MIB;
	job_shell(&j, &g, "exec <&-; sleep 0.2; echo done");
	CHECK(job_wait(&j) && j.end == AGENT_EXITED);
	CHECK_STR(job_out(&j), "done\n");
	free((void *)(uintptr_t)j.input);
	job_free(&j);
	/* A grandchild that keeps the pipe is not waited for. */
	job_shell(&j, &g, "sleep 60 & echo started");
	CHECK(job_wait(&j));
	CHECK_STR(job_out(&j), "started\n");
	job_free(&j);
	guest_end(&g);
}

static void
test_signals(void)
{
	static const struct {
		enum agent_signal sig;
		const char *name;
	} signals[] = { { AGENT_SIGTERM, "TERM" }, { AGENT_SIGUSR1, "USR1" }, { AGENT_SIGSEGV, "SEGV" } };
	struct guest g;
	struct job j = { 0 };
	char script[64];
	size_t i;

	if (!begin(&g))
		return;
	for (i = 0; i < nitems(signals); i++) {
		(void)snprintf(script, sizeof(script), "kill -%s $$", signals[i].name);
		job_shell(&j, &g, script);
		CHECK(job_wait(&j) && j.end == AGENT_SIGNALLED && j.status == (uint32_t)signals[i].sig);
		job_free(&j);
	}
	/* Sent by the host, to the whole group. */
	j.keep_open = true;
	job_shell(&j, &g, "trap 'echo caught; exit 3' USR2; echo ready; while :; do sleep 0.05; done");
	while (j.out.len == 0 && guest_step(&g))
		;
	agent_stream_signal(j.stream, AGENT_SIGUSR2);
	CHECK(job_wait(&j));
	CHECK(strstr(job_out(&j), "caught") != NULL || j.end == AGENT_SIGNALLED);
	job_free(&j);
	/* Hung up on. */
	j.keep_open = true;
	job_shell(&j, &g, "exec sleep 100");
	agent_stream_close(j.stream);
	CHECK(job_wait(&j) && j.end == AGENT_CLOSED);
	guest_end(&g);
}

static void
test_binary(void)
{
	const size_t size = 64 * MIB;
	uint8_t sent[SHA256_SIZE], got[SHA256_SIZE];
	struct sha256 sha;
	struct guest g;
	struct job j = { 0 };
	uint32_t *data;
	size_t i;
	const char *argv[] = { "cat", NULL };

	if (!begin(&g))
		return;
	data = malloc(size);
	for (i = 0; i < size / 4; i++)
		data[i] = (uint32_t)i * 2654435761U ^ (uint32_t)(i >> 7);
	sha256_init(&sha);
	sha256_add(&sha, data, size);
	sha256_final(&sha, sent);
	j.input = (const char *)data;
	j.input_len = size;
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = argv });
	CHECK(job_wait(&j) && j.end == AGENT_EXITED && j.status == 0);
	CHECK(j.out.len == size);
	sha256_init(&sha);
	sha256_add(&sha, j.out.p, j.out.len);
	sha256_final(&sha, got);
	CHECK(memcmp(sent, got, sizeof(got)) == 0);
	free(data);
	job_free(&j);
	guest_end(&g);
}

static void
test_many_streams(void)
{
	static struct job jobs[50], more[20];
	char script[64], expected[16];
	struct guest g;
	size_t i, refused = 0;

	if (!begin(&g))
		return;
	for (i = 0; i < nitems(jobs); i++) {
		(void)snprintf(script, sizeof(script), "read x; sleep 0.5; echo %zu$x", i);
		jobs[i].input = "abc\n";
		jobs[i].input_len = 4;
		job_shell(&jobs[i], &g, script);
	}
	for (i = 0; i < nitems(more); i++)
		job_shell(&more[i], &g, "sleep 0.5");
	for (i = 0; i < nitems(jobs); i++) {
		CHECK(job_wait(&jobs[i]) && jobs[i].end == AGENT_EXITED);
		(void)snprintf(expected, sizeof(expected), "%zuabc\n", i);
		CHECK_STR(job_out(&jobs[i]), expected);
		job_free(&jobs[i]);
	}
	for (i = 0; i < nitems(more); i++) {
		CHECK(job_wait(&more[i]));
		refused += more[i].end == AGENT_FAILED && strcmp(more[i].text, "too many streams") == 0;
		job_free(&more[i]);
	}
	CHECK(refused == nitems(jobs) + nitems(more) - g.client.link.info.max_streams);
	guest_end(&g);
}

static void
test_short_commands(void)
{
	const char *argv[] = { "/bin/true", NULL };
	struct guest g;
	struct job j = { 0 };
	unsigned i;

	if (!begin(&g))
		return;
	for (i = 0; i < 1000; i++) {
		job_request(&j, &g, &(struct agent_request){ .kind = AGENT_EXEC, .argv = argv });
		if (!job_wait(&j) || j.end != AGENT_EXITED || j.status != 0)
			break;
	}
	CHECK(i == 1000);
	guest_end(&g);
}

static void
test_terminal(void)
{
	const char *argv[] = { "/bin/sh", "-c", "stty size; test -t 0 && echo tty; read x; stty size; echo $TERM",
		NULL };
	struct agent_request r = {
		.kind = AGENT_EXEC, .argv = argv, .flags = AGENT_OPEN_PTY, .rows = 33, .columns = 99
	};
	struct guest g;
	struct job j = { .keep_open = true };

	if (!begin(&g))
		return;
	job_request(&j, &g, &r);
	while (strstr(job_out(&j), "tty") == NULL && j.stream != NULL && guest_step(&g))
		;
	if (j.stream != NULL) {
		agent_stream_resize(j.stream, 50, 132);
		agent_stream_write(j.stream, "x\n", 2);
	}
	CHECK(job_wait(&j) && j.end == AGENT_EXITED);
	CHECK_STR(job_out(&j), "33 99\r\ntty\r\nx\r\n50 132\r\nvt100\r\n");
	job_free(&j);
	/* ^C is a signal. */
	argv[2] = "echo ready; exec sleep 100";
	j.keep_open = true;
	job_request(&j, &g, &r);
	while (strstr(job_out(&j), "ready") == NULL && j.stream != NULL && guest_step(&g))
		;
	if (j.stream != NULL)
		agent_stream_write(j.stream, "\3", 1);
	CHECK(job_wait(&j) && j.end == AGENT_SIGNALLED && j.status == AGENT_SIGINT);
	job_free(&j);
	guest_end(&g);
}

static void
test_slow_reader(void)
{
	struct guest g;
	struct job slow = { .hold = true, .keep_open = true }, j = { 0 };
	unsigned i;

	if (!begin(&g))
		return;
	job_shell(&slow, &g, "yes");
	for (i = 0; i < 20; i++) {
		job_shell(&j, &g, "echo quick");
		CHECK(job_wait(&j));
		CHECK_STR(job_out(&j), "quick\n");
		job_free(&j);
	}
	for (i = 0; i < 600 && slow.held < AGENT_CREDIT_BYTES && guest_step(&g); i++)
		;
	CHECK(slow.held > 0 && slow.held <= AGENT_CREDIT_BYTES);
	agent_stream_close(slow.stream);
	CHECK(job_wait(&slow) && slow.end == AGENT_CLOSED);
	guest_end(&g);
}

static void
test_requests_refused(void)
{
	static const enum agent_kind kinds[] = { AGENT_STOP, AGENT_CLOCK, AGENT_HOSTNAME };
	const char *argv[] = { "halt", "0", NULL };
	struct guest g;
	struct job j = { 0 };
	size_t i;

	if (!begin(&g))
		return;
	for (i = 0; i < nitems(kinds); i++) {
		job_request(&j, &g, &(struct agent_request){ .kind = kinds[i], .argv = argv });
		CHECK(job_wait(&j) && j.end == AGENT_FAILED);
		CHECK_STR(j.text, "the agent is not in charge of this system");
	}
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_SERVICE, .argv = argv });
	CHECK(job_wait(&j) && j.end == AGENT_FAILED);
	job_request(&j, &g, &(struct agent_request){ .kind = AGENT_NKINDS, .argv = argv });
	CHECK(job_wait(&j) && j.end == AGENT_FAILED);
	guest_end(&g);
}

/* --- files --- */

static char work[64];

static int
shell(const char *fmt, const char *a, const char *b)
{
	char script[1024];

	(void)snprintf(script, sizeof(script), fmt, a, b);
	return system(script);
}

static void
copy(struct guest *g, enum agent_kind kind, const char *path, struct job *j)
{
	const char *argv[] = { path, NULL };

	job_request(j, g, &(struct agent_request){ .kind = kind, .argv = argv });
	CHECK(job_wait(j));
}

static size_t
count_entries(const struct str *tar)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	size_t n = 0;

	(void)archive_read_support_format_tar(a);
	CHECK(archive_read_open_memory(a, tar->p, tar->len) == ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK)
		n++;
	CHECK(archive_errno(a) == 0);
	(void)archive_read_free(a);
	return n;
}

#define LISTING "cd %s && find . -printf '%%P %%M %%l %%TY%%Tm%%Td%%TH%%TM %%U %%G\\n' | sed '/^ /d' | sort"

/* A tree out and in again; all that tar can say of it stays. */
static void
test_copy_tree(void)
{
	struct guest g;
	struct job out = { 0 }, in = { 0 };
	struct stat st;
	char path[256], name[201];

	if (!begin(&g))
		return;
	(void)strcpy(work, "/tmp/smol-agent-XXXXXX");
	CHECK(mkdtemp(work) != NULL);
	memset(name, 'n', 200);
	name[200] = '\0';
	CHECK(shell("cd %s && mkdir -p tree/a/b tree/empty back && cd tree && echo hello >a/file && head -c 300000 "
		    "/dev/urandom "
		    ">a/b/big && ln -s ../a/file link && ln -s /no/%s longlink && mkfifo fifo && : >nothing",
		  work, name) == 0);
	CHECK(
	    shell(
		"cd %s/tree && echo x >a/%s && truncate -s 200M sparse && printf end >>sparse && chmod 4711 a/file && "
		"chmod 555 empty && touch -d '2001-02-03 04:05' a a/file empty",
		work, name) == 0);
	(void)snprintf(path, sizeof(path), "%s/tree", work);
	copy(&g, AGENT_GET, path, &out);
	CHECK(out.end == AGENT_EXITED && out.status == 0);
	CHECK(count_entries(&out.out) == 12);
	in.input = out.out.p;
	in.input_len = out.out.len;
	(void)snprintf(path, sizeof(path), "%s/back", work);
	copy(&g, AGENT_PUT, path, &in);
	CHECK(in.end == AGENT_EXITED && in.status == 0);
	CHECK_STR(in.text, "");
	CHECK(shell("diff -r --no-dereference --exclude=fifo %s/tree %s/back/tree", work, work) == 0);
	CHECK(shell("cd %s; (" LISTING ") >one", work, "tree") == 0);
	CHECK(shell("cd %s; (" LISTING ") >two; diff one two", work, "back/tree") == 0);
	(void)snprintf(path, sizeof(path), "%s/back/tree/sparse", work);
	CHECK(stat(path, &st) == 0 && st.st_size == 200 * MIB + 3 && st.st_blocks * 512 < 10 * MIB);
	CHECK(shell("chmod -R u+w %s && rm -rf %s", work, work) == 0);
	job_free(&out);
	job_free(&in);
	guest_end(&g);
}

static void
test_copy_errors(void)
{
	struct guest g;
	struct job j = { 0 };
	static const char rubbish[1024] = "this is no archive";

	if (!begin(&g))
		return;
	copy(&g, AGENT_GET, "/no/such/file", &j);
	CHECK(j.end == AGENT_FAILED && j.status == 1);
	CHECK_STR(j.text, "no such file '/no/such/file': no such file or directory");
	copy(&g, AGENT_PUT, "/no/such/dir", &j);
	CHECK(j.end == AGENT_FAILED);
	CHECK_STR(j.text, "cannot enter '/no/such/dir': no such file or directory");
	j = (struct job){ .input = rubbish, .input_len = sizeof(rubbish) };
	copy(&g, AGENT_PUT, "/tmp", &j);
	CHECK(j.end == AGENT_FAILED);
	CHECK_STR(j.text, "not a tar archive");
	j = (struct job){ .input = rubbish, .input_len = 100 };
	copy(&g, AGENT_PUT, "/tmp", &j);
	CHECK(j.end == AGENT_FAILED);
	CHECK_STR(j.text, "the archive is cut short");
	guest_end(&g);
}

TEST_MAIN({ "a session begins", test_session }, { "programs, their output, status, environment", test_exec },
    { "input ends", test_input_ends }, { "signals", test_signals }, { "64 MiB both ways", test_binary },
    { "50 streams at once, and no more than there may be", test_many_streams },
    { "1,000 short commands", test_short_commands }, { "a terminal and its size", test_terminal },
    { "a slow reader holds up nobody", test_slow_reader }, { "the system is not the agent's", test_requests_refused },
    { "a tree out and in", test_copy_tree }, { "copies that fail", test_copy_errors })
