#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# Disks of smol-vmm with the probe as guest: several, read-only, and one whose
# writes an overlay takes.  disk.py SMOL-VMM PROBE; TAP.
import os, shutil, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import Tap
from vmm import Machine, kvm_missing

VMM, PROBE = sys.argv[1:3]
BYTES = 1 << 20


def opened(path, flags):
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def run(*disks):
    """What the guest said and how it ended; disks: (path, overlay or None, ro or rw)."""
    m = Machine(VMM, PROBE, "console=com probe.test=1 probe.write=1")
    for path, overlay, mode in disks:
        fd = opened(path, os.O_RDONLY if mode == "ro" else os.O_RDWR)
        if overlay:
            m.line("disk %%d %%d %s" % mode, fd, opened(overlay, os.O_RDWR | os.O_CREAT))
        else:
            m.line("disk %%d - %s" % mode, fd)
    m.start()
    m.wait_for("tests, ", 60)
    m.end(20)
    return m.text(), m.process.stderr.read().decode()


def failed(text):
    """What the guest says of its disks that is not good; the clock's rate is others' business, under load."""
    return [line for line in text.splitlines() if line.startswith("not ok") and " blk" in line]


def main():
    tap = Tap()
    why = kvm_missing()
    if why:
        tap.skip("disks", why)
        return tap.done()
    work = tempfile.mkdtemp(prefix="smol-disk-")
    try:
        names = [os.path.join(work, n) for n in ("a", "b", "overlay", "short")]
        a, b, overlay, short = names
        for n in (a, b):
            with open(n, "wb") as f:
                f.write(os.urandom(BYTES))
        before = [open(n, "rb").read() for n in (a, b)]
        text, errors = run((a, overlay, "rw"), (b, None, "ro"), (a, None, "ro"))
        tap.ok("tests, " in text and not failed(text) and errors == "", "the guest is content with three disks", [line for line in text.splitlines() if not line.startswith("ok")][-10:], errors)
        tap.ok("ok" in text and "blk0 writes and reads back\n" in text, "it wrote through the overlay")
        tap.ok([open(n, "rb").read() for n in (a, b)] == before, "the raw files are as they were")
        tap.ok(open(overlay, "rb").read(14) == b"smol overlay 1", "the overlay is one")
        tap.ok(0 < os.stat(overlay).st_blocks * 512 < BYTES / 2, "it is sparse", os.stat(overlay))
        text, errors = run((a, overlay, "rw"))
        tap.ok("tests, " in text and not failed(text) and errors == "", "and can be used again", [line for line in text.splitlines() if not line.startswith("ok")][-10:], errors)
        shutil.copyfile(a, short)
        os.truncate(short, BYTES // 2)
        text, errors = run((short, overlay, "rw"))
        tap.ok("the overlay was made for a disk of %d bytes, this one has %d\n" % (BYTES, BYTES // 2) in errors, "not with another disk", errors)
    finally:
        shutil.rmtree(work)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
