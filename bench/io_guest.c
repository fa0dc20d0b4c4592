/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What bench/io_qemu runs in its guests: one thing done again and again by so
 * many threads for so long, then one line of figures.  Links libc alone, and
 * statically.
 *
 *	io_guest IN-FLIGHT SECONDS OPERATION ARGUMENT...
 *	io_guest serve		(the other side of the network; prints its port)
 *
 * The line: io OPERATIONS BYTES SECONDS MEDIAN-US P99-US, by this machine's
 * clock.  Operations: see operations[].
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64
#define TIMES_MAX 200000 /* a thread; what comes after is counted, but not in the median */
#define NAMES_MAX 1024
#define STREAM 65536 /* bytes a read or write of a socket */

struct operation;

struct worker {
	const struct operation *op;
	char **arg;
	size_t number; /* of the thread, of so many */
	size_t threads;
	size_t count; /* of operations done */
	uint64_t bytes, end_ns, block, size;
	int fd;
	uint8_t *buf;
	uint32_t *times_ns;
	uint32_t seed;
	pthread_t thread;
};

struct operation {
	const char *name;
	int args;
	void (*open)(struct worker *w);
	ssize_t (*once)(struct worker *w); /* bytes that it moved; -1 and errno */
	void (*finish)(struct worker *w); /* NULL: nothing; is in the time */
};

static char *names[NAMES_MAX];
static size_t nnames;

static uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- disks and files: PATH BLOCK-BYTES --- */

static void
file_open(struct worker *w, int flags)
{
	off_t size;

	w->fd = open(w->arg[0], flags | O_CLOEXEC);
	size = w->fd < 0 ? -1 : lseek(w->fd, 0, SEEK_END);
	w->block = strtoull(w->arg[1], NULL, 10);
	if (size < 0 || w->block == 0 || posix_memalign((void **)&w->buf, 4096, w->block) != 0)
		err(1, "%s", w->arg[0]);
	w->size = (uint64_t)size / w->block;
	if (w->size == 0)
		errx(1, "%s is smaller than a block", w->arg[0]);
	memset(w->buf, 0x5a, w->block);
	w->seed = 0x9e3779b9u * (uint32_t)(w->number + 1);
}

static void
disk_open(struct worker *w)
{
	file_open(w, O_RDWR | O_DIRECT);
}

static void
share_open(struct worker *w)
{
	file_open(w, O_RDWR);
}

static off_t
random_at(struct worker *w)
{
	w->seed ^= w->seed << 13;
	w->seed ^= w->seed >> 17;
	w->seed ^= w->seed << 5;
	return (off_t)(w->seed % w->size * w->block);
}

/* Threads go in turn, as one that has several requests in flight. */
static off_t
next_at(const struct worker *w)
{
	return (off_t)((w->number + w->count * w->threads) % w->size * w->block);
}

static ssize_t
random_read(struct worker *w)
{
	return pread(w->fd, w->buf, w->block, random_at(w));
}

static ssize_t
random_write(struct worker *w)
{
	return pwrite(w->fd, w->buf, w->block, random_at(w));
}

static ssize_t
next_read(struct worker *w)
{
	return pread(w->fd, w->buf, w->block, next_at(w));
}

static ssize_t
next_write(struct worker *w)
{
	return pwrite(w->fd, w->buf, w->block, next_at(w));
}

/* --- names: FOLDER --- */

static void
names_open(struct worker *w)
{
	struct dirent *e;
	DIR *d = opendir(w->arg[0]);

	while (d != NULL && nnames < NAMES_MAX && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && asprintf(&names[nnames++], "%s/%s", w->arg[0], e->d_name) < 0)
			err(1, NULL);
	if (nnames == 0)
		err(1, "%s", w->arg[0]);
	(void)closedir(d);
}

static ssize_t
stat_once(struct worker *w)
{
	struct stat st;

	return stat(names[w->count % nnames], &st);
}

static void
tree_open(struct worker *w)
{
	if (access(w->arg[0], R_OK) < 0)
		err(1, "%s", w->arg[0]);
}

static int
seen(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)path;
	(void)st;
	(void)f;
	return type == FTW_NS || type == FTW_DNR;
}

static ssize_t
walk_once(struct worker *w)
{
	return nftw(w->arg[0], seen, 16, FTW_PHYS) == 0 ? 0 : -1;
}

/* --- network: ADDRESS PORT; the first byte tells the other side what to do --- */

static void
net_open(struct worker *w, char what)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(w->arg[1])) };
	int on = 1;

	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	w->buf = calloc(1, STREAM);
	if (w->fd < 0 || w->buf == NULL || inet_pton(AF_INET, w->arg[0], &to.sin_addr) != 1 ||
	    connect(w->fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 || write(w->fd, &what, 1) != 1)
		err(1, "%s:%s", w->arg[0], w->arg[1]);
}

static void
send_open(struct worker *w)
{
	net_open(w, 's');
}

static void
receive_open(struct worker *w)
{
	net_open(w, 'r');
}

static void
ask_open(struct worker *w)
{
	net_open(w, 'a');
}

static ssize_t
send_once(struct worker *w)
{
	return write(w->fd, w->buf, STREAM);
}

static ssize_t
receive_once(struct worker *w)
{
	ssize_t n = read(w->fd, w->buf, STREAM);

	return n > 0 ? n : -1;
}

static ssize_t
ask_once(struct worker *w)
{
	return write(w->fd, w->buf, 1) == 1 && read(w->fd, w->buf, 1) == 1 ? 1 : -1;
}

/* Until the other side has it all. */
static void
send_finish(struct worker *w)
{
	if (shutdown(w->fd, SHUT_WR) < 0 || read(w->fd, w->buf, 1) != 1)
		err(1, "the other side does not answer");
}

static void
serve_one(int fd)
{
	static uint8_t buf[STREAM];
	int on = 1;
	char what;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (read(fd, &what, 1) != 1)
		return;
	if (what == 's') {
		while (read(fd, buf, sizeof(buf)) > 0)
			continue;
		(void)!write(fd, buf, 1);
	} else if (what == 'r') {
		while (write(fd, buf, sizeof(buf)) > 0)
			continue;
	} else {
		while (read(fd, buf, 1) == 1 && write(fd, buf, 1) == 1)
			continue;
	}
}

static int
serve(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int s, fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || bind(s, (struct sockaddr *)&at, len) < 0 || listen(s, 16) < 0 ||
	    getsockname(s, (struct sockaddr *)&at, &len) < 0)
		err(1, "cannot listen");
	(void)printf("%d\n", ntohs(at.sin_port));
	(void)fflush(stdout);
	while ((fd = accept(s, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			serve_one(fd);
			_exit(0);
		}
		(void)close(fd);
	}
	return 1;
}

/* --- --- */

static const struct operation operations[] = {
	{ "disk-random-read", 2, disk_open, random_read, NULL },
	{ "disk-random-write", 2, disk_open, random_write, NULL },
	{ "disk-read", 2, disk_open, next_read, NULL },
	{ "disk-write", 2, disk_open, next_write, NULL },
	{ "file-read", 2, share_open, next_read, NULL },
	{ "file-write", 2, share_open, next_write, NULL },
	{ "stat", 1, names_open, stat_once, NULL },
	{ "walk", 1, tree_open, walk_once, NULL },
	{ "send", 2, send_open, send_once, send_finish },
	{ "receive", 2, receive_open, receive_once, NULL },
	{ "ask", 2, ask_open, ask_once, NULL },
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	uint64_t before = now_ns(), after;
	ssize_t n;

	for (; before < w->end_ns; before = after) {
		n = w->op->once(w);
		if (n < 0)
			err(1, "%s", w->op->name);
		after = now_ns();
		if (w->count < TIMES_MAX)
			w->times_ns[w->count] = (uint32_t)(after - before);
		w->count++;
		w->bytes += (uint64_t)n;
	}
	if (w->op->finish != NULL)
		w->op->finish(w);
	return NULL;
}

static int
earlier(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
report(const struct worker *w, size_t n, uint64_t took_ns)
{
	uint32_t *all = calloc(n * TIMES_MAX, sizeof(*all));
	size_t i, known = 0, count = 0;
	uint64_t bytes = 0;

	if (all == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++) {
		size_t k = w[i].count < TIMES_MAX ? w[i].count : TIMES_MAX;

		memcpy(all + known, w[i].times_ns, k * sizeof(*all));
		known += k;
		count += w[i].count;
		bytes += w[i].bytes;
	}
	qsort(all, known, sizeof(*all), earlier);
	(void)printf("io %zu %llu %.6f %.1f %.1f\n", count, (unsigned long long)bytes, (double)took_ns / 1e9,
	    known > 0 ? all[known / 2] / 1e3 : 0, known > 0 ? all[known * 99 / 100] / 1e3 : 0);
	free(all);
}

int
main(int argc, char **argv)
{
	static struct worker w[THREADS_MAX];
	const struct operation *op = operations;
	size_t i, n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t begun, end;

	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	while (
	    argc > 3 && op < operations + sizeof(operations) / sizeof(operations[0]) && strcmp(argv[3], op->name) != 0)
		op++;
	if (argc < 4 || n == 0 || n > THREADS_MAX || op == operations + sizeof(operations) / sizeof(operations[0]) ||
	    argc != 4 + op->args)
		errx(2, "usage: io_guest IN-FLIGHT SECONDS OPERATION ARGUMENT...");
	for (i = 0; i < n; i++) {
		w[i] = (struct worker){ .op = op,
			.arg = argv + 4,
			.number = i,
			.threads = n,
			.times_ns = calloc(TIMES_MAX, sizeof(uint32_t)) };
		if (w[i].times_ns == NULL)
			err(1, NULL);
		op->open(&w[i]);
	}
	begun = now_ns();
	end = begun + (uint64_t)(strtod(argv[2], NULL) * 1e9);
	for (i = 0; i < n; i++) {
		w[i].end_ns = end;
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			err(1, "cannot make a thread");
	}
	for (i = 0; i < n; i++)
		(void)pthread_join(w[i].thread, NULL);
	report(w, n, now_ns() - begun);
	return 0;
}
