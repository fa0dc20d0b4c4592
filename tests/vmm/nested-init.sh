#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
#
# /init of the machine that nested.sh boots: the host's root, read-only, with
# its own /dev, /proc, /sys and /run, and /mnt that both can write; in it runs
# /mnt/.command.
b=/bin/busybox
$b mkdir -p /dev /proc /sys /r
$b mount -t devtmpfs d /dev
$b mount -t proc p /proc
$b mount -t sysfs s /sys
for m in /modules/*.ko; do $b insmod "$m" || echo "insmod $m failed"; done
if $b mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose root /r; then
	for d in dev proc sys; do $b mount --move /$d /r/$d; done
	$b mount -t tmpfs t /r/run
	$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /r/mnt
	$b ip link set lo up
	$b mkdir -p /r/dev/shm /r/dev/pts
	$b mount -t devpts p /r/dev/pts
	# A terminal would make each line end twice.
	$b stty -onlcr </r/dev/console
	PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run $b chroot /r /bin/sh -c 'cd /mnt; sh ./.command; echo $? >.status'
	$b sync
	# Nothing of the kernel's comes after what the command printed.
	echo 0 >/r/proc/sys/kernel/printk
fi
$b poweroff -f
