#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs a command on a Linux that has a working KVM, anywhere: Debian's stock
# kernel on an emulated AMD machine with SVM.  Its root is this machine's own,
# read-only, with a fresh /run for what is temporary (TMPDIR); the folder OUT is
# its /mnt, where the command starts and can write.
#
#   nested.sh [-m MB] [-c CPUS] [-t SECONDS] CACHE OUT COMMAND [ARG...]
#
# The kernel is kept in CACHE (tests/debian.sh).  What the command prints is
# printed; the exit status is its own, or 77 with a reason if there is no
# kernel or no QEMU to be had, or 125 if the machine ended before it.
#
# One CPU unless asked for more: with two, both are sometimes caught for ever in
# QEMU's emulated SVM.  Such a machine panics, and so ends, within a minute.
set -u

here=$(cd "$(dirname "$0")" && pwd)
mem=1024 cpus=1 limit=300
while getopts m:c:t: option; do
	case $option in
	m) mem=$OPTARG ;;
	c) cpus=$OPTARG ;;
	t) limit=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 3 ] || { sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 2; }
cache=$1 out=$2
shift 2

command -v qemu-system-x86_64 >/dev/null || { echo "no qemu-system-x86_64"; exit 77; }
sh "$here/../debian.sh" "$cache" amd64 nested.initrd "$here/nested-init.sh" netfs fscache 9pnet virtio_ring virtio \
    virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci 9pnet_virtio 9p irqbypass ccp kvm kvm-amd || exit

for word; do
	printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"
done >"$out/.command"
rm -f "$out/.status"
timeout "$limit" qemu-system-x86_64 -accel tcg -cpu max -M q35 -m "$mem" -smp "$cpus" -display none -no-reboot -nodefaults \
    -serial stdio -kernel "$cache/amd64/vmlinux" -initrd "$cache/amd64/nested.initrd" \
    -append "console=ttyS0 quiet loglevel=2 panic=-1 softlockup_panic=1" \
    -fsdev local,id=r,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=r,mount_tag=root \
    -fsdev "local,id=o,path=$out,security_model=none" -device virtio-9p-pci,fsdev=o,mount_tag=out </dev/null
exit "$(cat "$out/.status" 2>/dev/null || echo 125)"
