#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A hostile guest on a machine with every device: the monitor survives it, in
bounded memory, answers meanwhile, and the host's files are as they were.

usage: hostile.py SMOL-VMM SMOL-NET PROBE	(prints TAP)
"""
import hashlib, json, os, re, socket, sys, tempfile, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Tap  # noqa: E402
from vmm import Control, Machine, Net, kvm_missing  # noqa: E402

VMM, NET, PROBE = map(os.path.abspath, sys.argv[1:4])
DISK, RSS_MAX, SEEDS = 4 << 20, 32 << 20, (1, 2, 3)
tap = Tap()


def opened(path, flags):
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def drained(s):
    def run():
        try:
            while s.recv(65536):
                pass
        except OSError:
            pass
    threading.Thread(target=run, daemon=True).start()


def machine(tmp, seed):
    m = Machine(VMM, PROBE, "console=com probe.hostile=1 probe.seed=%d" % seed, cpus=2)
    base = opened(os.path.join(tmp, "base"), os.O_RDONLY)
    m.line("disk %d %d rw", base, opened(os.path.join(tmp, "overlay%d" % seed), os.O_RDWR | os.O_CREAT))
    m.line("disk %d - ro", opened(os.path.join(tmp, "second"), os.O_RDONLY))
    for kind in ("console", "port", "port"):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        m.line(kind + " %d", theirs.detach())
        drained(ours)
    m.line("share tag %d rw", opened(os.path.join(tmp, "share"), os.O_PATH | os.O_DIRECTORY))
    m.line("fwcfg opt/org.smolbsd.file.a %d", opened(os.path.join(tmp, "second"), os.O_RDONLY))
    m.line("rng")
    m.line("balloon")
    net = Net(NET)
    net.attach(m)
    return m, Control(m), net


def anonymous(pid):
    """What the monitor has beyond the guest's memory, the one mapping of 64 MiB."""
    total, size = 0, 0
    with open("/proc/%d/smaps" % pid) as f:
        for line in f:
            if line.startswith("Size:"):
                size = int(line.split()[1])
            elif line.startswith("Rss:") and size != 64 << 10:
                total += int(line.split()[1]) << 10
    return total


def attack(tmp, seed):
    m, c, net = machine(tmp, seed)
    what = "seed %d: " % seed
    m.start()
    tap.same(c.event(10), "started", what + "started")
    slowest, rss, counts = 0, 0, {}
    until = time.monotonic() + 60
    while m.process.poll() is None and time.monotonic() < until:
        start = time.monotonic()
        try:
            answer = c.ask("status")
            if answer != "ok running":
                break
            slowest = max(slowest, time.monotonic() - start)
            counts = json.loads(c.ask("metrics")[3:])
            rss = max(rss, anonymous(m.process.pid))
        except (OSError, TypeError):
            break
        time.sleep(0.05)
    tap.same(m.end(30), 64, what + "the guest ends by the exit port")
    points = re.findall(r"^(ok|not ok) \d+ - (.*)$", m.text(), re.M)
    tap.ok(len(points) == 3 and all(p[0] == "ok" for p in points), what + "survived, devices and disk work again",
        m.text()[-2000:], m.errors())
    for name in ("dropped", "needs_reset", "resets"):
        n = sum(d[name] for d in counts.get("devices", []))
        tap.ok(n > 0, what + "metrics count %s" % name, counts)
    tap.ok(0 < slowest < 1, what + "status is answered within a second", "%.3f s" % slowest)
    tap.ok(0 < rss < RSS_MAX, what + "the monitor's own memory is bounded", "%d KiB" % (rss >> 10))
    tap.same(net.end(5), 0, what + "smol-net ends with the monitor")


def main():
    why = kvm_missing()
    if why:
        tap.skip("a hostile guest", why)
        return tap.done()
    with tempfile.TemporaryDirectory(prefix="smol-hostile-") as tmp:
        files = [os.path.join(tmp, name) for name in ("base", "second")]
        for path in files:
            with open(path, "wb") as f:
                f.write(os.urandom(DISK))
        os.mkdir(os.path.join(tmp, "share"))
        before = [digest(path) for path in files]
        for seed in SEEDS:
            attack(tmp, seed)
        tap.same([digest(path) for path in files], before, "the host's files are as they were")
        want = sorted(["base", "second", "share"] + ["overlay%d" % s for s in SEEDS])
        tap.same(sorted(os.listdir(tmp)), want, "nothing appeared beside the share")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
