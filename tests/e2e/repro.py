#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# The same inputs give the same bytes, whatever the time zone, locale, umask,
# directory, user, host name, core count, cache and clock.  TAP.
#
#   repro.py SMOL WORK

import hashlib
import os
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def overlay(where, order):
    """A directory to lay over the sets, its entries made in another order each time."""
    shutil.rmtree(where, ignore_errors=True)
    names = ["etc/rc", "etc/rc.conf", "var/www/index.html", "etc/include/a", "bin/tool", "zz/%d"]
    names = names[:-1] + ["zz/%d" % i for i in range(50)]
    for n in reversed(names) if order else names:
        path = os.path.join(where, n)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write("contents of %s\n" % n * 100)
        os.chmod(path, 0o755 if n.startswith("bin") else 0o644)
    for base, dirs, _ in os.walk(where):
        for d in dirs:
            os.chmod(os.path.join(base, d), 0o755)
    os.chmod(where, 0o755)
    os.link(os.path.join(where, "bin/tool"), os.path.join(where, "bin/alias"))
    os.symlink("alias", os.path.join(where, "bin/soft"))


def main():
    smol, work = os.path.abspath(sys.argv[1]), os.path.abspath(os.path.join(sys.argv[2], "repro"))
    tap = Tap()
    shutil.rmtree(work, ignore_errors=True)
    sets = os.path.join(work, "sets")
    os.makedirs(os.path.join(work, "else where"))
    for options in (["--small"], ["--special"]):
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "-o", sets] + options, check=True)
    overlay(os.path.join(work, "over"), 0)
    for d in (work, sets, os.path.join(work, "else where")):
        os.chmod(d, 0o777)
    inputs = ["base.tar.xz", "etc.tar.xz", "special.tar"]
    clean = {k: v for k, v in os.environ.items() if k not in ("SOURCE_DATE_EPOCH", "TZ", "LANG", "LC_ALL")}
    for version, options in (("1", ("--ffs", "1", "--log", "auto")), ("2", ("--ffs", "2")), ("ext2", ("--fs", "ext2"))):
        def make(name, env=None, cwd=sets, prefix=(), paths=inputs, over="../over", **kw):
            image = os.path.join(work, "else where", "out.img")
            if os.path.exists(image):
                os.unlink(image)
            e = {**clean, "SMOL_CACHE": os.path.join(work, "cache"), **(env or {})}
            p = run([*prefix, smol, "image", "make", "-q", *options, "--free", "4M", "--label", "r", "-o", image, *paths, over],
                    env=e, cwd=cwd, **kw)
            if p.returncode != 0:
                tap.ok(False, "v%s %s" % (version, name), p.stderr)
                return None
            return digest(image)

        def same(name, **kw):
            got = make(name, **kw)
            if got is not None:
                tap.same(got, reference, "v%s: same bytes: %s" % (version, name))

        shutil.rmtree(os.path.join(work, "cache"), ignore_errors=True)
        reference = make("cold cache")
        same("warm cache")
        same("another time zone", env={"TZ": "Pacific/Chatham"})
        same("another locale", env={"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"})
        same("the C locale", env={"LC_ALL": "C"})
        same("another umask", umask=0o077)
        same("absolute paths, another directory", cwd="/", paths=[os.path.join(sets, i) for i in inputs], over=os.path.join(work, "over"))
        same("another home and cache", env={"HOME": work, "SMOL_CACHE": os.path.join(work, "cache2")})
        if shutil.which("taskset"):
            same("one core, cold cache", prefix=("taskset", "-c", "0"), env={"SMOL_CACHE": os.path.join(work, "cache%s-1core" % version)})
        else:
            tap.skip("v%s: one core" % version, "taskset is not installed")
        if run(["unshare", "-ru", "hostname", "elsewhere"]).returncode == 0:
            same("another host name", prefix=("unshare", "-ru", "sh", "-c", 'hostname elsewhere; exec "$@"', "sh"))
        else:
            tap.skip("v%s: another host name" % version, "unshare -ru is not possible here")
        if os.geteuid() == 0 and shutil.which("setpriv"):
            same("another user, cold cache", prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
                 env={"SMOL_CACHE": os.path.join(work, "else where", "cache%s" % version), "HOME": "/nonexistent"})
        else:
            tap.skip("v%s: another user" % version, "only root can become another user")
        overlay(os.path.join(work, "over"), 1)
        time.sleep(1.1)
        same("the directory made later, in another order")
        dated = make("dated", env={"SOURCE_DATE_EPOCH": "1700000000"})
        tap.ok(dated is not None and dated != reference, "v%s: SOURCE_DATE_EPOCH dates what no input dates" % version)
        tap.same(make("dated again", env={"SOURCE_DATE_EPOCH": "1700000000", "TZ": "Asia/Tokyo"}), dated, "v%s: same bytes: SOURCE_DATE_EPOCH given" % version)
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
