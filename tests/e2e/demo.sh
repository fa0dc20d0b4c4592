#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The whole road: sets, an image of the service bozohttpd, a virtual machine,
# an HTTP answer.  The sets are synthetic and the guest is the probe, so that
# it works where NetBSD's files cannot be fetched.
#
#   demo.sh SMOL PROBE
set -eu
smol=$(realpath "$1") probe=$(realpath "$2")
top=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/tmp}/smol-demo.XXXXXX")
vm=

finish() {
	trap - EXIT INT TERM
	[ -n "$vm" ] && stop
	rm -rf "$dir"
}
stop() {
	kill -TERM "$vm" 2>/dev/null || true
	i=0
	while kill -0 "$vm" 2>/dev/null && [ $i -lt 50 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	kill -KILL "$vm" 2>/dev/null || true
	wait "$vm" 2>/dev/null || true
	vm=
}
trap finish EXIT
trap 'finish; exit 130' INT TERM

step() {
	printf '\n== %s\n' "$*"
}

# A workspace of its own: the services that ship, and sets.
mkdir -p "$dir/sets/amd64" "$dir/images"
cp -R "$top/service" "$top/etc" "$dir/"
cd "$dir"
SMOL_CACHE=$dir/cache
export SMOL_CACHE
step "synthetic sets with NetBSD's names, modes and links"
python3 "$top/tests/synth/sets.py" --small -o sets/amd64
ls -l sets/amd64

step "smol build bozohttpd"
"$smol" build --arch amd64 bozohttpd
image=images/bozohttpd-amd64.img
"$smol" image check "$image"
"$smol" image ls -l "$image:/var/www"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
step "smol run -k probe -p 127.0.0.1:$port:80 bozohttpd"
"$smol" run -k "$probe" -p "127.0.0.1:$port:80" "$image" </dev/null >console 2>&1 &
vm=$!
i=0
until curl -s -i --max-time 5 -o answer "http://127.0.0.1:$port/"; do
	i=$((i + 1))
	if [ $i -gt 120 ] || ! kill -0 "$vm" 2>/dev/null; then
		cat console
		echo "demo: the guest did not answer" >&2
		exit 1
	fi
	sleep 0.5
done
echo "the guest's console:"
sed 's/^/    /' console | tail -n 25

step "curl http://127.0.0.1:$port/"
cat answer
grep -q '^HTTP/1.[01] 200' answer || {
	echo "demo: the answer is not 200" >&2
	exit 1
}
stop
cat <<'END'

== done: the guest answered over HTTP from its FFS root, and was stopped.
   The guest was the probe, smol's own test guest, and NOT NetBSD: no NetBSD file is
   in these sets.  With NetBSD's sets in sets/amd64/ and its kernel in kernels/netbsd-SMOL
   the same two commands, smol build and smol run, boot NetBSD.
END
