#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Memory of smol-vmm below and above 4 GiB, as the probe finds it; none of it
is touched before the guest does.

usage: memory.py SMOL-VMM PROBE	(prints TAP)
"""
import os, re, resource, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Tap  # noqa: E402
from vmm import Machine, kvm_missing  # noqa: E402

VMM, PROBE = map(os.path.abspath, sys.argv[1:3])
tap = Tap()


def memory(gib, cpus, high):
    what = "%g GiB, %d cpus" % (gib, cpus)
    mib = int(gib * 1024)
    m = Machine(VMM, PROBE, "console=com probe.test=1 probe.fast=1", cpus=cpus, mem_mb=mib)
    m.start()
    status, errors = m.end(60), m.errors()
    if "cannot reserve the guest's memory" in errors:
        return tap.skip(what, errors.strip())
    tap.same(status, 64, "the probe's tests pass, " + what)
    # Of the first MiB, what begins with the MP table is not memory.
    tap.ok("probe: %d MB, %d cpus" % (mib - 1, cpus) in m.text(), "it finds all of its memory, " + what, m.text())
    found = re.search(r"^(ok|not ok) \d+ - boot memory above 4 GiB( # SKIP none)?$", m.text(), re.M)
    tap.ok(found and found.groups() == ("ok", None if high else " # SKIP none"),
        "%s above 4 GiB, %s" % ("the first and the last word" if high else "nothing", what), m.text(), errors)
    resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    tap.ok(resident < 64, "no more is touched than was used, " + what, "%d MiB were resident" % resident)


def main():
    missing = kvm_missing()
    if missing:
        tap.skip("memory of smol-vmm", missing)
        return tap.done()
    memory(3, 1, False)
    memory(3.0625, 1, True)
    memory(6, 12, True)
    memory(64, 2, True)
    return tap.done()


if __name__ == "__main__":
    main()
