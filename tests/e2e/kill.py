#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# smol image make killed (SIGKILL) at random moments over an existing image:
# the old image or the whole new one is there, nothing else, and the cache
# never passes half a set for a whole one.  TAP.
#
#   kill.py SMOL WORK [ROUNDS [SEED]]

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def main():
    smol, work = os.path.abspath(sys.argv[1]), os.path.join(sys.argv[2], "kill")
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 30)
    tap, rng = Tap(), random.Random(seed)
    tap.note("seed %d, %d rounds" % (seed, rounds))
    shutil.rmtree(work, ignore_errors=True)
    out, cache, sets = (os.path.join(work, d) for d in ("out", "cache", "sets"))
    os.makedirs(out)
    for options in (["--small"], ["--special"]):
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "-o", sets] + options, check=True)
    base, special = os.path.join(sets, "base.tar.xz"), os.path.join(sets, "special.tar")
    env = dict(os.environ, SMOL_CACHE=cache)
    image = os.path.join(out, "x.img")
    make_old = [smol, "image", "make", "-q", "-o", image, base]
    make_new = [smol, "image", "make", "-q", "-o", image, base, special]

    run(make_new, env=env, check=True)
    new = digest(image)
    run(make_old, env=env, check=True)
    old = digest(image)
    shutil.rmtree(cache)
    start = time.monotonic()
    run([smol, "image", "make", "-q", "-o", os.path.join(work, "time.img"), base, special], env=env, check=True)
    cold = time.monotonic() - start
    start = time.monotonic()
    run([smol, "image", "make", "-q", "-o", os.path.join(work, "time.img"), base, special], env=env, check=True)
    warm = time.monotonic() - start

    seen = {"old": 0, "new": 0}
    wrong, leftovers, bad_cache, killed = [], [], [], 0
    i = 0
    while killed < rounds and i < 3 * rounds:
        i += 1
        from_cold = i % 2 == 0
        if from_cold:
            shutil.rmtree(cache, ignore_errors=True)
        p = subprocess.Popen(make_new, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * 1.1 * (cold if from_cold else warm))
        p.kill()
        killed += p.wait() == -9
        now = digest(image) if os.path.exists(image) else "none"
        if now not in (old, new):
            wrong.append("round %d: %s" % (i, now))
        seen["new" if now == new else "old"] += 1
        for name in os.listdir(out):
            if name != "x.img":
                # Between link and rename there is a whole image under a dot name; anything else is a fault.
                path = os.path.join(out, name)
                if not name.startswith(".") or digest(path) != new:
                    leftovers.append("round %d: %s, %d bytes" % (i, name, os.path.getsize(path)))
                os.unlink(path)
        if now == new or i % 8 == 1:
            # What the cache kept must do for a whole run.
            run(make_new, env=env)
            if digest(image) != new:
                bad_cache.append("round %d" % i)
            run(make_old, env=env)
            if digest(image) != old:
                bad_cache.append("round %d, old" % i)
    tap.ok(not wrong, "%d kills: the old image or the new one, whole" % killed, *wrong)
    tap.ok(not leftovers, "no partial file beside it", *leftovers)
    tap.ok(not bad_cache, "the cache never passes half a set for a whole one", *bad_cache)
    tap.ok(killed == rounds, "%d of %d runs were killed before their end" % (killed, i), seen)
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
