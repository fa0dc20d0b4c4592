/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of lines: passwd, group, fstab, our own.
 */
#include "agent.h"

bool
lines_open(struct lines *l, const char *path)
{
	long fd = sys_open(path, O_RDONLY, 0);

	l->fd = (int)fd;
	l->start = l->len = 0;
	return fd >= 0;
}

static char *
take(struct lines *l, size_t n)
{
	char *line = l->buf + l->start;

	line[n] = '\0';
	l->start += n + 1;
	l->len -= n + 1;
	return line;
}

char *
lines_next(struct lines *l)
{
	size_t i;
	long n;

	for (;;) {
		for (i = 0; i < l->len; i++) {
			if (l->buf[l->start + i] == '\n')
				return take(l, i);
		}
		memmove(l->buf, l->buf + l->start, l->len);
		l->start = 0;
		if (l->len == sizeof(l->buf) - 1) {
			l->len = sizeof(l->buf);
			return take(l, sizeof(l->buf) - 1);
		}
		n = sys_read(l->fd, l->buf + l->len, sizeof(l->buf) - 1 - l->len);
		if (n > 0) {
			l->len += (size_t)n;
		} else if (l->len > 0) {
			l->len++;
			return take(l, l->len - 1);
		} else {
			return NULL;
		}
	}
}

void
lines_close(struct lines *l)
{
	sys_close(l->fd);
}

char *
field_next(char **rest, char c)
{
	char *field = *rest, *end;

	if (field == NULL)
		return NULL;
	end = text_find(field, c);
	if (end != NULL)
		*end++ = '\0';
	*rest = end;
	return field;
}
