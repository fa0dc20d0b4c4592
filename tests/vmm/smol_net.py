#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""smol-net against a guest made of a few Python functions: frames on its
socket, services on the host's loopback.  Needs neither KVM nor privileges.

usage: smol_net.py SMOL-NET	(prints TAP)
"""
import os, random, socket, struct, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Tap  # noqa: E402
from vmm import Net, free_port  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
MAC, HOST_MAC = bytes.fromhex("525400123456"), bytes.fromhex("52550a000202")
GUEST, HOST, DNS = "10.0.2.15", "10.0.2.2", "10.0.2.3"
SYN, ACK, PUSH, RST = 2, 16, 8, 4
NO_OFFLOAD = bytes(12)
tap = Tap()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s


class Guest:
    """One smol-net and its guest."""

    def __init__(self, *lines):
        self.net = Net(PROGRAM, *lines)
        self.socket = self.net.socket
        self.socket.settimeout(5)
        self.ident = 0

    def end(self):
        self.socket.close()
        return self.net.end(5)

    def ip(self, protocol, to, payload, offload=NO_OFFLOAD, source=GUEST):
        self.ident = (self.ident + 1) & 0xffff
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), self.ident, 0, 64, protocol, 0,
            socket.inet_aton(source), socket.inet_aton(to))
        head = head[:10] + struct.pack(">H", 0xffff ^ checksum(head)) + head[12:]
        self.socket.send(offload + HOST_MAC + MAC + b"\x08\0" + head + payload)

    def transport(self, protocol, to, segment, at, long=0):
        """A segment whose checksum, at byte at, is left to smol-net; long: and its segmentation."""
        pseudo = socket.inet_aton(GUEST) + socket.inet_aton(to) + struct.pack(">HH", protocol, len(segment))
        segment = segment[:at] + struct.pack(">H", checksum(pseudo)) + segment[at + 2:]
        self.ip(protocol, to, segment, struct.pack("<BBHHHHH", 1, 1 if long else 0, 54, long, 34, at, 0))

    def udp(self, to, port, data, source_port=40000):
        self.transport(17, to, struct.pack(">HHHH", source_port, port, 8 + len(data), 0) + data, 6)

    def tcp(self, to, port, flags, seq=0, ack=0, data=b"", source_port=40000, long=0):
        self.transport(6, to, struct.pack(">HHIIBBHHH", source_port, port, seq, ack, 0x50, flags, 65535, 0, 0) + data,
            16, long)

    def receive(self, seconds=5):
        """The next IPv4 packet: protocol, from, payload; ARP is answered.  None: there was none."""
        until = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(until - time.monotonic(), 0.001))
            try:
                f = self.socket.recv(70000)
            except (TimeoutError, socket.timeout):
                return None
            ether = f[12:]
            if ether[12:14] == b"\x08\x06" and ether[20:22] == b"\0\1" and ether[38:42] == socket.inet_aton(GUEST):
                self.socket.send(NO_OFFLOAD + ether[6:12] + MAC + ether[12:20] + b"\0\2" + MAC + ether[38:42] +
                    ether[22:28] + ether[28:32])
            elif ether[12:14] == b"\x08\0":
                size = struct.unpack(">H", ether[16:18])[0]
                return ether[23], socket.inet_ntoa(ether[26:30]), ether[34:14 + size]

    def connect(self, to, port, source_port=40000):
        """Sequence and acknowledgement numbers of an open connection, or None."""
        self.tcp(to, port, SYN, 100, source_port=source_port)
        p = self.last = self.receive(2)
        if p is None or p[0] != 6 or p[2][13] & (SYN | ACK | RST) != SYN | ACK:
            return None
        seq = 101
        ack = struct.unpack(">I", p[2][4:8])[0] + 1
        self.tcp(to, port, ACK, seq, ack, source_port=source_port)
        return seq, ack


def udp_service():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    s.settimeout(3)
    return s, s.getsockname()[1]


def tcp_service():
    s = socket.create_server(("127.0.0.1", 0))
    s.settimeout(3)
    return s, s.getsockname()[1]


def quiet(s):
    s.settimeout(0.5)
    try:
        s.recvfrom(1000)
    except (TimeoutError, socket.timeout):
        return True
    return False


def udp_out():
    g = Guest()
    s, port = udp_service()
    g.udp(HOST, port, b"question")
    data, peer = s.recvfrom(1000)
    tap.same(data, b"question", "UDP reaches the host's loopback, its checksum made by smol-net")
    s.sendto(b"answer", peer)
    p = g.receive()
    tap.ok(p and p[:2] == (17, HOST) and p[2][8:] == b"answer", "and is answered", p)
    tap.same(g.end(), 0, "smol-net ends")


def tcp_out():
    g = Guest()
    s, port = tcp_service()
    numbers = g.connect(HOST, port)
    if tap.ok(numbers, "TCP connects to the host's loopback"):
        c = s.accept()[0]
        c.settimeout(5)
        sent = os.urandom(40000)
        g.tcp(HOST, port, ACK | PUSH, *numbers, sent, long=1448)
        got = b""
        while len(got) < len(sent):
            got += c.recv(65536)
        tap.ok(got == sent, "a segment of 40000 bytes arrives whole")
    g.end()


def udp_forward(*lines):
    port = free_port(socket.SOCK_DGRAM)
    g = Guest("forward udp 127.0.0.1 %d 10.0.2.15 53" % port, *lines)
    s, _ = udp_service()
    s.sendto(b"hello", ("127.0.0.1", port))
    p = g.receive()
    if tap.ok(p and p[0] == 17 and p[2][8:] == b"hello", "UDP comes in by a forwarded port " + " ".join(lines), p):
        g.udp(p[1], struct.unpack(">H", p[2][:2])[0], b"there", 53)
        tap.same(s.recv(1000), b"there", "and is answered " + " ".join(lines))
    other, other_port = udp_service()
    g.udp(HOST, other_port, b"leak", 53)
    tap.same(quiet(other), bool(lines), "another destination is %s" % ("closed" if lines else "open"))
    g.end()


def restricted():
    u, udp_port = udp_service()
    t, tcp_port = tcp_service()
    g = Guest("restrict")
    tap.ok(g.connect(HOST, tcp_port) is None and g.last and g.last[2][13] & RST, "restricted: TCP is refused", g.last)
    for to, port in ((HOST, udp_port), (DNS, 53)):
        g.udp(to, port, b"x" * 20)
        p = g.receive()
        tap.ok(p and p[0] == 1 and p[2][:2] == b"\3\15", "restricted: UDP to %s is refused" % to, p)
    t.settimeout(0.3)
    try:
        t.accept()
        tap.ok(False, "restricted: nothing has reached the host")
    except (TimeoutError, socket.timeout):
        tap.ok(quiet(u), "restricted: nothing has reached the host")
    g.ip(1, HOST, struct.pack(">BBHHH", 8, 0, 0xffff ^ (0x0800 + 7 + 1), 7, 1))
    p = g.receive()
    tap.ok(p and p[:2] == (1, HOST) and p[2][0] == 0, "restricted: the gateway answers a ping", p)
    g.end()
    g = Guest("restrict", "allow tcp 10.0.2.2 %d" % tcp_port, "allow udp 10.0.2.0/24 %d" % udp_port)
    tap.ok(g.connect(HOST, tcp_port), "allowed: TCP")
    g.udp(HOST, udp_port, b"allowed")
    u.settimeout(3)
    tap.same(u.recv(100), b"allowed", "allowed: UDP")
    g.end()
    g = Guest("restrict", "allow tcp 0.0.0.0/0 *")
    tap.ok(g.connect(HOST, tcp_port, 40001) is None, "the whole world allowed is not the host")
    g.end()


def resident_kb(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def flood():
    """A guest that reads nothing, while the host sends: bounded, and alive after."""
    port = free_port(socket.SOCK_DGRAM)
    g = Guest("forward udp 127.0.0.1 %d 10.0.2.15 53" % port)
    s, _ = udp_service()
    s.sendto(b"first", ("127.0.0.1", port))
    tap.ok(g.receive(), "the first datagram arrives")
    before = resident_kb(g.net.process.pid)
    for _ in range(20000):
        s.sendto(b"x" * 1000, ("127.0.0.1", port))
    time.sleep(0.2)
    grown = resident_kb(g.net.process.pid) - before
    tap.ok(grown < 4096, "20 MB that the guest does not read take no memory (%d KiB)" % grown)
    used = os.times()
    cpu = cpu_ticks(g.net.process.pid)
    time.sleep(0.5)
    tap.ok(cpu_ticks(g.net.process.pid) - cpu < 20, "nor time", used)
    while g.receive(0.2):
        continue
    s.sendto(b"last", ("127.0.0.1", port))
    p = g.receive()
    tap.ok(p and p[2][8:] == b"last", "afterwards the network works", p)
    tap.same(g.end(), 0, "and ends")


def cpu_ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))


def garbage():
    """Frames of nobody's making: smol-net lives, and says nothing."""
    rnd = random.Random(4)
    g = Guest("restrict")
    for i in range(5000):
        f = bytearray(rnd.randbytes(rnd.choice([1, 12, 25, 26, 60, 200, 1500])))
        if len(f) > 40 and i % 2:
            f[:12] = NO_OFFLOAD if i % 4 == 1 else f[:12]
            f[24:27] = b"\x08\0\x45"
            f[35] = rnd.choice([1, 2, 6, 17])
            f[32:34] = b"\0\0"
        g.socket.send(f)
        g.socket.setblocking(False)
        while True:
            try:
                g.socket.recv(70000)
            except BlockingIOError:
                break
        g.socket.settimeout(5)
    g.socket.send(b"x" * 66000)
    g.ip(1, HOST, struct.pack(">BBHHH", 8, 0, 0xffff ^ (0x0800 + 7 + 1), 7, 1))
    p = g.receive()
    while p and p[0] != 1:
        p = g.receive()
    tap.ok(p, "after 5000 frames of garbage it answers a ping")
    tap.same((g.end(), g.net.process.stderr.read()), (0, ""), "and ends without a word")


udp_out()
tcp_out()
udp_forward()
udp_forward("restrict")
restricted()
flood()
garbage()
tap.done()
