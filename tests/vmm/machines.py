# SPDX-License-Identifier: BSD-2-Clause
"""The same machine under smol-vmm and under QEMU's microvm, for guests that must
find no difference: what is in struct Parts, in that order of devices.
"""
import json, os, socket, subprocess, time

from vmm import Machine, Net, description


class Parts:
    def __init__(self, kernel, initrd, cmdline, cpus=1, mem_mb=192, disks=(), forward=None, allow=None, shares=(),
                 ports=False, rng=False, balloon=False, fwcfg=(), acpi=True, accel="tcg"):
        """disks: (path, "ro"|"rw"|"overlay"); forward: a port of the host's to the guest's 80; allow: a second
        network, on which only this port of the host's is reached; shares: (tag, path, "ro"|"rw"); fwcfg: (name, text); accel: QEMU's."""
        self.__dict__.update(locals())


class Smol:
    """smol-vmm and its smol-nets."""
    name = "smol-vmm"

    def __init__(self, vmm, net, p):
        self.m = m = Machine(vmm, p.kernel, p.cmdline, p.cpus, p.mem_mb)
        if p.acpi:
            m.line("acpi")
        if p.initrd:
            m.line("initrd %d", os.open(p.initrd, os.O_RDONLY))
        self.control, theirs = socket.socketpair()
        m.line("control %d", theirs.detach())
        self.console, self.port, self.nets, self.overlays = None, None, [], {}
        if p.ports:
            self.console, self.port = (self._stream(m, word) for word in ("console", "port"))
        for i, (path, mode) in enumerate(p.disks):
            fd = os.open(path, os.O_RDWR if mode == "rw" else os.O_RDONLY)
            over = os.open(os.path.dirname(path), os.O_TMPFILE | os.O_RDWR) if mode == "overlay" else None
            if over is None:
                m.line("disk %d - " + mode, fd)
            else:
                self.overlays[i] = os.dup(over)
                m.line("disk %d %d rw", fd, over)
        if p.forward:
            self._net(net, "52:54:00:12:34:56", "forward tcp 127.0.0.1 %d 10.0.2.15 80" % p.forward)
        if p.allow:
            self._net(net, "52:54:00:12:34:57", "restrict", "allow tcp 10.0.2.2 %d" % p.allow)
        if p.rng:
            m.line("rng")
        for tag, path, mode in p.shares:
            m.line("share " + tag + " %d " + mode, os.open(path, os.O_PATH | os.O_DIRECTORY))
        if p.balloon:
            m.line("balloon")
        for file, text in p.fwcfg:
            m.line("fwcfg " + file + " %d", description(text))
        m.start()
        self.pid, self.say, self.text = m.process.pid, m.console.sendall, m.text

    @staticmethod
    def _stream(m, word):
        ours, theirs = socket.socketpair()
        ours.settimeout(60)
        theirs.setblocking(False)
        m.line(word + " %d", theirs.detach())
        return ours

    def _net(self, program, mac, *lines):
        n = Net(program, *lines)
        n.attach(self.m, mac)
        self.nets.append(n)

    def command(self, text):
        """The reply to a command on the control socket; None if there is none."""
        self.control.settimeout(10)
        try:
            self.control.sendall(text.encode() + b"\n")
            for line in self.control.makefile():
                if not line.startswith("event"):
                    return line.rstrip("\n")
        except OSError:
            pass
        return None

    def wait_for(self, text, seconds):
        return self.m.wait_for(text, seconds)

    def end(self, seconds):
        status = self.m.end(seconds)
        return status if status is None or all(n.end(5) == 0 for n in self.nets) else "smol-net failed"

    def errors(self):
        return self.m.errors()


class Qemu:
    """The same by QEMU; no second network."""
    name = "qemu"

    def __init__(self, p):
        self.fds, self.output, self.mem_bytes = [], b"", p.mem_mb << 20
        self.argv = ["qemu-system-x86_64", "-M", "microvm,rtc=on,pit=on,acpi=" + ("on" if p.acpi else "off"), "-accel", p.accel, "-cpu", "max",
                     "-m", str(p.mem_mb), "-smp", str(p.cpus), "-nodefaults", "-display", "none", "-no-reboot",
                     "-global", "virtio-mmio.force-legacy=false", "-kernel", p.kernel, "-append", p.cmdline, *(["-initrd", p.initrd] if p.initrd else [])]
        for file, text in p.fwcfg:
            self.argv += ["-fw_cfg", "name=%s,string=%s" % (file, text)]
        self.serial, self.qmp = self._chardev("com"), self._chardev("qmp")
        self.argv += ["-serial", "chardev:com", "-mon", "chardev=qmp,mode=control"]
        self.console = self.port = None
        if p.ports:
            self.console, self.port = self._chardev("c0"), self._chardev("c1")
            self._device("virtio-serial-device")
            self._device("virtconsole,chardev=c0")
            self._device("virtserialport,chardev=c1,name=port1")
        for i, (path, mode) in enumerate(p.disks):
            flags = {"ro": ",readonly=on", "rw": ",discard=unmap", "overlay": ",snapshot=on"}[mode]
            self.argv += ["-drive", "if=none,id=d%d,format=raw,file=%s%s" % (i, path, flags)]
            self._device("virtio-blk-device,drive=d%d" % i)
        if p.forward:
            self.argv += ["-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:%d-:80" % p.forward]
            self._device("virtio-net-device,netdev=n0,mac=52:54:00:12:34:56")
        if p.rng:
            self._device("virtio-rng-device")
        for tag, path, mode in p.shares:
            self.argv += ["-fsdev", "local,id=%s,path=%s,security_model=none,multidevs=remap%s"
                          % (tag, path, ",readonly=on" if mode == "ro" else "")]
            self._device("virtio-9p-device,fsdev=%s,mount_tag=%s" % (tag, tag))
        if p.balloon:
            self._device("virtio-balloon-device,free-page-reporting=on")
        self.process = subprocess.Popen(self.argv, pass_fds=self.fds, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for fd in self.fds:
            os.close(fd)
        self.pid, self.say = self.process.pid, self.serial.sendall
        self._qmp("qmp_capabilities")

    def _device(self, text):
        self.argv += ["-device", text]

    def _chardev(self, name):
        ours, theirs = socket.socketpair()
        ours.settimeout(60)
        self.fds.append(theirs.detach())
        self.argv += ["-chardev", "socket,id=%s,fd=%d" % (name, self.fds[-1])]
        return ours

    def command(self, text):
        """smol-vmm's control commands, as far as QEMU has them."""
        word, _, rest = text.partition(" ")
        if word == "balloon":
            self._qmp("balloon", value=self.mem_bytes - int(rest))
        else:
            self._qmp({"stop": "system_powerdown"}[word])
        return "ok"

    def _qmp(self, command, **arguments):
        self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def text(self):
        return self.output.decode(errors="replace").replace("\r", "")

    def wait_for(self, text, seconds):
        until = time.monotonic() + seconds
        while text not in self.text() and time.monotonic() < until:
            self.serial.settimeout(0.2)
            try:
                more = self.serial.recv(65536)
            except (TimeoutError, socket.timeout):
                continue
            if not more:
                break
            self.output += more
        return text in self.text()

    def end(self, seconds):
        self.wait_for("\0", 0.3)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def errors(self):
        return self.process.stderr.read().decode(errors="replace")
