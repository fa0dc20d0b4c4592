#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's stock arm64 and i386 kernels, booted from our machine descriptions
under TCG: disks, 9p shares, fw_cfg, console ports, network, both consoles.

usage: debian.py MACHINE_ARGS CACHE	(prints TAP)
"""
import hashlib, os, queue, shutil, socket, subprocess, sys, tempfile, threading, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True
from tap import Tap, run  # noqa: E402

MACHINE_ARGS, CACHE = (os.path.abspath(a) for a in sys.argv[1:3])
DEADLINE = 180  # seconds a boot; a quiet machine needs 10
# With the ACPI of a microvm Linux has no timer until it knows the TSC's speed, and
# on a busy host it cannot find that out: any will do.
APPEND = "append=panic=-1 quiet tsc_early_khz=2000000"
# In the order in which they must be loaded.
MODULES = """virtio_ring virtio virtio_mmio virtio_blk virtio_console failover net_failover virtio_net qemu_fw_cfg netfs
fscache 9pnet 9pnet_virtio 9p""".split()
ARCHS = [("evbarm-aarch64", "arm64", "qemu-system-aarch64", "aarch64", "console=ttyAMA0"),
         ("i386", "i386", "qemu-system-i386", "i686", "console=ttyS0")]


class Guest:
    """A running QEMU; its console's lines come one by one."""

    def __init__(self, argv):
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace", bufsize=1)
        self.lines, self.seen = queue.Queue(), []
        self.deadline = time.monotonic() + DEADLINE
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.p.stdout:
            self.lines.put(line.strip("\r\n"))
        self.lines.put(None)

    def until(self, text):
        """Reads on to a line that is text (None: to the end); False if it does not come."""
        while True:
            try:
                line = self.lines.get(timeout=max(0.1, self.deadline - time.monotonic()))
            except queue.Empty:
                return False
            if line is None:
                return text is None
            self.seen.append(line)
            if line == text:
                return True

    def say(self, text):
        self.p.stdin.write(text + "\n")
        self.p.stdin.flush()

    def end(self):
        ended = self.until(None)
        if not ended:
            self.p.kill()
        return ended and self.p.wait() == 0


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command(arch, debian, *words):
    kernel, initrd = (os.path.join(CACHE, debian, n) for n in ("vmlinuz", "machine.initrd"))
    p = run([MACHINE_ARGS, arch, kernel, "initrd=" + initrd, *words])
    return (p.stdout.split("\0")[:-1] if p.returncode == 0 else None), p.stderr


def connect(path, guest):
    while guest.p.poll() is None and time.monotonic() < guest.deadline:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(path)
            s.settimeout(DEADLINE)
            return s
        except OSError:
            s.close()
            time.sleep(0.05)
    return None


def fetch(port):
    for _ in range(50):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/page" % port, timeout=20) as f:
                return f.read()
        except OSError:
            time.sleep(0.2)
    return None


def inputs(work):
    """What the machine is given, and the lines by which the guest proves that it has it."""
    for name in ("share", "ro, share"):
        os.mkdir(os.path.join(work, name))
        write(os.path.join(work, name, "from-host"), os.urandom(70000))
    first, second = (write(os.path.join(work, n), os.urandom(1 << 20)) for n in ("first,disk.img", "second.img"))
    motd = write(os.path.join(work, "motd"), os.urandom(5000))
    ports = [os.path.join(work, "port%d.sock" % n) for n in (1, 2)]
    words = ["disk=" + first, "rodisk=" + second, "share=share:" + os.path.join(work, "share"),
             "roshare=roshare:" + os.path.join(work, "ro, share"), "var=COLOUR=blue", "file=motd=" + motd,
             *("port=" + p for p in ports)]
    lines = [("vda=%s ro=0" % sha256(first), "the first disk is vda"), ("vdb=%s ro=1" % sha256(second), "the second is vdb, read-only"),
             ("fwcfg org.smolbsd.var.COLOUR=" + hashlib.sha256(b"blue").hexdigest(), "fw_cfg variable"),
             ("fwcfg org.smolbsd.file.motd=" + sha256(motd), "fw_cfg file"),
             ("port 1=port1", "console port 1 is the first that was asked for"), ("port 2=port2", "and 2 the second"),
             ("share=" + sha256(os.path.join(work, "share", "from-host")), "9p share"), ("share written", "9p share can be written"),
             ("roshare=" + sha256(os.path.join(work, "ro, share", "from-host")), "9p share with a comma in its name"),
             ("roshare refused", "read-only 9p share cannot be written"),
             ("from port 2=hello from the host", "what the host says on port 2 arrives")]
    return words, lines, ports


def everything(tap, work, arch, debian, machine, console):
    words, lines, paths = inputs(work)
    port = free_port()
    argv, error = command(arch, debian, APPEND + " ports=2", "forward=127.0.0.1:%d:80" % port, *words)
    if not tap.ok(argv is not None, arch + ": a command line", error):
        return
    started = time.monotonic()
    guest = Guest(argv)
    ports = [connect(p, guest) for p in paths]
    if ports[1] is not None:
        ports[1].sendall(b"hello from the host\n")
    serving = guest.until("serving")
    page = fetch(port) if serving else None
    if serving:
        guest.say("enough")
    ended = guest.end()
    tap.note("%s: %.1f s" % (arch, time.monotonic() - started))
    tap.ok(ended and "done" in guest.seen, arch + ": boots and powers off", *guest.seen[-40:])
    tap.ok("machine=" + machine in guest.seen, arch + ": it is Linux for that machine")
    tap.ok(any(line.startswith("cmdline=" + console) for line in guest.seen), arch + ": its console is the serial line")
    for line, name in lines:
        tap.ok(line in guest.seen, "%s: %s" % (arch, name), line)
    if ports[0] is not None:
        tap.ok(b"JEMATA!" in ports[0].recv(100), arch + ": what the guest says on port 1 arrives")
    tap.ok(page == b"the page\n", arch + ": a forwarded port answers", page)
    tap.ok("told=enough" in guest.seen, arch + ": the console takes input")
    written = os.path.join(work, "share", "from-guest")
    tap.ok(os.path.exists(written) and sha256(written) == hashlib.sha256(b"written by the guest\n").hexdigest(),
           arch + ": the guest's file is on the host")


def virtio_console(tap, arch, debian):
    argv, error = command(arch, debian, APPEND, "console=viocon")
    if not tap.ok(argv is not None, arch + ": a command line with a virtio console", error):
        return
    guest = Guest(argv)
    if guest.until("serving"):
        guest.say("enough")
    tap.ok(guest.end() and "done" in guest.seen, arch + ": boots with a virtio console", *guest.seen[-40:])
    tap.ok(any(line.startswith("cmdline=console=hvc0 ") for line in guest.seen), arch + ": which the kernel calls hvc0")
    tap.ok("told=enough" in guest.seen, arch + ": the virtio console takes input")


def main():
    tap = Tap()
    for arch, debian, qemu, machine, console in ARCHS:
        if shutil.which(qemu) is None:
            tap.skip(arch, "no " + qemu)
            continue
        p = run(["sh", os.path.join(os.path.dirname(HERE), "debian.sh"), CACHE, debian, "machine.initrd",
                 os.path.join(HERE, "debian-init.sh"), *MODULES], stderr=subprocess.STDOUT)
        if p.returncode == 77:
            tap.skip(arch, p.stdout.strip())
            continue
        if not tap.ok(p.returncode == 0, "%s: Debian's kernel for %s" % (arch, debian), p.stdout):
            continue
        with tempfile.TemporaryDirectory(prefix="smol-debian-") as work:
            everything(tap, work, arch, debian, machine, console)
        virtio_console(tap, arch, debian)
    tap.done()


if __name__ == "__main__":
    main()
