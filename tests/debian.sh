#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's stock kernels, and small initrds for them, by an apt that has its own
# directories: the system's lists and packages stay as they are.
#
#   debian.sh CACHE KERNEL NAME INIT [MODULE|/PROGRAM...]
#
# KERNEL: amd64, amd64-cloud, arm64 or i386.  Leaves CACHE/KERNEL/vmlinuz (for
# amd64 vmlinux too, unpacked) and CACHE/KERNEL/NAME, an initrd of busybox, the
# file INIT as /init, the modules in /modules in the order in which they are to
# be loaded (what this kernel has not as a module is left out), and programs,
# static ones, in /bin.  Exits 77 with a reason if they cannot be had.
set -eu

# All that any test wants of a kernel; the rest of the package is not kept.
keep="arch/x86/kvm/kvm arch/x86/kvm/kvm-amd drivers/acpi/button drivers/block/virtio_blk drivers/char/hw_random/virtio-rng
drivers/char/virtio_console drivers/crypto/ccp/ccp drivers/firmware/qemu_fw_cfg drivers/input/evdev
drivers/misc/pvpanic/pvpanic drivers/misc/pvpanic/pvpanic-mmio drivers/net/net_failover drivers/net/virtio_net
drivers/virtio/virtio drivers/virtio/virtio_balloon drivers/virtio/virtio_mmio drivers/virtio/virtio_pci
drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_ring fs/9p/9p
fs/fscache/fscache fs/netfs/netfs fs/ufs/ufs net/9p/9pnet net/9p/9pnet_virtio net/core/failover virt/lib/irqbypass"

[ $# -ge 4 ] || { sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 2; }
kernel=$2 name=$3 init=$4
mkdir -p "$1/$kernel"
dir=$(cd "$1/$kernel" && pwd)
shift 4

cannot() {
	echo "$*"
	exit 77
}

case $kernel in
amd64) arch=amd64 meta=linux-image-amd64 ;;
amd64-cloud) arch=amd64 meta=linux-image-cloud-amd64 ;;
arm64) arch=arm64 meta=linux-image-arm64 ;;
i386) arch=i386 meta=linux-image-686 ;;
*) cannot "no kernel is known for $kernel" ;;
esac

fetch() {
	for tool in apt-get dpkg-deb cpio xz; do
		command -v $tool >/dev/null || cannot "no $tool to fetch Debian's kernel with"
	done
	rm -rf "$dir/apt" "$dir/files"
	mkdir -p "$dir/apt/state/lists/partial" "$dir/apt/cache/archives/partial" "$dir/files"
	: >"$dir/apt/state/status"
	# Read after the system's own configuration: its sources and proxies count, its hooks do not.
	cat >"$dir/apt.conf" <<END
APT::Architecture "$arch";
#clear APT::Architectures;
APT::Architectures { "$arch"; };
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$dir/apt/state";
Dir::State::status "$dir/apt/state/status";
Dir::Cache "$dir/apt/cache";
END
	# One source that lacks the architecture must not keep the others away.
	apt-get -q -c "$dir/apt.conf" update >"$dir/update.log" 2>&1 || true
	# The name of the package that the metapackage stands for.
	package=$(apt-cache -c "$dir/apt.conf" depends "$meta" 2>/dev/null | awk '/Depends:/ { print $2; exit }')
	[ -n "$package" ] || cannot "apt knows no $meta here"
	(cd "$dir/apt" && apt-get -q -c "$dir/apt.conf" download "$package" busybox-static >../download.log 2>&1) ||
	    cannot "apt-get download $package busybox-static failed for $arch"
	for deb in "$dir"/apt/*.deb; do
		dpkg-deb -x "$deb" "$dir/files"
	done
	rm -rf "$dir/apt"
}

# Busybox, modules and kernel; the rest of the packages goes.
sort_out() {
	rm -rf "$dir/modules" "$dir"/vmlinu*
	mkdir -p "$dir/modules"
	for f in "$dir"/files/bin/busybox "$dir"/files/usr/bin/busybox; do
		[ -e "$f" ] && cp "$f" "$dir/busybox"
	done
	for m in $keep; do
		for f in "$dir"/files/lib/modules/*/kernel/$m.ko* "$dir"/files/usr/lib/modules/*/kernel/$m.ko*; do
			case $f in
			*\**) ;;
			*.ko) cp "$f" "$dir/modules/${m##*/}.ko" ;;
			*.ko.xz) xz -dc "$f" >"$dir/modules/${m##*/}.ko" ;;
			esac
		done
	done
	cp "$dir"/files/boot/vmlinuz-* "$dir/vmlinuz"
	[ "$kernel" != amd64 ] || unpack "$dir/vmlinuz" >"$dir/vmlinux"
	rm -rf "$dir/files"
	echo "$keep" >"$dir/kept"
}

word() {	# FILE OFFSET
	od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '
}

# The ELF kernel in a bzImage (Documentation/x86/boot.rst): setup sectors, then at payload_offset payload_length bytes of xz.
unpack() {
	sectors=$(od -An -tu1 -j 497 -N 1 "$1" | tr -d ' ')
	tail -c +$(((sectors + 1) * 512 + $(word "$1" 584) + 1)) "$1" | head -c "$(word "$1" 588)" | xz -dc --single-stream
}

pack() {
	rm -rf "$dir/root"
	mkdir -p "$dir/root/bin" "$dir/root/modules"
	cp "$dir/busybox" "$dir/root/bin/busybox"
	cp "$init" "$dir/root/init"
	chmod 755 "$dir/root/init"
	n=10
	for m; do
		case $m in
		/*) cp "$m" "$dir/root/bin/" ;;
		*) [ ! -e "$dir/modules/$m.ko" ] || cp "$dir/modules/$m.ko" "$dir/root/modules/$n-$m.ko" ;;
		esac
		n=$((n + 1))
	done
	(cd "$dir/root" && find . | cpio -o -H newc 2>/dev/null) | gzip -1 >"$dir/$name.tmp"
	mv "$dir/$name.tmp" "$dir/$name"
	rm -rf "$dir/root"
}

# Two tests may want it at once: one makes it, the other waits. Held until this process ends.
exec 9>"$dir/lock"
flock 9
if [ ! -e "$dir/kept" ] || [ "$(cat "$dir/kept")" != "$keep" ]; then
	rm -f "$dir/kept"
	fetch
	sort_out
fi
pack "$@"
