#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's stock and cloud kernels as guests of smol-vmm: what linux-init.sh does
there, judged from here.  Under QEMU the same, where QEMU has it.

GUEST: these alone; "probe", only if it is named, has the probe's points one by one the same as on QEMU with KVM.

usage: linux_guests.py CACHE smol SMOL-VMM SMOL-NET PROBE [GUEST...]	(prints TAP; wants a working KVM, and to be root)
       linux_guests.py CACHE qemu
"""
import difflib, hashlib, http.server, os, re, socket, subprocess, sys, tempfile, threading, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))
from machines import Parts, Qemu, Smol  # noqa: E402
from tap import Tap, run  # noqa: E402
from vmm import free_port  # noqa: E402

CACHE, KIND = os.path.abspath(sys.argv[1]), sys.argv[2]
BUSYBOX = os.path.join(CACHE, "amd64", "busybox")
BOOT = 100  # seconds that a guest may take for one step; a quiet machine needs 15 for the longest
MIB = 1 << 20
PAGE = os.urandom(3 * MIB)
tap, running = Tap(), []


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def start(parts):
    guest = Smol(*map(os.path.abspath, sys.argv[3:5]), parts) if KIND == "smol" else Qemu(parts)
    running.append(guest)
    return guest


def parts(kernel, do, end, **more):
    cmdline = "console=ttyS0 quiet loglevel=4 panic=-1 do=%s end=%s " % (",".join(do), end)
    # QEMU's emulation tells no frequency.  smol-vmm tells the true one; with another, timers come late or early.
    cmdline += "tsc_early_khz=2000000 " if KIND == "qemu" else ""
    cmdline += more.pop("cmdline", "")
    return Parts(os.path.join(CACHE, kernel), os.path.join(CACHE, os.path.dirname(kernel), "guest.initrd"), cmdline, **more)


class Judge:
    """What a guest said, line by line."""

    def __init__(self, guest, name):
        self.guest, self.name, self.started = guest, name, time.monotonic()

    def ready(self, what):
        """Waits for it; without it there is no going on."""
        if not self.guest.wait_for("\nready %s\n" % what, BOOT):
            raise RuntimeError("the guest is not ready: " + what)

    def said(self, line, what):
        return tap.ok("\n%s\n" % line in "\n" + self.guest.text(), "%s: %s" % (self.name, what), line)

    def value(self, key):
        found = [line for line in self.guest.text().split("\n") if line.startswith(key + "=")]
        return found[-1].partition("=")[2] if found else None

    def ok(self, good, what, *details):
        return tap.ok(good, "%s: %s" % (self.name, what), *details)

    def same(self, got, expected, what):
        return tap.same(got, expected, "%s: %s" % (self.name, what))

    def ended(self, status, how):
        done = self.guest.wait_for("\ndone\n", BOOT)
        got = self.guest.end(20)
        self.ok(done and (got == status or KIND == "qemu"), how, "exit status %r" % got, self.guest.text()[-3000:], self.guest.errors())
        tap.note("%s: %.1f s" % (self.name, time.monotonic() - self.started))


# --- what a guest's part does on this side ---


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args):
        pass


def serve():
    """The port of a web server with PAGE."""
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s.server_address[1]


def name_server():
    """Answers every question for an address with 10.0.2.2, as the name server of this machine."""
    with tempfile.NamedTemporaryFile("w", delete=False) as f:
        f.write("nameserver 127.0.0.1\n")
    run(["mount", "--bind", f.name, "/etc/resolv.conf"], check=True)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 53))

    def answer():
        while True:
            q, peer = s.recvfrom(4096)
            end = q.index(b"\0", 12) + 5
            is_a = q[end - 4:end - 2] == b"\0\1"
            record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x0a\0\2\2" if is_a else b""
            s.sendto(q[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0" + q[12:end] + record, peer)

    threading.Thread(target=answer, daemon=True).start()


def make_disks(work, names):
    for i, name in enumerate(names):
        with open(os.path.join(work, name), "wb") as f:
            f.write(os.urandom((8 + i) * MIB))
    return [os.path.join(work, name) for name in names]


def holes(path):
    """[(from, to)] of a file, in bytes."""
    found, at = [], 0
    with open(path, "rb") as f:
        size = os.fstat(f.fileno()).st_size
        while (start := os.lseek(f.fileno(), at, os.SEEK_HOLE)) < size:
            try:
                at = os.lseek(f.fileno(), start, os.SEEK_DATA)
            except OSError:  # there is none after it
                at = size
            found.append((start, at))
    return found


def judge_disks(j, paths, before):
    """before: their contents at the start."""
    for name, data, ro in zip(("vda", "vdb", "vdc"), before, (0, 1, 0)):
        j.said("%s=%s %d ro=%d" % (name, sha256(data), len(data) // 512, ro), name + " is what the host has")
    pattern = (b"the pattern\n" * (3 * MIB // 12 + 1))[:3 * MIB]
    vda = bytearray(before[0])
    vda[MIB:4 * MIB] = pattern
    vda[2 * MIB:3 * MIB] = bytes(MIB)
    vda[5 * MIB:7 * MIB] = bytes(2 * MIB)
    j.said("vda written", "vda is written")
    j.said("vda discarded", "vda is discarded in part")
    j.said("vda zeroed", "and zeroed in part, with unmap and without")
    j.ok(contents(paths[0]) == vda, "and the host sees just that")
    if KIND == "smol":
        j.same(holes(paths[0]), [(2 * MIB, 3 * MIB), (5 * MIB, 7 * MIB)], "what is discarded and zeroed are holes")
    j.ok("vdb written" not in j.guest.text() and "vdb zeroed" not in j.guest.text() and contents(paths[1]) == before[1],
         "vdb is not written, not zeroed")
    j.said("vdc written", "vdc is written")
    j.said("vdc zeroed where it was written", "vdc is zeroed there")
    j.said("vdc zeroed", "and elsewhere")
    vdc = before[2][:MIB] + pattern[:MIB] + bytes(MIB) + pattern[2 * MIB:] + before[2][4 * MIB:5 * MIB] + bytes(2 * MIB) + before[2][7 * MIB:]
    j.said("vdc again=" + sha256(vdc), "and read again")
    j.ok(contents(paths[2]) == before[2], "but not what lies under its overlay")
    if KIND == "smol":
        # Two pieces of a MiB, the bitmap and its header.
        kept = os.fstat(j.guest.overlays[2]).st_blocks * 512
        j.ok(2 * MIB < kept < 2 * MIB + 256 * 1024, "the overlay has no room for zeros", kept)


def judge_smp(j, cpus):
    j.said("cpus=%d" % cpus, "%d CPUs" % cpus)
    j.said("worked=%d" % cpus, "all of them work")


def judge_net(j, p):
    j.ready("web")
    got = urllib.request.urlopen("http://127.0.0.1:%d/page" % p.forward, timeout=30).read()
    j.ok(j.value("served") == sha256(got), "the host fetches a page from the guest")
    j.guest.say(b"fetched\n")
    j.guest.wait_for("\ndone\n", BOOT)
    j.said("mac=52:54:00:12:34:56", "its network address")
    j.said("page=" + sha256(PAGE), "the guest fetches a page from the host")
    if KIND == "smol":
        j.said("by name=" + sha256(PAGE), "and one by name")
        j.said("allowed=" + sha256(PAGE), "restricted: what is allowed is reached")
        j.said("the rest refused", "restricted: the rest is not")


def make_tree(root):
    os.makedirs(root)
    for d in range(3):
        os.mkdir(os.path.join(root, "dir %d" % d), 0o755 if d % 2 else 0o700)
        for n in range(10):
            path = os.path.join(root, "dir %d" % d, "file-%d-%s" % (n, "é" * (n % 3)))
            with open(path, "wb") as f:
                f.write(os.urandom(n * 997 * (1 + (d == 1) * 60)))
            os.chmod(path, (0o644, 0o600, 0o755, 0o4711, 0o444)[n % 5])
        os.symlink(("../dir %d/file-0-" % d, "/nowhere", "x" * 200)[d % 3], os.path.join(root, "link%d" % d))


def listing(root):
    """As linux-init.sh's listing()."""
    script = open(os.path.join(HERE, "linux-init.sh")).read()
    function = script[script.index("listing() {"):]
    return run([BUSYBOX, "sh", "-c", function[:function.index("\n}\n") + 3] + 'listing "$0"', root],
               env=dict(os.environ, PATH=os.path.join(work, "bin"))).stdout


def difference(a, b):
    return list(difflib.unified_diff(a.split("\n"), b.split("\n"), lineterm="", n=0))[:20]


def judge_shares(j, share, roshare):
    for tag in ("share", "roshare"):
        j.said(tag + " mounted", "9p: %s is there" % tag)
    expected = listing(os.path.join(share, "tree"))
    out, back = contents(os.path.join(share, "listing")).decode(), listing(os.path.join(share, "back"))
    # A share of smol-vmm's takes no set-user-id bit from a guest.
    plain = expected.replace(" 89c9 ", " 81c9 " if KIND == "smol" else " 89c9 ")
    j.ok(expected.count("\n") > 60 and out == expected, "9p: 30 files copied out, their contents, modes, owners and links",
         *difference(expected, out))
    j.ok(" 89c9 " in expected and back == plain, "9p: and in again, but for set-user-id", *difference(plain, back))
    j.said("roshare read", "9p: a read-only share is read")
    j.said("roshare refuses to write", "9p: not written")
    j.said("roshare refuses to remove", "9p: and nothing in it is removed")
    j.ok(contents(os.path.join(roshare, "file")) == b"read-only\n", "9p: it is as before")


def until_line(s, line):
    got = b""
    while line not in got:
        got += s.recv(4096)
    return True


def judge_console(j):
    g = j.guest
    j.ok(until_line(g.console, b"on the console"), "virtio console: the guest is heard")
    g.console.sendall(b"hello\n")
    j.ok(until_line(g.port, b"JEMATA!"), "port 1: the guest is heard")
    g.port.sendall(b"back\n")
    j.ready("size")
    if KIND == "smol":
        j.ok(g.command("size 101 43") == "ok", "console: its size is told")
    g.say(b"told\n")
    g.wait_for("\nsize=43 101\n" if KIND == "smol" else "\nsize=", BOOT)
    j.said("console said=hello", "virtio console: the host is heard")
    j.said("port 1 said=back", "port 1: the host is heard")
    if KIND == "smol":
        j.said("size=43 101", "console: the guest sees its new size")


def resident_mb(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) / 1024


def judge_balloon(j):
    g = j.guest
    j.ready("idle")
    idle = resident_mb(g.pid)
    g.say(b"fill\n")
    j.ready("filled")
    filled = resident_mb(g.pid)
    j.ok(filled > idle + 40, "memory that the guest uses is taken", idle, filled)
    g.say(b"free\n")
    j.ready("freed")
    until = time.monotonic() + 20
    while resident_mb(g.pid) > filled - 40 and time.monotonic() < until:
        time.sleep(0.2)
    freed = resident_mb(g.pid)
    j.ok(freed <= filled - 40, "what it frees is given back (free page reporting)", filled, freed)
    tap.note("%s: resident %.0f MB, %.0f filled, %.0f freed" % (j.name, idle, filled, freed))
    j.ok(g.command("balloon %d" % (64 * MIB)) == "ok", "the balloon is told to grow")
    g.say(b"inflate\n")
    j.ready("inflated")
    j.ok(60 <= int(j.value("taken") or 0) <= 68, "it takes what it shall from the guest", j.value("taken"))
    j.ok(g.command("balloon 0") == "ok", "and to shrink")
    g.say(b"deflate\n")
    g.wait_for("\ndone\n", BOOT)
    j.ok(int(j.value("taken") or 99) <= 0, "and gives it back", j.value("taken"))


def judge_button(j):
    j.ready("button")
    j.ok(j.guest.command("stop") == "ok", "stop presses the power button")
    j.guest.wait_for("\ndone\n", BOOT)
    j.said("event=1 116 1", "the guest sees it pressed")


# --- the guests ---


def everything():
    """Stock kernel, two CPUs, every device; powers off."""
    share, roshare = (os.path.join(work, n) for n in ("share", "roshare"))
    make_tree(os.path.join(share, "tree"))
    os.mkdir(roshare)
    with open(os.path.join(roshare, "file"), "w") as f:
        f.write("read-only\n")
    disks = make_disks(work, ("a.img", "b.img", "c.img"))
    before = [contents(d) for d in disks]
    web, allowed = serve(), serve()
    p = parts("amd64/vmlinuz", ("console", "smp", "entropy", "disks", "shares", "net"), "poweroff", cpus=2, ports=True,
              rng=True, disks=list(zip(disks, ("rw", "ro", "overlay"))), forward=free_port(),
              allow=allowed, cmdline="http=%d allowed=%d" % (web, allowed),
              shares=[("share", share, "rw"), ("roshare", roshare, "ro")])
    j = Judge(start(p), "stock kernel")
    judge_console(j)
    judge_net(j, p)
    judge_smp(j, 2)
    j.ok((j.value("rng") or "").startswith("virtio_rng") and len(j.value("random") or "") == 32, "entropy")
    judge_disks(j, disks, before)
    judge_shares(j, share, roshare)
    j.ended(0, "poweroff ends the monitor with 0")


def cloud():
    """Cloud kernel, four CPUs; asks for a reset."""
    disks = make_disks(work, ("d.img", "e.img", "f.img"))
    before = [contents(d) for d in disks]
    web, allowed = serve(), serve()
    p = parts("amd64-cloud/vmlinuz", ("smp", "disks", "net"), "reboot", cpus=4, forward=free_port(), allow=allowed,
              disks=list(zip(disks, ("rw", "ro", "overlay"))), cmdline="http=%d allowed=%d" % (web, allowed))
    j = Judge(start(p), "cloud kernel")
    judge_net(j, p)
    judge_smp(j, 4)
    judge_disks(j, disks, before)
    j.ended(4, "reboot ends the monitor with 4")


def memory():
    j = Judge(start(parts("amd64-cloud/vmlinuz", ("balloon",), "poweroff", balloon=True)), "balloon")
    judge_balloon(j)
    j.ended(0, "ends")


def button():
    """One CPU, entered by PVH."""
    j = Judge(start(parts("amd64/vmlinux", ("smp", "power_button"), "poweroff")), "power button")
    judge_button(j)
    judge_smp(j, 1)
    j.ended(0, "ends")


def probe_points(monitor, cpus):
    """{point: "ok", "not ok" or "skip"} and all that the probe said."""
    p = Parts(os.path.abspath(sys.argv[5]), None, "console=com probe.test=1 probe.fast=1 probe.write=1", cpus=cpus, mem_mb=64,
              ports=True, disks=[(os.path.join(work, "probe.img"), "rw")], forward=free_port(), rng=True,
              shares=[("vio9p0", os.path.join(work, "probe"), "rw")], fwcfg=[("opt/org.smolbsd.var.COLOUR", "blue")], acpi=False, accel="kvm")
    guest = monitor(p)
    done = guest.wait_for("probe: exit", 40)
    stuck = "" if done or monitor is Qemu else "%s\n" % guest.command("metrics")
    guest.end(10)
    points = re.findall(r"^((?:not )?ok) \d+ - ([^#\n]*)(# SKIP)?", guest.text(), re.M)
    return {name.strip(): "skip" if skip else how for how, name, skip in points}, stuck + guest.text()[-1500:] + guest.errors()


def probe():
    """Every device with 1 to 8 CPUs, by the probe's own tests."""
    with open(os.path.join(work, "probe.img"), "wb") as f:
        f.write(os.urandom(MIB))
    os.mkdir(os.path.join(work, "probe"))
    started = time.monotonic()
    for cpus in (1, 2, 4, 8):
        ours, said = probe_points(lambda p: Smol(*map(os.path.abspath, sys.argv[3:5]), p), cpus)
        theirs, qemu_said = probe_points(Qemu, cpus)
        # QEMU tells no frequency; ours is measured, which goes wrong where the machine is busy.
        timed = [name for name in ours if name.endswith("tells the clocks")]
        differ = ["%s: %s, QEMU %s" % (name, ours.get(name), theirs.get(name)) for name in sorted(ours.keys() | theirs.keys())
                  if name not in timed and ours.get(name) != theirs.get(name)]
        tap.ok(len(ours) > 40 and len(timed) == 2 and not differ and "not ok" not in [ours[n] for n in ours if n not in timed],
               "probe: %d CPUs, %d points as on QEMU" % (cpus, len(ours)), *differ[:5], said, qemu_said)
    tap.note("probe: %.1f s" % (time.monotonic() - started))


def panic():
    Judge(start(parts("amd64-cloud/vmlinuz", (), "panic")), "panic").ended(3, "a panic ends the monitor with 3")


with tempfile.TemporaryDirectory(prefix="smol-guests-") as work:
    os.mkdir(os.path.join(work, "bin"))
    run([BUSYBOX, "--install", "-s", os.path.join(work, "bin")])
    if KIND == "smol":
        name_server()
    for guest in (everything, cloud, memory, button, panic, probe):
        if guest.__name__ not in sys.argv[6:] if sys.argv[6:] else guest is probe:
            continue
        try:
            guest()
        except Exception as e:  # the next one may do better
            tap.ok(False, guest.__name__, repr(e), *(x for g in running[-1:] for x in (
                g.text()[-3000:], g.command("metrics") if KIND == "smol" else "", "exit status %r" % g.end(0), g.errors())))
tap.done()
