#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# smol build, end to end: the services that ship and some of our own, from tiny
# sets in NetBSD's shape, into images that are read back by smol image.
#
# usage: build.py SMOL

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))
from synth.tiny import EPOCH, make_sets  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smol-build.")
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_", "ARCH"))}
env.update(SMOL_CACHE=os.path.join(work, "cache"), SMOL_HOME=os.path.join(work, "no-store"), ARCH="amd64")
def workspace(name, services=True):
    path = os.path.join(work, name)
    os.makedirs(path)
    if services:
        shutil.copytree(os.path.join(ROOT, "service"), path + "/service", symlinks=True)
    else:
        os.mkdir(path + "/service")
    make_sets(path + "/sets/amd64")
    return path


def put(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def build(*args, cwd, **kw):
    extra = kw.pop("env", {})
    return run([smol, "build", *args], cwd=cwd, env=dict(env, **extra), **kw)


def image(*args, cwd):
    return run([smol, "image", *args], cwd=cwd, env=env)


def cat(img, path, cwd):
    return image("cat", "%s:%s" % (img, path), cwd=cwd).stdout


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def test_shipped(ws):
    for name, mb in (("bozohttpd", 512), ("base", 512), ("rescue", 0)):
        p = build(name, cwd=ws)
        tap.ok(p.returncode == 0 and p.stderr == "", "build %s" % name, p.stderr)
        img = "images/%s-amd64.img" % name
        size = os.path.getsize(os.path.join(ws, img)) if p.returncode == 0 else 0
        tap.ok(size == mb << 20 if mb else 0 < size < 4 << 20, "%s has its size" % name, size)
        for word in ("path    " + img, "size    ", "used    ", "sha256  ", "time    "):
            tap.ok(word in p.stdout, "%s: prints '%s'" % (name, word.strip()), p.stdout)
        p = image("check", img, cwd=ws)
        tap.ok(p.returncode == 0, "%s passes smol image check" % name, p.stdout, p.stderr)
        tap.same(cat(img, "/etc/fstab", ws), "NAME=%sroot / ffs %s 1 1\n" % (name, "ro,noatime" if name == "rescue" else "rw,noatime,log"),
                 "%s: fstab" % name)
        with open(os.path.join(ws, "service", name, "etc/rc")) as f:
            tap.same(cat(img, "/etc/rc", ws), f.read(), "%s: /etc/rc is the service's" % name)
        with open(os.path.join(ws, "service/common/basicrc")) as f:
            tap.same(cat(img, "/etc/include/basicrc", ws), f.read(), "%s: common is in /etc/include" % name)
        tap.same(cat(img, "/etc/MAKEDEV", ws), "#!/bin/sh -\nmount_tmpfs -o union tmpfs .\n", "%s: MAKEDEV is in /etc" % name)
        tap.same(cat(img, "/etc/MAKEDEV.local", ws), "#!/bin/sh -\n# local\n", "%s: MAKEDEV.local too" % name)
        tap.same(cat(img, "/etc/pkgvers", ws), "PKGVERS=11.0\n", "%s: pkgvers" % name)
        tap.ok(image("ls", img + ":/var/qemufwcfg", cwd=ws).returncode == 0, "%s: /var/qemufwcfg" % name)
        tap.ok(b"%sroot".replace(b"%s", name.encode()).decode().encode("utf-16-le") in
               open(os.path.join(ws, img), "rb").read(4096), "%s: its partition is %sroot" % (name, name))
    tap.ok("up" in cat("images/bozohttpd-amd64.img", "/var/www/index.html", ws), "bozohttpd: root/ goes over /")
    tap.ok(cat("images/bozohttpd-amd64.img", "/etc/rc.probe", ws).startswith("#!probe\n"), "bozohttpd: a script for the probe")
    p = image("ls", "-l", "images/rescue-amd64.img:/sbin", cwd=ws)
    if p.returncode != 0:
        p = image("ls", "images/rescue-amd64.img:/sbin", cwd=ws)
    tap.ok("init" in p.stdout and "mount_ext2fs" in p.stdout, "rescue: /sbin/init and mount_ext2fs", p.stdout, p.stderr)
    tap.ok(cat("images/rescue-amd64.img", "/bin/sh", ws).startswith("static"), "rescue: /bin/sh leads into /rescue")


def test_manifest(ws):
    img = os.path.join(ws, "images/bozohttpd-amd64.img")
    with open(img + ".manifest.json") as f:
        m = json.load(f)
    tap.same(m["image"]["sha256"], sha256(img), "manifest: the image's digest")
    tap.same(m["image"]["bytes"], os.path.getsize(img), "manifest: its size")
    tap.same((m["service"], m["arch"], m["tag"], m["epoch"], m["given"]), ("bozohttpd", "amd64", None, EPOCH + 5, {}),
             "manifest: what was built, dated as the newest file of the sets")
    wrong = [i["path"] for i in m["inputs"] if i.get("sha256") != sha256(os.path.join(ws, i["path"]))]
    tap.same(wrong, [], "manifest: the digest of every input")
    kinds = {k: len([1 for i in m["inputs"] if i["kind"] == k]) for k in ("recipe", "set", "file")}
    tap.ok(kinds["recipe"] == 1 and kinds["set"] == 2 and kinds["file"] >= 6, "manifest: recipe, sets and files", kinds)
    tap.ok("set sets/amd64/base.tar.xz" in m["steps"], "manifest: the steps")


def test_same_bytes(ws):
    """Other directory, umask, zone, locale and order of files on disk: the same image and manifest."""
    other = workspace("elsewhere/deep/other")
    for name in ("bozohttpd", "rescue"):
        img = "images/%s-amd64.img" % name
        p = run(["sh", "-c", "umask 077; cd service; exec \"$0\" build " + name, smol], cwd=other,
                env=dict(env, TZ="Asia/Tokyo", LC_ALL="C", SMOL_CACHE=os.path.join(work, "cache2"), HOME="/nowhere"))
        tap.ok(p.returncode == 0, "%s from a directory below another workspace" % name, p.stderr)
        tap.same(sha256(os.path.join(other, img)), sha256(os.path.join(ws, img)), "%s: the same bytes" % name)
        tap.same(sha256(os.path.join(other, img + ".manifest.json")), sha256(os.path.join(ws, img + ".manifest.json")),
                 "%s: the same manifest" % name)
    p = build("rescue", cwd=other, env={"SOURCE_DATE_EPOCH": "1600000000"})
    with open(os.path.join(other, "images/rescue-amd64.img.manifest.json")) as f:
        tap.same(json.load(f)["epoch"], 1600000000, "SOURCE_DATE_EPOCH is taken")


def test_size(ws):
    put(ws + "/service/big/etc/blob", "x" * (9 << 20))
    p = build("big", "IMGSIZE=4", cwd=ws)
    m = re.search(r"IMGSIZE=4 is too small: the files need IMGSIZE=(\d+)$", p.stderr.strip())
    tap.ok(p.returncode == 1 and m, "too small says how much is needed", p.stderr)
    tap.ok(not os.path.exists(ws + "/images/big-amd64.img"), "and leaves no image")
    need = int(m.group(1)) if m else 0
    p = build("big", "IMGSIZE=%d" % need, cwd=ws)
    tap.ok(p.returncode == 0, "IMGSIZE=%d does" % need, p.stderr)
    before = sha256(ws + "/images/big-amd64.img")
    p = build("big", "IMGSIZE=%d" % (need - 1), cwd=ws)
    tap.ok(p.returncode == 1, "IMGSIZE=%d does not" % (need - 1), p.stderr)
    tap.same(sha256(ws + "/images/big-amd64.img"), before, "the old image is still there")
    p = build("big", "IMGSIZE=auto", "--json", cwd=ws)
    j = json.loads(p.stdout)
    tap.ok(j["free_bytes"] >= 16 << 20 and j["free_bytes"] < 20 << 20, "auto leaves 16 MB to a guest that writes", j)
    p = build("big", "IMGSIZE=auto", "MOUNTRO=y", "--json", cwd=ws)
    j = json.loads(p.stdout)
    tap.ok(j["free_bytes"] < 1 << 20 and j["bytes"] < 12 << 20, "auto with MOUNTRO is as small as can be", j)


def test_parts(ws):
    put(ws + "/service/parts/options.mk",
        "SETS=base:/bin etc:/etc/p* etc:/dev comp.${SETSEXT}:/usr/bin/strip\nIMGSIZE=8\nIMGTAG?=dev\n")
    p = build("parts", cwd=ws)
    tap.ok(p.returncode == 0, "parts of sets", p.stderr)
    img = "images/parts-amd64:dev.img"
    tap.same(cat(img, "/usr/bin/strip", ws), "strip of comp\n", "the part of comp")
    for path, there in (("/bin/ksh", True), ("/etc/passwd", True), ("/etc/rc", False), ("/sbin/init", False), ("/usr/bin/cc", False),
                        ("/etc/MAKEDEV", True), ("/usr/include", False)):
        tap.same(image("ls", img + ":" + path, cwd=ws).returncode == 0, there, "%s is %s" % (path, "taken" if there else "left"))
    p = build("parts", "SETS=base:/no/such*", cwd=ws)
    tap.ok(p.returncode == 1 and "/no/such*" in p.stderr and p.stderr.count("\n") == 1, "a glob that matches nothing", p.stderr)
    p = build("-t", "v2", "parts", cwd=ws)
    tap.ok(os.path.exists(ws + "/images/parts-amd64:v2.img"), "-t TAG names the image", p.stderr)
    make_sets(ws + "/sets/i386", "tgz")
    p = build("--arch", "i386", "parts", "-q", cwd=ws)
    tap.ok(p.returncode == 0 and os.path.exists(ws + "/images/parts-i386:dev.img"), "--arch i386 takes .tgz", p.stderr)
    tap.same(p.stdout + p.stderr, "", "-q says nothing")


def test_dry_run(ws):
    before = sorted(os.listdir(ws + "/images"))
    p = build("-n", "base", "IMGSIZE=7", cwd=ws)
    tap.ok(p.returncode == 0 and p.stdout.endswith("image images/base-amd64.img gpt baseroot ffs 1 size 7M log\n"), "--dry-run", p.stdout)
    p = build("--dry-run", "--json", "base", "IMGSIZE=7", cwd=ws)
    j = json.loads(p.stdout)
    tap.ok(j["image"]["bytes"] == 7 << 20 and j["steps"][0] == "set sets/amd64/base.tar.xz", "--dry-run --json", p.stdout)
    tap.same(sorted(os.listdir(ws + "/images")), before, "and nothing is made")


def test_errors(ws):
    put(ws + "/service/shell/options.mk", "X!=id\n")
    put(ws + "/service/web/options.mk", "SETS=base rescue\n")
    put(ws + "/service/fifo/etc/x", "")
    services = ", ".join(sorted(s for s in os.listdir(ws + "/service") if s != "common"))
    url = "https://nycdn.netbsd.org/pub/NetBSD-daily/netbsd-11/latest/evbarm-aarch64/binary/sets/base.tar.xz"
    sets = "sets/evbarm-aarch64"
    for args, want, status in (
            ([], "which service? there are " + services, 2),
            (["none"], "there is no service 'none': there are " + services, 2),
            (["../web"], "bad service name '../web': the name of a directory in service/ is wanted "
             "(letters, digits, '_', '.', '-', '+')", 2),
            (["web", "base"], "one service at a time: 'web' and 'base' are named", 2),
            (["web", "1X=2"], "bad argument '1X=2': want NAME=VALUE, as in IMGSIZE=256", 2),
            (["--arch", "vax", "web"], "unknown architecture 'vax': amd64, i386 and evbarm-aarch64 are known", 2),
            (["--arch", "i386", "ARCH=amd64", "web"], "ARCH is given as 'i386' and as 'amd64'", 2),
            (["IMGSIZE=1g", "web"], "the command line: bad IMGSIZE '1g': want a number of MB, or auto", 2),
            (["-t", "a/b", "web"], "the command line: bad tag 'a/b': letters, digits, '_', '.' and '-'", 2),
            (["-z", "web"], "unknown option '-z'; see 'smol build --help'", 2),
            (["shell"], "service/shell/options.mk:1: 'X !=' runs a shell command, which is not done here: give X=VALUE on the "
             "command line instead", 1),
            (["web", "--offline", "--arch", "evbarm-aarch64"], "build web: there is no set '%s/base.tar.xz', and nothing is fetched "
             "(--offline): it would come from %s; nor is there %s/rescue.tar.xz" % (sets, url, sets), 1),
            (["rescue", "SETS=base"], "build rescue: /sbin/init is to be a link to /rescue/init, which none of the sets holds: add "
             "rescue to SETS", 1)):
        p = build(*args, cwd=ws)
        tap.ok((p.returncode, p.stderr, p.stdout) == (status, "smol: %s\n" % want, ""), "error: build " + " ".join(args),
               p.returncode, p.stderr, want)
    os.mkfifo(ws + "/service/fifo/etc/socket-or-fifo")
    p = build("fifo", "IMGSIZE=16", cwd=ws)
    tap.ok(p.returncode == 0, "a FIFO in etc/ is a file like others", p.stderr)
    with open(ws + "/sets/amd64/base.tar.xz", "r+b") as f:
        f.truncate(os.path.getsize(f.name) // 2)
    p = build("base", cwd=ws)
    tap.ok(p.returncode == 1 and "sets/amd64/base.tar.xz" in p.stderr and p.stderr.count("\n") == 1, "a truncated set", p.stderr)


def test_store():
    """Without a workspace: what ships, and the sets of the store."""
    store = os.path.join(work, "store")
    make_sets(store + "/sets/amd64")
    empty = os.path.join(work, "empty")
    os.mkdir(empty)
    where = {"SMOL_HOME": store, "SMOL_DATADIR": os.path.realpath(ROOT)}
    p = build("rescue", cwd=empty, env=where)
    tap.ok(p.returncode == 0 and os.path.exists(store + "/images/rescue-amd64.img"), "the store", p.stderr)
    tap.same(os.listdir(empty), [], "nothing is left in the current directory")
    with open(store + "/images/rescue-amd64.img.manifest.json") as f:
        tap.ok(store not in f.read(), "the manifest names no path of this machine")
    p = build("rescue", cwd=empty, env={"SMOL_HOME": "", "XDG_DATA_HOME": "", "HOME": ""})
    tap.ok(p.returncode == 1 and "neither HOME nor SMOL_HOME" in p.stderr, "no home at all", p.stderr)


def test_scripts():
    """The guests' scripts are sh."""
    for base, _, names in os.walk(os.path.join(ROOT, "service")):
        for n in names:
            path = os.path.join(base, n)
            if n == "rc" or os.path.basename(base) == "common":
                for sh in ("sh", "dash"):
                    if shutil.which(sh) is None:
                        tap.skip("%s -n %s" % (sh, os.path.relpath(path, ROOT)), "no " + sh)
                        continue
                    p = run([sh, "-n", path])
                    tap.ok(p.returncode == 0, "%s -n %s" % (sh, os.path.relpath(path, ROOT)), p.stderr)


try:
    first = workspace("first")
    test_shipped(first)
    test_manifest(first)
    test_same_bytes(first)
    test_size(first)
    test_parts(first)
    test_dry_run(first)
    test_errors(first)
    test_store()
    test_scripts()
finally:
    shutil.rmtree(work, ignore_errors=True)
tap.done()
