/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Users and groups, from /etc/passwd and /etc/group (passwd(5), group(5)).
 */
#include "agent.h"

static struct lines lines;

/* NAME:*:UID:GID:GECOS:HOME:SHELL */
static bool
passwd_line(char *line, const char *spec, bool by_number, uint64_t number, struct user *u)
{
	char *rest = line, *name = field_next(&rest, ':');
	uint64_t uid, gid;

	(void)field_next(&rest, ':');
	if (rest == NULL || !text_number(field_next(&rest, ':'), UINT32_MAX, &uid))
		return false;
	if (rest == NULL || !text_number(field_next(&rest, ':'), UINT32_MAX, &gid))
		return false;
	if (by_number ? uid != number : !text_same(name, spec))
		return false;
	(void)field_next(&rest, ':');
	u->uid = (uint32_t)uid;
	u->gid = (uint32_t)gid;
	(void)text_copy(u->name, sizeof(u->name), name);
	(void)text_copy(u->home, sizeof(u->home), rest == NULL ? "/" : field_next(&rest, ':'));
	(void)text_copy(u->shell, sizeof(u->shell), rest == NULL ? "" : field_next(&rest, ':'));
	return true;
}

static bool
passwd_find(const char *spec, struct user *u)
{
	uint64_t number = 0;
	bool by_number = text_number(spec, UINT32_MAX, &number), found = false;
	char *line;

	if (lines_open(&lines, "/etc/passwd")) {
		while (!found && (line = lines_next(&lines)) != NULL)
			found = passwd_line(line, spec, by_number, number, u);
		lines_close(&lines);
	}
	if (!found && by_number) {
		*u = (struct user){ .uid = (uint32_t)number, .gid = (uint32_t)number, .home = "/" };
		found = true;
	}
	return found;
}

static bool
is_member(char *members, const char *name)
{
	char *m;

	while ((m = field_next(&members, ',')) != NULL) {
		if (text_same(m, name))
			return true;
	}
	return false;
}

/* NAME:*:GID:MEMBER,MEMBER: spec's number into *gid, or (spec is NULL) u's groups. */
static bool
group_scan(const char *spec, uint32_t *gid, struct user *u)
{
	char *line, *rest, *name;
	uint64_t number;
	bool found = false;

	if (!lines_open(&lines, "/etc/group"))
		return false;
	while (!found && (line = lines_next(&lines)) != NULL) {
		rest = line;
		name = field_next(&rest, ':');
		(void)field_next(&rest, ':');
		if (rest == NULL || !text_number(field_next(&rest, ':'), UINT32_MAX, &number))
			continue;
		if (spec != NULL) {
			found = text_same(name, spec);
			*gid = (uint32_t)number;
		} else if (u->ngroups < GROUPS_MAX && number != u->gid && is_member(rest, u->name)) {
			u->groups[u->ngroups++] = (uint32_t)number;
		}
	}
	lines_close(&lines);
	return found;
}

bool
user_find(const char *spec, struct user *u)
{
	char name[128];
	char *rest = name, *user;
	uint64_t number;

	*u = (struct user){ .home = "/" };
	if (!text_copy(name, sizeof(name), spec))
		return false;
	user = field_next(&rest, ':');
	if (!passwd_find(user[0] == '\0' ? "0" : user, u))
		return false;
	if (rest != NULL && text_number(rest, UINT32_MAX, &number))
		u->gid = (uint32_t)number;
	else if (rest != NULL && !group_scan(rest, &u->gid, u))
		return false;
	u->groups[0] = u->gid;
	u->ngroups = 1;
	if (rest == NULL && u->name[0] != '\0')
		(void)group_scan(NULL, NULL, u);
	return true;
}
