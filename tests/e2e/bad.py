#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Bad input gives one clear line: the command, the exact line on standard
# error, the exit status; and no output file.  TAP.
#
#   bad.py SMOL

import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402

# Command, line after "smol: ", status.
TABLE = [
    ("frob", "there is no command 'frob'; 'smol --help' lists them", 2),
    ("image make", "no output: -o FILE names it", 2),
    ("image make -o x.img", "nothing to put into the image: name a TAR or a DIR", 2),
    ("image make --frob -o x.img s.tar.xz", "unknown option '--frob'; see 'smol image make --help'", 2),
    ("image make -o x.img absent.tar", "cannot open 'absent.tar': No such file or directory", 1),
    ("image make -o x.img s.tar.xz absent", "cannot open 'absent': No such file or directory", 1),
    ("image make -o x.img junk", "junk: it is not a tar archive, plain or compressed with xz, gzip, zstd or bzip2", 1),
    ("image make -o x.img empty", "empty: it is empty", 1),
    ("image make -o x.img cut.tar.xz", "cut.tar.xz: its xz data is cut off", 1),
    ("image make --ffs 3 -o x.img s.tar.xz", "bad FFS version '3': must be 1 to 2", 2),
    ("image make --size 1X -o x.img s.tar.xz", "bad image size '1X': want a number with K, M, G or T, as in 512M", 2),
    ("image make --size 0 -o x.img s.tar.xz", "bad image size '0': not zero", 2),
    ("image make --free 1M --size 10M -o x.img s.tar.xz", "--free goes with --size auto", 2),
    ("image make --free 10% --size 10M -o x.img s.tar.xz", "--free goes with --size auto", 2),
    ("image make --fs ufs -o x.img s.tar.xz", "there is no file system 'ufs' here: ffs or ext2", 2),
    ("image make --fs ext2 --log auto -o x.img s.tar.xz", "--ffs, --fsize and --log go with --fs ffs", 2),
    ("image make --log 64K -o x.img s.tar.xz", "bad journal size 65536: from 256K to 64M", 2),
    ("image make --mtree absent -o x.img s.tar.xz", "cannot open 'absent': No such file or directory", 1),
    ("image ls", "want one IMAGE[:PATH]; see 'smol image ls --help'", 2),
    ("image ls absent.img", "cannot open 'absent.img': No such file or directory", 1),
    ("image ls junk", "cannot read image 'junk': it holds no FFS: no superblock at 64 KiB, 8 KiB, 0 or 256 KiB", 1),
    ("image ls empty", "cannot read image 'empty': it holds no FFS: no superblock at 64 KiB, 8 KiB, 0 or 256 KiB", 1),
    ("image ls good.img:/absent", "image 'good.img': '/absent': no such file in the image", 1),
    ("image cat good.img:/etc", "image 'good.img': '/etc' is a directory", 1),
    ("image check junk", "cannot read image 'junk': it holds no FFS: no superblock at 64 KiB, 8 KiB, 0 or 256 KiB", 1),
    ("image check good.img good.img", "want one IMAGE; see 'smol image check --help'", 2),
    ("image cp good.img:/etc/rc.conf", "want SOURCE... DESTINATION; see 'smol image cp --help'", 2),
    ("image cp junk dir", "neither 'junk' nor the destination is in an image (IMAGE:PATH)", 2),
    ("image cp absent.img:/x dir", "cannot open 'absent.img:/x': No such file or directory", 1),
    ("image cp junk:/x dir", "cannot read image 'junk': it holds no FFS: no superblock at 64 KiB, 8 KiB, 0 or 256 KiB", 1),
    ("image cp good.img:/etc dir", "'good.img:/etc' is a directory: -r copies it", 1),
    ("image cp good.img:/etc/rc.conf good.img", "'good.img' is an image: 'good.img:/' copies into it", 2),
    ("image df junk", "cannot read image 'junk': it holds no FFS: no superblock at 64 KiB, 8 KiB, 0 or 256 KiB", 1),
    ("image diff good.img", "want two of IMAGE[:PATH] and DIR; see 'smol image diff --help'", 2),
    ("image resize good.img", "want an IMAGE and a SIZE; see 'smol image resize --help'", 2),
    ("image resize good.img 1X", "bad image size '1X': want a number with K, M, G or T, as in 512M", 2),
    ("image resize good.img 1000", "bad image size '1000': a multiple of 512 bytes, not zero", 2),
    ("image resize --append good.img min", "--append wants a size, or +SIZE", 2),
    ("image resize --free 1M good.img 10M", "--free goes with the sizes auto and min", 2),
    ("image resize good.img:/etc 10M", "want an IMAGE, without a path in it; see 'smol image resize --help'", 2),
    ("run", "which service or image? see 'smol run --help'", 2),
    ("run absent", "there is neither an image nor a service 'absent'", 1),
]
# Here a part of the line says enough; the rest may be worded anew.
PARTS = [
    ("image make --size 3M -o x.img s.tar.xz", ("do not fit into 3.0 MiB", "are needed"), 1),
    ("image make --fs ext2 --size 3M -o x.img s.tar.xz", ("do not fit into 3.0 MiB", "are needed"), 1),
    ("image make --fs ext2 --bsize 8192 -o x.img s.tar.xz", ("bad block size", "1024, 2048 or 4096"), 2),
    ("image make --free x% -o x.img s.tar.xz", ("bad free space",), 2),
    ("image make --bsize 5000 -o x.img s.tar.xz", ("bad block size", "power of two"), 2),
    ("image make --bsize 4096 --fsize 256 -o x.img s.tar.xz", ("bad fragment size",), 2),
    ("image make --label 0123456789012345678901234567890123456789 -o x.img s.tar.xz", ("bad label", "36"), (1, 2)),
    ("image make -o absent/x.img s.tar.xz", ("absent/x.img", "No such file or directory"), 1),
    ("image make -o dir s.tar.xz", ("dir",), 1),
    ("image make -o s.tar.xz s.tar.xz", ("s.tar.xz",), (1, 2)),
    ("image ls cut.img", ("cut.img", "truncated"), 1),
    ("build absent", ("absent",), (1, 2)),
]


def main():
    # Outside of any workspace: below the build directory the repository's would be found.
    smol, work = os.path.abspath(sys.argv[1]), tempfile.mkdtemp(prefix="smol-bad-")
    os.makedirs(os.path.join(work, "dir"))
    tap = Tap()
    os.environ["SMOL_CACHE"] = os.path.join(work, ".cache")
    os.environ["SMOL_HOME"] = os.path.join(work, ".home")
    os.environ["SMOL_DATADIR"] = os.path.join(work, ".none")
    run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "--small", "-o", work], check=True)
    os.rename(os.path.join(work, "base.tar.xz"), os.path.join(work, "s.tar.xz"))

    def write(name, data):
        with open(os.path.join(work, name), "wb") as f:
            f.write(data)

    def read(name):
        with open(os.path.join(work, name), "rb") as f:
            return f.read()

    write("junk", b"junk\n" * 100)
    write("empty", b"")
    write("cut.tar.xz", read("s.tar.xz")[:100000])
    run([smol, "image", "make", "-q", "-o", "good.img", "s.tar.xz", "etc.tar.xz"], cwd=work, check=True)
    write("cut.img", read("good.img")[:2 << 20])
    before = {n: read(n) for n in os.listdir(work) if os.path.isfile(os.path.join(work, n))}
    for command, line, status in TABLE:
        p = run([smol] + command.split(), cwd=work)
        tap.same((p.stderr, p.stdout, p.returncode), ("smol: %s\n" % line, "", status), "smol " + command)
    for command, parts, status in PARTS:
        p = run([smol] + command.split(), cwd=work)
        good = p.stderr.count("\n") == 1 and all(w in p.stderr for w in parts) and p.returncode in (status if isinstance(status, tuple) else (status,))
        tap.ok(good, "smol " + command, p.returncode, p.stderr, p.stdout)
    after = {n: read(n) for n in os.listdir(work) if os.path.isfile(os.path.join(work, n))}
    tap.ok(before == after, "no file was made or changed", sorted(n for n in set(before) | set(after) if before.get(n) != after.get(n)))
    with open("/dev/full", "w") as full:
        p = run([smol, "image", "ls", "-R", "good.img"], cwd=work, stdout=full)
    tap.same((p.stderr, p.returncode), ("smol: cannot write the output: No space left on device\n", 1), "smol image ls > /dev/full")
    shutil.rmtree(work, ignore_errors=True)
    tap.done()


if __name__ == "__main__":
    main()
