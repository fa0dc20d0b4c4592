# SPDX-License-Identifier: BSD-2-Clause
#
# What an image of these tars must hold, worked out by Python's tarfile:
# path -> File.  Later tars overlay earlier ones.

import hashlib
import tarfile
from dataclasses import dataclass

TYPES = {tarfile.REGTYPE: "r", tarfile.AREGTYPE: "r", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.CHRTYPE: "c",
         tarfile.BLKTYPE: "b", tarfile.FIFOTYPE: "p"}


@dataclass
class File:
    """One inode; a hard link is the same object under another path."""

    type: str
    mode: int
    uid: int
    gid: int
    mtime: int
    size: int = 0
    target: str = ""
    rdev: tuple = ()
    digest: str = ""
    nlink: int = 0

    def line(self):
        """All that every reader can tell."""
        return (self.type, self.mode, self.uid, self.gid, self.mtime, self.size if self.type == "r" else 0, self.target)


def clean(name):
    return "/".join(p for p in name.split("/") if p not in ("", "."))


def read(tars, keep=None):
    """path -> File of all tars; keep(path, data) sees the contents."""
    files = {}
    for name in tars:
        with tarfile.open(name, errors="surrogateescape") as tar:
            for m in tar:
                path = clean(m.name)
                if m.islnk():
                    files[path] = files[clean(m.linkname)]
                    continue
                f = File(TYPES[m.type], m.mode, m.uid, m.gid, int(m.mtime))
                if f.type == "r":
                    data = tar.extractfile(m).read()
                    f.size, f.digest = len(data), hashlib.sha256(data).hexdigest()
                    if keep is not None:
                        keep(path, data)
                elif f.type == "l":
                    f.target, f.size = m.linkname, len(m.linkname.encode("utf-8", "surrogateescape"))
                elif f.type in "cb":
                    f.rdev = (m.devmajor, m.devminor)
                files[path] = f
    count_links(files)
    return files


def count_links(files):
    for path, f in files.items():
        if f.type == "d":
            f.nlink += 2
            if path != "":
                files[path.rpartition("/")[0]].nlink += 1
        else:
            f.nlink += 1


def parse_mode(text):
    """'rwsr-xr-t' to permission bits."""
    bits = 0
    for i, ch in enumerate(text):
        if ch in "rwxst":
            bits |= 1 << (8 - i)
        if ch in "sStT":
            bits |= (0o4000, 0o2000, 0o1000)[i // 3]
    return bits


def differences(got, expected, limit=12):
    """Lines that say where two maps differ; empty if they are equal."""
    out = []
    for path in sorted(set(got) | set(expected)):
        if got.get(path) != expected.get(path):
            out.append("%r: got %r, expected %r" % (path, got.get(path), expected.get(path)))
            if len(out) == limit:
                out.append("...")
                break
    return out
