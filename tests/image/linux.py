# SPDX-License-Identifier: BSD-2-Clause
#
# Linux's ufs driver as a reader: linux.sh boots it, here is what it saw.

import hashlib
import os
import tarfile

from expected import TYPES, clean
from tap import run

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "linux.sh")
LISTING_BYTES = 16 << 20


def prepare(cache):
    """None, or why there is no kernel."""
    p = run([SCRIPT, "prepare", cache])
    return None if p.returncode == 0 else (p.stdout + p.stderr).strip() or "linux.sh prepare failed"


def read(cache, images, out_dir):
    """The console's text and image -> path of what the guest wrote."""
    outs = {i: os.path.join(out_dir, os.path.basename(i) + ".linux") for i in images}
    p = run([SCRIPT, "read", cache] + [word for i in images for word in (i, outs[i])], text=False)
    return p.stdout.decode("utf-8", "replace").replace("\r", ""), outs


def listing(out):
    """path -> (st_mode, uid, gid, size, mtime, nlink), as stat(1) in the guest told."""
    with open(out, "rb") as f:
        text = f.read(LISTING_BYTES).rstrip(b"\0").decode("utf-8", "surrogateescape")
    files = {}
    for entry in text.split("//")[1:]:
        name, mode, *numbers = entry.rstrip("\n").rsplit("|", 6)
        files[clean(name)] = (int(mode, 16),) + tuple(int(n) for n in numbers)
    return files


def contents(out):
    """path -> (type, target, device, digest), from the tar that the guest made; hard links by their first name."""
    files = {}
    with open(out, "rb") as f:
        f.seek(LISTING_BYTES)
        with tarfile.open(fileobj=f, mode="r|", errors="surrogateescape") as tar:
            for m in tar:
                path = clean(m.name)
                if m.islnk():
                    files[path] = files[clean(m.linkname)]
                    continue
                kind = TYPES[m.type]
                digest = hashlib.sha256(tar.extractfile(m).read()).hexdigest() if kind == "r" else ""
                files[path] = (kind, m.linkname, (m.devmajor, m.devminor) if kind in "cb" else (), digest)
    return files
