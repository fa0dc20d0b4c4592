#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Linux's own ufs driver as a reader: boots Debian's stock kernel under QEMU
# (no KVM needed) with the images as disks, mounts them read-only and hands
# back what it saw.
#
#   linux.sh prepare CACHE          kernel and initrd into CACHE; 77 and a reason if they cannot be had
#   linux.sh read CACHE IMAGE OUT [IMAGE OUT]...
#
# OUT becomes a raw file: 16 MiB of "path|type+mode hex|uid|gid|size|mtime|nlink"
# lines, one a file, NUL-padded, then a tar of everything.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
listing_mib=16

prepare() {
	sh "$tests/../debian.sh" "$1" amd64 readers.initrd "$tests/linux-init.sh" virtio_ring virtio virtio_pci_legacy_dev \
	    virtio_pci_modern_dev virtio_pci virtio_blk ufs || exit
	[ -e "$1/amd64/modules/ufs.ko" ] || {
		echo "Debian's kernel has no ufs module any more"
		exit 77
	}
}

read_images() {
	cache=$1
	shift
	drives= i=0
	while [ $# -ge 2 ]; do
		bytes=$(wc -c <"$1")
		rm -f "$2"
		truncate -s $((bytes + bytes / 4 + (listing_mib + 32) * 1048576)) "$2"
		drives="$drives -drive file=$1,format=raw,if=none,id=i$i,readonly=on -device virtio-blk-pci,drive=i$i,serial=image$i"
		drives="$drives -drive file=$2,format=raw,if=none,id=o$i,cache=unsafe -device virtio-blk-pci,drive=o$i,serial=out$i"
		i=$((i + 1))
		shift 2
	done
	# shellcheck disable=SC2086
	timeout "${LINUX_TIMEOUT:-900}" qemu-system-x86_64 -accel tcg -M q35 -cpu max -m 512 -nographic -no-reboot -nodefaults \
	    -serial stdio -kernel "$cache/amd64/vmlinux" -initrd "$cache/amd64/readers.initrd" \
	    -append "console=ttyS0 quiet loglevel=4 panic=-1 images=$i listing_mib=$listing_mib" $drives </dev/null
}

case ${1:-} in
prepare) prepare "$2" ;;
read)
	shift
	read_images "$@"
	;;
*)
	sed -n '4,14s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
