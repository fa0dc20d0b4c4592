#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's stock kernel and a small initrd of another architecture, by an apt
# that has its own directories: the system's lists and packages stay as they are.
#
#   debian.sh CACHE ARCH	ARCH: Debian's, arm64 or i386
#
# Leaves CACHE/ARCH/vmlinuz and CACHE/ARCH/initrd; exits 77 with a reason if
# they cannot be had.
set -eu

tests=$(cd "$(dirname "$0")" && pwd)
arch=$2
mkdir -p "$1/$arch"
dir=$(cd "$1/$arch" && pwd)

cannot() {
	echo "$*"
	exit 77
}

# The name of the package that the stock kernel's metapackage stands for.
kernel_package() {
	case $arch in
	arm64) meta=linux-image-arm64 ;;
	i386) meta=linux-image-686 ;;
	*) cannot "no kernel is known for $arch" ;;
	esac
	apt-cache -c "$dir/apt.conf" depends "$meta" 2>/dev/null | awk '/Depends:/ { print $2; exit }'
}

fetch() {
	for tool in apt-get dpkg-deb cpio; do
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
	package=$(kernel_package)
	[ -n "$package" ] || cannot "apt knows no stock kernel for $arch here"
	(cd "$dir/apt" && apt-get -q -c "$dir/apt.conf" download "$package" busybox-static >../download.log 2>&1) ||
	    cannot "apt-get download $package busybox-static failed for $arch"
	for deb in "$dir"/apt/*.deb; do
		dpkg-deb -x "$deb" "$dir/files"
	done
	rm -rf "$dir/apt"
}

# In the order in which they must be loaded; what is built in is not there.
modules="drivers/virtio/virtio drivers/virtio/virtio_ring drivers/virtio/virtio_mmio drivers/block/virtio_blk
drivers/char/virtio_console net/core/failover drivers/net/net_failover drivers/net/virtio_net
drivers/firmware/qemu_fw_cfg fs/netfs/netfs fs/fscache/fscache net/9p/9pnet net/9p/9pnet_virtio fs/9p/9p"

# The initrd's files but for /init, and the kernel; the rest of the packages goes.
sort_out() {
	rm -rf "$dir/root"
	mkdir -p "$dir/root/bin" "$dir/root/modules"
	for f in "$dir"/files/bin/busybox "$dir"/files/usr/bin/busybox; do
		[ -e "$f" ] && cp "$f" "$dir/root/bin/busybox"
	done
	n=10
	for m in $modules; do
		for f in "$dir"/files/lib/modules/*/kernel/$m.ko* "$dir"/files/usr/lib/modules/*/kernel/$m.ko*; do
			case $f in
			*\**) ;;
			*.ko) cp "$f" "$dir/root/modules/$n-${m##*/}.ko" ;;
			*.ko.xz) xz -dc "$f" >"$dir/root/modules/$n-${m##*/}.ko" ;;
			esac
		done
		n=$((n + 1))
	done
	cp "$dir"/files/boot/vmlinuz-* "$dir/vmlinuz.tmp"
	rm -rf "$dir/files" "$dir/initrd"
	mv "$dir/vmlinuz.tmp" "$dir/vmlinuz"
}

pack() {
	cp "$tests/debian-init.sh" "$dir/root/init"
	chmod 755 "$dir/root/init"
	(cd "$dir/root" && find . | cpio -o -H newc 2>/dev/null) | gzip -1 >"$dir/initrd.tmp"
	mv "$dir/initrd.tmp" "$dir/initrd"
}

# Held until this process ends.
exec 9>"$dir/lock"
flock 9
if [ ! -s "$dir/vmlinuz" ]; then
	fetch
	sort_out
fi
if [ ! -s "$dir/initrd" ] || [ "$tests/debian-init.sh" -nt "$dir/initrd" ]; then
	pack
fi
