/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at what must be free on the host.
 */
#include "instance/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/defs.h"
#include "base/io.h"
#include "host/host.h"
#include "instance/ports.h"
#include "instance/unix_socket.h"

static int
check_taps(const struct machine *m, struct err *err)
{
	size_t i;

	for (i = 0; i < m->ntaps; i++)
		if (host_tap_check(m->taps[i].interface == NULL ? "" : m->taps[i].interface, err) < 0)
			return -1;
	return 0;
}

/* Of "localhost:4444"; 0 if it has none. */
static uint16_t
port_of(const char *address)
{
	const char *colon = strrchr(address, ':');
	struct err ignored;
	uint64_t port;

	if (parse_u64(colon == NULL ? address : colon + 1, 1, 65535, "port", &port, &ignored) < 0)
		return 0;
	return (uint16_t)port;
}

static int
check_sockets(const struct machine *m, struct err *err)
{
	size_t i;
	int fd;

	for (i = 0; i < m->nports; i++)
		if (m->ports[i].socket != NULL && unix_socket_check(m->ports[i].socket, err) < 0)
			return -1;
	if (m->qmp == NULL || port_of(m->qmp) == 0)
		return 0;
	fd = ports_listen(port_of(m->qmp), "qmp_port", err);
	if (fd < 0)
		return -1;
	(void)close(fd);
	return 0;
}

/* QEMU holds a lock on it while it runs. */
static int
check_pidfile(const char *path, struct err *err)
{
	cleanup_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0) {
		if (errno == ENOENT)
			return 0;
		return err_sys(err, "cannot write '%s', this machine's process id; remove it", path);
	}
	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return err_set(err, "this machine runs already: process %ld holds '%s'; end it with 'kill %ld'",
	    (long)lock.l_pid, path, (long)lock.l_pid);
}

int
preflight(const struct machine *m, struct err *err)
{
	if (m->pidfile != NULL && check_pidfile(m->pidfile, err) < 0)
		return -1;
	if (ports_check(&m->nic, err) < 0 || check_taps(m, err) < 0)
		return -1;
	return check_sockets(m, err);
}

int
pidfile_write(const struct machine *m, pid_t pid, int *fd, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char text[32];
	int len;

	if (m->pidfile == NULL)
		return 0;
	*fd = open(m->pidfile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	len = snprintf(text, sizeof(text), "%ld\n", (long)pid);
	if (*fd < 0 || fcntl(*fd, F_SETLK, &lock) < 0 || ftruncate(*fd, 0) < 0 ||
	    pwrite_full(*fd, text, (size_t)len, 0) < 0)
		return err_sys(err, "cannot write '%s', this machine's process id", m->pidfile);
	return 0;
}

static void
remove_pidfile(const char *path, pid_t pid)
{
	struct err ignored;
	size_t len;
	cleanup_free char *text = file_read(path, 64, &len, &ignored);

	/* Another's may be there by now. */
	if (text != NULL && atol(text) == (long)pid)
		(void)unlink(path);
}

void
preflight_undo(const struct machine *m, pid_t pid)
{
	size_t i;

	for (i = 0; i < m->nports; i++)
		if (m->ports[i].socket != NULL)
			(void)unlink(m->ports[i].socket);
	if (m->pidfile != NULL && pid > 0)
		remove_pidfile(m->pidfile, pid);
}
