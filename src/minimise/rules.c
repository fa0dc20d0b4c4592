/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table.  A row is a fact about NetBSD, with the manual page that tells it
 * where one does; what only some users want (all of zoneinfo, locales) is for
 * their own sync_dirs.
 */
#include "minimise/rules.h"

#include "base/defs.h"

const struct rule minimise_rules[] = {
	/* The floor: a machine boots with it, and its administrator knows it again. */
	{ NULL, "/sbin/init", "the kernel starts it" },
	{ NULL, "/bin/sh", "init runs /etc/rc with it" },
	{ NULL, "/etc/", "configuration" },
	{ NULL, "/dev/", "devices, and MAKEDEV" },
	{ NULL, "/netbsd /boot /boot.cfg", "boots" },
	{ NULL, "/tmp /root /home /mnt /proc /kern", "a directory that is expected" },
	{ NULL, "@dirs:/var", "a directory that is expected" },
	{ NULL, "/var/run/utmpx /var/log/wtmpx /var/log/lastlogx", "who is logged in: utmpx(5)" },
	{ NULL, "/root/.profile /root/.shrc", "what root's shell reads" },

	/* Loaded by name.  A kernel from outside of the image is not known: its modules are for sync_dirs. */
	{ "/netbsd", "/stand/", "modules of the kernel" },
	{ "libpam.so*", "@pam", "a module of PAM: pam.conf(5)" },
	{ "libc.so*", "@nss", "a source of nsswitch.conf(5)" },
	{ "/usr/sbin/npfctl", "/usr/lib/npf/", "extensions of npf.conf(5)" },

	/* Data. */
	{ "libterminfo.so*", "/usr/share/misc/terminfo*", "terminals: terminfo(5)" },
	{ "libmagic.so*", "/usr/share/misc/magic*", "kinds of files: magic(5)" },
	{ "/usr/bin/file", "/usr/share/misc/magic*", "kinds of files: magic(5)" },
	{ "/usr/bin/iconv", "/usr/share/i18n/ /usr/lib/i18n/", "character sets: iconv(3)" },
	{ "/usr/share/locale/*/LC_CTYPE", "/usr/lib/i18n/", "character sets: locale(1)" },
	{ "/usr/bin/vi", "/usr/share/vi/catalog/ /var/tmp/vi.recover", "messages of vi(1)" },
	{ "/usr/bin/nvi", "/usr/share/nvi/catalog/", "messages of vi(1)" },
	{ "/usr/sbin/inetd", "/var/db/services.cdb", "names of ports: services(5)" },
	{ "/usr/bin/netstat", "/var/db/services.cdb", "names of ports: services(5)" },
	{ "libm.so*", "/usr/lib/libm387.so*", "for libm where there is an FPU: ld.so.conf(5)" },
	{ "/usr/bin/bc", "/usr/share/misc/bc.library", "bc(1)" },
	{ "/usr/sbin/certctl", "/usr/share/certs/ /usr/share/examples/certctl/", "certificates: certctl(8)" },

	/* Programs that start others. */
	{ "MAKEDEV", "/bin/cat /bin/chmod /bin/ln /bin/mkdir /bin/rm /sbin/mknod /sbin/mount /sbin/mount_tmpfs",
	    "init(8) makes /dev with it: MAKEDEV(8)" },
	{ "/sbin/mount", "@fstab:/sbin/mount_", "mount(8) starts it for /etc/fstab" },
	{ "/sbin/fsck", "@fstab:/sbin/fsck_", "fsck(8) starts it for /etc/fstab" },
	{ "/usr/sbin/certctl",
	    "/usr/bin/openssl /usr/bin/awk /bin/cat /usr/bin/find /bin/ln /bin/mkdir /usr/bin/mktemp /bin/mv /bin/rm "
	    "/bin/rmdir /usr/bin/sed /usr/bin/sort /usr/bin/vis /usr/bin/unvis",
	    "certctl(8), a script, starts it" },
	{ "/sbin/dhcpcd", "/libexec/dhcpcd-run-hooks /libexec/dhcpcd-hooks/ /usr/lib/dhcpcd/", "dhcpcd(8) starts it" },
	{ "/usr/sbin/useradd", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/sbin/userdel", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/sbin/usermod", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/sbin/user", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/sbin/vipw", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/bin/passwd", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/bin/chpass", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/bin/chfn", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/bin/chsh", "/usr/sbin/pwd_mkdb", "passwd databases: pwd_mkdb(8)" },
	{ "/usr/sbin/sshd", "/usr/libexec/sshd-session /usr/libexec/sshd-auth /usr/libexec/sftp-server",
	    "sshd(8) starts it" },
	{ "/libexec/blocklistd", "/libexec/blocklistd-helper", "blocklistd(8) starts it" },
	{ "/usr/libexec/getty", "/usr/bin/login", "getty(8) starts it" },
	{ "/usr/libexec/telnetd", "/usr/bin/login", "telnetd(8) starts it" },
};
const size_t minimise_nrules = nitems(minimise_rules);
