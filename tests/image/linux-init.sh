#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
#
# /init of the guest that linux.sh boots: disks are image, out, image, out, ...
b=/bin/busybox
$b mkdir -p /dev /proc /sys /mnt
$b mount -t devtmpfs d /dev
$b mount -t proc p /proc
$b mount -t sysfs s /sys
for m in /modules/*.ko; do $b insmod "$m" || echo "insmod $m failed"; done
for word in $($b cat /proc/cmdline); do
	case $word in images=* | listing_mib=*) eval "$word" ;; esac
done
set -- vda vdb vdc vdd vde vdf vdg vdh
i=0
while [ $i -lt "$images" ]; do
	disk=/dev/$1 out=/dev/$2
	shift 2
	[ -e "${disk}1" ] && disk=${disk}1
	for type in 44bsd ufs2 none; do
		$b mount -t ufs -o "ro,ufstype=$type" "$disk" /mnt 2>/dev/null && break
	done
	if [ $type = none ]; then
		echo "image $i: cannot mount"
		$b dmesg | $b grep -i ufs
	else
		cd /mnt
		# A line that begins with "/" ends the previous file's: names may hold newlines.
		$b find . -exec $b stat -c '//%n|%f|%u|%g|%s|%Y|%h' {} + >/listing 2>/errors
		$b dd if=/listing of="$out" bs=1M conv=notrunc 2>/dev/null
		$b tar cf - . 2>>/errors | $b dd of="$out" bs=1M seek="$listing_mib" iflag=fullblock conv=notrunc 2>/dev/null
		cd /
		$b umount /mnt
		# The kernel would keep quiet about what it did not like.
		$b grep -v 'socket ignored' /errors
		$b dmesg | $b grep -iE 'ufs.*(error|warn|bad|wrong|panic)'
		echo "image $i: read as $type"
	fi
	i=$((i + 1))
done
$b sync
echo "images read"
$b reboot -f
