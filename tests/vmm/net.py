#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The probe's network tests and its web server on smol-vmm, behind smol-net.

usage: net.py SMOL SMOL-VMM SMOL-NET PROBE	(prints TAP)
       net.py ... tap DISK	what is done in a network namespace of its own; 77: no tap there
"""
import concurrent.futures, fcntl, os, re, struct, subprocess, sys, tempfile, urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Tap, run  # noqa: E402
from vmm import Machine, Net, free_port, kvm_missing  # noqa: E402

SMOL, VMM, NET, PROBE = map(os.path.abspath, sys.argv[1:5])
BIG = 100001
tap = Tap()


def image(tmp):
    root = os.path.join(tmp, "root")
    os.makedirs(os.path.join(root, "etc"))
    os.makedirs(os.path.join(root, "var/www"))
    with open(os.path.join(root, "etc/rc"), "w") as f:
        f.write("#!probe\nserve /var/www 80\n")
    with open(os.path.join(root, "var/www/big.bin"), "wb") as f:
        f.write(os.urandom(BIG))
    path = os.path.join(tmp, "web.img")
    run([SMOL, "image", "make", "-q", "-o", path, root], check=True)
    return path, os.path.join(root, "var/www/big.bin")


def self_tests(disk):
    """Link, ARP, ping, interrupts: the probe's own TAP."""
    for cpus in (1, 2):
        net = Net(NET)
        m = Machine(VMM, PROBE, "console=com root=NAME=root probe.test=1 probe.fast=1", cpus=cpus)
        m.line("disk %d - ro", os.open(disk, os.O_RDONLY))
        net.attach(m)
        m.start()
        m.wait_for("net0 interrupts", 90)
        m.kill()
        points = re.findall(r"^(ok|not ok) \d+ - (net0 .*)$", m.text(), re.M)
        tap.ok(len(points) == 4 and all(p[0] == "ok" and "SKIP" not in p[1] for p in points),
            "the probe's network tests, %d cpus" % cpus, m.text()[-3000:], m.errors())
        tap.same(net.end(5), 0, "smol-net ends with the monitor, %d cpus" % cpus)


def fetch(port, host="127.0.0.1"):
    return urllib.request.urlopen("http://%s:%d/big.bin" % (host, port), timeout=60).read()


def web(disk, big, *lines):
    """HTTP in through a forwarded port, one and several at once."""
    port = free_port()
    net = Net(NET, "forward tcp 127.0.0.1 %d 10.0.2.15 80" % port, *lines)
    m = Machine(VMM, PROBE, "console=com root=NAME=root")
    m.line("disk %d - ro", os.open(disk, os.O_RDONLY))
    net.attach(m)
    m.start()
    what = " and ".join(["forwarded port"] + list(lines))
    if tap.ok(net.ready and m.wait_for("serving", 60), what + ": the guest serves", m.text()[-3000:]):
        with open(big, "rb") as f:
            whole = f.read()
        tap.ok(fetch(port) == whole, "%s: 100 kB are the same" % what)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            got = list(pool.map(fetch, [port] * 8))
        tap.ok(all(g == whole for g in got), "%s: eight at once are the same" % what)
    m.kill()
    tap.same(net.end(5), 0, what + ": smol-net ends")


def tap_open():
    """A tap of this namespace with the host's address; the offloads are the monitor's to choose."""
    tunsetiff, tunsetvnethdrsz, iff_tap, iff_no_pi, iff_vnet_hdr = 0x400454ca, 0x400454d8, 2, 0x1000, 0x4000
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    fcntl.ioctl(fd, tunsetiff, struct.pack("16sH22x", b"smoltap0", iff_tap | iff_no_pi | iff_vnet_hdr))
    fcntl.ioctl(fd, tunsetvnethdrsz, struct.pack("i", 12))
    for command in ("ip addr add 10.0.2.2/24 dev smoltap0", "ip link set smoltap0 up"):
        run(command.split(), check=True)
    return fd


def tap_inside(disk):
    """The same over a tap, whose kernel checks what we hand it."""
    try:
        fd = tap_open()
    except OSError as e:
        print("no tap: %s" % e)
        sys.exit(77)
    m = Machine(VMM, PROBE, "console=com root=NAME=root probe.test=1 probe.fast=1")
    m.line("disk %d - ro", os.open(disk, os.O_RDONLY))
    m.line("net %d 52:54:00:12:34:56", fd)
    m.start()
    up = m.wait_for("serving", 90)
    got = fetch(80, "10.0.2.15") if up else b""
    m.kill()
    print(m.text() + m.errors())
    points = re.findall(r"^ok \d+ - net0 ", m.text(), re.M)
    sys.exit(0 if len(points) == 4 and len(got) == BIG else 1)


def taps(disk):
    """In a namespace where a tap needs no privileges."""
    try:
        r = run(["unshare", "-rn", sys.executable] + sys.argv[:5] + ["tap", disk], stderr=subprocess.STDOUT)
    except OSError as e:
        tap.skip("a tap", "unshare: %s" % e.strerror)
        return
    if r.returncode == 77 or r.stdout.startswith("unshare:"):
        tap.skip("a tap", r.stdout.strip())
    else:
        tap.same(r.returncode, 0, "the probe's network tests and HTTP over a tap")
        if r.returncode != 0:
            tap.note(r.stdout[-4000:])


def refusals():
    busy = free_port()
    first = Net(NET, "forward tcp 127.0.0.1 %d 10.0.2.15 80" % busy)
    second = Net(NET, "forward tcp 127.0.0.1 %d 10.0.2.15 80" % busy)
    tap.ok(first.ready and not second.ready, "a port in use is not ready")
    tap.ok(second.end(5) == 1 and ("cannot listen on 127.0.0.1:%d/tcp" % busy) in second.process.stderr.read(),
        "and is told")
    first.socket.close()
    tap.same(first.end(5), 0, "smol-net ends when the socket closes")


def main():
    refusals()
    why = kvm_missing()
    if why is not None:
        tap.skip("the probe on smol-vmm", why)
        tap.done()
    with tempfile.TemporaryDirectory(prefix="smol-net-") as tmp:
        disk, big = image(tmp)
        self_tests(disk)
        web(disk, big)
        web(disk, big, "restrict")
        taps(disk)
    tap.done()


if len(sys.argv) > 5:
    tap_inside(sys.argv[6])
main()
