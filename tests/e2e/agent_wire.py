# SPDX-License-Identifier: BSD-2-Clause
#
# The agent's protocol (src/base/agent_protocol.h) once more, in Python: what
# the tests speak to a guest with, independent of the C library.

import os
import select
import struct
import time

(HELLO, WELCOME, START, LOST, ACK, OPEN, DATA, ERRDATA, EOF, CREDIT, SIGNAL, WINDOW, CLOSE, DONE, EVENT) = range(1, 16)
EXEC, PUT, GET, SERVICE, STOP, CLOCK, HOSTNAME = range(1, 8)
EXITED, SIGNALLED, FAILED, CLOSED = range(4)
PAYLOAD_MAX = 16384
FILLER = bytes(PAYLOAD_MAX + 12)
PTY = 1


def frame(kind, stream=0, payload=b""):
    head = bytearray(struct.pack("<BBBBII", 0xa9, 0x53, kind, 0, stream, len(payload)))
    head[3] = 0xff - sum(head) & 0xff
    return bytes(head) + payload


def open_payload(kind, argv, user="", cwd="", env=(), flags=0, rows=24, columns=80, credit=1 << 20):
    strings = [user, cwd, *argv, *env]
    return struct.pack("<BBHHHHHI", kind, flags, rows, columns, len(argv), len(env), 0, credit) + \
        b"".join((s if isinstance(s, bytes) else s.encode()) + b"\0" for s in strings)


class Gone(Exception):
    pass


class Stream:
    def __init__(self, number):
        self.number, self.out, self.err, self.done, self.credit = number, bytearray(), bytearray(), None, 0


class Agent:
    """On a connected socket."""

    def __init__(self, sock, timeout=60):
        self.sock, self.buffer, self.streams, self.events, self.next = sock, bytearray(), {}, [], 1
        self.deadline = time.monotonic() + timeout
        self.sent = self.acked = 0
        self.out = bytearray()
        sock.setblocking(False)
        self.greet()

    def write(self, data):
        while data:
            _, w, _ = select.select([], [self.sock], [], max(0, self.deadline - time.monotonic()))
            if not w:
                raise Gone("cannot write")
            data = data[self.sock.send(data):]

    def read(self, timeout):
        r, _, _ = select.select([self.sock], [], [], max(0, timeout))
        if r:
            data = self.sock.recv(1 << 18)
            if not data:
                raise Gone("the port is closed")
            self.buffer += data
        return bool(r)

    def take(self, n):
        data = bytes(self.buffer[:n])
        del self.buffer[:n]
        return data

    def greet(self):
        nonce = os.urandom(8)
        self.write(FILLER)
        while True:
            self.write(frame(HELLO, 0, struct.pack("<I", 1) + nonce))
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                if time.monotonic() > self.deadline:
                    raise Gone("no WELCOME")
                self.read(until - time.monotonic())
                at = self.buffer.find(struct.pack("<BBB", 0xa9, 0x53, WELCOME))
                if at < 0 or len(self.buffer) < at + 12 + 48:
                    continue
                length = struct.unpack_from("<I", self.buffer, at + 8)[0]
                if len(self.buffer) < at + 12 + length or self.buffer[at + 16:at + 24] != nonce:
                    if len(self.buffer) >= at + 12 + length:
                        self.take(at + 1)
                    continue
                self.take(at)
                w = self.take(12 + length)[12:]
                (_, _, agent, self.link_window, self.window, self.max_streams,
                 self.features) = struct.unpack_from("<I8s8sIIII", w)
                self.service, self.name = w[36:48], w[48:].decode()
                self.write(frame(START, 0, agent))
                return

    def send(self, data):
        self.out += data
        self.pump()

    def pump(self):
        """Writes what the link's window and the socket take."""
        while self.out:
            n = min(len(self.out), 1 << 16)
            if self.link_window:
                n = min(n, self.link_window - (self.sent - self.acked & 0xffffffff))
            if n <= 0:
                return
            try:
                n = self.sock.send(self.out[:n])
            except BlockingIOError:
                return
            self.sent += n
            del self.out[:n]

    def open(self, kind, argv, **kw):
        s = Stream(self.next)
        self.next += 1
        s.credit = self.window
        self.streams[s.number] = s
        self.send(frame(OPEN, s.number, open_payload(kind, argv, **kw)))
        return s

    def data(self, s, data):
        while data and s.done is None:
            if s.credit == 0 or len(self.out) > 1 << 16:
                self.step()
                continue
            n = min(s.credit, PAYLOAD_MAX, len(data))
            s.credit -= n
            self.send(frame(DATA, s.number, bytes(data[:n])))
            data = data[n:]

    def eof(self, s):
        self.send(frame(EOF, s.number))

    def frames(self):
        while len(self.buffer) >= 12:
            kind, stream, length = self.buffer[2], *struct.unpack_from("<II", self.buffer, 4)
            if self.buffer[0] != 0xa9 or sum(self.buffer[:12]) & 0xff != 0xff:
                raise Gone("no head: %r" % bytes(self.buffer[:64]))
            if len(self.buffer) < 12 + length:
                return
            yield kind, stream, self.take(12 + length)[12:]

    def step(self):
        """Waits for something to come, or to go, and handles it."""
        self.pump()
        left = self.deadline - time.monotonic()
        stuck = self.out and (not self.link_window or self.link_window > (self.sent - self.acked & 0xffffffff))
        r, w, _ = select.select([self.sock], [self.sock] if stuck else [], [], max(0, left))
        if not r and not w:
            raise Gone("nothing more comes")
        if r:
            self.read(0)
        for kind, number, payload in self.frames():
            s = self.streams.get(number)
            if kind == ACK:
                self.acked = struct.unpack("<I", payload)[0]
            elif kind == EVENT:
                self.events.append((payload[0], payload[1], payload[2], struct.unpack_from("<I", payload, 4)[0]))
            elif kind == WELCOME:
                pass  # an answer to a HELLO that was said twice
            elif kind == LOST:
                raise Gone("the agent is lost")
            elif s is None:
                raise Gone("a frame %d for stream %d" % (kind, number))
            elif kind in (DATA, ERRDATA):
                (s.out if kind == DATA else s.err).extend(payload)
                self.send(frame(CREDIT, number, struct.pack("<I", len(payload))))
            elif kind == CREDIT:
                s.credit += struct.unpack("<I", payload)[0]
            elif kind == DONE:
                s.done = (payload[0], struct.unpack_from("<I", payload, 4)[0], payload[8:].decode())
                del self.streams[number]

    def finish(self, s):
        while s.done is None:
            self.step()
        return s

    def run(self, *argv, kind=EXEC, stdin=b"", **kw):
        s = self.open(kind, argv, **kw)
        self.data(s, stdin)
        if s.done is None:
            self.eof(s)
        return self.finish(s)

    def service_event(self, state):
        while not any(e[0] == state for e in self.events):
            self.step()
        return next(e for e in self.events if e[0] == state)
