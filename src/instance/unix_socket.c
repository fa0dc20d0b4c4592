/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket whose owner is gone refuses connections: so it is told apart.
 */
#include "instance/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/defs.h"

#define BACKLOG 8

static int
address(const char *path, struct sockaddr_un *sun, struct err *err)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun->sun_path))
		return err_set(err,
		    "the host socket's path '%s' is %zu characters long, the most is %zu; choose a shorter name", path,
		    strlen(path), sizeof(sun->sun_path) - 1);
	(void)snprintf(sun->sun_path, sizeof(sun->sun_path), "%s", path);
	return 0;
}

int
unix_socket_check(const char *path, struct err *err)
{
	cleanup_close int fd = -1;
	struct sockaddr_un sun;
	struct stat st;

	if (address(path, &sun, err) < 0)
		return -1;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot look at '%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, "'%s' is in the way of a host socket; move it away", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 || errno == EAGAIN)
		return err_set(err, "the host socket '%s' is in use by another instance; end that one first", path);
	if (errno != ECONNREFUSED)
		return err_sys(err, "cannot use the host socket '%s'", path);
	if (unlink(path) < 0)
		return err_sys(err, "cannot remove '%s', which a dead instance left", path);
	return 0;
}

int
unix_socket_listen(const char *path, struct err *err)
{
	struct sockaddr_un sun;
	int fd;

	if (unix_socket_check(path, err) < 0 || address(path, &sun, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	(void)err_sys(err, "cannot make the host socket '%s'", path);
	if (fd >= 0)
		(void)close(fd);
	return -1;
}
