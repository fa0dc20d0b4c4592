/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP: collects the request's head, answers with a file of the root.
 * Bodies are read from the disk straight into TCP's send ring.
 */
#include "http.h"

#include "arp.h"
#include "clock.h"
#include "cmdline.h"
#include "net.h"
#include "print.h"
#include "string.h"
#include "tcp.h"

enum { REQUEST_MAX = 2048, HEADER_MAX = 512, READ_ALIGN = 4096 };

struct http {
	char request[REQUEST_MAX];
	uint32_t len;
	bool answered, head;
	struct ffs_node node;
	uint64_t off;
};

static struct http requests[TCP_CONNECTIONS];
static struct ffs *root;
static const char *root_dir;
static bool announced;

static const char *
content_type(const char *path)
{
	static const struct {
		const char *suffix, *type;
	} types[] = { { ".html", "text/html; charset=utf-8" }, { ".htm", "text/html; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" }, { ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" }, { ".png", "image/png" }, { ".svg", "image/svg+xml" } };
	size_t len = strlen(path), n;

	for (size_t i = 0; i < nitems(types); i++) {
		n = strlen(types[i].suffix);
		if (len > n && strcmp(path + len - n, types[i].suffix) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

static void
header_send(struct tcp *t, const char *status, const char *type, uint64_t length)
{
	uint32_t room;
	char *p = (char *)tcp_space(t, &room);

	if (room < HEADER_MAX)
		return;
	tcp_wrote(t, (uint32_t)format(p, HEADER_MAX,
			 "HTTP/1.1 %s\r\nServer: smol-probe\r\nContent-Type: %s\r\n"
			 "Content-Length: %llu\r\n%sConnection: close\r\n\r\n",
			 status, type, (unsigned long long)length,
			 status[0] == '4' && status[2] == '5' ? "Allow: GET, HEAD\r\n" : ""));
}

static void
error_send(struct tcp *t, const struct http *h, const char *status)
{
	uint32_t room, len = (uint32_t)strlen(status) + 1;
	uint8_t *p;

	header_send(t, status, "text/plain; charset=utf-8", len);
	p = tcp_space(t, &room);
	if (!h->head && room > len) {
		memcpy(p, status, len - 1);
		p[len - 1] = '\n';
		tcp_wrote(t, len);
	}
	tcp_finish(t);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes the target up to ? or blank behind root_dir; false if malformed. */
static bool
target_path(const char *target, char *path)
{
	size_t n = strlen(root_dir);
	char c;

	if (*target != '/' || n + 1 >= FFS_PATH_MAX)
		return false;
	memcpy(path, root_dir, n);
	for (; *target != ' ' && *target != '?' && *target != '#'; target++) {
		c = *target;
		if (c == '%') {
			if (hex(target[1]) < 0 || hex(target[2]) < 0)
				return false;
			c = (char)(hex(target[1]) << 4 | hex(target[2]));
			target += 2;
		}
		if ((uint8_t)c < ' ' || n + 12 >= FFS_PATH_MAX)
			return false;
		if (c == '.' && path[n - 1] == '.' && path[n - 2] == '/')
			return false;
		path[n++] = c;
	}
	path[n] = '\0';
	return true;
}

/* Finds the file, or a directory's index.html. */
static bool
target_find(char *path, struct ffs_node *node)
{
	if (!ffs_lookup(root, path, node))
		return false;
	if (ffs_kind(node) == FFS_DIR) {
		memcpy(path + strlen(path), "/index.html", 12);
		if (!ffs_lookup(root, path, node))
			return false;
	}
	return ffs_kind(node) == FFS_FILE;
}

static const char *
request_method(struct http *h, const char **target)
{
	const char *r = h->request, *p = r;

	while (*p >= 'A' && *p <= 'Z')
		p++;
	if (p == r || *p != ' ' || p[1] != '/')
		return "400 Bad Request";
	*target = ++p;
	while (*p != ' ' && *p != '\r' && *p != '\n')
		p++;
	if (has_prefix(p, " HTTP/1.") == 0)
		return "400 Bad Request";
	h->head = has_prefix(r, "HEAD ") != 0;
	return h->head || has_prefix(r, "GET ") ? NULL : "405 Method Not Allowed";
}

static void
request_answer(struct tcp *t, struct http *h)
{
	static char path[FFS_PATH_MAX + 16];
	const char *target = NULL, *status = request_method(h, &target);

	h->answered = true;
	if (status == NULL && !target_path(target, path))
		status = "400 Bad Request";
	if (status == NULL && !target_find(path, &h->node))
		status = "404 Not Found";
	if (cmdline.verbose)
		print("http: %s %s\n", status != NULL ? status : "200", status != NULL ? "" : path);
	if (!announced)
		print("probe: first request after %u ms\n", clock_ms());
	announced = true;
	if (status != NULL) {
		error_send(t, h, status);
		return;
	}
	header_send(t, "200 OK", content_type(path), h->node.size);
	if (h->head || h->node.size == 0)
		tcp_finish(t);
}

static void
http_opened(struct tcp *t)
{
	struct http *h = &requests[t->index];

	h->len = 0;
	h->answered = h->head = false;
	h->off = 0;
}

static void
http_received(struct tcp *t, const uint8_t *data, uint32_t len)
{
	struct http *h = &requests[t->index];

	for (uint32_t i = 0; i < len && !h->answered; i++) {
		if (h->len + 1 >= REQUEST_MAX || data[i] == '\0') {
			h->answered = true;
			error_send(t, h, "400 Bad Request");
			return;
		}
		h->request[h->len++] = (char)data[i];
		if (data[i] == '\n' && h->len >= 4 && memcmp(h->request + h->len - 4, "\r\n\r\n", 4) == 0) {
			h->request[h->len] = '\0';
			request_answer(t, h);
		}
	}
}

/* Whole pages at a time, so that the next read begins on a sector again. */
static void
http_fill(struct tcp *t)
{
	struct http *h = &requests[t->index];
	uint32_t room;
	uint8_t *p;
	int32_t n;

	if (!h->answered) {
		if (t->peer_fin)
			tcp_finish(t);
		return;
	}
	while (h->off < h->node.size) {
		p = tcp_space(t, &room);
		if (room < h->node.size - h->off && room >= READ_ALIGN)
			room = (uint32_t)((h->off + room) & ~(uint64_t)(READ_ALIGN - 1)) - (uint32_t)h->off;
		if (room == 0)
			return;
		n = ffs_read(root, &h->node, h->off, p, room);
		if (n <= 0)
			break;
		tcp_wrote(t, (uint32_t)n);
		h->off += (uint32_t)n;
	}
	tcp_finish(t);
}

static const struct tcp_app http_app = { .opened = http_opened, .received = http_received, .fill = http_fill };

const char *
http_serve(struct ffs *fs, const char *dir, uint16_t port)
{
	struct ffs_node node;
	uint64_t next;

	if (!net_init())
		return "there is no network device";
	if (!ffs_lookup(fs, dir, &node) || ffs_kind(&node) != FFS_DIR)
		return "no such directory";
	root = fs;
	root_dir = dir;
	tcp_listen(port, &http_app);
	arp_announce();
	print("probe: serving %s on port %u after %u ms\n", dir, (uint32_t)port, clock_ms());
	for (;;) {
		bool any = net_poll();

		next = tcp_timers();
		net_flush();
		if (!any)
			net_wait(next);
	}
}
