#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
#
# /init of the guest that debian.py boots: prints "NAME=VALUE" lines about each
# of its devices, does what the host waits for, and powers off.
b=/bin/busybox
$b mkdir -p /dev /proc /sys /share /roshare /www
$b mount -t devtmpfs d /dev
$b mount -t proc p /proc
$b mount -t sysfs s /sys
for m in /modules/*.ko; do $b insmod "$m" || echo "insmod $m failed"; done
# The device nodes follow the drivers.
i=0
while [ $i -lt 50 ] && [ ! -e /dev/vda ]; do
	$b usleep 100000
	i=$((i + 1))
done
if $b grep -q console=hvc0 /proc/cmdline; then
	exec </dev/hvc0 >/dev/hvc0 2>&1
fi
echo "machine=$($b uname -m)"
echo "cmdline=$($b cat /proc/cmdline)"
for disk in vda vdb; do
	[ -e /dev/$disk ] || continue
	echo "$disk=$($b sha256sum </dev/$disk | $b cut -c 1-64) ro=$($b cat /sys/block/$disk/ro)"
done
fw=/sys/firmware/qemu_fw_cfg/by_name/opt
for f in $fw/*; do
	[ -e "$f/raw" ] && echo "fwcfg ${f##*/}=$($b sha256sum <"$f/raw" | $b cut -c 1-64)"
done
for p in /sys/class/virtio-ports/*; do
	[ -e "$p/name" ] && echo "port ${p##*p}=$($b cat "$p/name")"
done
for tag in share roshare; do
	$b mount -t 9p -o trans=virtio,version=9p2000.L $tag /$tag 2>/dev/null || continue
	echo "$tag=$($b sha256sum </$tag/from-host | $b cut -c 1-64)"
	if echo "written by the guest" 2>/dev/null >/$tag/from-guest; then
		echo "$tag written"
	else
		echo "$tag refused"
	fi
	$b umount /$tag
done
if $b grep -q ports=2 /proc/cmdline; then
	# The console is a serial line: port 1 is hvc0, port 2 is hvc1.
	echo "JEMATA!" >/dev/hvc0
	read -r line </dev/hvc1
	echo "from port 2=$line"
fi
if [ -e /sys/class/net/eth0 ]; then
	$b ip link set lo up
	$b ip addr add 10.0.2.15/24 dev eth0
	$b ip link set eth0 up
	echo "the page" >/www/page
	$b httpd -p 80 -h /www
	echo "serving"
	# Until the host has had its answer and says so.
	read -r line
	echo "told=$line"
fi
echo "done"
$b poweroff -f
