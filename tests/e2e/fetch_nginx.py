#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# smol fetch against nginx: a server that behaves, with ranges, ETags and
# conditional requests, as its own log tells.  TAP.
#
#   fetch_nginx.py SMOL

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402

CONF = """
daemon off;
%(user)s
worker_processes 1;
pid %(work)s/nginx.pid;
error_log stderr crit;
events { worker_connections 64; }
http {
	log_format log '$request_uri $status $http_range $body_bytes_sent';
	access_log %(work)s/log log;
	client_body_temp_path %(work)s/t1; proxy_temp_path %(work)s/t2; fastcgi_temp_path %(work)s/t3;
	uwsgi_temp_path %(work)s/t4; scgi_temp_path %(work)s/t5;
	server {
		listen 127.0.0.1:%(port)d;
		root %(work)s/root;
		location /slow/ { alias %(work)s/root/; limit_rate 1m; }
		location /away/ { rewrite ^/away/(.*)$ /$1 redirect; }
	}
}
"""

tap = Tap()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(nginx, work):
    port = free_port()
    with open(work + "/conf", "w") as f:
        f.write(CONF % {"work": work, "port": port, "user": "user root;" if os.geteuid() == 0 else ""})
    p = subprocess.Popen([nginx, "-p", work, "-c", work + "/conf", "-e", "stderr"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for _ in range(100):
        with socket.socket() as s:
            if p.poll() is None and s.connect_ex(("127.0.0.1", port)) == 0:
                return p, port
        if p.poll() is not None:
            break
        time.sleep(0.05)
    p.kill()
    return None, p.communicate()[1]


class Place:
    def __init__(self, smol, work, port):
        self.smol, self.work, self.port, self.seen = smol, work, port, 0
        self.ws = work + "/ws"
        self.set = self.ws + "/sets/amd64/base.tar.xz"
        os.makedirs(self.ws + "/service")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("SMOL_") and not k.lower().endswith("_proxy")}
        self.env.update(ARCH="amd64", SMOL_HOME=work + "/no-store")

    def command(self, where):
        return [self.smol, "fetch", "-q", "sets", "base", "DIST=http://127.0.0.1:%d/%s" % (self.port, where)]

    def fetch(self, where=""):
        return run(self.command(where), cwd=self.ws, env=self.env)

    def log(self):
        """New lines: path, status, range."""
        time.sleep(0.1)
        with open(self.work + "/log") as f:
            lines = [line.split() for line in f.read().splitlines()]
        new, self.seen = lines[self.seen:], len(lines)
        return [(n[0].split("/")[-1], int(n[1]), n[2]) for n in new]

    def whole(self, data):
        with open(self.set, "rb") as f:
            return f.read() == data


def test(p, data):
    r = p.fetch()
    tap.ok(r.returncode == 0 and p.whole(data), "a set", r.stderr)
    tap.same(p.log(), [("SHA512", 200, "-"), ("base.tar.xz", 200, "-")], "two requests")
    r = p.fetch()
    tap.ok(r.returncode == 0, "again", r.stderr)
    tap.same(p.log(), [("SHA512", 304, "-")], "the list is asked for by its ETag, the set not at all")
    os.unlink(p.set)
    r = p.fetch("away/")
    tap.ok(r.returncode == 0 and p.whole(data), "redirects", r.stderr)
    tap.same([s for _, s, _ in p.log()], [302, 200, 302, 200], "are followed")

    os.unlink(p.set)
    first = subprocess.Popen(p.command("slow"), cwd=p.ws, env=p.env)
    part, size = p.ws + "/sets/amd64/.base.tar.xz.part", 0
    for _ in range(200):
        time.sleep(0.02)
        size = os.path.getsize(part) if os.path.exists(part) else 0
        if size > 300000:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    size = os.path.getsize(part)
    tap.ok(not os.path.exists(p.set) and size > 300000, "killed after %d bytes" % size)
    p.log()
    r = p.fetch("slow")
    tap.ok(r.returncode == 0 and p.whole(data), "gone on with", r.stderr)
    tap.ok(("base.tar.xz", 206, "bytes=%d-" % size) in p.log(), "by a range, 206")

    # Another file of the same name in between: If-Range gives it whole.
    os.unlink(p.set)
    first = subprocess.Popen(p.command("slow"), cwd=p.ws, env=p.env)
    while not os.path.exists(part) or os.path.getsize(part) < 100000:
        time.sleep(0.02)
    first.kill()
    first.wait()
    other = data[::-1] + b"longer"
    publish(p.work, other)
    p.log()
    r = p.fetch("slow")
    tap.ok(r.returncode == 0 and p.whole(other), "changed in between", r.stderr)
    tap.ok([line[1] for line in p.log() if line[0] == "base.tar.xz"] == [200], "If-Range gives it whole")


def publish(work, data):
    os.makedirs(work + "/root/sets", exist_ok=True)
    for name, text in (("base.tar.xz", data), ("SHA512", b"SHA512 (base.tar.xz) = %s\n" % hashlib.sha512(data).hexdigest().encode())):
        with open(work + "/root/sets/" + name, "wb") as f:
            f.write(text)


def main():
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if nginx is None:
        print("1..0 # SKIP nginx is not installed")
        return
    work = tempfile.mkdtemp(prefix="smol-nginx.")
    data = os.urandom(1500000)
    publish(work, data)
    server, port = start(nginx, work)
    if server is None:
        print("1..0 # SKIP nginx does not start: %s" % port.strip().replace("\n", "; "))
    else:
        try:
            test(Place(os.path.abspath(sys.argv[1]), work, port), data)
        finally:
            server.terminate()
            server.wait()
            shutil.rmtree(work, ignore_errors=True)
        tap.done()


if __name__ == "__main__":
    main()
