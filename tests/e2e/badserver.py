#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# An HTTP server on loopback that misbehaves as it is told: each file has a list
# of modes, one for each request of it, the last for all that follow.

import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class File:
    def __init__(self, data, modes=("good",), etag=None, date="Tue, 01 Sep 2026 00:00:00 GMT", rate=0):
        self.data, self.modes, self.date, self.rate = data, list(modes), date, rate
        self.etag = '"%08x"' % (hash(data) & 0xffffffff) if etag is None else etag

    def mode(self):
        return self.modes.pop(0) if len(self.modes) > 1 else self.modes[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def start(self, status, headers, length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def validators(self, f):
        return [(n, v) for n, v in (("ETag", f.etag), ("Last-Modified", f.date)) if v]

    def body(self, data, rate):
        """Sends it, at so many bytes a second (0: at once)."""
        step = len(data) if not rate else max(rate // 50, 1)
        for i in range(0, len(data), max(step, 1)):
            self.wfile.write(data[i:i + step])
            if rate:
                time.sleep(step / rate)

    def close(self, reset=False):
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait_gone(self):
        """Until the client has hung up, or the server ends."""
        self.connection.settimeout(0.1)
        while not self.server.ending:
            try:
                if not self.connection.recv(4096):
                    break
            except socket.timeout:
                pass
            except OSError:
                break
        self.close()

    def good(self, f):
        asked, if_range = self.headers.get("Range"), self.headers.get("If-Range")
        if f.etag and self.headers.get("If-None-Match") == f.etag:
            return self.start(304, self.validators(f))
        if f.date and self.headers.get("If-Modified-Since") == f.date:
            return self.start(304, self.validators(f))
        if asked and (if_range is None or if_range in (f.etag, f.date)):
            first = int(asked[6:-1])
            if first >= len(f.data):
                return self.start(416, [("Content-Range", "bytes */%d" % len(f.data))], 0)
            self.start(206, self.validators(f) + [("Content-Range", "bytes %d-%d/%d" % (first, len(f.data) - 1, len(f.data)))],
                       len(f.data) - first)
            return self.body(f.data[first:], f.rate)
        self.start(200, self.validators(f), len(f.data))
        self.body(f.data, f.rate)

    def misbehave(self, f, mode):
        n, half = len(f.data), f.data[:len(f.data) // 2]
        if mode == "noranges":
            self.start(200, self.validators(f), n)
            self.body(f.data, f.rate)
        elif mode in ("cut", "reset", "cut-unnamed"):
            self.start(200, [] if mode == "cut-unnamed" else self.validators(f), n)
            self.body(half, 0)
            self.close(mode == "reset")
        elif mode == "cut-unsized":
            self.start(200, self.validators(f) + [("Connection", "close")])
            self.body(half, 0)
            self.close()
        elif mode == "longer":
            self.start(200, self.validators(f), n - 10)
            self.body(f.data, 0)
            self.close()
        elif mode == "corrupt":
            self.start(200, self.validators(f), n)
            self.body(half + bytes([f.data[n // 2] ^ 1]) + f.data[n // 2 + 1:], 0)
        elif mode == "huge":
            self.start(200, self.validators(f), 1 << 50)
            self.close()
        elif mode == "endless":
            self.start(200, [("Connection", "close")])
            try:
                while not self.server.ending:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
            self.close()
        elif mode == "stall":
            self.start(200, self.validators(f), n)
            self.body(half, 0)
            self.wait_gone()
        elif mode == "stall-head":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
            self.wait_gone()
        elif mode == "silent":
            self.wait_gone()
        elif mode == "drip":
            self.start(200, self.validators(f), n)
            try:
                self.body(f.data, 20)
            except OSError:
                self.close()
        elif mode == "nothing":
            self.close()
        elif mode == "loop":
            self.start(302, [("Location", self.path)], 0)
        elif mode == "bad-range":
            self.start(206, self.validators(f) + [("Content-Range", "bytes 1-%d/%d" % (n - 1, n))], n - 1)
            self.body(f.data[1:], 0)
        elif mode.startswith("to "):
            self.start(301, [("Location", mode[3:])], 0)
        elif mode.startswith("503 after "):
            self.start(503, [("Retry-After", mode[10:])], 0)
        else:
            self.start(int(mode), [], 0)

    def do_GET(self):
        path = self.path
        self.server.requests.append((path, dict(self.headers)))
        f = self.server.files.get(path)
        if f is None:
            return self.start(404, [], 0)
        mode = f.mode()
        try:
            if mode == "good":
                self.good(f)
            else:
                self.misbehave(f, mode)
        except OSError:
            self.close()


class BadServer(ThreadingHTTPServer):
    """A server that goes; files maps "/path" to File, requests collects (path, headers)."""
    daemon_threads = True

    def __init__(self, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.ending = {}, [], False
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.scheme = "http" if tls is None else "https"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    @property
    def url(self):
        return "%s://127.0.0.1:%d" % (self.scheme, self.server_address[1])

    def of(self, path):
        return [h for p, h in self.requests if p == path]

    def end(self):
        self.ending = True
        self.shutdown()
        self.server_close()
