# SPDX-License-Identifier: BSD-2-Clause
#
# Sets in NetBSD's shape, but of a few files each, and packages.

import io
import os
import tarfile

EPOCH = 1700000000


def member(tar, name, data=None, mode=0o644, target=None, hard=None, uid=0, gid=0, mtime=EPOCH):
    ti = tarfile.TarInfo("./" + name)
    ti.mode, ti.uid, ti.gid, ti.uname, ti.gname, ti.mtime = mode, uid, gid, "root", "wheel", mtime
    if hard is not None:
        ti.type, ti.linkname = tarfile.LNKTYPE, "./" + hard
    elif target is not None:
        ti.type, ti.linkname = tarfile.SYMTYPE, target
    elif data is None:
        ti.type = tarfile.DIRTYPE
    else:
        ti.size = len(data)
    tar.addfile(ti, io.BytesIO(data or b""))


def make_sets(directory, ext="tar.xz", mdec=None):
    """base, etc, rescue and comp, each a few files where NetBSD has them; mdec: boot blocks, {name: bytes}."""
    os.makedirs(directory, exist_ok=True)
    mode = "w:gz" if ext == "tgz" else "w:xz"
    with tarfile.open("%s/base.%s" % (directory, ext), mode, format=tarfile.USTAR_FORMAT) as t:
        for d in ("bin", "sbin", "usr", "usr/bin", "usr/libexec", "var", "lib", "mnt", "dev", "dev/pts"):
            member(t, d, mode=0o755)
        for f in ("bin/sh", "bin/ksh", "sbin/init", "sbin/mount", "usr/libexec/httpd", "usr/bin/strip"):
            member(t, f, f.encode() * 900, 0o555)
        member(t, "usr/libexec/bozohttpd", hard="usr/libexec/httpd")
        member(t, "usr/bin/su", b"su" * 3000, 0o4555)
        member(t, "lib/libc.so", target="libc.so.12")
        member(t, "lib/libc.so.12", b"c" * 300000, 0o444, mtime=EPOCH + 5)
        if mdec is not None:
            member(t, "usr/mdec", mode=0o755)
        for name, data in (mdec or {}).items():
            member(t, "usr/mdec/" + name, data, 0o444)
    with tarfile.open("%s/etc.%s" % (directory, ext), mode, format=tarfile.USTAR_FORMAT) as t:
        for d in ("etc", "dev", "var", "var/run", "tmp"):
            member(t, d, mode=0o1777 if d == "tmp" else 0o755)
        member(t, "etc/rc", b"#!/bin/sh\n# NetBSD's own\n")
        member(t, "etc/passwd", b"root:*:0:0::/root:/bin/sh\n")
        member(t, "etc/master.passwd", b"root::0:0::0:0::/root:/bin/sh\n", 0o600)
        member(t, "dev/MAKEDEV", b"#!/bin/sh -\nmount_tmpfs -o union tmpfs .\n", 0o555)
        member(t, "dev/MAKEDEV.local", b"#!/bin/sh -\n# local\n", 0o555)
    with tarfile.open("%s/rescue.%s" % (directory, ext), mode, format=tarfile.USTAR_FORMAT) as t:
        member(t, "rescue", mode=0o755)
        member(t, "rescue/sh", b"static" * 5000, 0o555)
        for n in ("init", "mount_ext2fs", "ls"):
            member(t, "rescue/" + n, hard="rescue/sh")
    with tarfile.open("%s/comp.%s" % (directory, ext), mode, format=tarfile.USTAR_FORMAT) as t:
        member(t, "usr/include", mode=0o755)
        member(t, "usr/include/stdio.h", b"/* stdio */\n", 0o444)
        member(t, "usr/bin/cc", b"cc" * 100, 0o555)
        member(t, "usr/bin/strip", b"strip of comp\n", 0o555)


def make_package(path, files, localbase="/usr/pkg", name=None, lines="", meta=(), info=""):
    """A binary package of pkgsrc: what is about it, then its files, {name: (bytes, mode)}; lines are of its packing list."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    name = name or os.path.basename(path).rsplit(".", 1)[0] + "-1.0"
    contents = "@name %s\n%s%s%s" % (name, "@cwd %s\n" % localbase if localbase else "", lines,
                                     "" if lines.endswith("\n\n") else "".join(n + "\n" for n in files))
    with tarfile.open(path, "w:gz", format=tarfile.USTAR_FORMAT) as t:
        for member_name, text in (("+CONTENTS", contents), ("+COMMENT", "a package\n"), ("+DESC", "A package.\nOf two lines.\n"),
                                  ("+BUILD_INFO", "OPSYS=NetBSD\nOS_VERSION=11.0\nMACHINE_ARCH=x86_64\nPKGTOOLS_VERSION=20091115\n"
                                   "LOCALBASE=%s\nPKGPATH=misc/x\n%s" % (localbase, info) if localbase else "X=1\n"), *meta):
            member(t, member_name, text.encode())
        for name, (data, mode) in files.items():
            member(t, name, data, mode)
