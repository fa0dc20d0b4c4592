#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The life of a machine as seen from its control socket: events, status,
pause and resume, metrics, quit, signals, consoles that nobody reads.

usage: control.py SMOL SMOL-VMM PROBE	(prints TAP)
"""
import json, os, re, signal, socket, struct, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Tap, run  # noqa: E402
from vmm import Control, Machine, kvm_missing  # noqa: E402

SMOL, VMM, PROBE = map(os.path.abspath, sys.argv[1:4])
tap = Tap()


def image(tmp, name, script, big=0):
    root = os.path.join(tmp, name)
    os.makedirs(os.path.join(root, "etc"))
    with open(os.path.join(root, "etc/rc"), "w") as f:
        f.write("#!probe\n" + script)
    with open(os.path.join(root, "big"), "w") as f:
        f.write(("x" * 63 + "\n") * (big // 64))
    path = os.path.join(tmp, name + ".img")
    run([SMOL, "image", "make", "-q", "-o", path, root], check=True)
    return path


def machine(disk, cmdline="console=com", cpus=1):
    m = Machine(VMM, PROBE, cmdline + " root=NAME=root", cpus=cpus)
    m.line("disk %d - ro", os.open(disk, os.O_RDONLY | os.O_CLOEXEC))
    return m, Control(m)


def ticks(m):
    return len(re.findall(r"^tick", m.text(), re.M))


def pause(m, c):
    """Three seconds of pause: silent, then the ticks go on as the host's time does."""
    tap.same(c.ask("pause"), "ok", "pause")
    tap.same(c.ask("status"), "ok paused", "it says so")
    tap.same(c.ask("pause"), "ok", "a second pause is none")
    time.sleep(0.2)
    before, exits = ticks(m), json.loads(c.ask("metrics")[3:])["exits"]
    time.sleep(3)
    after = json.loads(c.ask("metrics")[3:])
    tap.ok(ticks(m) == before and after["exits"] == exits and after["state"] == "paused",
        "a paused guest says and does nothing", m.text()[-200:], exits, after)
    tap.same(c.ask("resume"), "ok", "resume")
    start = time.monotonic()
    tap.same(c.ask("status"), "ok running", "it says so, too")
    until = start + 20
    while ticks(m) < before + 3 and time.monotonic() < until:
        time.sleep(0.02)
    took = time.monotonic() - start
    # No fewer: time has not run away. A busy host may take longer.
    tap.ok(1.5 <= took <= 18, "three ticks of a second take two seconds at least afterwards", "%.2f s" % took)


def metrics(c, start):
    m = json.loads(c.ask("metrics")[3:])
    now = time.monotonic_ns()
    tap.ok(start <= m["start_ns"] <= m["vm_ns"] <= m["run_ns"] <= m["now_ns"] <= now, "metrics: stamps in their order", m)
    uart = [p for p in m["ports"] if p["name"] == "uart"]
    tap.ok(len(uart) == 1 and uart[0]["writes"] > 100, "metrics: the UART was written to", m["ports"])
    tap.ok(m["exits"]["port"] >= uart[0]["writes"] and m["cpus"] == 2, "metrics: exits and CPUs", m)
    tap.ok(any(p["name"] == "virtio0 block" and p["reads"] > 0 for p in m["mmio"]), "metrics: a window by its name", m["mmio"])
    block = m["devices"][0]
    tap.ok(block["type"] == "block" and block["index"] == 0 and block["reads"] > 0 and block["read_bytes"] >= 512 and
        block["interrupts"] > 0 and block["dropped"] == block["needs_reset"] == block["errors"] == 0,
        "metrics: the disk was read", block)
    tap.ok([d["type"] for d in m["devices"]] == ["block", "entropy", "balloon"] and m["memory"]["bytes"] == 64 << 20,
        "metrics: every device, and the memory", m)
    lost = m["unclaimed"]
    tap.ok(sum(p["accesses"] for p in lost["ports"]) <= lost["port_reads"] + lost["port_writes"], "metrics: unclaimed ports", lost)
    kvm = m.get("kvm")
    if kvm is None:
        tap.skip("metrics: KVM's own", "this KVM has no statistics")
    else:
        tap.ok(kvm["exits"] >= 0 and set(kvm) >= {"io_exits", "mmio_exits"}, "metrics: KVM's own", kvm)


def life(disk):
    start = time.monotonic_ns()
    m, c = machine(disk, cpus=2)
    m.line("rng")
    m.line("balloon")
    m.start()
    tap.same(c.event(10), "started", "event started")
    tap.same(c.ask("status"), "ok running", "status")
    tap.ok(m.wait_for("tick 3", 30), "the guest ticks", m.text()[-500:])
    metrics(c, start)
    pause(m, c)
    tap.same(c.ask("balloon 1048576"), "ok", "balloon")
    tap.ok(c.ask("balloon much").startswith("error bad size 'much'"), "balloon wants a number")
    tap.same(c.ask("size 100 30"), "error the machine has no console with a size", "no console has no size")
    tap.same(c.ask("stop"), "error the guest has no power button", "no button to stop it by")
    tap.same(c.ask("jump"), "error 'jump' is not known", "an unknown command")
    tap.same(c.ask("x" * 5000), "error the line is too long", "a line too long")
    c.socket.sendall(b"sta")
    time.sleep(0.1)
    c.socket.sendall(b"tus\nstatus\n")
    tap.same([c.reply(), c.reply()], ["ok running"] * 2, "commands in pieces and together")
    tap.same(c.ask("quit"), "ok", "quit")
    tap.same(c.event(5), "ended stopped", "event ended stopped")
    tap.same(m.end(5), 5, "exit status 5")


def ends(tmp):
    """Of the guest's own accord."""
    m, c = machine(image(tmp, "reset", "print done\nexit 0\n"))
    m.start()
    tap.same([c.event(10), c.event(30)], ["started", "ended exit 1"], "the guest's word to the exit port is an event")
    tap.same(m.end(5), 64, "and exit status 64")
    m = Machine(VMM, os.devnull, "")
    c = Control(m)
    m.start()
    tap.ok((c.event(10) or "").startswith("ended failed "), "a kernel that is none: event ended failed")
    tap.same(m.end(5), 1, "and exit status 1")


def faulting_kernel(path):
    """A kernel whose first instruction is none, and that has no table to say so to."""
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen", 0x100000)
    code = b"\x0f\x0b" * 8
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, 0x100000, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 256, 0x100000, 0x100000, len(code), len(code), 4)
    notes = struct.pack("<IIQQQQQQ", 4, 4, 320, 0, 0, len(note), len(note), 4)
    with open(path, "wb") as f:
        f.write((head + load + notes).ljust(256, b"\0") + code.ljust(64, b"\0") + note)


def triple_fault(tmp):
    faulting_kernel(os.path.join(tmp, "fault"))
    m = Machine(VMM, os.path.join(tmp, "fault"), "")
    c = Control(m)
    m.start()
    started, event, reason = c.event(10), c.event(10), "ended reset a triple fault of vCPU 0"
    # Where it was is lost on AMD's processors.
    tap.ok(started == "started" and event in (reason, reason + " at 0x100000"),
        "a triple fault: event ended reset, and where", started, event)
    tap.same(m.end(5), 4, "and exit status 4")
    r = run([SMOL, "run", "--vmm", "smol", "-k", os.path.join(tmp, "fault"), "--network", "none",
        os.path.join(tmp, "reset.img")], env=dict(os.environ, SMOL_VMM=VMM))
    tap.ok("smol: the guest ended (a triple fault of vCPU 0" in r.stderr, "which smol tells", r)


def unread(disk):
    """A side that sends and does not read costs no memory, and is served once it reads."""
    m, c = machine(disk)
    m.start()
    tap.same(c.event(10), "started", "started")
    c.socket.setblocking(False)
    sent = 0
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            sent += c.socket.send(b"metrics\n" * 100)
        except BlockingIOError:
            time.sleep(0.05)
    with open("/proc/%d/status" % m.process.pid) as f:
        rss = int(re.search(r"RssAnon:\s+(\d+)", f.read()).group(1))
    c.socket.setblocking(True)
    n = sent // 8
    tap.ok(n > 100 and all((c.reply(20) or "").startswith("ok {") for _ in range(n)),
        "%d commands whose replies nobody read" % n)
    # The last one may have been cut by the full buffer.
    tap.ok((c.ask("metrics"[sent % 8:], 20) or "").startswith("ok {"), "and one more")
    tap.ok(rss < 16 << 10, "meanwhile little memory was taken", "%d KiB" % rss)
    c.socket.close()
    tap.ok(m.wait_for("tick 6", 30), "without its controller the machine runs on", m.text()[-300:])
    m.process.send_signal(signal.SIGTERM)
    tap.same(m.end(5), 5, "SIGTERM ends it, where there is no button at once")


def signals(disk):
    for s in (signal.SIGTERM, signal.SIGINT):
        for paused in (False, True):
            m, c = machine(disk)
            m.start()
            c.event(10)
            if paused:
                c.ask("pause")
            start = time.monotonic()
            m.process.send_signal(s)
            what = s.name + (", paused" if paused else "")
            tap.same(c.event(5), "ended stopped", what + ": event ended stopped")
            tap.same(m.end(5), 5, what + ": exit status 5")
            tap.ok(time.monotonic() - start < 2, what + ": soon", time.monotonic() - start)


def blocked(disk, name, line):
    """A console that nobody reads: the guest waits, its monitor does not."""
    m, c = machine(disk, "console=" + name)
    if line:
        full, theirs = socket.socketpair()
        theirs.setblocking(False)
        m.line(line, theirs.detach())
    else:
        # The UART's own socket, that the thread of Machine does not get.
        full, m.console = m.console, socket.socketpair()[0]
    m.start()
    what = "blocked %s: " % name
    tap.same(c.event(10), "started", what + "started")
    time.sleep(3)
    for command, want in (("status", "ok running"), ("pause", "ok"), ("status", "ok paused"), ("resume", "ok"), ("pause", "ok")):
        start = time.monotonic()
        got = c.ask(command)
        took = time.monotonic() - start
        tap.ok(got == want and took < 0.5, what + command, got, "%.3f s" % took)
    if line:
        console = [d for d in json.loads(c.ask("metrics")[3:])["devices"] if d["type"] == "console"][0]
        tap.ok(console["waits"] > 0, what + "a vCPU waits for room", console)
    c.ask("resume")
    start = time.monotonic()
    tap.same(c.ask("quit"), "ok", what + "quit")
    tap.same(m.end(5), 5, what + "exit status 5")
    tap.ok(time.monotonic() - start < 0.5, what + "at once", "%.3f s" % (time.monotonic() - start))
    full.close()


def hangup(disk):
    """A console whose reader went away."""
    m, c = machine(disk)
    m.start()
    tap.ok(m.wait_for("tick 1", 30), "hangup: the guest ticks")
    m.console.shutdown(socket.SHUT_RDWR)
    m.console.close()
    time.sleep(2.5)
    tap.same(c.ask("status"), "ok running", "hangup: the machine outlives its console")
    c.ask("quit")
    tap.same(m.end(5), 5, "hangup: quit")


def main():
    missing = kvm_missing()
    if missing:
        tap.skip("the control socket of smol-vmm", missing)
        return tap.done()
    with tempfile.TemporaryDirectory() as tmp:
        disk = image(tmp, "ticks", "".join("print tick %d\nsleep 1\n" % n for n in range(1, 100)))
        big = image(tmp, "big", "cat /big\n" * 50 + "sleep 60\n", 1 << 20)
        life(disk)
        ends(tmp)
        triple_fault(tmp)
        unread(disk)
        signals(disk)
        blocked(big, "viocon", "console %d")
        blocked(big, "com", None)
        hangup(disk)
    return tap.done()


if __name__ == "__main__":
    main()
