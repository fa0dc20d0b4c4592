#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# FROMIMG: a build that starts from an image.  Ours and makefs's, v1 and v2,
# either byte order, with a GPT, with an MBR and a disklabel, bare, compressed:
# the new image holds the same files, each with its attributes, and comes out
# the same each time.  What cannot be started from is one line.  TAP.
#
#   fromimg.py SMOL WORK

import fcntl
import gzip
import hashlib
import json
import lzma
import os
import shutil
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE)]
from synth.disk import make_mbr  # noqa: E402
from synth.tiny import make_package, make_sets  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol, work = os.path.abspath(sys.argv[1]), os.path.abspath(os.path.join(sys.argv[2], "fromimg"))
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_", "ARCH"))}
env.update(SMOL_CACHE=work + "/cache", SMOL_HOME=work + "/no-store", ARCH="amd64", NONET="y", PATH=env["PATH"] + ":/usr/sbin:/sbin")
# What the steps of a plan add or change; web's own files are below etc.
STEPS = {"/etc/fstab", "/etc/include", "/etc/pkgvers", "/etc/rc", "/var/qemufwcfg", "/etc/MAKEDEV", "/etc/MAKEDEV.local",
         "/etc", "/var", "/sbin", "/bin", "/dev"}
MTREE = """#mtree
./odd type=dir uid=4000000000 gid=3999999999 mode=0711
./odd/kept type=link link=/nowhere
./odd/tape type=char device=netbsd,4000,1000000 mode=0640
./bin/sh flags=schg,uchg
./etc/passwd flags=uappnd,nodump uid=70000
"""


def path(*names):
    return os.path.join(work, *names)


def put(name, data):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "wb" if isinstance(data, bytes) else "w") as f:
        f.write(data)


def read(name):
    with open(path(name), "rb") as f:
        return f.read()


def build(*args, **extra):
    return run([smol, "build", *args], cwd=work, env=dict(env, **extra))


def image(*args):
    return run([smol, "image", *args], cwd=work, env=env)


def refused(what, want, *args, **extra):
    p = build("-q", "web", *args, **extra)
    tap.ok(p.returncode != 0 and want in p.stderr and p.stderr.count("\n") == 1, what, "wanted '%s'" % want, p.stderr)


def same_files(what, base, img="images/web-amd64.img"):
    """All of the base's files, dates and all, but for what the steps bring."""
    p = image("diff", "-t", base, img)
    other = [line for line in p.stdout.splitlines() if line.split("\t")[0][2:] not in STEPS]
    tap.ok(p.stderr == "" and not other and "/etc/fstab" in p.stdout, "%s: every file as it was" % what, p.stderr, *other[:10])
    p = image("check", img)
    tap.ok(p.returncode == 0, "%s: smol image check is clean" % what, p.stdout, p.stderr)


def make_inputs():
    for options in (["--small"], ["--special"]):
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "-o", work] + options, check=True)
    make_sets(path("sets/amd64"))
    make_package(path("pkgs/amd64/tool.tgz"), {"bin/tool": (b"tool", 0o4755)})
    put("mtree", MTREE)
    with open(path("holes.tar"), "wb") as f:
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "--sparse", str(3 << 30)], stdout=f, check=True)
    put("service/web/etc/rc", "#!/bin/sh\n# web's\n")
    put("service/web/options.mk", "FROMIMG=base-amd64:v1.img\nIMGSIZE?=64\n")
    os.makedirs(path("images"))
    for name, options in (("base-amd64:v1", ["--size", "80M", "--log", "auto"]),
                          ("bare2", ["--ffs", "2", "--bsize", "4096", "--fsize", "512", "--no-gpt"])):
        p = run([smol, "image", "make", "-q", "--label", "base", *options, "--mtree", "mtree", "-o", "images/%s.img" % name,
                 "base.tar.xz", "etc.tar.xz", "sets/amd64/etc.tar.xz", "special.tar", "holes.tar"], cwd=work, env=env)
        tap.ok(p.returncode == 0, "the image %s" % name, p.stderr)


def test_ours():
    for base in ("base-amd64:v1", "bare2"):
        p = build("web", "FROMIMG=" + base)
        if not tap.ok(p.returncode == 0 and p.stderr == "", "from %s" % base, p.stderr):
            continue
        same_files(base, "images/%s.img" % base)
        os.rename(path("images/web-amd64.img"), path("first.img"))
        manifest = read("images/web-amd64.img.manifest.json")
        p = build("-q", "web", "FROMIMG=" + base, SMOL_CACHE=path("cold-cache"))
        tap.ok(read("images/web-amd64.img") == read("first.img") and read("images/web-amd64.img.manifest.json") == manifest,
               "%s: the same bits again, without a cache" % base, p.stderr)
        given = [i for i in json.loads(manifest)["inputs"] if i["kind"] == "image"]
        want = [{"kind": "image", "path": "images/%s.img" % base, "sha256": hashlib.sha256(read("images/%s.img" % base)).hexdigest()}]
        tap.same(given, want, "%s: its digest is in the manifest" % base)
    used = os.stat(path("images/web-amd64.img")).st_blocks * 512
    listed = {f["path"]: f for f in json.loads(image("ls", "-R", "--json", "images/web-amd64.img").stdout)}
    tap.ok(used < 100 << 20 and listed["/sparse"]["size"] == 3 << 30, "holes stay holes", used, listed.get("/sparse"))
    p = image("cat", "images/web-amd64.img:/etc/fstab")
    tap.same(p.stdout, "NAME=webroot / ffs rw,noatime,log 1 1\n", "fstab is the new image's")
    p = image("ls", "-l", "images/web-amd64.img:/odd/..")
    tap.ok("4000000000" in p.stdout and "3999999999" in p.stdout, "users of 32 bits", p.stdout, p.stderr)


def test_makefs():
    if shutil.which("makefs") is None:
        return tap.skip("images of makefs", "makefs is not installed")
    run([smol, "image", "cp", "-q", "-r", "images/bare2.img:/etc", "tree"], cwd=work, env=env, check=True)
    os.makedirs(path("tree/dev"))
    os.link(path("tree/passwd"), path("tree/dev/passwd"))
    for order, version in (("le", 1), ("be", 1), ("le", 2), ("be", 2)):
        name = "makefs%d-%s" % (version, order)
        p = run(["makefs", "-B", order, "-t", "ffs", "-M", "24m", "-b", "30%", "-o", "version=%d,bsize=8192,fsize=1024" % version,
                 path("images", name), path("tree")], env=env)
        if not tap.ok(p.returncode == 0, "makefs makes " + name, p.stderr):
            continue
        p = build("-q", "web", "FROMIMG=images/" + name)
        if tap.ok(p.returncode == 0 and p.stderr == "", "from " + name, p.stderr):
            same_files(name, "images/" + name)
        make_mbr(path("images/mbr.img"), read("images/" + name), order == "be")
        p = build("-q", "web", "FROMIMG=mbr")
        if tap.ok(p.returncode == 0, "%s in an MBR with a disklabel" % name, p.stderr):
            same_files(name + ", MBR", "images/mbr.img")
    p = build("web", "FROMIMG=mbr")
    tap.same(p.stderr, "smol: 'images/mbr.img': its 1 other partition is left out\n", "a note tells of other partitions")
    p = image("resize", "images/mbr.img", "100M")
    tap.ok(p.returncode == 1 and "it has a disklabel, which smol does not write" in p.stderr, "such an image is not changed", p.stderr)


def test_compressed():
    build("-q", "web", "FROMIMG=bare2")
    os.rename(path("images/web-amd64.img"), path("plain.img"))
    data = read("images/bare2.img")
    for suffix, packed in (("gz", gzip.compress(data, 1)), ("xz", lzma.compress(data, preset=0))):
        put("images/packed.img." + suffix, packed)
        p = build("-q", "web", "FROMIMG=packed.img." + suffix)
        tap.ok(p.returncode == 0 and read("images/web-amd64.img") == read("plain.img"), "from .%s: the same bits" % suffix, p.stderr)
    with open(path("images/web-amd64.img.manifest.json")) as f:
        digest = [i["sha256"] for i in json.load(f)["inputs"] if i["kind"] == "image"]
    tap.same(digest, [hashlib.sha256(packed).hexdigest()], "the manifest has the digest of what was given")
    put("images/cut.img.gz", gzip.compress(data[:1 << 20], 1)[:-30])
    refused("a .gz that is cut off", "images/cut.img.gz", "FROMIMG=cut.img.gz")
    leftover = [n for n in os.listdir(path("cache/blobs")) if n.startswith(".")]
    tap.same(leftover, [], "nothing half unpacked is left")


def test_over_it():
    """Sets, packages, sizes and tags are what the service says."""
    p = build("-q", "web", "FROMIMG=bare2", "ADDSETS=comp:/usr/bin/strip", "ADDPKGS=tool", "-t", "next", "FS=ffs2", "IMGSIZE=auto", "MOUNTRO=y")
    img = "images/web-amd64:next.img"
    tap.ok(p.returncode == 0, "with ADDSETS and ADDPKGS", p.stderr)
    tap.same(image("cat", img + ":/usr/bin/strip").stdout, "strip of comp\n", "the set's file is over the image's")
    tap.ok("-rwsr-xr-x" in image("ls", "-l", img + ":/usr/pkg/bin").stdout, "the package is there")
    tap.ok("FFSv2" in image("check", img).stdout, "the file system is what FS says")
    p = build("-q", "web", "FROMIMG=bare2", "SETS=base")
    tap.ok(p.returncode == 0 and image("cat", "images/web-amd64.img:/sbin/init").stdout.startswith("sbin/init"), "SETS only if it is named", p.stderr)
    for size in ("40M", "530M"):
        shutil.copyfile(path("images/bare2.img"), path("images/sized.img"))
        image("resize", "-q", "images/sized.img", size)
        p = build("-q", "web", "FROMIMG=sized", "IMGSIZE=")
        tap.same(os.path.getsize(path("images/web-amd64.img")) >> 20, max(512, int(size[:-1])), "without IMGSIZE 512 MB, or as the image: " + size)
    refused("IMGSIZE that is too small", "IMGSIZE=4 is too small: the files need IMGSIZE=", "IMGSIZE=4")
    p = build("-q", "web", "FROMIMG=web-amd64")
    tap.ok(p.returncode == 0, "from itself", p.stderr)
    same_files("from itself", "images/base-amd64:v1.img")
    os.makedirs(path("merged/usr/sbin"))
    os.symlink("usr/sbin", path("merged/sbin"))
    run([smol, "image", "make", "-q", "-o", "images/merged.img", "merged"], cwd=work, env=env, check=True)
    p = build("-q", "web", "FROMIMG=merged")
    tap.ok(p.returncode == 0 and "sbin -> usr/sbin" in image("ls", "-l", "images/web-amd64.img:/").stdout, "a directory that is a link stays one", p.stderr)
    p = build("-q", "web", "FROMIMG=%s" % path("images/bare2.img"), SOURCE_DATE_EPOCH="1600000000")
    p = image("ls", "-R", "--json", "images/web-amd64.img")
    late = [f["path"] for f in json.loads(p.stdout) if f["mtime"] > 1600000000]
    tap.same(late, [], "SOURCE_DATE_EPOCH: nothing is younger")


def patched(name, base, at, data):
    shutil.copyfile(path("images", base), path("images", name))
    with open(path("images", name), "r+b") as f:
        f.seek(at)
        f.write(data)


def test_refused():
    part = 512 * 1024
    patched("dirty.img", "base-amd64:v1.img", part + 8192 + 209, b"\0")
    refused("one that was not unmounted", "dirty.img': it was not unmounted: start it once with --rw", "FROMIMG=dirty")
    patched("log.img", "bare2.img", 65536 + 1312, struct.pack("<I", 0x100))
    refused("one whose log was not replayed", "its journal was not flushed: start it once with --rw", "FROMIMG=log")
    with open(path("images/bare2.img"), "rb") as f:
        f.seek(65536 + 8)
        sblkno, cblkno = struct.unpack("<ii", f.read(8))
    patched("broken.img", "bare2.img", cblkno * 512 + 24, struct.pack("<i", 12345))
    refused("one with damage", "run fsck_ffs on it; 'smol image check images/broken.img' tells all", "FROMIMG=broken")
    with open(path("images/short.img"), "wb") as f:
        f.write(read("images/bare2.img")[:1 << 20])
    refused("one that is cut off", "it is truncated", "FROMIMG=short")
    put("images/none.img", b"nothing" * 9999)
    refused("one without a file system", "cannot start from image 'images/none.img': it holds no FFS", "FROMIMG=none")
    p = build("-q", "web", "FROMIMG=bare2", "FS=ext2", "-t", "ext2")
    tap.ok(p.returncode == 0, "ext2 is made of it", p.stderr)
    refused("but not read", "of Linux's: smol does not read ext2", "FROMIMG=web-amd64:ext2")
    refused("one that is not there", "there is no 'images/absent.img' to start from", "FROMIMG=absent")
    refused("a live image that is not there", "'smol fetch live' gets it", "FROMIMG=NetBSD-amd64-live.img")
    refused("a directory", "'images/' is not a regular file", "FROMIMG=images/")
    before = read("images/web-amd64.img")
    with open(path("images/bare2.img"), "r+b") as f:
        # As QEMU locks (block/file-posix.c): a machine that has permission to write.
        fcntl.fcntl(f, getattr(fcntl, "F_OFD_SETLK", 37), struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 101, 1, 0))
        refused("one that a machine writes to", "is being written by another instance", "FROMIMG=bare2")
    tap.ok(read("images/web-amd64.img") == before, "the old image stays whenever a build is refused")


def main():
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    make_inputs()
    test_ours()
    test_makefs()
    test_compressed()
    test_over_it()
    test_refused()
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


main()
