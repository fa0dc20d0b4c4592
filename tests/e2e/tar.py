#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Tars of every kind and of bad intent, through the blob cache into a tree.
# What comes out is compared with what Python's tarfile and the tools put in.
#
# usage: tar.py TREE_PRINT   (the program built from tests/e2e/tree_print.c)

import hashlib
import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import Tap, run  # noqa: E402

tap = Tap()
program = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smol-tar.")
os.chdir(work)
env = dict(os.environ, SMOL_CACHE=os.path.join(work, "cache"))


def tree(*args, **kw):
    return run([program, *args], env=kw.pop("env", env), encoding="utf-8", errors="replace", **kw)


def member(name, kind=tarfile.REGTYPE, data=b"", **kw):
    ti = tarfile.TarInfo(name)
    ti.type, ti.size, ti.mode, ti.mtime = kind, len(data), 0o644, 1700000000
    for k, v in kw.items():
        setattr(ti, k, v)
    return ti, data


def make(name, members, fmt=tarfile.PAX_FORMAT):
    with tarfile.open(name, "w", format=fmt) as t:
        for ti, data in members:
            t.addfile(ti, io.BytesIO(data) if ti.isreg() or data else None)
    return name


def lines(text):
    """path -> keywords of the mtree lines, path -> SHA-256 of contents"""
    out, content = {}, {}
    for line in text.splitlines():
        w = line.split(" ")
        if w[0] == "content":
            content[w[2]] = w[1]
        elif line.startswith("."):
            out[w[0]] = dict(k.split("=", 1) for k in w[1:] if "=" in k)
    return out, content


def blobs():
    d = os.path.join(work, "cache", "blobs")
    return sorted(os.listdir(d)) if os.path.isdir(d) else []


def refused(name, path, *words):
    """One line that names the archive and says these words; nothing left behind."""
    before = blobs()
    r = tree(path)
    text = r.stderr
    good = r.returncode == 1 and text.count("\n") == 1 and path + ": " in text and all(w in text for w in words)
    # What can only be seen against a tree leaves a sound blob; that is allowed.
    left = [b for b in blobs() if b not in before and not b.endswith(".blob")]
    tap.ok(good and not left, name, "status %d: %s" % (r.returncode, text), left)


# --- every format, by tarfile and by the tools ---

BIG = bytes(range(256)) * 40
LONG = "long/" + "/".join("d%02d" % i + "x" * 60 for i in range(6)) + "/" + "n" * 255
FILES = [
    member("./", tarfile.DIRTYPE, mode=0o755),
    member("./bin/", tarfile.DIRTYPE, mode=0o1755, uid=3, gid=7),
    member("./bin/[", data=BIG, mode=0o4555),
    member("./bin/test", tarfile.LNKTYPE, linkname="./bin/["),
    member("./etc/rc", data=b"#!/bin/sh\n", uid=12, gid=13),
    member("./tmp", tarfile.SYMTYPE, linkname="var/tmp"),
    member("./dev/console", tarfile.CHRTYPE, devmajor=0, devminor=0, mode=0o600),
    member("./dev/wd0a", tarfile.BLKTYPE, devmajor=0, devminor=300),
    member("./fifo", tarfile.FIFOTYPE),
    member("./" + LONG, data=b"far"),
]


def check_files(r, name):
    out, content = lines(r.stdout)
    longname = "./" + LONG
    good = (
        r.returncode == 0
        and out["./bin/\\133"]["mode"] == "4555"
        and out["./bin/\\133"]["nlink"] == "2"
        and out["./bin/\\133"]["inode"] == out["./bin/test"]["inode"]
        and content["./bin/["] == content["./bin/test"] == hashlib.sha256(BIG).hexdigest()
        and out["./bin"]["mode"] == "1755"
        and (out["./bin"]["uid"], out["./bin"]["gid"]) == ("3", "7")
        and (out["./etc/rc"]["uid"], out["./etc/rc"]["time"]) == ("12", "1700000000.000000000")
        and out["./tmp"]["link"] == "var/tmp"
        and out["./dev/wd0a"]["device"] == "netbsd,0,300"
        and out["./fifo"]["type"] == "fifo"
        and content[longname] == hashlib.sha256(b"far").hexdigest()
    )
    tap.ok(good, name, r.stderr, r.stdout[:2000])


make("gnu.tar", FILES, tarfile.GNU_FORMAT)
make("pax.tar", FILES, tarfile.PAX_FORMAT)
check_files(tree("gnu.tar"), "GNU format")
check_files(tree("pax.tar"), "pax format")
make("ustar.tar", FILES[:-1], tarfile.USTAR_FORMAT)
r = tree("ustar.tar")
tap.ok(r.returncode == 0 and lines(r.stdout)[0]["./bin/test"]["nlink"] == "2", "ustar format", r.stderr)
a, b = tree("gnu.tar").stdout, tree("pax.tar").stdout
tap.same(a.splitlines()[-1], b.splitlines()[-1], "GNU and pax give the same tree digest")

for tool, args in [("xz", ["-T2", "--block-size=4096"]), ("gzip", ["-n"]), ("zstd", ["-q"]), ("bzip2", [])]:
    if shutil.which(tool) is None:
        tap.skip("compressed by " + tool, tool + " is not installed")
        continue
    with open("pax.tar", "rb") as src, open("c-" + tool, "wb") as dst:
        subprocess.run([tool, "-c", *args], stdin=src, stdout=dst, check=True)
    check_files(tree("c-" + tool), "compressed by " + tool)
    whole = open("c-" + tool, "rb").read()
    with open("twice-" + tool, "wb") as f:
        half = open("pax.tar", "rb").read()
        for part in (half[:5000], half[5000:]):
            f.write(subprocess.run([tool, "-c", *args], input=part, stdout=subprocess.PIPE, check=True).stdout)
    check_files(tree("twice-" + tool), "two streams of %s one after the other" % tool)
    taken = []
    for i in range(20):
        at = 12 + (len(whole) - 30) * i // 20
        with open("flip", "wb") as f:
            f.write(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
        if tree("flip").returncode == 0:
            taken.append(at)
    tap.same(taken, [], "a bit changed in %s data is seen" % tool)
    with open("cut", "wb") as f:
        f.write(whole[: len(whole) * 2 // 3])
    refused("cut off: " + tool, "cut")
with open("pax.tar", "rb") as f, open("cut", "wb") as g:
    g.write(f.read()[: 512 * 2])
refused("cut off: plain, at a member's end", "cut", "cut off")

# sparse files of GNU tar, all its formats
with open("sparse", "wb") as f:
    f.truncate(50 << 20)
    f.seek(20 << 20)
    f.write(b"middle")
want = hashlib.sha256(open("sparse", "rb").read()).hexdigest()
for args in (["--format=gnu"], ["--format=pax", "--sparse-version=0.0"], ["--format=pax", "--sparse-version=0.1"],
             ["--format=pax", "--sparse-version=1.0"]):
    if "GNU" not in run(["tar", "--version"]).stdout:
        tap.skip("sparse: " + " ".join(args), "tar is not GNU tar")
        continue
    subprocess.run(["tar", "-cSf", "sparse.tar", *args, "sparse"], check=True)
    before = set(blobs())
    r = tree("sparse.tar")
    small = all(os.path.getsize("cache/blobs/" + b) < 1 << 20 for b in set(blobs()) - before)
    tap.ok(r.returncode == 0 and lines(r.stdout)[1].get("./sparse") == want and small, "sparse: " + " ".join(args),
           r.stderr)

# names: whatever the locale, the bytes of the tar
NAMES = ["caf\u00e9", "\u65e5\u672c\u8a9e", "tab\there", "new\nline", " lead", "back\\slash", "star*", "\udcff\udc80raw"]
for fmt in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
    with tarfile.open("names.tar", "w", format=fmt, encoding="utf-8", errors="surrogateescape") as t:
        for n in NAMES:
            t.addfile(member("./n/" + n)[0])
    outs = set()
    for lc in ("C", "C.UTF-8", "de_DE.ISO-8859-1"):
        r = tree("names.tar", env=dict(env, LC_ALL=lc))
        outs.add(r.stdout + r.stderr)
    got = {k[4:].encode().decode("unicode_escape").encode("latin-1") if "\\" in k else k[4:].encode()
           for text in outs for k in lines(text)[0] if k.startswith("./n/")}
    tap.ok(len(outs) == 1 and got == {n.encode("utf-8", "surrogateescape") for n in NAMES},
           "names of any bytes, format %d" % fmt, sorted(got), outs)

# file flags
ti, data = member("./f", data=b"x")
ti.pax_headers = {"SCHILY.fflags": "schg,nodump,extents"}
make("flags.tar", [(ti, data)])
tap.same(lines(tree("flags.tar").stdout)[0]["./f"].get("flags"), "nodump,schg", "file flags, Linux's ignored")

# order: late directories, the last of a name wins, a file gives way to a directory
make("order.tar", [
    member("./a/b/f", data=b"1"), member("./a/b/f", data=b"22"), member("./a/b/", tarfile.DIRTYPE, mode=0o700),
    member("./was", data=b"x"), member("./was/", tarfile.DIRTYPE, mode=0o711), member("./was/f"),
    member("one", data=b"1"), member("two", tarfile.LNKTYPE, linkname="one"), member("one", data=b"new"),
])
out, content = lines(tree("order.tar").stdout)
tap.ok(out["./a/b"]["mode"] == "0700" and out["./a/b/f"]["size"] == "2" and out["./a"]["mode"] == "0755"
       and out["./was"]["type"] == "dir" and content["./two"] == hashlib.sha256(b"1").hexdigest()
       and "nlink" not in out["./one"], "late directories, repeated members", out)

# --- bad intent ---

refused("..", make("h.tar", [member("a/../../etc/x")]), "member 'a/../../etc/x'", "'..'")
refused("hard link to ..", make("h.tar", [member("x", tarfile.LNKTYPE, linkname="../y")]), "'..'")
out = lines(tree(make("h.tar", [member("/etc/x", data=b"1"), member("//etc//./y", data=b"1")])).stdout)[0]
tap.ok("./etc/x" in out and "./etc/y" in out, "absolute paths are contained", out)
refused("symlink as directory", make("h.tar", [member("a", tarfile.SYMTYPE, linkname="/etc"), member("a/b")]),
        "h.tar: member 'a/b': 'a' is a symlink, not a directory")
refused("file as directory", make("h.tar", [member("a"), member("a/b")]), "'a' is a file, not a directory")
refused("hard link to nothing", make("h.tar", [member("a", tarfile.LNKTYPE, linkname="b")]), "not there")
refused("hard link to a directory",
        make("h.tar", [member("d", tarfile.DIRTYPE), member("a", tarfile.LNKTYPE, linkname="d")]), "directory")
refused("hard link to itself", make("h.tar", [member("a", tarfile.LNKTYPE, linkname="a")]), "not there")
refused("a file over a full directory", make("h.tar", [member("d/x"), member("d")]), "'d' is a directory with files")
refused("the root as a file", make("h.tar", [member("./.")]), "root")
refused("the root as a hard link", make("h.tar", [member("a"), member(".", tarfile.LNKTYPE, linkname="a")]), "root")
refused("a name of 256 bytes", make("h.tar", [member("n" * 256)]), "256 bytes", "255")
refused("a path of 1100 bytes", make("h.tar", [member("/".join(["n" * 99] * 11))]), "longer than 1023")
refused("a symlink of 1024 bytes", make("h.tar", [member("l", tarfile.SYMTYPE, linkname="t" * 1024)]), "1023")
refused("an escape sequence in a name", make("h.tar", [member("\033[2J/../x")]), "?[2J")
ti, data = member("x")
ti.pax_headers = {"path": "a\0/../../b"}
make("h.tar", [(ti, data)])
r = tree("h.tar")
tap.ok(r.returncode in (0, 1) and "b" not in r.stdout.split(), "NUL in a pax name", r.stdout, r.stderr)
for key, value in (("size", "-1"), ("size", "9223372036854775807"), ("uid", "99999999999"), ("gid", "-5")):
    ti, data = member("x", data=b"y" * 600)
    ti.pax_headers = {key: value}
    make("h.tar", [(ti, data)])
    if (key, value) == ("size", "-1"):
        r = tree("h.tar")
        tap.ok(r.returncode in (0, 1) and r.stderr.count("\n") <= 1, "pax %s=%s" % (key, value), r.stderr)
    else:
        refused("pax %s=%s" % (key, value), "h.tar")
refused("a device number out of range",
        make("h.tar", [member("d", tarfile.CHRTYPE, devmajor=5000, devminor=1)], tarfile.GNU_FORMAT), "device number")
with open("h.tar", "wb") as f:
    f.write(os.urandom(20000))
refused("random bytes", "h.tar", "not a tar")
with open("h.tar", "wb") as f:
    pass
refused("an empty file", "h.tar", "empty")
with open("pax.tar", "rb") as f, open("h.tar", "wb") as g:
    data = bytearray(f.read())
    data[512 + 20] ^= 1
    g.write(data)
refused("a header's checksum", "h.tar")

# members without end: a stream of empty files, as small as it compresses
if shutil.which("xz") and os.environ.get("SMOL_TEST_LONG"):
    one = make("one.tar", [member("f")])
    head = open(one, "rb").read()[:512]
    x = subprocess.Popen(["xz", "-0", "-c"], stdin=subprocess.PIPE, stdout=open("many.tar.xz", "wb"))
    for _ in range(10500):
        x.stdin.write(head * 1000)
    x.stdin.close()
    x.wait()
    refused("ten million members", "many.tar.xz", "more than 10000000 members")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    tap.ok(peak < 2048, "in bounded memory", "%d MiB" % peak)

# a full disk: one line, nothing left
limit = dict(env, SMOL_CACHE=os.path.join(work, "small"))
r = tree("pax.tar", env=limit, preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                                   resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))))
left = os.listdir("small/blobs") if os.path.isdir("small/blobs") else []
tap.ok(r.returncode == 1 and r.stderr.count("\n") == 1 and not left, "no room to write", r.stderr, left)

# killed at any moment: no blob, or a good one
make("kill.tar", [member("f%d" % i, data=os.urandom(30000)) for i in range(300)])
whole = hashlib.sha256(tree("kill.tar").stdout.encode()).hexdigest()
bad = []
for i in range(40):
    shutil.rmtree("killed", ignore_errors=True)
    e = dict(env, SMOL_CACHE=os.path.join(work, "killed"))
    p = subprocess.Popen([program, "kill.tar"], env=e, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.0015 * i)
    p.kill()
    p.wait()
    r = tree("kill.tar", env=e)
    names = [n for n in os.listdir("killed/blobs") if not n.endswith(".lock")]
    if hashlib.sha256(r.stdout.encode()).hexdigest() != whole or len(names) != 1:
        bad.append((i, r.stderr, names))
tap.same(bad, [], "killed at 40 moments")

# a host directory
os.makedirs("dir/sub/deep")
for n, mode in (("a", 0o644), ("sub/setuid", 0o4755), ("sub/deep/z", 0o600)):
    with open("dir/" + n, "w") as f:
        f.write("content of " + n)
    os.chmod("dir/" + n, mode)
os.link("dir/a", "dir/sub/same")
os.symlink("/nowhere", "dir/l")
os.mkfifo("dir/pipe", 0o600)
r = tree("dir")
out, content = lines(r.stdout)
tap.ok(r.returncode == 0 and out["./sub/same"]["inode"] == out["./a"]["inode"] and out["./l"]["link"] == "/nowhere"
       and out["./sub/setuid"]["mode"] == "4755" and out["./pipe"]["type"] == "fifo"
       and all(o["uid"] == o["gid"] == "0" for o in out.values()) and out["./a"]["time"] == "1000.000000000"
       and content["./sub/deep/z"] == hashlib.sha256(b"content of sub/deep/z").hexdigest(), "a host directory",
       r.stdout, r.stderr)

os.chdir("/")
shutil.rmtree(work)
tap.done()
