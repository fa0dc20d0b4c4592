#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shares and the balloon of smol-vmm: the probe's 9P tests, and descriptions that are refused.

usage: share.py SMOL-VMM PROBE	(prints TAP)
"""
import os, re, sys, tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Tap  # noqa: E402
from vmm import Machine, kvm_missing  # noqa: E402

VMM, PROBE = map(os.path.abspath, sys.argv[1:3])
TESTS = 5  # of the probe's, about 9P
tap = Tap()


def machine(cpus=1):
    return Machine(VMM, PROBE, "console=com probe.test=1 probe.fast=1", cpus=cpus)


def directory(path):
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def self_tests(share, cpus, access):
    m = machine(cpus)
    m.line("share first %d " + access, directory(share))
    m.line("share second %d ro", directory("/"))
    m.line("balloon")
    m.start()
    what = "%d cpus, %s" % (cpus, access)
    tap.same(m.end(60), 64, "the probe ends by the exit port, " + what)
    points = re.findall(r"^(ok|not ok) \d+ - (9p0 .*)$", m.text(), re.M)
    tap.ok(len(points) == TESTS and all(p[0] == "ok" and "SKIP" not in p[1] for p in points),
        "the probe's 9P tests, " + what, m.text()[-3000:], m.errors())
    tap.ok("# 9p tag first\n" in m.text(), "the first share is the first device, " + what)
    tap.ok("# 9p file.txt mode 81a4 size 14\n" in m.text(), "its file is there, " + what)


def in_sandbox(share):
    """Each thread of a running monitor, as the kernel tells."""
    m = machine(2)
    m.line("share tag %d rw", directory(share))
    m.line("balloon")
    m.start()
    m.wait_for("smol probe", 30)
    tasks = "/proc/%d/task" % m.process.pid
    seen = []
    for task in os.listdir(tasks):
        with open(os.path.join(tasks, task, "status")) as f:
            seen.append(dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line))
    root = os.listdir("/proc/%d/root" % m.process.pid) if os.geteuid() == 0 else []
    m.kill()
    # KVM may have one of its own among them.
    tap.ok(len(seen) >= 5, "a machine of 2 CPUs, a share and a balloon has 5 threads", "%d" % len(seen))
    for name, want in ("Seccomp", "2"), ("NoNewPrivs", "1"), ("CapEff", "0" * 16), ("CapPrm", "0" * 16):
        tap.same({s[name] for s in seen}, {want}, "%s of all threads is %s" % (name, want))
    tap.same(root, [], "their root directory is empty")


def refused(line, fd, message):
    m = machine()
    if "%d" in line:
        m.line(line, fd)
    else:
        os.close(fd)
        m.line(line)
    m.start()
    status, text = m.end(10), m.errors()
    tap.ok(status == 1 and message in text, "refused: " + message, "status %s" % status, text)


def main():
    missing = kvm_missing()
    if missing:
        tap.skip("shares of smol-vmm", missing)
        return tap.done()
    with tempfile.TemporaryDirectory() as tmp:
        with open(os.path.join(tmp, "file.txt"), "w") as f:
            f.write("from the host\n")
        os.chmod(f.name, 0o644)
        in_sandbox(tmp)
        self_tests(tmp, 1, "rw")
        self_tests(tmp, 2, "ro")
        refused("share tag %d", directory(tmp), "'share' has 3 words, not 4")
        refused("share tag %d write", directory(tmp), "want ro or rw")
        refused("share " + "t" * 32 + " %d ro", directory(tmp), "must have 1 to 31 bytes")
        refused("share tag %d ro", os.open(f.name, os.O_RDONLY | os.O_CLOEXEC), "a share is no directory")
        refused("share tag 999 ro", directory(tmp), "cannot read a shared directory")
    return tap.done()


if __name__ == "__main__":
    main()
