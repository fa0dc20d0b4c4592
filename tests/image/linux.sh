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

cannot() {
	echo "$*"
	exit 77
}

fetch_kernel() {
	command -v apt-get >/dev/null || cannot "no apt-get to fetch Debian's kernel package with"
	command -v dpkg-deb >/dev/null || cannot "no dpkg-deb to unpack Debian's kernel package with"
	package=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends:/ { print $2; exit }')
	[ -n "$package" ] || cannot "apt does not know the package linux-image-amd64"
	(cd "$1" && apt-get -q download "$package" >download.log 2>&1) || cannot "apt-get download $package failed"
	dpkg-deb -x "$1/$package"_*.deb "$1/kernel"
	rm -f "$1/$package"_*.deb
}

make_initrd() {
	busybox=$(command -v busybox) || cannot "no busybox (busybox-static) for the initrd"
	case $(ldd "$busybox" 2>&1) in
	*"=>"*) cannot "busybox is not static (install busybox-static)" ;;
	esac
	root=$1/root
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/modules"
	cp "$busybox" "$root/bin/busybox"
	# In the order in which they must be loaded.
	n=10
	for m in drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev \
	    drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci drivers/block/virtio_blk fs/ufs/ufs; do
		for f in "$1"/kernel/lib/modules/*/kernel/$m.ko; do
			[ -e "$f" ] && cp "$f" "$root/modules/$n-$(basename "$m").ko"
		done
		n=$((n + 1))
	done
	[ -e "$root/modules/16-ufs.ko" ] || cannot "Debian's kernel has no ufs module any more"
	cp "$tests/linux-init.sh" "$root/init"
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc 2>/dev/null) | gzip -1 >"$1/initrd.tmp"
}

prepare() {
	mkdir -p "$1"
	# Two tests may want it at once: one makes it, the other waits. Held until this process ends.
	exec 9>"$1/lock"
	flock 9
	if [ ! -s "$1/vmlinuz" ]; then
		fetch_kernel "$1"
		cp "$1"/kernel/boot/vmlinuz-* "$1/vmlinuz.tmp"
		make_initrd "$1"
		mv "$1/initrd.tmp" "$1/initrd"
		mv "$1/vmlinuz.tmp" "$1/vmlinuz"
		rm -rf "$1/kernel" "$1/root"
	fi
	# The script in it may be newer than the initrd.
	if [ "$tests/linux-init.sh" -nt "$1/initrd" ]; then
		mkdir -p "$1/root"
		(cd "$1/root" && gzip -dc ../initrd | cpio -id 2>/dev/null && cp "$tests/linux-init.sh" init && chmod 755 init &&
		    find . | cpio -o -H newc 2>/dev/null | gzip -1 >../initrd)
		rm -rf "$1/root"
	fi
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
	    -serial stdio -kernel "$cache/vmlinuz" -initrd "$cache/initrd" \
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
