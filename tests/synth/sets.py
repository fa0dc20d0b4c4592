#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Makes sets that look like NetBSD's: real names, owners, modes, links and
# sizes; contents from a seed, so that two machines make the same bytes.
#
#   sets.py [--small] [--blocks N] -o DIR     base.tar.xz and etc.tar.xz
#   sets.py --special -o DIR                  special.tar: devices, long names, odd sizes
#   sets.py --many N | --wide N | --sparse    a plain tar on standard output
#
# base: 9,000 members, 260 MB (--small: 300, 3 MB).  A set that is already
# there and was made by this same program is left alone.

import argparse
import hashlib
import io
import os
import random
import struct
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import names  # noqa: E402
from elf import elf  # noqa: E402

EPOCH = 1733000000
BASE_MEMBERS, BASE_BYTES = 9000, 260_000_000
SMALL_MEMBERS, SMALL_BYTES = 300, 3_000_000
USERS = {0: "root", 1: "daemon", 2: "operator", 3: "bin", 7: "games", 12: "postfix", 14: "named", 15: "ntpd", 16: "sshd",
         66: "uucp", 32767: "nobody"}
GROUPS = {0: "wheel", 1: "daemon", 2: "kmem", 3: "sys", 4: "tty", 5: "operator", 6: "mail", 7: "bin", 9: "wsrc", 10: "maildrop",
          12: "postfix", 13: "games", 14: "named", 15: "ntpd", 16: "sshd", 31: "guest", 39: "nobody", 45: "utmp", 66: "uucp",
          117: "dialer"}


class Set:
    """Members of one set, in order."""

    def __init__(self, seed):
        self.seed = seed
        self.members = []
        self.seen = {}

    def add(self, path, kind, mode=0o444, uid=0, gid=0, size=0, target=None, data=None, text=False):
        if path in self.seen:
            return
        if "/" in path:
            self.dir(path.rpartition("/")[0])
        m = {"path": path, "kind": kind, "mode": mode, "uid": uid, "gid": gid, "size": size, "target": target,
             "data": data, "text": text}
        self.seen[path] = m
        self.members.append(m)

    def dir(self, path, mode=0o755, uid=0, gid=0):
        if path in self.seen:
            if mode != 0o755 or uid or gid:
                self.seen[path].update(mode=mode, uid=uid, gid=gid)
            return
        self.add(path, "d", mode, uid, gid)

    def file(self, path, size, mode=0o444, uid=0, gid=0, text=False, data=None):
        self.add(path, "f", mode, uid, gid, size if data is None else len(data), data=data, text=text)

    def link(self, path, target):
        if target in self.seen and self.seen[target]["kind"] == "f":
            self.add(path, "h", target=target)

    def symlink(self, path, target):
        self.add(path, "l", 0o755, target=target)

    def bytes(self):
        return sum(m["size"] for m in self.members if m["kind"] == "f")


def number(seed, path, low, high):
    """A size between low and high, mostly small: from the path alone."""
    h = int.from_bytes(hashlib.sha256(("%d:%s" % (seed, path)).encode()).digest()[:6], "big") / float(1 << 48)
    return int(low * (high / low) ** (h * h))


# Of /lib, which programs are linked with.
BASE_LIBS = ["lib%s.so.%s" % (name, ver.split(".")[0]) for name, ver, _, in_lib in names.LIBS if in_lib and name != "c"]
PHRASES = [random.Random(1000 + i).randbytes(3072) for i in range(64)]
LETTERS = bytes((b"etaoinshrdlu cmfwypvbgkjqxz\n \t.,;:-_()ETAOINSHRD0123456789/*#"
                 b"e t a o i n s h r e t a o i n\n s h r e t a o i n s h r")[i % 110] for i in range(256))


def elf_header(m, rng):
    """The start of a program or library: what it needs is among the libraries of /lib, by its own name."""
    name, top = m["path"].rpartition("/")[2], m["path"].partition("/")[0]
    machine = "i386" if "/i386/" in m["path"] else "amd64"
    if top == "rescue" or name == "ld.elf_so":
        return elf(machine=machine)
    if ".so" in name:
        own = name.partition(".so")[0]
        return elf([] if own == "libc" else ["libc.so.12"], None if machine == "i386" else "/lib", soname=name, machine=machine)
    needed = rng.sample(BASE_LIBS, rng.choice((0, 0, 1, 2))) + ["libc.so.12"]
    return elf(needed, "/lib", "/libexec/ld.elf_so" if top in ("bin", "sbin") else "/usr/libexec/ld.elf_so")


def is_elf(m):
    return m["size"] > 1024 and (m["mode"] & 0o111 or ".so." in m["path"].rpartition("/")[2])


def content(seed, m):
    """The bytes of a file: about one part in four does not compress."""
    if m["data"] is not None:
        return m["data"]
    size = m["size"]
    rng = random.Random(int.from_bytes(hashlib.sha256(("%d %s" % (seed, m["path"])).encode()).digest()[:8], "big"))
    if m["text"]:
        out = rng.randbytes(size // 3 + 1).translate(LETTERS)
        return (out * 3)[:size]
    parts, left = ([elf_header(m, rng)] if is_elf(m) else []), size
    while left > 0:
        parts.append(rng.randbytes(1024))
        parts.append(PHRASES[rng.randrange(64)])
        left -= 4096
    return b"".join(parts)[:size]


def skeleton(s):
    s.dir(".")
    for d in names.words("""altroot bin dev etc lib libdata libexec mnt netbsd_modules proc rescue root sbin stand tmp usr usr/bin
            usr/games usr/include usr/lib usr/lib/i386 usr/lib/security usr/libdata usr/libexec usr/sbin usr/share var"""):
        s.dir(d)
    s.dir("root", 0o755)
    s.dir("tmp", 0o1777)


def programs(s, scale):
    seed = s.seed
    for n in names.BIN:
        s.file("bin/" + n, number(seed, "bin/" + n, 9000, 200000) // scale, 0o555)
    s.seen["bin/rcmd"].update(mode=0o4555)
    s.link("bin/[", "bin/test")
    s.link("bin/cpio", "bin/pax")
    for n in names.SBIN:
        s.file("sbin/" + n, number(seed, "sbin/" + n, 9000, 160000) // scale, 0o555)
    for n, mode, gid in (("ping", 0o4555, 0), ("ping6", 0o4555, 0), ("shutdown", 0o4550, 5), ("dump", 0o2555, 4)):
        s.seen["sbin/" + n].update(mode=mode, gid=gid)
    s.link("sbin/ndisc6", "sbin/ping6")
    s.link("sbin/mount_ufs", "sbin/mount_ffs")
    s.link("sbin/newfs_ffs", "sbin/newfs")
    s.link("sbin/mount_mfs", "sbin/newfs")
    s.link("sbin/rrestore", "sbin/restore")
    s.link("sbin/rdump", "sbin/dump")
    s.file("rescue/cat", 12_000_000 // scale, 0o555)
    for n in names.RESCUE:
        s.link("rescue/" + n, "rescue/cat")
    for n in names.USR_BIN:
        s.file("usr/bin/" + n, number(seed, n, 6000, 500000) // scale, 0o555)
    for n in names.words("su passwd chpass login lock skeyinit skeyinfo at rlogin rsh"):
        if "usr/bin/" + n in s.seen:
            s.seen["usr/bin/" + n].update(mode=0o4555)
    for n, gid in (("fstat", 2), ("netstat", 2), ("write", 4), ("wall", 4), ("lpr", 1), ("skey", 2)):
        s.seen["usr/bin/" + n].update(mode=0o2555, gid=gid)
    for a, b in (("yppasswd", "passwd"), ("chfn", "chpass"), ("egrep", "grep"), ("fgrep", "grep"), ("zegrep", "grep"), ("vi", "ex"),
                 ("view", "ex"), ("slogin", "ssh"), ("uncompress", "compress"), ("batch", "at"), ("hd", "hexdump"), ("w", "uptime")):
        s.link("usr/bin/" + a, "usr/bin/" + b)
    for n in names.USR_SBIN:
        s.file("usr/sbin/" + n, number(seed, n, 7000, 900000) // scale, 0o555)
    s.seen["usr/sbin/pppd"].update(mode=0o4555)
    s.seen["usr/sbin/postqueue"].update(mode=0o2555, gid=10)
    for n in names.words("""atrun bugformat calendar comsat fingerd ftpd getty getNAME ld.so lockspool locate.bigram locate.code
            httpd identd kpropd login_passwd makewhatis.local mail.local makekey ntalkd postfix/anvil postfix/bounce postfix/cleanup
            postfix/local postfix/master postfix/pickup postfix/qmgr postfix/smtp postfix/smtpd rexecd rlogind rpc.rusersd
            rpc.rwalld rshd sftp-server ssh-keysign ssh-pkcs11-helper talkd telnetd tftpd uucpd ypxfrd atf-check blocklistd-helper"""):
        s.file("usr/libexec/" + n, number(seed, n, 8000, 300000) // scale, 0o555)
    s.seen["usr/libexec/ssh-keysign"].update(mode=0o4555)
    for n in names.words("dhcpcd-run-hooks ld.elf_so resize_ffs lfs_cleanerd"):
        s.file("libexec/" + n, number(seed, n, 20000, 200000) // scale, 0o555)


def libraries(s, scale):
    for name, ver, kb, in_lib in names.LIBS:
        d = "lib/" if in_lib else "usr/lib/"
        full = "lib%s.so.%s" % (name, ver)
        s.file(d + full, kb * 1024 // scale, 0o444)
        s.symlink(d + "lib%s.so.%s" % (name, ver.split(".")[0]), full)
        s.symlink(d + "lib%s.so" % name, full)
        if in_lib:
            for end in (ver, ver.split(".")[0]):
                s.symlink("usr/lib/lib%s.so.%s" % (name, end), "../../lib/" + full)
        if not name.startswith("rump"):
            s.file("usr/lib/i386/" + full, int(kb * 900) // scale, 0o444)
            s.symlink("usr/lib/i386/lib%s.so.%s" % (name, ver.split(".")[0]), full)
    for n in names.PAM:
        s.file("usr/lib/security/pam_%s.so.4" % n, number(s.seed, n, 6000, 20000) // scale, 0o444)
        s.symlink("usr/lib/security/pam_%s.so" % n, "pam_%s.so.4" % n)
    s.symlink("usr/libexec/ld.elf_so", "../../libexec/ld.elf_so")


def zones(s):
    canon = []
    for area, places in names.ZONES.items():
        for p in places:
            path = "usr/share/zoneinfo/" + (area + "/" if area else "") + p
            # Every fourth is an alias: NetBSD links them hard.
            if len(canon) > 20 and number(s.seed, path, 100, 10000) < 125:
                s.link(path, canon[number(s.seed, path + "t", 1, len(canon)) - 1])
            else:
                s.file(path, number(s.seed, path, 114, 3600), text=False)
                canon.append(path)


def locales(s):
    for loc in names.LOCALES:
        for f in names.LOCALE_FILES:
            path = "usr/share/locale/%s/%s" % (loc, f)
            if f == "LC_CTYPE":
                s.file(path, number(s.seed, path, 2000, 120000))
            elif loc.endswith("UTF-8") or f == "LC_TIME":
                s.file(path, number(s.seed, path, 24, 1200), text=True)
            else:
                s.symlink(path, ("../" * (f.count("/") + 1)) + "en_US.UTF-8/" + f)


def tables(s):
    for d, maps in names.CSMAPPER.items():
        for m in maps:
            for way in ("%s%%UCS", "UCS%%%s"):
                s.file("usr/share/i18n/csmapper/%s/%s.mps" % (d, way % m), number(s.seed, d + m + way, 300, 90000))
        s.file("usr/share/i18n/csmapper/%s/mapper.dir.%s" % (d, d), 800, text=True)
        for m in maps:
            s.file("usr/share/i18n/esdb/%s/%s.esdb" % (d, m), number(s.seed, m, 90, 600))
    for n in names.words("""ascii bsd-family-tree domains eqnchar fonts getopt birthtoken man.template mdoc.template nslookup.help
            operator pcvtfonts style terminfo.cdb termcap.db termcap units.lib us.map zipcodes country airport flowers inter.phone
            na.phone na.postal pci_devices languages latin1 magic.mgc magic mime.types"""):
        s.file("usr/share/misc/" + n, number(s.seed, n, 1000, 1500000), text=True)
    for n in names.words("web2 web2a words special/math special/netbsd american british stop propernames connectives"):
        s.file("usr/share/dict/" + n, number(s.seed, n, 1000, 2500000), text=True)


def modules(s, scale):
    top = "stand/amd64/10.1/modules/"
    for n in names.MODULES:
        s.file("%s%s/%s.kmod" % (top, n, n), number(s.seed, n, 4000, 700000) // scale, 0o444)


def firmware(s):
    for d, files in names.FIRMWARE.items():
        for f in files:
            s.file("libdata/firmware/%s/%s" % (d, f), number(s.seed, d + f, 3000, 250000))


def headers(s, limit):
    out = [h + ".h" for h in names.HEADERS] + ["sys/%s.h" % h for h in names.SYS_HEADERS]
    for d in names.HEADER_DIRS:
        stem = d.rpartition("/")[2].replace("+", "x")
        out += ["%s/%s%s.h" % (d, stem, e) for e in names.words("""_var _reg _extern io conf _subr _vnops _node _mount _private
            _impl _types _param _proto _intr _dma _cmd _attach _chip _core""")]
    for h in out:
        if len(s.members) >= limit:
            return
        s.file("usr/include/" + h, number(s.seed, h, 400, 30000), text=True)


def fill(s, members, size, scale):
    """Up to the promised number of members and bytes."""
    i = 0
    while len(s.members) < members:
        d = "usr/share/examples/%s" % names.MODULES[i // 12 % len(names.MODULES)]
        if d not in s.seen and len(s.members) + 2 > members:
            d = "usr/share/examples"
        s.file("%s/sample%d.conf" % (d, i), number(s.seed, "ex%d" % i, 60, 9000), text=True)
        i += 1
    big = [m for m in s.members if m["kind"] == "f" and m["size"] > 40000 // scale and m["data"] is None]
    missing, total = size - s.bytes(), sum(m["size"] for m in big)
    for m in big:
        m["size"] = max(64, m["size"] + missing * m["size"] // total)
    big[-1]["size"] += size - s.bytes()


def base_set(seed, small):
    s = Set(seed)
    skeleton(s)
    if small:
        for n in names.words("[ cat sh ls test ksh mount"):
            s.file("bin/" + n, 4000, 0o555)
        s.link("bin/[2", "bin/test")
        for n in names.words("init mount mount_ffs mount_mfs ifconfig route sysctl ping"):
            s.file("sbin/" + n, 6000, 0o555)
        s.seen["sbin/ping"].update(mode=0o4555)
        s.file("rescue/cat", 400000, 0o555)
        for n in names.RESCUE[:60]:
            s.link("rescue/" + n, "rescue/cat")
        s.file("libexec/httpd", 60000, 0o555)
        s.symlink("usr/libexec/httpd", "../../libexec/httpd")
        s.file("usr/bin/su", 30000, 0o4555)
        for name, ver, kb, in_lib in names.LIBS[:20]:
            s.file("lib/lib%s.so.%s" % (name, ver), kb * 200, 0o444)
            s.symlink("lib/lib%s.so" % name, "lib%s.so.%s" % (name, ver))
        headers(s, 280)
    else:
        programs(s, 1)
        libraries(s, 1)
        zones(s)
        locales(s)
        tables(s)
        modules(s, 1)
        firmware(s)
        headers(s, BASE_MEMBERS - 100)
    s.symlink("usr/share/doc", "../../a/very/long/symbolic/link/target/that/does/not/fit/in/sixty/bytes/of/a/dinode")
    s.symlink("usr/share/mk", "/" + "/".join(["a/longer/symbolic/link/target/past/what/version/two/keeps/inside/the/inode"] * 3))
    fill(s, SMALL_MEMBERS if small else BASE_MEMBERS, SMALL_BYTES if small else BASE_BYTES, 20 if small else 1)
    return s


MAKEDEV = b"""#!/bin/sh -
# Stand-in for NetBSD's MAKEDEV in a synthetic set.
for i; do echo "MAKEDEV: $i"; done
"""


def etc_set(seed):
    s = Set(seed)
    s.dir(".")
    for d in names.words("etc dev root tmp var"):
        s.dir(d)
    s.dir("tmp", 0o1777)
    s.file("dev/MAKEDEV", 0, 0o555, data=MAKEDEV)
    s.file("dev/MAKEDEV.local", 0, 0o555, data=b"#!/bin/sh -\nexit 0\n")
    s.file("etc/master.passwd", 0, 0o600, data=b"root::0:0::0:0:Charlie &:/root:/bin/sh\nnobody:*:32767:39::0:0:Unprivileged user:/nonexistent:/sbin/nologin\n")
    s.file("etc/passwd", 0, 0o644, data=b"root:*:0:0:Charlie &:/root:/bin/sh\nnobody:*:32767:39:Unprivileged user:/nonexistent:/sbin/nologin\n")
    s.file("etc/group", 0, 0o644, data=b"wheel:*:0:root\ntty:*:4:\noperator:*:5:root\nnobody:*:39:\n")
    s.file("etc/pwd.db", 40960, 0o644)
    s.file("etc/spwd.db", 40960, 0o600)
    for n, modules in (("README", ""), ("login", "self unix"), ("sshd", "unix"), ("su", "rootok unix"), ("system", "unix"), ("other", "deny")):
        s.file("etc/pam.d/" + n, 0, 0o644, data="".join("auth\tsufficient\tpam_%s.so\n" % m for m in modules.split()).encode())
    s.file("etc/nsswitch.conf", 0, 0o644, data=b"group:\tcompat\nhosts:\tfiles dns\npasswd:\tcompat\n")
    s.file("etc/ld.so.conf", 0, 0o644, data=b"")
    for n in names.words("""bootptab changelist crontab csh.cshrc csh.login csh.logout daily daily.conf dhcpcd.conf disktab
            floppytab ftpchroot ftpusers gettytab group.old hosts hosts.allow hosts.equiv hosts.lpd inetd.conf locate.conf login.conf
            mail.rc mailer.conf man.conf manpath.config monthly monthly.conf mrouted.conf netconfig networks newsyslog.conf ntp.conf
            pf.conf pf.os phones printcap profile protocols rc rc.conf rc.local rc.lkm rc.shutdown rc.subr remote resolv.conf rpc
            security security.conf services services.cdb shells shrc sysctl.conf syslog.conf ttyaptab ttys usermgmt.conf
            weekly weekly.conf wscons.conf defaults/daily.conf defaults/rc.conf defaults/security.conf defaults/pf.boot.conf ssh/ssh_config
            ssh/sshd_config ssh/moduli skel/.cshrc skel/.login
            skel/.logout skel/.profile skel/.shrc mtree/NetBSD.dist mtree/special powerd/scripts/power_button bluetooth/hosts
            openssl/openssl.cnf namedb/named.conf namedb/root.cache racoon/racoon.conf postfix/main.cf postfix/master.cf"""):
        s.file("etc/" + n, number(seed, n, 100, 20000), 0o644, text=True)
    for n in names.words("""DAEMON DISKS LOGIN NETWORKING SERVERS amd accounting altqd apmd automount bluetooth bootconf.sh bootparams ccd cgd cleartmp cron
            devpubd dhcpcd dmesg fccache fixsb fsck fsck_root ftpd gpio hostapd httpd identd inetd ipfilter ipsec irdaattach iscsid kdc ldconfig
            local lpd mixerctl modules mountall mountcritlocal mountcritremote mountd moused named ndbootd network newsyslog nfsd ntpd
            ntpdate perusertmp pf pf_boot postfix powerd ppp pwcheck quota random_seed rarpd rbootd resolv root route6d rpcbind
            rtadvd savecore screenblank securelevel sshd staticroute swap1 swap2 sysctl sysdb syslogd timed tpctl ttys update_motd
            veriexec virecover wdogctl wizd wpa_supplicant wscons wsmoused ypbind ypserv zfs"""):
        s.file("etc/rc.d/" + n, number(seed, n, 300, 4000), 0o555, text=True)
    s.symlink("etc/localtime", "/usr/share/zoneinfo/UTC")
    s.symlink("etc/rmt", "/usr/sbin/rmt")
    s.symlink("etc/aliases", "mail/aliases")
    s.file("etc/mail/aliases", 1200, 0o644, text=True)
    s.dir("etc/skeykeys", 0o700)
    for p, mode, uid, gid in (("var/at", 0o700, 0, 0), ("var/at/jobs", 0o700, 0, 0), ("var/backups", 0o700, 0, 0), ("var/chroot", 0o755, 0, 0),
                              ("var/chroot/sshd", 0o755, 0, 0), ("var/chroot/ntpd", 0o755, 15, 15), ("var/cron", 0o700, 0, 0), ("var/cron/tabs", 0o700, 0, 0),
                              ("var/crash", 0o770, 0, 0), ("var/db", 0o755, 0, 0), ("var/games", 0o775, 7, 13), ("var/games/hackdir", 0o770, 7, 13),
                              ("var/heimdal", 0o700, 0, 0), ("var/log", 0o755, 0, 0), ("var/mail", 0o1777, 0, 0), ("var/msgs", 0o775, 1, 0),
                              ("var/preserve", 0o755, 0, 0), ("var/run", 0o755, 0, 0), ("var/rwho", 0o775, 1, 2), ("var/spool", 0o755, 0, 0),
                              ("var/spool/lpd", 0o775, 1, 5), ("var/spool/lock", 0o775, 66, 117), ("var/spool/postfix", 0o755, 0, 0),
                              ("var/spool/postfix/maildrop", 0o730, 12, 10), ("var/tmp", 0o1777, 0, 0), ("var/yp", 0o755, 0, 0)):
        s.dir(p, mode, uid, gid)
    s.file("var/log/wtmp", 0, 0o664, 0, 45)
    s.file("var/log/authlog", 0, 0o600)
    s.file("var/mail/root", 0, 0o600)
    for n, size in ((".profile", 900), (".cshrc", 700), (".login", 200), (".shrc", 500), (".klogin", 160)):
        s.file("root/" + n, size, 0o644, text=True)
    s.file(".cshrc", 700, 0o644, text=True)
    s.link("root/.cshrc2", ".cshrc")
    return s


def special_set(seed):
    """What a set never holds but a tar may."""
    s = Set(seed)
    s.dir(".", 0o755)
    for i, size in enumerate((0, 1, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 8191, 8192, 8193, 16384, 65535, 65536, 98304, 98305,
                              12 * 4096, 12 * 4096 + 1, 12 * 8192, 12 * 8192 + 1, 12 * 16384 + 1, 1 << 20, (1 << 20) + 1, 5_000_000, 17_000_000)):
        s.file("sizes/%02d-%d" % (i, size), size, 0o640, 1000 + i, 2000 + i)
    for n in (1, 59, 60, 61, 119, 120, 121, 255, 511, 512, 600, 1023):
        s.symlink("links/to%04d" % n, ("x" * 9 + "/") * (n // 10) + "y" * (n % 10))
    s.file("n" * 255, 10, 0o600)
    s.file("deep/" + "/".join(["d" * 20] * 20) + "/file", 5)
    s.file("odd/with space", 3)
    s.file("odd/new\nline", 3)
    s.file("odd/utf8-\u00e9\u4e2d", 3)
    s.file("odd/back\\slash", 3)
    s.file("odd/'quote\"", 3)
    s.file("odd/-dash", 3)
    s.dir("odd/empty")
    for m in (0o0, 0o7777, 0o4755, 0o2755, 0o1755, 0o644):
        s.file("modes/%04o" % m, 7, m, 32767, 39)
    s.file("ids/large", 7, 0o644, 60001, 70000)
    for i in range(40):
        s.link("many/%d" % i, "sizes/00-0")
        s.link("many/x%d" % i, "sizes/05-1023")
    for i in range(3000):
        s.file("wide/%s%d" % ("entry-" * (i % 9), i), i % 3)
    s.add("dev/console", "c", 0o600, target=(0, 0))
    s.add("dev/null", "c", 0o666, target=(2, 2))
    s.add("dev/ttyVI01", "c", 0o600, target=(364, 17))
    s.add("dev/ld0a", "b", 0o640, 0, 5, target=(19, 0))
    s.add("dev/dk255", "b", 0o640, 0, 5, target=(168, 255))
    s.add("dev/fifo", "p", 0o622, 0, 5)
    return s


def info(seed, m):
    t = tarfile.TarInfo(("./" + m["path"]) if m["path"] != "." else ".")
    t.mode, t.uid, t.gid = m["mode"], m["uid"], m["gid"]
    t.uname, t.gname = USERS.get(m["uid"], ""), GROUPS.get(m["gid"], "")
    t.mtime = EPOCH + number(seed, "t" + m["path"], 1, 1000000)
    kind = m["kind"]
    if kind == "f":
        t.type, t.size = tarfile.REGTYPE, m["size"]
    elif kind == "d":
        t.type = tarfile.DIRTYPE
    elif kind == "h":
        t.type, t.linkname = tarfile.LNKTYPE, "./" + m["target"]
    elif kind == "l":
        t.type, t.linkname = tarfile.SYMTYPE, m["target"]
    elif kind == "p":
        t.type = tarfile.FIFOTYPE
    else:
        t.type = tarfile.CHRTYPE if kind == "c" else tarfile.BLKTYPE
        t.devmajor, t.devminor = m["target"]
    return t


def write_tar(s, out, form):
    with tarfile.open(fileobj=out, mode="w|", format=form, encoding="utf-8") as tar:
        for m in s.members:
            t = info(s.seed, m)
            tar.addfile(t, io.BytesIO(content(s.seed, m)) if m["kind"] == "f" else None)


def write_xz(s, path, blocks):
    """One block and 8 MiB of dictionary, as NetBSD's own; with --blocks N several."""
    command = ["xz", "--lzma2=preset=0,dict=8MiB", "-T%d" % (1 if blocks == 1 else 0)]
    if blocks > 1:
        command.append("--block-size=%d" % (s.bytes() // blocks + 1))
    with open(path + ".tmp", "wb") as out:
        p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)
        write_tar(s, p.stdin, tarfile.PAX_FORMAT)
        p.stdin.close()
        if p.wait() != 0:
            sys.exit("sets.py: xz failed")
    os.rename(path + ".tmp", path)


def stream(args):
    """Tars too big for a file, on standard output."""
    out = sys.stdout.buffer
    if args.sparse:
        # A hole of 5 GB and more between islands of data: GNU sparse, version 1.0 by pax.
        size, islands = args.sparse, [(0, 4096), (args.sparse // 2 // 4096 * 4096, 8192), (args.sparse - 5000, 5000)]
        data = "".join("%d\n%d\n" % i for i in islands)
        data = ("%d\n%s" % (len(islands), data)).encode()
        data += bytes(-len(data) % 512) + b"".join(random.Random(i[0]).randbytes(i[1]) for i in islands)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            t = tarfile.TarInfo("GNUSparseFile.0/sparse")
            t.size, t.mtime = len(data), EPOCH
            t.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sparse",
                             "GNU.sparse.realsize": str(size)}
            tar.addfile(t, io.BytesIO(data))
        return
    n = args.many or args.wide
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        t = tarfile.TarInfo(".")
        t.type, t.mode, t.mtime = tarfile.DIRTYPE, 0o755, EPOCH
        tar.addfile(t)
        header = None
        for i in range(n):
            name = "wide/entry%06d" % i if args.wide else "d%03d/f%03d" % (i // 1000, i % 1000)
            if header is None:
                t = tarfile.TarInfo("@" * len(name))
                t.mtime = EPOCH
                header = t.tobuf(tarfile.USTAR_FORMAT)
            tar.fileobj.write(rename(header, name))
            tar.offset += 512


def rename(header, name):
    """The header of an empty file with another name of the same length: a million TarInfos are slow."""
    raw = name.encode().ljust(100, b"\0") + header[100:148] + b"        " + header[156:]
    return raw[:148] + b"%06o\0 " % sum(raw) + raw[156:]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("-o", dest="out")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--blocks", type=int, default=1)
    ap.add_argument("--small", action="store_true")
    ap.add_argument("--special", action="store_true")
    ap.add_argument("--many", type=int)
    ap.add_argument("--wide", type=int)
    ap.add_argument("--sparse", type=int)
    args = ap.parse_args()
    if args.many or args.wide or args.sparse:
        return stream(args)
    h = hashlib.sha256(repr(sorted(vars(args).items())).encode())
    for f in ("sets.py", "names.py"):
        with open(os.path.join(HERE, f), "rb") as source:
            h.update(source.read())
    stamp = os.path.join(args.out, ".made-special" if args.special else ".made")
    if os.path.exists(stamp) and open(stamp).read() == h.hexdigest():
        return 0
    os.makedirs(args.out, exist_ok=True)
    if args.special:
        with open(os.path.join(args.out, "special.tar"), "wb") as out:
            write_tar(special_set(args.seed), out, tarfile.PAX_FORMAT)
    else:
        write_xz(base_set(args.seed, args.small), os.path.join(args.out, "base.tar.xz"), args.blocks)
        write_xz(etc_set(args.seed), os.path.join(args.out, "etc.tar.xz"), 1)
    with open(stamp, "w") as out:
        out.write(h.hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
