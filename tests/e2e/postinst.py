#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Scripts of a build, end to end: what they do to the tree, what they find, how
# they fail.  As the user who runs this, and where that is root as an ordinary
# user too.
#
# usage: postinst.py SMOL

import hashlib
import json
import os
import shutil
import subprocess
import tarfile

from scripts import each_user, sha256, smol  # noqa: I001
from badserver import BadServer, File
from synth.tiny import EPOCH, member
from tap import Tap, run

tap = Tap()


def describe(f):
    return f and "%s %s %d:%d" % (f["type"], f["mode"], f["uid"], f["gid"])


# --- what scripts do ---

FIRST = r"""#!/bin/sh
[ "$0" = ../service/all/postinst/10-first.sh ] || exit 90
[ "$(pwd)" = /build/root ] && [ "$(id -u):$(id -g)" = 0:0 ] || exit 91
[ "$ARCH $SERVICE $PKGVERS $COLOUR" = "amd64 all 11.0 red" ] || exit 92
[ -n "$ARROW" ] && [ -n "$TAR" ] && [ -n "$FETCH" ] || exit 93
. /etc/include/choupi && [ "$STAR" = star ] || exit 94
[ -f ../service/common/choupi ] || exit 95
mkdir -p made/deep; echo text > made/deep/file; chmod 640 made/deep/file
chown -R 24:25 made; chown root made/deep; chgrp wheel made/deep
echo set > made/setuid; chown 7:13 made/setuid; chmod 6755 made/setuid
mknod -m 600 dev/console c 0 0; mknod dev/disk b 168 300000; mkfifo -m 620 dev/pipe
chown 1:4 dev/console
ln bin/sh bin/sh2; ln -s ../etc/rc made/link; chown -h 3:3 made/link
echo '# more' >> usr/bin/su
rm bin/ksh; mv usr/bin/strip usr/bin/strip2
rm -r mnt; echo file > mnt
rm lib/libc.so; mkdir lib/libc.so
mv var varied; mkdir var
ln made/deep/file made/again; chmod 600 made/again
echo secret > made/none; chmod 0 made/none; mkdir made/closed; echo in > made/closed/in; chmod 0 made/closed
touch -d 2001-02-03 made/old
chmod 700 usr/libexec/httpd
chown 66:1 etc/master.passwd
[ "$(stat -c '%F %u %t:%T' dev/disk)" = "block special file 0 a8:493e0" ] || exit 96
[ "$(stat -c %u:%g made/setuid made/link etc/owned dev/console | tr '\n' ' ')" = "7:13 3:3 5:6 1:4 " ] || exit 97
cp -a made copied; cp -a dev/console dev/console2
echo one > ../tmp/note
rm etc/owned; echo new > etc/owned2
"""
SECOND = r"""
[ "$(cat ../tmp/note)" = one ] && [ "$(stat -c %u made/setuid)" = 7 ] || exit 98
mv made/setuid made/moved
rsynclite ../service/all/tree/ opt
rsynclite --exclude=b ../service/all/tree/ opt2
rsynclite ../service/all/tree/a opt3/deep/a
(cd copied && $TAR cpf - .) | (mkdir tarred && $TAR xpf - -C tarred)
echo root2:x:77:88::/: >> etc/passwd; echo x > named; chown root2 named
chmod 1777 .
"""


def add_owned(ws):
    """A set in which not all is root's."""
    with tarfile.open(ws.path + "/sets/amd64/own.tar.xz", "w:xz", format=tarfile.USTAR_FORMAT) as t:
        member(t, "etc/owned", b"owned\n", 0o644, uid=5, gid=6)
        member(t, "etc/kept", b"kept\n", 0o600, uid=8, gid=9)
        member(t, "spool", mode=0o750, uid=10, gid=11)
        member(t, "one", b"linked\n")
        member(t, "two", hard="one")


def test_effects(ws):
    add_owned(ws)
    ws.put("service/all/options.mk", "ADDSETS=own.tar.xz\nIMGSIZE=auto\n")
    ws.put("service/all/postinst/10-first.sh", FIRST)
    ws.put("service/all/postinst/20-second.sh", SECOND)
    ws.put("service/all/tree/a", "a\n")
    ws.put("service/all/tree/b", "b\n")
    p = ws.build("all", "COLOUR=red")
    if not tap.ok(p.returncode == 0 and p.stderr == "", "scripts that do all there is", p.stdout, p.stderr):
        return
    f = ws.files("all")
    want = {
        "/made": "dir 0755 24:25", "/made/deep": "dir 0755 0:0", "/made/deep/file": "file 0600 24:25",
        "/made/moved": "file 6755 7:13", "/dev/console": "char 0600 1:4", "/dev/disk": "block 0644 0:0",
        "/dev/pipe": "fifo 0620 0:0", "/usr/bin/su": "file 0555 0:0", "/made/none": "file 0000 0:0",
        "/made/closed": "dir 0000 0:0", "/made/closed/in": "file 0644 0:0", "/mnt": "file 0644 0:0",
        "/lib/libc.so": "dir 0755 0:0", "/var": "dir 0755 0:0", "/varied/run": "dir 0755 0:0",
        "/etc/master.passwd": "file 0600 66:1", "/etc/kept": "file 0600 8:9", "/spool": "dir 0750 10:11",
        "/etc/owned2": "file 0644 0:0", "/copied/moved": None, "/copied/setuid": "file 6755 7:13",
        "/dev/console2": "char 0600 1:4", "/tarred/setuid": "file 6755 7:13", "/tarred": "dir 0755 24:25",
        "/named": "file 0644 77:0", "/tmp": "dir 1777 0:0", "/bin/ksh": None,
        "/usr/bin/strip": None, "/usr/bin/strip2": "file 0555 0:0", "/etc/owned": None, "/opt/b": "file 0644 0:0",
        "/opt2/a": "file 0644 0:0", "/opt2/b": None, "/opt3/deep/a": "file 0644 0:0", "/usr/libexec/httpd": "file 0700 0:0",
    }
    for path, text in want.items():
        tap.same(describe(f.get(path)), text, path)
    tap.same((f["/made/link"]["target"], f["/made/link"]["uid"]), ("../etc/rc", 3), "a link and its owner")
    tap.same([f["/dev/disk"].get("major"), f["/dev/disk"].get("minor")], [168, 300000], "a device's number, as NetBSD has it")
    for a, b in (("/bin/sh", "/bin/sh2"), ("/made/deep/file", "/made/again"), ("/one", "/two"), ("/usr/libexec/httpd", "/usr/libexec/bozohttpd"),
                 ("/copied/deep/file", "/copied/again")):
        tap.ok(f[a]["inode"] == f[b]["inode"], "%s and %s are one file" % (a, b))
    tap.ok(ws.cat("all", "/usr/bin/su").endswith("su# more\n"), "a set's file that was added to")
    tap.same(ws.cat("all", "/made/none"), "secret\n", "what its mode lets nobody read")
    tap.same(ws.cat("all", "/made/closed/in"), "in\n", "and in such a directory")
    dates = {p: f[p]["mtime"] for p in ("/made/old", "/made/deep/file", "/bin/sh", "/usr/libexec/httpd", "/usr/bin/strip2", "/usr/bin/su")}
    tap.same(dates, {"/made/old": EPOCH + 5, "/made/deep/file": EPOCH + 5, "/usr/bin/su": EPOCH + 5, "/bin/sh": EPOCH,
                     "/usr/libexec/httpd": EPOCH, "/usr/bin/strip2": EPOCH}, "dates: of the sets' files their own, of others the newest")
    tap.ok(ws.image("all", "check", "/").returncode != 99 and "/build" not in f, "nothing of the room is in the image")
    with open(ws.path + "/images/all-amd64.img.manifest.json") as m:
        inputs = {i["path"]: i for i in json.load(m)["inputs"]}
    tap.same(inputs["service/all/postinst/10-first.sh"]["sha256"], hashlib.sha256(FIRST.encode()).hexdigest(), "the manifest has the scripts")


def digests(ws):
    p = ws.build("all", "COLOUR=red")
    names = [ws.path + "/images/all-amd64.img" + s for s in ("", ".manifest.json")]
    return [sha256(n) for n in names] if p.returncode == 0 else p.stderr


# --- how they fail ---

def fail(ws, text, **kw):
    ws.put("service/bad/postinst/a b.sh", text)
    ws.put("service/bad/options.mk", "IMGSIZE=auto\n")
    return ws.build("bad", **kw)


def test_failures(ws):
    cases = [
        ("echo said; echo more >&2\n\nls /nothere\n", "/postinst/a b.sh:3: at 'ls /nothere': it ended with status 2", "said\nmore\n"),
        ("set -e\nf() {\n\tfalse\n}\nf > /dev/null 2>&1\necho no\n", ":3: at 'false': it ended with status 1", ""),
        ("true\nexit 7\n", ":2: at 'exit 7': it ended with status 7", ""),
        ("true\nkill -9 $$\n", ":2: at 'kill -9 ", ""),
        ("true\nnothere --x\n", ":2: at 'nothere --x': it ended with status 127", "not found"),
        ("true\nif\n", "it ended with status 2", "syntax error"),
        ("pwd_mkdb -p etc/master.passwd\n", ":1: at 'pwd_mkdb -p etc/master.passwd': it ended with status 127", "cannot run in a build"),
        ("rm -rf /build/root\n", "removed or replaced the root directory", ""),
        ("cd ..; mv root r; ln -s /etc root\n", "removed or replaced the root directory", ""),
    ]
    for text, message, output in cases:
        p = fail(ws, text)
        lines = p.stderr.rstrip("\n").split("\n")
        tap.ok(p.returncode == 1 and message in lines[-1] and lines[-1].startswith("smol: build bad: "), "fails: " + repr(text)[:60], p.stderr)
        tap.ok(output in p.stderr, "  with what it said", p.stderr)
        tap.ok(not os.path.exists(ws.path + "/images/bad-amd64.img"), "  and no image")
    p = fail(ws, "echo quiet; x=$(echo traced 2>&1); { echo 'a\nb'; f() { :; }; f; } > log 2>&1\n")
    tap.ok(p.returncode == 0 and p.stderr == "" and "quiet" not in p.stdout, "what a script says that does not fail is not shown", p.stderr)
    tap.same(ws.cat("bad", "/log"), "a\nb\n", "and no trace comes into its files")
    p = run([smol, "build", "-v", "bad"], cwd=ws.path, env=ws.env, preexec_fn=ws.become)
    tap.ok(p.returncode == 0 and "quiet\n" in p.stderr, "with -v it is", p.stderr)


def test_no_sandbox(ws):
    """Where there are no user namespaces nothing runs."""
    if subprocess.run(["unshare", "-Ur", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        tap.skip("no user namespaces", "unshare -Ur does not work here")
        return
    ws.put("service/bad/postinst/a b.sh", "touch ran\n")
    p = ws.build("bad", wrap=["unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh"])
    tap.ok(p.returncode == 1 and "scripts cannot be run here" in p.stderr and "max_user_namespaces" in p.stderr and p.stderr.count("\n") == 1,
           "without user namespaces: one line that says what to allow", p.stderr)
    p = ws.build("bad", wrap=["unshare", "-Ur"])
    tap.ok(p.returncode == 0, "a container's root that is no root", p.stderr)


# --- downloads ---

def test_fetch(ws):
    server = BadServer()
    good = b"fetched\n" * 1000
    server.files.update({"/a.tgz": File(good), "/dir/": File(b'<a href="x-1.tgz">x</a> <a href="y-1.tgz">'), "/dir/x-1.tgz": File(b"x1"),
                         "/script": File(b"echo curl > curled; pwd > place\n")})
    url = server.url
    ws.put("service/net/postinst/a.sh", """
set -e
$FETCH -o a.tgz '%(url)s/a.tgz?1' || $FETCH -o a.tgz %(url)s/a.tgz
ftp %(url)s/a.tgz; mv a.tgz b.tgz; ftp %(url)s/a.tgz
fetch -o - %(url)s/a.tgz > c.tgz
fetch -o x.tgz '%(url)s/dir/x-*'
fetch --digest SHA256:%(sha)s -o d.tgz %(url)s/a.tgz
! fetch --digest SHA256:%(bad)s -o e.tgz %(url)s/a.tgz 2> e
! fetch -o f.tgz %(url)s/none 2> f
! fetch -o g.tgz file:///etc/passwd 2> g
! fetch -o g.tgz /etc/passwd 2> g
! fetch -o h.tgz '%(url)s/dir/*' 2> h
! python3 -c 'import socket; socket.create_connection(("127.0.0.1", %(port)d))' 2> s
! touch /build/fetched/x
""" % {"url": url, "sha": hashlib.sha256(good).hexdigest(), "bad": "0" * 64, "port": server.server_address[1]})
    ws.put("service/net/options.mk", "IMGSIZE=auto\nCURLSH=%s/script\n" % url)
    p = ws.build("net", "CURLSH=" + url + "/script")
    if not tap.ok(p.returncode == 0 and p.stderr.startswith("smol: scripts went on without a file: ") and p.stderr.count("\n") == 1,
                  "scripts that fetch, and what they did not get", p.stderr):
        server.end()
        return
    f = ws.files("net")
    for name in "abcd":
        tap.same(f["/%s.tgz" % name]["size"], len(good), "%s.tgz came whole" % name)
    tap.same(ws.cat("net", "/x.tgz"), "x1", "by a pattern")
    for name, text in (("e", "SHA256"), ("f", "404"), ("g", "http or https"), ("h", "more than one"), ("s", "")):
        tap.ok(text in ws.cat("net", "/" + name) and "/%s.tgz" % name not in f, "refused: " + text, ws.cat("net", "/" + name))
    tap.same((ws.cat("net", "/curled"), ws.cat("net", "/place")), ("curl\n", "/build/root\n"), "CURLSH, in the root, last")
    with open(ws.path + "/images/net-amd64.img.manifest.json") as m:
        inputs = [(i["path"], i["sha256"]) for i in json.load(m)["inputs"] if i["kind"] == "fetched"]
    tap.ok((url + "/script", sha_of(b"echo curl > curled; pwd > place\n")) in inputs and (url + "/a.tgz", sha_of(good)) in inputs,
           "the manifest has what was fetched", inputs)
    p = ws.build("--offline", "net")
    tap.ok(p.returncode == 1 and "--offline" in p.stderr, "--offline: nothing", p.stderr)
    ws.put("service/net/postinst/a.sh", "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", %d))'\n" % server.server_address[1])
    p = ws.build("--network", "net", "CURLSH=")
    tap.ok(p.returncode == 0, "--network: the host's", p.stderr)
    p = ws.build("net", "CURLSH=")
    tap.ok(p.returncode == 1, "without it none", p.stderr)
    server.end()
    ws.put("local.sh", "echo local > curled\n")
    os.unlink(ws.path + "/service/net/postinst/a.sh")
    p = ws.build("net", "CURLSH=file://%s/local.sh" % ws.path)
    tap.ok(p.returncode == 0 and ws.cat("net", "/curled") == "local\n", "CURLSH of a file: URL", p.stderr)
    p = ws.build("net", "CURLSH=ssh://x/y")
    tap.ok(p.returncode == 1 and "ssh://x/y" in p.stderr, "of another it is refused", p.stderr)


def sha_of(data):
    return hashlib.sha256(data).hexdigest()


def main():
    images = []

    def test(ws):
        test_effects(ws)
        images.extend([digests(ws), digests(ws)])
        shutil.rmtree(ws.path + "/images")
        test_failures(ws)
        test_fetch(ws)
        if ws.uid != 0:
            test_no_sandbox(ws)

    each_user(tap, test)
    if images:
        tap.ok(all(i == images[0] for i in images), "the same image and manifest each time, whoever builds", images)
    tap.done()


main()
