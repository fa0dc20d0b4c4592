/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The descriptors of a start.
 */
#include "backend/backend.h"

#include <unistd.h>

void
backend_start_init(struct backend_start *s)
{
	*s = (struct backend_start){ .ready_fd = -1 };
}

void
backend_start_release(struct backend_start *s)
{
	while (s->nopened > 0)
		(void)close(s->opened[--s->nopened]);
}
