#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# The services that ship, and what a service can ask for beside sets: packages,
# keys, a root made by hand, sizes, file systems, architectures.
#
# usage: services.py SMOL

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))
from synth.tiny import make_package, make_sets  # noqa: E402
from tap import Tap, run  # noqa: E402

tap = Tap()
smol = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smol-services.")
env = {k: v for k, v in os.environ.items() if not k.startswith(("SMOL_", "SOURCE_DATE", "XDG_", "ARCH", "SSH_"))}
env.update(SMOL_CACHE=os.path.join(work, "cache"), SMOL_HOME=os.path.join(work, "no-store"), ARCH="amd64",
           HOME=os.path.join(work, "home"), NONET="y")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%s"


def put(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def workspace():
    path = os.path.join(work, "ws")
    os.makedirs(path)
    shutil.copytree(os.path.join(ROOT, "service"), path + "/service", symlinks=True)
    shutil.copytree(os.path.join(ROOT, "etc"), path + "/etc")
    for arch, ext in (("amd64", "tar.xz"), ("i386", "tgz"), ("evbarm-aarch64", "tar.xz")):
        make_sets("%s/sets/%s" % (path, arch), ext)
    make_package(path + "/pkgs/amd64/nitro.tgz", {"sbin/nitro": (b"nitro" * 2000, 0o755), "man/man8/nitro.8": (b".Dd\n", 0o644)})
    return path


ws = workspace()


def build(*args, **extra):
    return run([smol, "build", *args], cwd=ws, env=dict(env, **extra))


def image(*args):
    return run([smol, "image", *args], cwd=ws, env=env)


def cat(img, path):
    return image("cat", "images/%s:%s" % (img, path)).stdout


def refused(args, want, **extra):
    p = build(*args, **extra)
    tap.ok(p.returncode != 0 and want in p.stderr and p.stderr.count("\n") == 1, "refused: %s" % " ".join(args), p.stdout, p.stderr)


def test_shipped():
    put(env["HOME"] + "/.ssh/id_ed25519.pub", KEY % "user me@here\n")
    for name in sorted(os.listdir(ws + "/service")):
        if name == "common":
            continue
        p = build(name, "IMGSIZE=auto")
        tap.ok(p.returncode == 0 and p.stderr == "", "build %s" % name, p.stderr)
        img = "images/%s-amd64%s.img" % (name, ":latest" if name == "nbakery" else "")
        p = image("check", img)
        tap.ok(p.returncode == 0, "%s passes smol image check" % name, p.stdout, p.stderr)
        tap.ok(os.path.exists(ws + "/etc/%s.conf" % name), "%s has a conf" % name)
    for script in ("service/*/etc/rc", "service/common/*", "service/nitro/root/usr/pkg/etc/nitro/*/*"):
        p = subprocess.run("for f in %s; do sh -n $f || exit 1; done" % script, shell=True, cwd=ws, capture_output=True, text=True)
        tap.ok(p.returncode == 0, "sh reads %s" % script, p.stderr)


def test_nitro():
    p = image("ls", "-l", "images/nitro-amd64.img:/sbin")
    tap.ok("init -> /usr/pkg/sbin/nitro" in p.stdout, "nitro: init leads to it", p.stdout)
    tap.ok(cat("nitro-amd64.img", "/usr/pkg/sbin/nitro").startswith("nitro"), "nitro: the package lies below its LOCALBASE")
    p = image("ls", "-l", "images/nitro-amd64.img:/dev")
    tap.ok("console" in p.stdout and p.stdout.count("crw") == 2, "nitro: devices by mtree", p.stdout)
    tap.ok(image("ls", "images/nitro-amd64.img:/usr/pkg/+CONTENTS").returncode != 0, "what is about the package is left out")
    with open(ws + "/images/nitro-amd64.img.manifest.json") as f:
        kinds = [i["kind"] for i in json.load(f)["inputs"]]
    tap.ok("package" in kinds and kinds.count("recipe") == 2, "the manifest has package and mtree", kinds)


def test_packages():
    put(ws + "/service/pkgs/options.mk", "# two\nADDPKGS=curl tool\nIMGSIZE=auto\n")
    make_package(ws + "/pkgs/amd64/tool.tgz", {"bin/tool": (b"t", 0o4755)}, "/opt/base")
    refused(["pkgs"], "curl")
    make_package(ws + "/pkgs/amd64/curl.tgz", {"bin/curl": (b"c", 0o755)}, None)
    refused(["pkgs"], "its +BUILD_INFO has no LOCALBASE")
    make_package(ws + "/pkgs/amd64/curl.tgz", {"bin/curl": (b"c" * 9000, 0o755), "../../etc/x": (b"c", 0o755)})
    refused(["pkgs"], "..")
    make_package(ws + "/pkgs/amd64/curl.tgz", {"bin/curl": (b"c" * 9000, 0o755)})
    p = build("pkgs")
    tap.ok(p.returncode == 0, "two packages", p.stderr)
    p = image("ls", "-l", "images/pkgs-amd64.img:/opt/base/bin")
    tap.ok("-rwsr-xr-x" in p.stdout and "tool" in p.stdout, "a package of another LOCALBASE, setuid kept", p.stdout)
    tap.same(cat("pkgs-amd64.img", "/usr/pkg/bin/curl"), "c" * 9000, "one below /usr/pkg")


def test_keys():
    tap.same(cat("sshd-amd64.img", "/etc/ssh/authorized_keys"), KEY % "user me@here\n", "sshd: the user's key")
    tap.ok("PasswordAuthentication no" in cat("sshd-amd64.img", "/etc/ssh/sshd_config"), "sshd: nobody by password")
    put(ws + "/service/sshd/etc/team.pub", "# the team\n" + KEY % "team a\n" + KEY % "user again\n")
    p = build("sshd", "IMGSIZE=auto")
    tap.same(cat("sshd-amd64.img", "/etc/ssh/authorized_keys"), KEY % "user me@here\n" + KEY % "team a\n",
             "service/sshd/etc/*.pub too, none twice")
    put(work + "/other.pub", KEY % "other o\n")
    p = build("sshd", "IMGSIZE=auto", "SSHKEYS=%s/other.pub" % work)
    tap.ok(p.returncode == 0, "SSHKEYS=FILE", p.stderr)
    tap.same(cat("sshd-amd64.img", "/etc/ssh/authorized_keys"), KEY % "other o\n" + KEY % "team a\n" + KEY % "user again\n",
             "then not the user's")
    with open(ws + "/images/sshd-amd64.img.manifest.json") as f:
        tap.ok("keys" in [i["kind"] for i in json.load(f)["inputs"]], "the manifest knows of keys")
    put(work + "/bad.pub", KEY % "x\n" + "PRIVATE KEY\n")
    refused(["sshd", "SSHKEYS=%s/bad.pub" % work], "bad.pub:2: this is no public key of ssh")
    os.unlink(ws + "/service/sshd/etc/team.pub")
    refused(["sshd"], "there is no key to log in with: make one with ssh-keygen", HOME="/nonexistent")
    p = build("sshd", "SSHKEYS=", "IMGSIZE=auto")
    tap.ok(p.returncode == 0, "SSHKEYS= builds without", p.stderr)


def test_root():
    hand = work + "/hand"
    put(hand + "/bin/sh", "own", 0o755)
    put(hand + "/sbin/init", "own init", 0o755)
    p = build("--root", hand, "IMGSIZE=auto", "base")
    tap.ok(p.returncode == 0, "--root DIR", p.stderr)
    tap.same(cat("base-amd64.img", "/sbin/init"), "own init", "its files are the root's")
    tap.ok(image("ls", "images/base-amd64.img:/usr").returncode != 0, "and no set is taken")
    refused(["--root", work + "/none", "base"], "/none: there is no such directory")


def test_sizes():
    """What is asked for is really free; the files' own part is what du counts."""
    put(ws + "/service/big/etc/blob", "x" * (5 << 20))
    results = {}
    for name, args in (("auto", ["IMGSIZE=auto"]), ("percent", ["MINIMIZE=y", "IMGSIZE=900"]), ("mb", ["MINIMIZE=+7"]), ("given", ["IMGSIZE=64"]),
                       ("ffs2", ["FS=ffs2", "MINIMIZE=+3"]), ("ext2", ["FS=ext2", "MINIMIZE=+3"])):
        p = build("big", "-t", name, "--json", *args)
        if tap.ok(p.returncode == 0, "big: %s" % name, p.stderr):
            results[name] = json.loads(p.stdout)
    free = {n: r["free_bytes"] for n, r in results.items()}
    tap.ok(16 << 20 <= free["auto"] < 18 << 20, "IMGSIZE=auto leaves 16 MB", free)
    tap.ok(550000 < free["percent"] < 1 << 20, "MINIMIZE=y leaves 10 %, whatever IMGSIZE says", free)
    tap.ok(all(n << 20 <= free[k] < (n + 1) << 20 for k, n in (("mb", 7), ("ffs2", 3), ("ext2", 3))), "MINIMIZE=+N leaves N MB", free)
    tap.same(results["given"]["bytes"], 64 << 20, "IMGSIZE is the size")
    for name, want in (("auto", "rw,noatime,log"), ("percent", "rw,noatime"), ("given", "rw,noatime,log")):
        tap.same(cat("big-amd64:%s.img" % name, "/etc/fstab"), "NAME=bigroot / ffs %s 1 1\n" % want, "%s: fstab" % name)
    if shutil.which("e2fsck", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        img = ws + "/images/big-amd64:ext2.img"
        run(["dd", "if=" + img, "of=" + work + "/ext2", "bs=512", "skip=1024", "status=none"])
        p = run(["/usr/sbin/e2fsck", "-fn", work + "/ext2"])
        tap.ok(p.returncode == 0, "e2fsck is content with FS=ext2", p.stdout, p.stderr)
        p = run(["/usr/sbin/debugfs", "-R", "cat /dev/MAKEDEV", work + "/ext2"])
        tap.ok("union" not in p.stdout and "#!/bin/sh" in p.stdout, "ext2: MAKEDEV makes no union", p.stdout)
        p = run(["/usr/sbin/debugfs", "-R", "cat /etc/fstab", work + "/ext2"])
        tap.same(p.stdout, "NAME=bigroot / ext2fs rw 1 1\n", "ext2: fstab")
    else:
        tap.skip("e2fsck", "no e2fsck here")


def test_arches():
    for arch in ("i386", "evbarm-aarch64"):
        p = build("--arch", arch, "rescue")
        tap.ok(p.returncode == 0 and os.path.exists(ws + "/images/rescue-%s.img" % arch), "rescue for %s" % arch, p.stderr)
        tap.ok(image("check", "images/rescue-%s.img" % arch).returncode == 0, "and its image is sound")


test_shipped()
test_nitro()
test_packages()
test_keys()
test_root()
test_sizes()
test_arches()
shutil.rmtree(work, ignore_errors=True)
tap.done()
