/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The users and groups that every NetBSD system has: names and numbers as in
 * etc/master.passwd and etc/group of its source.
 */
#include <string.h>

#include "base/defs.h"
#include "base/str.h"
#include "tree/tree.h"

struct id {
	const char *name;
	int32_t number;
};

static const struct id users[] = {
	{ "root", 0 },
	{ "toor", 0 },
	{ "daemon", 1 },
	{ "operator", 2 },
	{ "bin", 3 },
	{ "games", 7 },
	{ "postfix", 12 },
	{ "named", 14 },
	{ "ntpd", 15 },
	{ "sshd", 16 },
	{ "_pflogd", 18 },
	{ "_rwhod", 19 },
	{ "_proxy", 21 },
	{ "_timedc", 22 },
	{ "_sdpd", 23 },
	{ "_httpd", 24 },
	{ "_mdnsd", 25 },
	{ "_tests", 26 },
	{ "_tcpdump", 27 },
	{ "_tss", 28 },
	{ "_rtadvd", 30 },
	{ "_unbound", 32 },
	{ "_nsd", 33 },
	{ "_dhcpcd", 35 },
	{ "uucp", 66 },
	{ "nobody", 32767 },
};

static const struct id groups[] = {
	{ "wheel", 0 },
	{ "daemon", 1 },
	{ "kmem", 2 },
	{ "sys", 3 },
	{ "tty", 4 },
	{ "operator", 5 },
	{ "mail", 6 },
	{ "bin", 7 },
	{ "wsrc", 9 },
	{ "maildrop", 11 },
	{ "postfix", 12 },
	{ "games", 13 },
	{ "named", 14 },
	{ "ntpd", 15 },
	{ "sshd", 16 },
	{ "_pflogd", 18 },
	{ "_rwhod", 19 },
	{ "staff", 20 },
	{ "_proxy", 21 },
	{ "_timedc", 22 },
	{ "_sdpd", 23 },
	{ "_httpd", 24 },
	{ "_mdnsd", 25 },
	{ "_tests", 26 },
	{ "_tcpdump", 27 },
	{ "_tss", 28 },
	{ "_gpio", 29 },
	{ "_rtadvd", 30 },
	{ "guest", 31 },
	{ "_unbound", 32 },
	{ "_nsd", 33 },
	{ "nvmm", 34 },
	{ "_dhcpcd", 35 },
	{ "nobody", 39 },
	{ "utmp", 45 },
	{ "authpf", 72 },
	{ "users", 100 },
	{ "dialer", 117 },
	{ "nogroup", 32766 },
};

static int32_t
find(const struct id *ids, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(ids[i].name, name) == 0)
			return ids[i].number;
	return -1;
}

int32_t
tree_user_id(const char *name)
{
	return find(users, nitems(users), name);
}

int32_t
tree_group_id(const char *name)
{
	return find(groups, nitems(groups), name);
}

void
tree_ids_print(struct str *passwd, struct str *group)
{
	size_t i;

	/* Nobody's password; the group is of no account. */
	for (i = 0; i < nitems(users); i++)
		str_addf(passwd, "%s:*:%d:0::/:/sbin/nologin\n", users[i].name, (int)users[i].number);
	for (i = 0; i < nitems(groups); i++)
		str_addf(group, "%s:*:%d:\n", groups[i].name, (int)groups[i].number);
}
