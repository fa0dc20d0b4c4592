# SPDX-License-Identifier: BSD-2-Clause
#
# Sleuthkit as a reader of our images: fls for names and attributes, istat for
# link counts, icat for contents.  Offsets are in sectors.

import hashlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from expected import parse_mode
from tap import run


def listing(image, sector, fs):
    """path -> (inode, (type, mode, uid, gid, mtime, size, target)), by fls in body format."""
    p = run(["fls", "-f", fs, "-o", str(sector), "-r", "-u", "-m", "/", image], text=False)
    out = {}
    for line in p.stdout.decode("utf-8", "surrogateescape").split("\n"):
        m = re.fullmatch(r"0\|/(.*)\|(\d+)\|./(.)([-rwxsStT]{9})\|(\d+)\|(\d+)\|(\d+)\|\d+\|(-?\d+)\|-?\d+\|-?\d+", line)
        if m is None:
            continue
        path, inode, kind, mode, uid, gid, size, mtime = m.groups()
        target = ""
        if kind == "l":
            path, _, target = path.partition(" -> ")
        if path.startswith("$"):  # Sleuthkit's own virtual directory
            continue
        out[path] = (int(inode), (kind, parse_mode(mode), int(uid), int(gid), int(mtime), int(size) if kind == "r" else 0, target))
    return out, p.stderr.decode("utf-8", "replace")


def printable(path):
    """fls prints a control character as '^'."""
    return re.sub(r"[\x00-\x1f\x7f]", "^", path)


def link_counts(image, sector, fs, inodes):
    """inode -> link count, by istat."""
    def one(inode):
        p = subprocess.run(["istat", "-f", fs, "-o", str(sector), image, str(inode)], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
        m = re.search(rb"num of links: (\d+)", p.stdout)
        return inode, int(m.group(1)) if m else None

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(one, inodes))


def digests(image, sector, fs, inodes):
    """inode -> SHA-256 of its contents, by icat."""
    def one(inode):
        p = subprocess.run(["icat", "-f", fs, "-o", str(sector), image, str(inode)], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL)
        return inode, hashlib.sha256(p.stdout).hexdigest()

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(one, inodes))
