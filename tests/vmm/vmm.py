# SPDX-License-Identifier: BSD-2-Clause
"""smol-vmm started by hand, for tests of its devices: the machine description
on a descriptor, the console on a socket.

	m = Machine(VMM, PROBE, "console=com probe.test=1", cpus=2)
	m.line("disk %d - rw", os.open("disk.img", os.O_RDWR))
	m.start()
	m.wait_for("1..", 60); m.end(10); m.output
"""
import os, socket, subprocess, threading, time


def description(text):
    """A descriptor to read text from."""
    fd = os.memfd_create("description")
    os.write(fd, text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def kvm_missing():
    """Why no machine can run here, or None."""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC))
    except OSError as e:
        return "/dev/kvm: %s" % e.strerror
    return None


class Machine:
    def __init__(self, vmm, kernel, cmdline, cpus=1, mem_mb=64):
        self.vmm, self.lines, self.fds = vmm, ["smol-vmm 1"], []
        self.console, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.line("cpus %d" % cpus)
        self.line("mem %d" % (mem_mb << 20))
        self.line("kvm %d", os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC))
        self.line("kernel %d", os.open(kernel, os.O_RDONLY | os.O_CLOEXEC))
        self.line("uart %d", theirs.detach())
        self.line("cmdline " + cmdline.replace("%", "%%"))
        self.output, self.process = b"", None

    def line(self, text, *fds):
        """A line of the description; the monitor inherits the descriptors, we close them."""
        self.lines.append(text % fds)
        self.fds += fds

    def start(self):
        fd = description("\n".join(self.lines) + "\n")
        self.process = subprocess.Popen([self.vmm, str(fd)], pass_fds=self.fds + [fd], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        for f in self.fds + [fd]:
            os.close(f)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                data = self.console.recv(65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def text(self):
        return self.output.decode(errors="replace").replace("\r", "")

    def wait_for(self, text, seconds):
        until = time.monotonic() + seconds
        while text not in self.text():
            if time.monotonic() > until or self.process.poll() is not None and not self.reader.is_alive():
                return text in self.text()
            time.sleep(0.02)
        return True

    def end(self, seconds):
        """The exit status; None if it had to be killed."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        self.reader.join(5)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)

    def errors(self):
        return self.process.stderr.read().decode(errors="replace")


class Control:
    """Our end of the control protocol (src/vmm/control.h)."""

    def __init__(self, machine):
        self.socket, theirs = socket.socketpair()
        machine.line("control %d", theirs.detach())
        self.rest, self.events = b"", []

    def _line(self, seconds):
        until = time.monotonic() + seconds
        while b"\n" not in self.rest:
            self.socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except (socket.timeout, ConnectionResetError):
                return None
            if not data:
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def reply(self, seconds=5):
        """The next line that is no event, those are kept; None: none came."""
        while (line := self._line(seconds)) is not None and line.startswith("event "):
            self.events.append(line[6:])
        return line

    def ask(self, command, seconds=5):
        self.socket.sendall(command.encode() + b"\n")
        return self.reply(seconds)

    def event(self, seconds):
        """The next event; None: none came, or a reply did."""
        if not self.events:
            line = self._line(seconds)
            return line[6:] if line is not None and line.startswith("event ") else line
        return self.events.pop(0)


class Net:
    """smol-net; .socket is for the monitor."""

    def __init__(self, program, *lines):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ready, say = os.pipe()
        fd = description("\n".join(["smol-net 1", "frames %d" % theirs.fileno(), "ready %d" % say, *lines]) + "\n")
        self.process = subprocess.Popen([program, str(fd)], pass_fds=[theirs.fileno(), say, fd],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        theirs.close()
        os.close(say)
        os.close(fd)
        self.ready = os.read(ready, 1) == b"1"
        os.close(ready)

    def attach(self, machine, mac="52:54:00:12:34:56"):
        machine.line("net %d " + mac, self.socket.detach())

    def end(self, seconds):
        """The exit status; None if it had to be killed."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
