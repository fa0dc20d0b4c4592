#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# linux_guests.py with Debian's kernels, its TAP printed; with smol-vmm on the
# machine that nested.sh makes, for KVM must work.
#
#   debian_kvm.sh CACHE ZERO_RANGE smol SMOL-VMM SMOL-NET PROBE [GUEST...]
#   debian_kvm.sh CACHE ZERO_RANGE qemu
set -u

here=$(cd "$(dirname "$0")" && pwd)
cache=$1 zero_range=$(realpath "$2") kind=$3
shift 3

skip() {
	echo "1..0 # SKIP $(tail -1 "$log")"
	exit 0
}

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
log=$out/log
for kernel in amd64 amd64-cloud; do
	sh "$here/linux_initrd.sh" "$cache" $kernel guest.initrd "$zero_range" >"$log" 2>&1 || skip
done
command -v qemu-system-x86_64 >"$log" || { echo "no qemu-system-x86_64" >"$log"; skip; }
case $kind in
qemu) python3 "$here/linux_guests.py" "$cache" qemu ;;
smol)
	vmm=$(realpath "$1") net=$(realpath "$2") probe=$(realpath "$3")
	shift 3
	for try in 1 2; do
		sh "$here/nested.sh" -t 280 "$cache" "$out" python3 "$here/linux_guests.py" "$cache" smol "$vmm" "$net" "$probe" "$@" >"$out/tap"
		status=$?
		[ $status = 125 ] || break
		sed 's/^/# /' "$out/tap"
		echo "# the emulated machine ended by itself (try $try)"
	done
	if [ $status = 125 ]; then
		echo "1..0 # SKIP the emulated machine ended by itself, twice"
		exit 0
	fi
	cat "$out/tap"
	exit $status
	;;
esac
