/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages that both dialects share: version, attach, walk, clunk, remove.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/defs.h"
#include "vmm/p9/call.h"

#define WALK_MAX 16

/* Starts anew: all fids go. */
int
p9_version(struct p9_call *c)
{
	struct p9_share *s = c->share;
	uint32_t msize = p9_get32(&c->in);
	char version[32];

	p9_get_string(&c->in, version, sizeof(version));
	if (c->in.error == ENAMETOOLONG) { /* some version of the future */
		c->in.error = 0;
		version[0] = '\0';
	}
	if (c->in.error != 0)
		return c->in.error;
	p9_share_reset(s);
	if (msize < P9_MSIZE_MIN)
		return EMSGSIZE;
	if (strcmp(version, "9P2000.L") == 0)
		s->dialect = P9_L;
	else if (strcmp(version, "9P2000.u") == 0)
		s->dialect = P9_U;
	s->msize = (uint32_t)u64_min(msize, P9_MSIZE_MAX);
	p9_put32(&c->out, s->msize);
	p9_put_string(&c->out, s->dialect == P9_NONE ? "unknown" : version);
	return 0;
}

/* There is nothing to prove: the machine's owner shared it. */
int
p9_auth(struct p9_call *c)
{
	(void)c;
	return EOPNOTSUPP;
}

int
p9_attach(struct p9_call *c)
{
	uint32_t number = p9_get32(&c->in), afid = p9_get32(&c->in);
	char user[P9_NAME_MAX + 1], tree[P9_TARGET_MAX + 1];
	struct p9_fid *f;
	int error;

	p9_get_string(&c->in, user, sizeof(user));
	p9_get_string(&c->in, tree, sizeof(tree));
	if (c->in.error != 0)
		return c->in.error;
	if (afid != UINT32_MAX)
		return EINVAL;
	/* One share, one tree. */
	if (tree[0] != '\0' && strcmp(tree, "/") != 0)
		return ENOENT;
	error = p9_fid_new(c->share, number, &f);
	if (error != 0)
		return error;
	p9_fid_set(f, p9_handle_ref(c->share->root), NULL, "/");
	return p9_call_qid(c, f->self);
}

/* Requests are answered in order: what it would stop is done. */
int
p9_flush(struct p9_call *c)
{
	(void)p9_get16(&c->in);
	return 0;
}

/* --- walk --- */

/* Where a walk has come to. */
struct place {
	struct p9_handle *self, *parent;
	char name[P9_NAME_MAX + 1];
};

static void
place_release(struct place *p)
{
	p9_handle_unref(p->self);
	p9_handle_unref(p->parent);
}

static int
step(struct p9_share *s, struct place *p, const char *name, struct p9_qid *q)
{
	struct p9_handle *next;
	bool up = strcmp(name, "..") == 0;
	int error = p9_lookup(s, p->self, name, &next);

	if (error == 0 && (error = p9_handle_qid(s, next, q)) != 0)
		p9_handle_unref(next);
	if (error != 0)
		return error;
	if (strcmp(name, ".") == 0) {
		p9_handle_unref(p->self);
		p->self = next;
		return 0;
	}
	p9_handle_unref(p->parent);
	p->parent = p->self;
	if (up) {
		p9_handle_unref(p->parent);
		p->parent = NULL;
	}
	p->self = next;
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	return 0;
}

/* As far as it goes; only a first step that fails is an error. */
static int
walk(struct p9_call *c, struct place *p, uint16_t n, struct p9_qid *qids, uint16_t *done)
{
	char name[P9_NAME_MAX + 1];
	int error;

	for (*done = 0; *done < n; ++*done) {
		p9_get_string(&c->in, name, sizeof(name));
		error = c->in.error != 0 ? c->in.error : step(c->share, p, name, &qids[*done]);
		if (error == 0)
			continue;
		c->in.error = 0;
		return *done == 0 ? error : 0;
	}
	return 0;
}

int
p9_walk(struct p9_call *c)
{
	struct p9_qid qids[WALK_MAX];
	struct p9_fid *f, *to = NULL;
	struct place p = { 0 };
	uint16_t n, done, i;
	uint32_t number;
	int error = p9_call_fid(c, &f);

	number = p9_get32(&c->in);
	n = p9_get16(&c->in);
	if (error != 0 || (error = c->in.error) != 0)
		return error;
	if (n > WALK_MAX || (number == f->number && f->io_fd >= 0))
		return EINVAL;
	if (number != f->number && (error = p9_fid_new(c->share, number, &to)) != 0)
		return error;
	p.self = p9_handle_ref(f->self);
	p.parent = f->parent == NULL ? NULL : p9_handle_ref(f->parent);
	(void)snprintf(p.name, sizeof(p.name), "%s", f->name);
	error = walk(c, &p, n, qids, &done);
	if (error == 0 && done == n) {
		p9_fid_set(to == NULL ? f : to, p.self, p.parent, p.name);
	} else {
		place_release(&p);
		if (to != NULL)
			p9_fid_free(c->share, to);
	}
	p9_put16(&c->out, done);
	for (i = 0; i < done; i++)
		p9_put_qid(&c->out, &qids[i]);
	return error;
}

/* --- the end of a fid --- */

int
p9_clunk(struct p9_call *c)
{
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	if (error != 0)
		return error;
	if (f->remove)
		(void)p9_fid_remove(f);
	p9_fid_free(c->share, f);
	return 0;
}

int
p9_remove(struct p9_call *c)
{
	struct p9_fid *f;
	int error = p9_call_fid(c, &f);

	if (error != 0)
		return error;
	error = c->share->read_only ? EROFS : p9_fid_remove(f);
	p9_fid_free(c->share, f);
	return error;
}
