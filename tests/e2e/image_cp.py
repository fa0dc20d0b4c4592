#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# smol image cp and diff: out of images, into them, between them; what stays
# as it was; hostile images, kills, full disks, images in use.  TAP.
#
#   image_cp.py SMOL WORK [inside]

import fcntl
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402

PART = 512 * 1024  # where the partition begins
SUPER = {1: 8192, 2: 65536}


class Test:
    def __init__(self, smol, work):
        self.smol, self.work, self.tap = smol, work, Tap()
        self.base = os.path.join(work, "base.img")
        os.environ["SMOL_CACHE"] = os.path.join(work, "cache")

    def path(self, *names):
        return os.path.join(self.work, *names)

    def image(self, *args, **kw):
        return run([self.smol, "image", *args], cwd=self.work, **kw)

    def good(self, name, *args):
        p = self.image(*args)
        self.tap.ok(p.returncode == 0 and p.stderr == "", name, " ".join(args), p.returncode, p.stderr)
        return p

    def bad(self, name, part, *args, status=1):
        p = self.image(*args)
        self.tap.ok(p.returncode == status and p.stderr.count("\n") == 1 and part in p.stderr, name, p.returncode, p.stderr, "wanted: " + part)

    def diff(self, a, b, *args):
        """{path: [letter, changes]} and whether it went well."""
        p = self.image("diff", *args, a, b)
        lines = [line.partition("\t") for line in p.stdout.splitlines()]
        return {k[2:]: (k[0] + " " + v).strip() for k, _, v in lines} if p.returncode == 0 else p.stderr

    def file(self, image, path):
        """What ls tells of one file, as a dict."""
        p = self.image("ls", "-l", "--json", "%s:%s" % (image, path))
        return json.loads(p.stdout)[0] if p.returncode == 0 else {"error": p.stderr}

    def cat(self, image, path):
        return self.image("cat", "%s:%s" % (image, path), text=False).stdout

    def copy(self, name, of="base.img"):
        run(["cp", "--sparse=always", self.path(of), self.path(name)], check=True)
        return name

    def clean(self, image):
        p = self.image("check", image)
        self.tap.ok(p.returncode == 0, "%s: smol image check is clean" % image, p.stdout, p.stderr)

    def write(self, name, data, mode=0o644, date=1700000000):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, mode)
        os.utime(path, (date, date))

    def patch(self, name, offset, data):
        with open(self.path(name), "r+b") as f:
            f.seek(offset)
            f.write(data)

    def read(self, name, offset=0, size=-1):
        with open(self.path(name), "rb") as f:
            f.seek(offset)
            return f.read(size)


def test_out(t):
    root = os.geteuid() == 0
    p = t.image("cp", "-a", "base.img:/", "out")
    t.tap.ok(p.returncode == 0 and "not copied" in p.stderr and p.stderr.count("\n") == 1, "all of it out; devices are told in one line", p.stderr)
    listed = t.diff("base.img", "out", *([] if root else ["--no-owner"]))
    devices = {f["path"] for f in json.loads(t.image("ls", "-R", "--json", "base.img").stdout) if f["type"] in ("char", "block", "socket")}
    t.tap.ok(devices and isinstance(listed, dict) and set(listed) - {"/"} == devices, "only those differ (contents, modes, links, owners)", listed)
    times = t.diff("base.img", "out", "-t", "--no-owner")
    late = {k: v for k, v in times.items() if "time" in v and k not in ("/",)}
    t.tap.ok(not late, "dates are kept with -a", late)
    t.good("a file", "cp", "base.img:/etc/rc.conf", "rc.conf")
    t.tap.ok(t.read("rc.conf") == t.cat("base.img", "/etc/rc.conf") and abs(os.stat(t.path("rc.conf")).st_mtime - time.time()) < 100,
             "its contents, dated now as cp does")
    t.good("with -p", "cp", "-p", "base.img:/etc/rc.conf", "rc.conf")
    t.tap.same(int(os.stat(t.path("rc.conf")).st_mtime), t.file("base.img", "/etc/rc.conf")["mtime"], "the date is kept with -p")
    os.mkdir(t.path("d"))
    t.good("several into a directory", "cp", "base.img:/etc/rc.conf", "base.img:/bin/sh", "d")
    t.tap.same(sorted(os.listdir(t.path("d"))), ["rc.conf", "sh"], "both are there")
    t.bad("several to a file", "is not a directory", "cp", "base.img:/etc/rc.conf", "base.img:/bin/sh", "rc.conf")
    t.bad("a directory without -r", "is a directory: -r copies it", "cp", "base.img:/etc", "d")
    t.good("a directory", "cp", "-r", "base.img:/etc", "d")
    t.good("its contents", "cp", "-r", "base.img:/etc/.", "d")
    t.tap.ok(os.path.exists(t.path("d/etc/rc.conf")) and os.path.exists(t.path("d/rc.conf")), "as cp(1) names them")
    os.mkdir(t.path("d/sh.d"))
    os.rename(t.path("d/sh"), t.path("d/old"))
    os.rename(t.path("d/sh.d"), t.path("d/sh"))
    t.bad("a file over a directory", "is a directory, which is not replaced", "cp", "base.img:/bin/sh", "d")
    t.bad("to an image without a path", "is an image: 'base.img:/' copies into it", "cp", "base.img:/etc/rc.conf", "base.img", status=2)
    t.bad("host to host", "is in an image", "cp", "rc.conf", "rc2.conf", status=2)
    t.bad("absent", "no such file in the image", "cp", "base.img:/absent", "d")
    sparse = os.stat(t.path("out/sparse")) if os.path.exists(t.path("out/sparse")) else None
    if sparse:
        t.tap.ok(sparse.st_blocks * 512 < sparse.st_size, "holes stay holes")


def test_hostile(t):
    """Names and links of an image that want to leave the destination."""
    os.makedirs(t.path("evil/dir"))
    t.write("evil/dir/aaaa", b"gotcha\n")
    os.symlink("/", t.path("evil/root"))
    os.symlink("../victim", t.path("evil/up"))
    run([t.smol, "image", "make", "-q", "-o", "evil.img", "evil"], cwd=t.work, check=True)
    t.write("victim", b"victim\n")
    os.mkdir(t.path("jail"))
    t.good("links that lead out are only links", "cp", "-r", "evil.img:/", "jail")
    t.tap.ok(os.readlink(t.path("jail/up")) == "../victim" and t.read("victim") == b"victim\n", "and nothing is written through them")
    # The same again, over links that lie there now.
    os.unlink(t.path("jail/dir/aaaa"))
    os.symlink("../../victim", t.path("jail/dir/aaaa"))
    t.good("a link that is in the way is replaced", "cp", "-r", "evil.img:/", "jail")
    t.tap.ok(t.read("victim") == b"victim\n" and t.read("jail/dir/aaaa") == b"gotcha\n", "not followed")
    shutil.rmtree(t.path("jail/dir"))
    os.symlink("/", t.path("jail/dir"))
    t.bad("a link where a directory should be is not entered", "cannot enter 'jail/dir'", "cp", "-r", "evil.img:/dir", "jail")
    # A name that was changed on the disk.
    for new, what in ((b"..\0\0", "'..'"), (b"a/aa", "'a/aa'"), (b"\033[2J", "an escape sequence")):
        t.copy("bad.img", "evil.img")
        data = bytearray(t.read("bad.img"))
        at = data.index(b"aaaa")
        data[at:at + 4] = new
        if new.startswith(b".."):
            data[at - 1] = 2
        t.write("bad.img", bytes(data))
        before = sorted(os.listdir(t.work))
        shutil.rmtree(t.path("jail"))
        os.mkdir(t.path("jail"))
        p = t.image("cp", "-r", "bad.img:/", "jail")
        p2 = t.image("cp", "bad.img:/dir/absent", "jail")
        t.tap.ok(sorted(os.listdir(t.work)) == before and "\033" not in p.stderr + p2.stderr + p.stdout, "the name %s stays inside" % what, p.stderr)
    t.tap.ok(sorted(os.listdir(t.path("jail/dir"))) == ["\033[2J"], "and is otherwise a name like others")


def test_in(t):
    sudo = os.geteuid() == 0
    x = t.copy("x.img")
    t.write("new/rc.mine", b"#!/bin/sh\necho hi\n", 0o755)
    t.write("new/sub/b", b"b" * 100000, 0o600)
    os.symlink("../rc.mine", t.path("new/sub/link"))
    os.mkfifo(t.path("new/fifo"))
    os.link(t.path("new/sub/b"), t.path("new/sub/c"))
    t.good("a new file", "cp", "new/rc.mine", "x.img:/etc/")
    t.tap.same(t.diff("base.img", x, "-t"), {"/etc/rc.mine": "A"}, "and only that is new: all else has its attributes and dates")
    f = t.file(x, "/etc/rc.mine")
    t.tap.same([f[k] for k in ("uid", "gid", "mode", "mtime", "nlink")], [0, 0, "0755", 1700000000, 1], "root:wheel, its mode and date")
    t.tap.same(t.cat(x, "/etc/rc.mine"), b"#!/bin/sh\necho hi\n", "its contents")
    t.clean(x)
    t.good("over one that is there", "cp", "new/rc.mine", "x.img:/usr/bin/su" if t.file(x, "/usr/bin/su").get("mode") else "x.img:/bin/sh")
    got = t.diff("base.img", x)
    changed = "/usr/bin/su" if "/usr/bin/su" in got else "/bin/sh"
    t.tap.same(got, {"/etc/rc.mine": "A", changed: "M content,size"}, "new contents; owner, mode and links stay")
    t.good("a directory", "cp", "-r", "new", "x.img:/root/copy")
    names = json.loads(t.image("ls", "-R", "--json", "x.img:/root/copy").stdout)
    kinds = {f["path"].replace("/root/copy", ""): (f["type"], f["mode"], f["uid"], f["nlink"] if f["type"] == "file" else 0) for f in names}
    t.tap.same(kinds, {"/fifo": ("fifo", "%04o" % stat.S_IMODE(os.stat(t.path("new/fifo")).st_mode), 0, 0), "/rc.mine": ("file", "0755", 0, 1),
                       "/sub": ("dir", "%04o" % stat.S_IMODE(os.stat(t.path("new/sub")).st_mode), 0, 0), "/sub/b": ("file", "0600", 0, 2),
                       "/sub/c": ("file", "0600", 0, 2), "/sub/link": ("link", "0755", 0, 0)}, "with links, FIFOs and modes")
    t.good("--chown, --chmod", "cp", "--chown", "operator:5", "--chmod", "4750", "new/rc.mine", "x.img:/etc/owned")
    t.tap.same([t.file(x, "/etc/owned")[k] for k in ("uid", "gid", "mode")], [2, 5, "4750"], "are taken")
    if sudo:
        os.chown(t.path("new/rc.mine"), 1234, 5678)
        t.good("--owner", "cp", "--owner", "new/rc.mine", "x.img:/etc/owner")
        t.tap.same([t.file(x, "/etc/owner")[k] for k in ("uid", "gid")], [1234, 5678], "is the host's")
    p = t.image("cp", "new/rc.mine", "x.img:/etc/dated", env=dict(os.environ, SOURCE_DATE_EPOCH="1600000000"))
    t.tap.same((p.returncode, t.file(x, "/etc/dated").get("mtime")), (0, 1600000000), "nothing is younger than SOURCE_DATE_EPOCH")
    t.clean(x)
    # Paths in the image: symlinks are followed there, and never out of it.
    os.makedirs(t.path("links/real"))
    os.symlink("/real", t.path("links/abs"))
    os.symlink("../../../real", t.path("links/up"))
    run([t.smol, "image", "make", "-q", "--size", "8M", "-o", "links.img", "links"], cwd=t.work, check=True)
    t.good("through a symlink of the image", "cp", "new/rc.mine", "links.img:/abs/one")
    t.good("through one that climbs", "cp", "new/rc.mine", "links.img:up/two")
    t.tap.same(t.image("ls", "links.img:/real").stdout.split(), ["one", "two"], "both are in /real")
    os.symlink("rc.mine", t.path("new/alias"))
    t.good("a symlink of the host as the source", "cp", "new/alias", "links.img:/real/")
    t.tap.same((t.file("links.img", "/real/alias").get("type"), t.cat("links.img", "/real/alias")), ("file", b"#!/bin/sh\necho hi\n"), "is followed")
    os.unlink(t.path("new/alias"))
    t.bad("an absent directory", "no such file or directory", "cp", "new/rc.mine", "links.img:/absent/x")
    t.bad("a file as a directory", "is not a directory", "cp", "new/rc.mine", "links.img:/new/")
    t.bad("a directory over a file", "is there and is not a directory", "cp", "-r", "new/sub", "links.img:/real/one")
    t.good("a directory of a file's name", "cp", "-r", "new/sub", "links.img:/rc.mine")
    t.bad("a file over a directory", "is a directory, which a file cannot replace", "cp", "new/rc.mine", "links.img:/")
    t.bad("what is absent", "cannot open 'absent'", "cp", "absent", "links.img:/")
    t.bad("a bad mode", "bad mode '999'", "cp", "--chmod", "999", "new/rc.mine", "links.img:/", status=2)
    t.bad("a bad user", "bad user 'nobody2'", "cp", "--chown", "nobody2", "new/rc.mine", "links.img:/", status=2)
    p = t.image("cp", "-r", "--json", "new", "links.img:/json")
    t.tap.same(json.loads(p.stdout or "{}"), {"files": 2, "directories": 2, "others": 2, "skipped": 0, "bytes": 100018}, "--json counts")


def test_between(t):
    t.good("from an image", "cp", "-a", "base.img:/etc", "links.img:/etc")
    t.tap.same(t.diff("base.img:/etc", "links.img:/etc", "-t"), {}, "-a: nothing differs, not even dates")
    t.good("within an image", "cp", "-a", "links.img:/etc", "links.img:/etc/again")
    t.tap.same(t.diff("base.img:/etc", "links.img:/etc/again", "-t"), {}, "a directory into itself ends, and is the same")
    t.good("devices between images", "cp", "-a", "base.img:/dev", "links.img:/")
    t.tap.same(t.diff("base.img:/dev", "links.img:/dev", "-t"), {}, "are kept")
    t.clean("links.img")


def test_kept(t):
    """What lies around the files: boot blocks, GUIDs, owner of the file; and the image by another name."""
    for name, options in (("v1.img", ["--ffs", "1"]), ("v2.img", ["--ffs", "2", "--bsize", "32768", "--fsize", "4096"]), ("bare.img", ["--no-gpt"])):
        run([t.smol, "image", "make", "-q", "--size", "16M", "--label", "an\u00f6ther", *options, "-o", name, "new"], cwd=t.work, check=True)
        part = 0 if name == "bare.img" else PART
        t.patch(name, part + 1, b"boot block")
        if part:
            t.patch(name, 3, b"mbr code")
            t.patch(name, 100 * 512, b"in the gap")
        os.chmod(t.path(name), 0o640)
        before, ls = t.read(name), t.image("ls", "-lR", name).stdout
        os.symlink(name, t.path("alias"))
        t.good("%s, by a symlink" % name, "cp", "new/rc.mine", "alias:/added")
        after = t.read(name)
        t.tap.ok(os.path.islink(t.path("alias")) and len(before) == len(after) and stat.S_IMODE(os.stat(t.path(name)).st_mode) == 0o640,
                 "%s: size and mode of the file, and the symlink, stay" % name)
        os.unlink(t.path("alias"))
        ver = 2 if name == "v2.img" else 1
        t.tap.ok(before[:part + SUPER[ver]] == after[:part + SUPER[ver]] and before[len(before) - 33 * 512:] == after[len(after) - 33 * 512:] or not part,
                 "%s: partition tables and boot blocks stay, byte for byte" % name)
        t.tap.ok(before[part + SUPER[ver]:][144:152] == after[part + SUPER[ver]:][144:152], "%s: fs_id stays" % name)
        t.tap.same(sorted(set(t.image("ls", "-lR", name).stdout.split("\n")) - set(ls.split("\n")))[:1][0].split()[-1], "added", "%s: the one line is new" % name)
        t.clean(name)


def test_room(t):
    t.write("large", os.urandom(30 << 20))
    run([t.smol, "image", "make", "-q", "-o", "tight.img", "new"], cwd=t.work, check=True)
    before = t.read("tight.img")
    p = t.image("cp", "large", "tight.img:/")
    t.tap.ok(p.returncode == 1 and "smol image resize tight.img " in p.stderr and p.stderr.count("\n") == 1 and t.read("tight.img") == before,
             "no room: one line says how to make it, the image stays", p.stderr)
    command = p.stderr.split("smol image ")[-1].strip().strip("'").split()
    t.good("that command", *command)
    t.good("makes the room that is needed", "cp", "large", "tight.img:/")
    t.tap.ok(t.cat("tight.img", "/large") == t.read("large"), "and the file is there")


def test_refused(t):
    ver_super = PART + SUPER[1]
    x = t.copy("x.img")
    t.patch(x, ver_super + 209, b"\2")  # fs_clean: mounted
    t.bad("mounted, or crashed", "was not unmounted", "cp", "new/rc.mine", "x.img:/")
    p = t.image("cp", "x.img:/etc/rc.conf", "d")
    t.tap.ok(p.returncode == 0 and "may be old" in p.stderr, "read with a note", p.stderr)
    x = t.copy("x.img")
    t.patch(x, ver_super + 1312, struct.pack("<I", 0x100))
    p = t.image("ls", "x.img:/etc/rc.conf")
    t.tap.ok(p.stdout == "/etc/rc.conf\n" and p.stderr.count("\n") == 1 and "may be old" in p.stderr, "a note, too", p.stdout, p.stderr)
    t.bad("a journal that was not flushed", "its journal was not flushed", "cp", "new/rc.mine", "x.img:/")
    x = t.copy("x.img")
    t.patch(x, ver_super + 1312, struct.pack("<I", 0x200))
    t.bad("quotas", "it has quotas", "cp", "new/rc.mine", "x.img:/")
    x = t.copy("x.img")
    add_partition(t, x)
    t.tap.ok(t.image("check", x).returncode == 0, "with a second partition it is a good image")
    t.bad("a second partition", "it has 1 other partition: only 'smol image resize --append'", "cp", "new/rc.mine", "x.img:/")
    t.bad("the same for resize", "it has 1 other partition", "resize", x, "1G")


def add_partition(t, name):
    """A second entry in both GPTs."""
    data = bytearray(t.read(name))
    for header in (512, len(data) - 512):
        table = struct.unpack_from("<Q", data, header + 72)[0] * 512
        data[table + 128:table + 256] = b"\x11" * 32 + struct.pack("<QQQ", 40, 80, 0) + bytes(72)
        struct.pack_into("<I", data, header + 88, zlib.crc32(data[table:table + 128 * 128]))
        struct.pack_into("<I", data, header + 16, 0)
        struct.pack_into("<I", data, header + 16, zlib.crc32(data[header:header + 92]))
    t.write(name, bytes(data))


def test_lock(t):
    """As QEMU locks: byte 100 + permission (0 read, 1 write), shared."""
    f_ofd_setlk = getattr(fcntl, "F_OFD_SETLK", 37)
    x = t.copy("x.img")

    def hold(byte, kind=fcntl.F_RDLCK):
        fd = os.open(t.path(x), os.O_RDWR)
        fcntl.fcntl(fd, f_ofd_setlk, struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0))
        return fd

    fd = hold(101)
    t.bad("a machine that writes", "is in use by a running machine", "cp", "new/rc.mine", "x.img:/")
    t.bad("the same for resize", "is in use by a running machine", "resize", x, "+1M")
    t.bad("and --append", "is in use by a running machine", "resize", "--append", x, "+1M")
    os.close(fd)
    fd = hold(300, fcntl.F_WRLCK)
    t.bad("another smol", "another smol", "cp", "new/rc.mine", "x.img:/")
    os.close(fd)
    readers = [hold(100), hold(201)]
    t.good("one that only reads is let be", "cp", "new/rc.mine", "x.img:/")
    for fd in readers:
        os.close(fd)
    if shutil.which("qemu-io") is None:
        return t.tap.skip("QEMU itself", "qemu-io is not installed (qemu-utils)")
    q = subprocess.Popen(["qemu-io", "-f", "raw", t.path(x)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    q.stdin.write(b"read 0 512\n")
    q.stdin.flush()
    while b"read 512" not in q.stdout.readline():
        pass
    t.bad("QEMU itself", "is in use by a running machine", "cp", "new/rc.mine", "x.img:/")
    q.stdin.write(b"quit\n")
    q.stdin.close()
    q.wait()


def test_kill_out(t):
    """Out of an image, too, a file is there whole or not at all."""
    start = time.monotonic()
    t.good("a large file", "cp", "tight.img:/large", "k2")
    whole, rng, wrong = time.monotonic() - start, random.Random(8), []
    os.mkdir(t.path("ko"))
    for i in range(15):
        p = subprocess.Popen([t.smol, "image", "cp", "tight.img:/large", "ko/x"], cwd=t.work)
        time.sleep(rng.random() * whole)
        p.kill()
        p.wait()
        for name in os.listdir(t.path("ko")):
            if t.read("ko/" + name) != t.read("large"):
                wrong.append("%d: %s" % (i, name))
            os.unlink(t.path("ko", name))
    t.tap.ok(not wrong, "15 kills out of an image: no partial file", wrong)


def test_kill(t):
    rng = random.Random(7)
    os.mkdir(t.path("k"))
    image = os.path.join("k", "x.img")
    t.copy(image)
    old = t.read(image)
    start = time.monotonic()
    t.good("to be killed later", "cp", "-r", "out/etc", "new", "%s:/root" % image)
    whole = time.monotonic() - start
    new = t.read(image)
    wrong, seen, killed = [], {"old": 0, "new": 0}, 0
    for i in range(20):
        t.copy(image)
        p = subprocess.Popen([t.smol, "image", "cp", "-r", "out/etc", "new", "%s:/root" % image], cwd=t.work)
        time.sleep(rng.random() * 1.1 * whole)
        p.kill()
        killed += p.wait() == -9
        now = t.read(image)
        seen["new" if now == new else "old"] += 1
        for name in os.listdir(t.path("k")):
            if name != "x.img":
                if t.read(os.path.join("k", name)) != new:
                    wrong.append("%d: %s" % (i, name))
                os.unlink(t.path("k", name))
        if now not in (old, new):
            wrong.append("%d: neither" % i)
    t.tap.ok(not wrong and killed > 10, "%d kills: the old image or the whole new one, nothing beside it" % killed, wrong, seen)


def test_diff(t):
    os.makedirs(t.path("a/dir"))
    for name, data in (("same", b"1"), ("content", b"2"), ("size", b"3"), ("mode", b"4"), ("gone", b"5"), ("type", b"6"), ("dir/gone", b"7")):
        t.write("a/" + name, data)
    os.symlink("one", t.path("a/link"))
    shutil.copytree(t.path("a"), t.path("b"), symlinks=True)
    t.write("b/content", b"x")
    t.write("b/size", b"33")
    os.chmod(t.path("b/mode"), 0o755)
    os.unlink(t.path("b/gone"))
    os.unlink(t.path("b/type"))
    os.symlink("x", t.path("b/type"))
    shutil.rmtree(t.path("b/dir"))
    t.write("b/new/er", b"8")
    t.write("b/odd\nname\033", b"")
    os.unlink(t.path("b/link"))
    os.symlink("two", t.path("b/link"))
    want = {"/content": "M content", "/size": "M content,size", "/mode": "M mode", "/gone": "D", "/type": "T type", "/dir": "D", "/dir/gone": "D",
            "/new": "A", "/new/er": "A", "/odd\\nname\\033": "A", "/link": "M target"}
    for side in "ab":
        run([t.smol, "image", "make", "-q", "-o", side + ".img", side], cwd=t.work, check=True, env=dict(os.environ, SOURCE_DATE_EPOCH="1" if side == "a" else "2"))
    t.tap.same(t.diff("a.img", "b.img"), want, "every letter and reason")
    t.tap.same(t.diff("a", "b"), want, "of directories, too")
    t.tap.same(t.diff("a.img", "b", "--no-owner"), want, "and of an image and a directory")
    t.tap.same(t.diff("a.img:/dir/gone", "a.img:/same"), {"/": "M content"}, "of single files")
    t.tap.same(t.diff("a.img:/same", "b.img:/same", "-t"), {"/": "M time"}, "dates only when asked")
    p = t.image("diff", "--exit-code", "a.img", "b.img")
    t.tap.same((p.returncode, t.image("diff", "--exit-code", "a.img", "a.img").returncode), (1, 0), "--exit-code")
    j = {e["path"]: e for e in json.loads(t.image("diff", "--json", "a.img", "b.img").stdout)}
    t.tap.ok(len(j) == len(want) and j["/mode"]["old"]["mode"] == "0644" and j["/mode"]["new"]["mode"] == "0755" and j["/size"]["changes"] == ["content", "size"]
             and j["/gone"]["status"] == "removed" and "new" not in j["/gone"], "--json has both sides", j)
    t.tap.same(t.image("diff", "--json", "a.img", "a.img").stdout, "[]\n", "an empty array if nothing differs")
    # A hole of 256 GiB on both sides is not read.
    p = run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "--sparse", str(1 << 38)], text=False)
    t.write("sparse.tar", p.stdout)
    start = time.monotonic()
    run([t.smol, "image", "make", "-q", "--ffs", "2", "-o", "s.img", "sparse.tar"], cwd=t.work, check=True)
    t.copy("s2.img", "s.img")
    t.tap.same(t.diff("s.img", "s2.img", "-t"), {}, "256 GiB of hole")
    t.good("it goes out", "cp", "s.img:/sparse", "huge")
    t.tap.ok(os.path.getsize(t.path("huge")) == 1 << 38 and os.stat(t.path("huge")).st_blocks < 1000 and time.monotonic() - start < 20,
             "as a hole; none of it is read")
    os.unlink(t.path("huge"))
    t.bad("one side only", "want two of", "diff", "a.img", status=2)
    t.bad("an absent side", "cannot open 'absent'", "diff", "a.img", "absent")


def test_df(t):
    rows = json.loads(t.image("df", "--json", "base.img", "links.img").stdout)
    one = rows["images"][0]
    t.tap.ok(one["bytes"] == one["used_bytes"] + one["free_bytes"] and one["inodes"] == one["used_inodes"] + one["free_inodes"] and
             rows["total"]["bytes"] == sum(r["bytes"] for r in rows["images"]), "df --json adds up", rows)
    t.tap.same(one["used_inodes"], len({f["inode"] for f in json.loads(t.image("ls", "-R", "--json", "base.img").stdout)}) + 1, "inodes in use are the files there are")
    lines = t.image("df", "-h", "base.img", "links.img").stdout.splitlines()
    t.tap.ok(len(lines) == 4 and lines[-1].startswith("total"), "df -h has a line each, and the total", *lines)
    x = t.copy("x.img")
    t.patch(x, PART + SUPER[1] + 1016, struct.pack("<q", 1 << 62))
    t.bad("absurd counts", "damaged", "df", x)
    t.bad("no image", "want IMAGE...", "df", status=2)


def inside_full(t):
    """In a mount namespace of our own: images on full disks."""
    mnt = t.path("mnt")
    for kib in (500, 3000, 5000):
        run(["mount", "-t", "tmpfs", "-o", "size=%dk" % (os.stat(t.base).st_blocks // 2 + kib), "none", mnt], check=True)
        t.copy("mnt/x.img")
        p = t.image("cp", "-r", "out/etc", "large", "mnt/x.img:/")
        same = run(["cmp", t.base, os.path.join(mnt, "x.img")]).returncode == 0
        t.tap.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and "No space left" in p.stderr, "%d KiB left: one line says that the disk is full" % kib, p.stderr)
        t.tap.ok(same and os.listdir(mnt) == ["x.img"], "%d KiB left: the old image is as it was, alone" % kib)
        p = t.image("cp", "-r", "base.img:/", "mnt/out")
        left = [n for _, _, names in os.walk(mnt) for n in names if n.startswith(".smol")]
        t.tap.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and "No space left" in p.stderr and not left, "%d KiB left: so it is out of an image" % kib, p.stderr, left)
        run(["umount", mnt], check=True)
    t.tap.done()


def test_full(t):
    os.mkdir(t.path("mnt"))
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    p = run(unshare + ["mount", "-t", "tmpfs", "none", t.path("mnt")]) if shutil.which("unshare") else None
    if p is None or p.returncode != 0:
        return t.tap.skip("full disks", "no tmpfs of our own: %s" % (p.stderr.strip() if p else "unshare is not installed"))
    p = run(unshare + [sys.executable, os.path.abspath(__file__), t.smol, t.work, "inside"])
    for line in p.stdout.splitlines():
        if line.startswith("#"):
            t.tap.note(line[2:])
        elif " - " in line:
            t.tap.ok(line.startswith("ok"), line.partition(" - ")[2])
    t.tap.ok(p.returncode == 0, "full disks: all was tried", p.stderr)


def main():
    smol = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 3:
        return inside_full(Test(smol, os.path.abspath(sys.argv[2])))
    t = Test(smol, os.path.abspath(os.path.join(sys.argv[2], "image-cp")))
    shutil.rmtree(t.work, ignore_errors=True)
    os.makedirs(t.work)
    os.umask(0o022)
    for options in (["--small"], ["--special"]):
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "-o", t.work] + options, check=True)
    run([smol, "image", "make", "-q", "--size", "96M", "-o", "base.img", "base.tar.xz", "etc.tar.xz", "special.tar"], cwd=t.work, check=True)
    for test in (test_out, test_hostile, test_in, test_between, test_kept, test_room, test_refused, test_lock, test_kill, test_kill_out, test_diff, test_df, test_full):
        test(t)
    shutil.rmtree(t.work, ignore_errors=True)
    t.tap.done()


if __name__ == "__main__":
    main()
