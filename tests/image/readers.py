#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Third-party readers judge our images: Sleuthkit, grub-fstest and Linux's ufs
# driver must read back what the tars hold, to the last bit, for FFS v1 and v2,
# with and without a journal; for ext2 Sleuthkit, grub-fstest and e2fsprogs.
#
#   readers.py --smol PROGRAM --work DIR [--linux CACHE] [--small] [--foreign]

import argparse
import json
import os
import random
import re
import shutil
import stat
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import expected  # noqa: E402
import e2fs  # noqa: E402
import linux  # noqa: E402
import sleuthkit  # noqa: E402
from tap import Tap, run  # noqa: E402

SECTOR = 1024  # where the partition begins
SAMPLE = 300
TYPE_BITS = {"r": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK, "c": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}


class Case:
    """One image and what it must hold."""

    def __init__(self, name, image, files, tree, sector=SECTOR, foreign=False, fs="ufs"):
        self.name, self.image, self.files, self.tree, self.sector, self.foreign = name, image, files, tree, sector, foreign
        self.fs = fs

    def sample(self, rng, paths):
        paths = sorted(paths)
        return paths if len(paths) <= SAMPLE else rng.sample(paths, SAMPLE)


def judge_sleuthkit(tap, case, rng):
    if shutil.which("fls") is None:
        return tap.skip(case.name + ": Sleuthkit", "fls is not installed (sleuthkit)")
    got, errors = sleuthkit.listing(case.image, case.sector, case.fs)
    want = {sleuthkit.printable(p): f for p, f in case.files.items() if p != ""}
    cut = 512 if "/512" in case.name else 1024  # of a longer symlink it reads the first fragment right
    wrong = expected.differences({p: g[1][:6] + (g[1][6][:cut],) for p, g in got.items()},
                                 {p: f.line()[:6] + (f.target[:cut],) for p, f in want.items()})
    tap.ok(not wrong, "%s: fls lists all %d files as they are" % (case.name, len(want)), *wrong, errors)
    one_inode = {}
    for path, (inode, _) in got.items():
        if path in want:
            one_inode.setdefault(id(want[path]), set()).add(inode)
    split = [s for s in one_inode.values() if len(s) != 1]
    tap.ok(not split and len(set.union(set(), *one_inode.values())) == len(one_inode), "%s: hard links share inodes, nothing else does" % case.name, split)
    known = [p for p in want if p in got]
    sample = case.sample(rng, known)
    counts = sleuthkit.link_counts(case.image, case.sector, case.fs, [got[p][0] for p in sample])
    wrong = ["%s: %s, not %d" % (p, counts[got[p][0]], want[p].nlink) for p in sample if counts[got[p][0]] != want[p].nlink]
    tap.ok(not wrong, "%s: istat tells the link counts of %d files" % (case.name, len(sample)), *wrong[:12])
    # The largest always, they have the indirect blocks.
    regular = [p for p in known if want[p].type == "r"]
    sample = set(case.sample(rng, regular)) | set(sorted(regular, key=lambda p: -want[p].size)[:5])
    digests = sleuthkit.digests(case.image, case.sector, case.fs, [got[p][0] for p in sample])
    wrong = [p for p in sample if digests[got[p][0]] != want[p].digest]
    tap.ok(not wrong, "%s: icat gives the contents of %d files" % (case.name, len(sample)), *wrong[:12])


def judge_grub(tap, case, rng):
    if shutil.which("grub-fstest") is None:
        return tap.skip(case.name + ": grub-fstest", "grub-fstest is not installed (grub-common)")
    root = "(loop0,gpt1)" if case.sector else ""
    p = run(["grub-fstest", case.image, "cmp", root + "/", case.tree])
    tap.ok(p.returncode == 0, "%s: grub-fstest compares every file equal" % case.name, p.stdout, p.stderr)
    dirs = {p: set() for p, f in case.files.items() if f.type == "d"}
    for path, f in case.files.items():
        # grub shows no devices, no link that it cannot follow, and no name with a dot in front.
        name = path.rpartition("/")[2]
        if f.type in "rd" and not name.startswith(".") and not re.search(r"\s", path) and path != "":
            dirs[path.rpartition("/")[0]].add(name + ("/" if f.type == "d" else ""))
    wrong = []
    for d in case.sample(rng, dirs)[:60]:
        p = run(["grub-fstest", case.image, "ls", root + "/" + d + "/"], text=False)
        listed = set(p.stdout.decode("utf-8", "surrogateescape").split())
        if not dirs[d] <= listed:
            wrong.append("/%s lacks %s" % (d, sorted(dirs[d] - listed)[:5]))
    tap.ok(not wrong, "%s: grub-fstest lists the directories" % case.name, *wrong)


def judge_ours(tap, smol, case):
    p = run([smol, "image", "check", case.image])
    tap.ok(p.returncode == 0, "%s: smol image check is clean" % case.name, p.stdout, p.stderr)
    p = run([smol, "image", "ls", "-lR", "--json", case.image], text=False)
    if not tap.ok(p.returncode == 0, "%s: smol image ls -lR --json" % case.name, p.stderr.decode()):
        return
    got = {}
    for e in json.loads(p.stdout.decode("utf-8", "surrogateescape")):
        kind = {"file": "r", "dir": "d", "link": "l", "char": "c", "block": "b"}.get(e["type"], "p")
        got[e["path"].strip("/")] = (kind, int(e["mode"], 8), e["uid"], e["gid"], e["mtime"], e["size"] if kind == "r" else 0,
                                     e.get("target", ""), e["nlink"], (e["major"], e["minor"]) if kind in "cb" else ())
    want = {p: f.line() + (f.nlink, f.rdev) for p, f in case.files.items() if p != ""}
    got.pop("", None)
    if case.foreign:  # extracting gave links the mode and directories the date that Linux likes
        got, want = ({p: e[:1] if e[0] == "l" else e[:4] if e[0] == "d" else e for p, e in m.items()} for m in (got, want))
    wrong = expected.differences(got, want)
    tap.ok(not wrong, "%s: smol image ls lists all %d files as they are" % (case.name, len(want)), *wrong)


def linux_rdev(f):
    """Its ufs keeps eight bits of a major number (NetBSD's viocon has 364)."""
    return (f.rdev[0] & 0xff, f.rdev[1]) if f.rdev else ()


def judge_linux(tap, cache, cases, work):
    why = linux.prepare(cache) if cache else "no cache directory given"
    if shutil.which("qemu-system-x86_64") is None:
        why = "qemu-system-x86_64 is not installed"
    if why:
        for case in cases:
            tap.skip(case.name + ": Linux's ufs", why)
        return
    console, outs = linux.read(cache, [c.image for c in cases], work)
    for n, case in enumerate(cases):
        if not tap.ok("image %d: read as " % n in console, "%s: Linux mounts and reads it" % case.name, console):
            continue
        tap.ok(not re.search(r"ufs.*(error|bad|wrong)|No such|Input/output", console), "%s: Linux has no complaint" % case.name, console)
        seen, held = linux.listing(outs[case.image]), linux.contents(outs[case.image])
        want = {p: (TYPE_BITS[f.type] | f.mode, f.uid, f.gid, f.mtime, f.nlink) + ((f.size,) if f.type in "rl" else ())
                for p, f in case.files.items()}
        got = {p: (s[0], s[1], s[2], s[4], s[5]) + ((s[3],) if stat.S_ISREG(s[0]) or stat.S_ISLNK(s[0]) else ())
               for p, s in seen.items()}
        wrong = expected.differences(got, want)
        tap.ok(not wrong, "%s: Linux stats all %d files as they are" % (case.name, len(want)), *wrong)
        wrong = expected.differences({p: h for p, h in held.items() if p}, {p: (f.type, f.target, linux_rdev(f), f.digest)
                                                                         for p, f in case.files.items() if p})
        tap.ok(not wrong, "%s: Linux reads every content, link and device" % case.name, *wrong)
        os.unlink(outs[case.image])


def extract(tars, tree):
    """The regular files, for grub's cmp (which is told nothing of the rest); 0755 so that it can be removed again."""
    shutil.rmtree(tree, ignore_errors=True)

    def keep(path, data):
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if " " not in path and "\n" not in path and "\\" not in path and "'" not in path:
            with open(full, "wb") as f:
                f.write(data)

    files = expected.read(tars, keep)
    for path, f in files.items():
        if f.type == "r" and f.nlink > 1 and f.size < 100000 and " " not in path:
            full = os.path.join(tree, path)
            if not os.path.exists(full):
                first = next(p for p, g in files.items() if g is f)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                os.link(os.path.join(tree, first), full)
    return files


def makefs_cases(tap, work, tars):
    """The peer's images, read by our own programs."""
    why = "makefs is not installed" if shutil.which("makefs") is None else \
        "bsdtar is not installed" if shutil.which("bsdtar") is None else \
        "only root can extract a set with its owners" if os.geteuid() != 0 else None
    if why:
        tap.skip("makefs's images, read by smol", why)
        return
    tree = os.path.join(work, "makefs-tree")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(tree)
    for t in tars:
        run(["bsdtar", "--numeric-owner", "-xpf", t, "-C", tree])
    for v in (1, 2):
        image = os.path.join(work, "makefs%d.img" % v)
        p = run(["makefs", "-t", "ffs", "-o", "version=%d,bsize=8192,fsize=1024" % v, image, tree])
        if tap.ok(p.returncode == 0, "makefs makes version %d" % v, p.stderr):
            yield v, image
    shutil.rmtree(tree, ignore_errors=True)


def make(tap, smol, name, image, tars, extra=()):
    p = run([smol, "image", "make", "--label", "testroot", *extra, "-o", image, *tars])
    good = tap.ok(p.returncode == 0, name + ": smol image make", p.stdout, p.stderr)
    if good and name.startswith("rewritten"):
        p = run([smol, "image", "resize", image, "+20M"])
        good = tap.ok(p.returncode == 0, name + ": smol image resize", p.stdout, p.stderr)
    return good


def judge_foreign(tap, smol, work, sets):
    """What another program wrote, we must find clean and read right."""
    tars = [os.path.join(sets, f) for f in ("base.tar.xz", "etc.tar.xz")]
    files = expected.read(tars)
    for v, image in makefs_cases(tap, work, tars):
        judge_ours(tap, smol, Case("makefs v%d" % v, image, files, None, 0, True))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--smol", required=True)
    ap.add_argument("--work", required=True)
    ap.add_argument("--linux")
    ap.add_argument("--small", action="store_true")
    ap.add_argument("--foreign", action="store_true")
    ap.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    args = ap.parse_args()
    tap, rng = Tap(), random.Random(args.seed)
    smol = os.path.abspath(args.smol)
    tap.note("seed %d" % args.seed)
    size = "small" if args.small or args.foreign else "big"
    work = os.path.join(args.work, "readers-%s" % ("foreign" if args.foreign else size))
    os.makedirs(work, exist_ok=True)
    os.environ["SMOL_CACHE"] = os.path.join(args.work, "cache")
    sets = os.path.join(args.work, "sets-" + os.path.basename(work))
    make_sets = os.path.join(os.path.dirname(HERE), "synth", "sets.py")
    run([sys.executable, make_sets, "-o", sets] + (["--small"] if size == "small" else []), check=True)
    tars = [os.path.join(sets, f) for f in ("base.tar.xz", "etc.tar.xz")]
    if args.foreign:
        judge_foreign(tap, smol, work, sets)
        tap.done()
    if args.small:
        run([sys.executable, make_sets, "--special", "-o", sets], check=True)
        tars.append(os.path.join(sets, "special.tar"))
    tree = os.path.join(work, "tree")
    files = extract(tars, tree)
    plan = [("v1", ()), ("v2 with a journal", ("--ffs", "2", "--log", "auto"))]
    if args.small:
        plan += [("rewritten v2 with a journal", ("--ffs", "2", "--log", "2M")),
                 ("v1 4096/512 with a journal", ("--bsize", "4096", "--fsize", "512", "--log", "3M")),
                 ("v1 32K/4K", ("--bsize", "32768", "--fsize", "4096")),
                 ("v2 64K/8K --ro", ("--ffs", "2", "--bsize", "65536", "--fsize", "8192", "--ro")),
                 ("v1 of 512M with a journal", ("--size", "512M", "--log", "auto"))]
    plan += [("ext2", ("--fs", "ext2"))]
    if args.small:
        plan += [("ext2 of 600M", ("--fs", "ext2", "--size", "600M")), ("ext2 2048", ("--fs", "ext2", "--bsize", "2048", "--free", "20%"))]
    cases = []
    for name, extra in plan:
        image = os.path.join(work, re.sub(r"\W+", "-", name) + ".img")
        if not make(tap, smol, name, image, tars, extra):
            continue
        cases.append(Case(name, image, files, tree, fs="ext2" if "ext2" in extra else "ufs"))
        if cases[-1].fs == "ext2":
            e2fs.judge(tap, cases[-1])
        else:
            judge_ours(tap, smol, cases[-1])
        judge_sleuthkit(tap, cases[-1], rng)
        judge_grub(tap, cases[-1], rng)
    judge_linux(tap, args.linux, [c for c in cases if c.fs == "ufs"][:4], work)
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
