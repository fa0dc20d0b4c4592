/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can the host's ports be taken?  bind(2) as QEMU's libslirp will do it
 * (SO_REUSEADDR, IPv4).
 */
#include "instance/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/defs.h"

#define BACKLOG 8

/* The descriptor; what is the option that chose the port. */
static int
take(const struct machine_forward *f, const char *what, struct err *err)
{
	cleanup_close int fd = socket(AF_INET, (f->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(f->host_port) };
	char text[MACHINE_FORWARD_TEXT_MAX];
	int on = 1, taken;

	if (fd < 0)
		return err_sys(err, "cannot make a socket");
	if (inet_pton(AF_INET, *f->host_addr == '\0' ? "0.0.0.0" : f->host_addr, &sin.sin_addr) != 1)
		return err_usage(err, "'%s' is not an IPv4 address", f->host_addr);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) == 0 && (f->udp || listen(fd, BACKLOG) == 0)) {
		taken = fd;
		fd = -1;
		return taken;
	}
	(void)machine_forward_text(f, text);
	switch (errno) {
	case EADDRINUSE:
		return err_set(err, "port %s is in use by another program; choose another with %s", text, what);
	case EACCES:
	case EPERM:
		return err_set(
		    err, "port %s needs privileges on this host; choose one from 1024 up with %s", text, what);
	case EADDRNOTAVAIL:
		return err_set(err, "port %s: this host does not have that address", text);
	default:
		return err_sys(err, "port %s cannot be taken", text);
	}
}

int
ports_check(const struct machine_nic *nic, struct err *err)
{
	size_t i;
	int fd;

	for (i = 0; i < nic->nforwards; i++) {
		fd = take(&nic->forwards[i], "-p", err);
		if (fd < 0)
			return -1;
		(void)close(fd);
	}
	return 0;
}

int
ports_listen(uint16_t port, const char *what, struct err *err)
{
	const struct machine_forward f = { .host_addr = "127.0.0.1", .host_port = port };
	int fd = take(&f, what, err);

	if (fd >= 0)
		(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}
