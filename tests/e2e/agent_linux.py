#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""smol-agent as init of Debian's kernel, under QEMU's emulation: modules, mounts,
network, a service that the host names, exec, copies, the end.

usage: agent_linux.py AGENT CACHE	(AGENT: its Linux build for amd64; prints TAP)
"""
import gzip, io, os, shutil, socket, subprocess, sys, tarfile, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import agent_wire as wire  # noqa: E402
from tap import Tap, run  # noqa: E402

AGENT, CACHE = (os.path.abspath(a) for a in sys.argv[1:3])
KERNEL = "amd64-cloud"
DEADLINE = 120  # seconds; a quiet machine needs 10
MODULES = "virtio_ring virtio virtio_mmio failover net_failover virtio_net virtio_console".split()
CONFIG = """# by the test
hostname testhost
env COLOUR=blue
env TEXT=one\\ntwo
arg /bin/busybox
arg false
port /dev/no-such-port
port /dev/vport0p2
interface eth0
nameserver 10.0.2.3
wait 60000
"""
SERVICE = ["/bin/busybox", "sh", "-c", 'b=/bin/busybox; echo "colour=$COLOUR size=$SIZE tty=$($b tty)"; trap "echo told; exit 5" TERM; '
           'echo ready; while :; do $b sleep 0.1; done']


def cpio(files):
    """An archive of the "newc" kind (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    out = b""
    for n, (name, mode, data) in enumerate(files + [("TRAILER!!!", 0, b"")]):
        fields = [n + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b"070701" + "".join("%08x" % f for f in fields).encode() + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out


class Guest:
    def __init__(self, work):
        initrd = os.path.join(work, "initrd")
        with open(initrd, "wb") as f:
            with open(os.path.join(CACHE, KERNEL, "agent.initrd"), "rb") as first:
                f.write(first.read())
            f.write(gzip.compress(cpio([("etc", 0o40755, b""), ("etc/smol", 0o40755, b""),
                                        ("etc/passwd", 0o100644, b"root:x:0:0::/root:/bin/sh\nwww:x:33:44::/:/bin/sh\n"),
                                        ("etc/group", 0o100644, b"web:x:44:\nextra:x:55:a,www\n"),
                                        ("etc/smol/service", 0o100644, CONFIG.encode())]), 1))
        self.port = os.path.join(work, "port")
        self.p = subprocess.Popen(
            ["qemu-system-x86_64", "-M", "microvm,rtc=on,acpi=on", "-accel", "tcg", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none",
             "-no-reboot", "-global", "virtio-mmio.force-legacy=false", "-kernel", os.path.join(CACHE, KERNEL, "vmlinuz"), "-initrd", initrd,
             "-append", "console=ttyS0 quiet loglevel=2 panic=-1 tsc_early_khz=2000000", "-serial", "stdio",
             "-device", "virtio-serial-device,max_ports=3", "-chardev", "socket,id=agent,server=on,wait=off,path=" + self.port,
             "-device", "virtserialport,chardev=agent,nr=2,name=agent", "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text = bytearray()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            data = self.p.stdout.read1(4096)
            if not data:
                return
            self.text += data.replace(b"\r", b"")

    def connect(self):
        until = time.monotonic() + 20
        while True:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(self.port)
                return s
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def said(self, line):
        until = time.monotonic() + 20
        while line not in self.text.decode(errors="replace").split("\n") and time.monotonic() < until:
            time.sleep(0.05)
        return line in self.text.decode(errors="replace").split("\n")


def shell(agent, script, **kw):
    s = agent.run("/bin/busybox", "sh", "-c", script, **kw)
    return s.out.decode(errors="replace")


def system(tap, agent):
    tap.same(shell(agent, "busybox hostname; echo $COLOUR; echo \"$TEXT\"", env=["PATH=/bin"]), "testhost\nblue\none\ntwo\n",
             "hostname and environment are the configuration's")
    mounts = shell(agent, "/bin/busybox mount")
    tap.ok(all(" on %s " % m in mounts for m in ("/dev", "/proc", "/sys", "/dev/pts")), "file systems are mounted", mounts)
    addresses = shell(agent, "/bin/busybox ip addr; /bin/busybox ip route; /bin/busybox cat /etc/resolv.conf")
    tap.ok("inet 127.0.0.1/8" in addresses and "inet 10.0.2.15/24" in addresses, "lo and eth0 have their addresses", addresses)
    tap.ok("default via 10.0.2.2" in addresses and "nameserver 10.0.2.3" in addresses, "so have the route and resolv.conf", addresses)
    tap.same(agent.run("renamed", kind=wire.HOSTNAME).done, (0, 0, ""), "a new hostname")
    tap.same(agent.run("1700000000", "0", kind=wire.CLOCK).done, (0, 0, ""), "the clock is set")
    out = shell(agent, "/bin/busybox hostname; /bin/busybox date -u +%Y-%m-%d")
    tap.same(out, "renamed\n2023-11-14\n", "and both are so")


def programs(tap, agent):
    s = agent.run("/bin/busybox", "sh", "-c", "cat; echo err >&2; exit 7", stdin=b"in\n", env=["PATH=/bin"])
    tap.same((s.done, s.out, s.err), ((wire.EXITED, 7, ""), b"in\n", b"err\n"), "exit status, output and standard error")
    data = os.urandom(4 << 20)
    started = time.monotonic()
    s = agent.run("/bin/busybox", "cat", stdin=data)
    tap.note("%.1f MB/s through cat" % (4 / (time.monotonic() - started)))
    tap.ok(bytes(s.out) == data and s.done == (0, 0, ""), "4 MiB through cat")
    started = time.monotonic()
    good = sum(agent.run("/bin/busybox", "true").done == (0, 0, "") for _ in range(50))
    tap.note("%.0f commands a second" % (50 / (time.monotonic() - started)))
    tap.same(good, 50, "50 commands one after the other")
    tap.same(shell(agent, "/bin/busybox id", user="www"), "uid=33(www) gid=44(web) groups=44(web),55(extra)\n", "as another user")
    s = agent.run("/bin/busybox", "sh", "-c", "/bin/busybox tty; /bin/busybox stty size", flags=wire.PTY, rows=40, columns=100)
    tap.ok(b"/dev/pts/0\r\n40 100\r\n" in s.out, "a terminal", s.out)
    streams = [agent.open(wire.EXEC, ["/bin/busybox", "sh", "-c", "/bin/busybox sleep 0.5; echo %d" % n]) for n in range(20)]
    tap.ok(all(bytes(agent.finish(s).out) == b"%d\n" % n for n, s in enumerate(streams)), "20 at once")


def copies(tap, agent):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, kind, mode, data, link in (("d", tarfile.DIRTYPE, 0o750, b"", ""), ("d/file", tarfile.REGTYPE, 0o4755, os.urandom(70000), ""),
                                             ("d/link", tarfile.SYMTYPE, 0o777, b"", "../x"), ("d/" + "n" * 150, tarfile.REGTYPE, 0o600, b"x", "")):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.size, info.linkname, info.uid, info.gid, info.mtime = kind, mode, len(data), link, 33, 44, 1000000000
            tar.addfile(info, io.BytesIO(data))
    put = agent.run("/tmp", kind=wire.PUT, stdin=buffer.getvalue())
    tap.same(put.done, (0, 0, ""), "a tree is copied in")
    got = agent.run("/tmp/d", kind=wire.GET)
    tap.same(got.done, (0, 0, ""), "and out again")

    def entries(data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return sorted((m.name, m.type, m.mode, m.uid, m.gid, m.mtime, m.linkname, tar.extractfile(m).read() if m.isfile() else b"")
                          for m in tar)
    tap.same(entries(bytes(got.out)), entries(buffer.getvalue()), "with all that it was")


def judge(tap, guest):
    started = time.monotonic()
    agent = wire.Agent(guest.connect(), DEADLINE)
    tap.note("%.1f s to the agent's first word" % (time.monotonic() - started))
    tap.ok(agent.name.startswith("Linux ") and agent.features == 3, "the agent is init", agent.name, agent.features)
    tap.same(agent.service[0], 1, "the service waits for the host")
    s = agent.run(*SERVICE, kind=wire.SERVICE, env=["SIZE=small"])
    tap.same(s.done, (0, 0, ""), "the host says what to run instead")
    tap.same(agent.service_event(2)[0], 2, "the service runs")
    tap.ok(guest.said("colour=blue size=small tty=/dev/console"), "on the console, with both environments", guest.text.decode(errors="replace"))
    guest.said("ready")
    system(tap, agent)
    programs(tap, agent)
    copies(tap, agent)
    # Another host takes its place; what the first left running is hung up on.
    agent.open(wire.EXEC, ["/bin/busybox", "sh", "-c", "echo; exec /bin/busybox sleep 4321"])
    agent.step()
    agent.sock.close()
    agent = wire.Agent(guest.connect(), DEADLINE)
    tap.ok("sleep 4321" not in shell(agent, "/bin/busybox sleep 0.3; /bin/busybox ps"), "a host that goes takes its processes along")
    tap.same(agent.run("poweroff", "5000", kind=wire.STOP).done, (0, 0, ""), "the guest is asked to stop")
    tap.same(agent.service_event(3), (3, wire.EXITED, 1, 5), "the service's exit status is told")
    try:
        status = guest.p.wait(30)
    except subprocess.TimeoutExpired:
        status = "still running"
    guest.reader.join(5)
    tap.ok(status == 0 and guest.said("told"), "after TERM to the service the machine is off", status, guest.text.decode(errors="replace"))


def main():
    tap = Tap()
    p = run(["sh", os.path.join(os.path.dirname(HERE), "debian.sh"), CACHE, KERNEL, "agent.initrd", AGENT, *MODULES], stderr=subprocess.STDOUT)
    if p.returncode == 77 or shutil.which("qemu-system-x86_64") is None:
        print("1..0 # SKIP " + (p.stdout.strip() if p.returncode == 77 else "no qemu-system-x86_64"))
        return
    if not tap.ok(p.returncode == 0, "Debian's kernel", p.stdout):
        tap.done()
    with tempfile.TemporaryDirectory(prefix="smol-agent-") as work:
        guest = Guest(work)
        try:
            judge(tap, guest)
        except (wire.Gone, OSError) as e:
            tap.ok(False, "the agent answers", repr(e), guest.text.decode(errors="replace"))
        finally:
            guest.p.kill()
            guest.p.wait()
    tap.done()


if __name__ == "__main__":
    main()
