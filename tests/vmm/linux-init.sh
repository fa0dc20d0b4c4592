#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
#
# /init of the guests of linux_guests.py and bench/io_qemu.  The kernel's command line says what to
# do: do=NAME,NAME... (the functions below), then end=NAME; NAME=VALUE lines on
# the serial line say what was seen, and "ready NAME" there waits for a line.
/bin/busybox mkdir -p /dev /proc /sys /tmp /share /roshare /www /etc
/bin/busybox --install -s /bin
mount -t devtmpfs d /dev
mount -t proc p /proc
mount -t sysfs s /sys
mount -t tmpfs t /tmp
for m in /modules/*.ko; do insmod "$m" || echo "insmod $m failed"; done
for word in $(cat /proc/cmdline); do
	case $word in do=* | end=* | http=* | allowed=*) eval "$word" ;; esac
done
stty -echo -onlcr
i=0
while [ $i -lt 30 ] && [ ! -e /dev/vda ]; do
	usleep 100000
	i=$((i + 1))
done

sum() {
	sha256sum "$@" | cut -c 1-64
}

# Until the host has done its part, and says something.
wait_host() {
	echo "ready $1"
	read -r answer
}

# vda is written, vdb read-only, vdc has an overlay; 3 MiB at 1 MiB is what the host knows, of vda discarded from 2,
# of vdc zeroed there; zeros again from 5 to 7.
disks() {
	for disk in vda vdb vdc; do
		echo "$disk=$(sum /dev/$disk) $(cat /sys/block/$disk/size) ro=$(cat /sys/block/$disk/ro)"
	done
	for disk in vda vdb vdc; do
		yes 'the pattern' | dd of=/dev/$disk bs=65536 seek=16 count=48 iflag=fullblock conv=notrunc,fsync 2>/dev/null &&
		    echo "$disk written"
	done
	blkdiscard -o 2097152 -l 1048576 /dev/vda && echo "vda discarded"
	zero_range free /dev/vdc 2097152 1048576 && echo "vdc zeroed where it was written"
	for disk in vda vdb vdc; do
		zero_range keep /dev/$disk 5242880 1048576 && zero_range free /dev/$disk 6291456 1048576 && echo "$disk zeroed"
	done
	sync
	echo 3 >/proc/sys/vm/drop_caches
	echo "vdc again=$(sum /dev/vdc)"
}

smp() {
	n=$(nproc) i=0
	echo "cpus=$n"
	while [ $i -lt "$n" ]; do
		taskset -c $i sha256sum /bin/busybox >/tmp/sum.$i &
		i=$((i + 1))
	done
	wait
	echo "worked=$(cat /tmp/sum.* | sort | uniq -c | awk '{ print $1 }')"
}

up() {
	ip addr add 10.0.2.15/24 dev "$1"
	ip link set "$1" up
	ip route add default via 10.0.2.2
}

page() {
	timeout 20 wget -q -O - "http://$1/page" | sum
}

# eth0 is open, eth1 restricted to one port.
net() {
	ip link set lo up
	up eth0
	echo "mac=$(cat /sys/class/net/eth0/address)"
	echo "page=$(page "10.0.2.2:$http")"
	echo "nameserver 10.0.2.3" >/etc/resolv.conf
	echo "by name=$(page "host.test:$http")"
	httpd -p 80 -h /www
	head -c 3000000 /dev/urandom >/www/page
	echo "served=$(sum /www/page)"
	wait_host web
	ip link set eth0 down
	[ -e /sys/class/net/eth1 ] || return
	up eth1
	echo "allowed=$(page "10.0.2.2:$allowed")"
	timeout 5 wget -q -O /dev/null "http://10.0.2.2:$http/page" 2>/dev/null || echo "the rest refused"
}

# What a folder holds, to compare: modes, owners and targets of links, then contents.
listing() {
	(cd "$1" && find . -exec stat -c '%N %f %u %g' {} + | sort && find . -type f -exec sha256sum {} + | sort)
}

# TAG at /TAG
share() {
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 "$1" "/$1" && echo "$1 mounted"
}

shares() {
	share share
	share roshare
	cp -a /share/tree /tmp/tree
	listing /tmp/tree >/share/listing
	cp -a /tmp/tree /share/back
	cp /roshare/file /tmp/file && echo "roshare read"
	(echo no >/roshare/file) 2>/dev/null || echo "roshare refuses to write"
	rm /roshare/file 2>/dev/null || echo "roshare refuses to remove"
	sync
	umount /share
}

console() {
	for p in /sys/class/virtio-ports/*; do
		[ -e "$p/name" ] && echo "port ${p##*p}=$(cat "$p/name")"
	done
	exec 3<>/dev/hvc0
	echo "on the console" >&3
	read -r line <&3
	echo "console said=$line"
	port=$(echo /dev/vport*p1)
	exec 4<>"$port"
	echo 'JEMATA!' >&4
	read -r line <&4
	echo "port 1 said=$line"
	wait_host size
	i=0
	while [ "$(stty size <&3)" = "0 0" ] && [ $i -lt 50 ]; do
		usleep 100000
		i=$((i + 1))
	done
	echo "size=$(stty size <&3)"
}

entropy() {
	echo "rng=$(cat /sys/class/misc/hw_random/rng_current)"
	echo "random=$(head -c 16 /dev/hwrng | xxd -p)"
}

free_mb() {
	free -m | awk '/^Mem:/ { print $2 }'
}

# The balloon is slow: waits until the MB that it took are as asked.
wait_taken() {
	i=0
	while taken=$((before - $(free_mb))) && [ $i -lt 100 ] && ! [ $taken "$1" "$2" ]; do
		usleep 100000
		i=$((i + 1))
	done
	echo "taken=$taken"
}

# Memory used and freed is reported to the host; a balloon takes what is asked for.
balloon() {
	wait_host idle
	dd if=/dev/zero of=/tmp/fill bs=1M count=64 2>/dev/null
	wait_host filled
	rm /tmp/fill
	wait_host freed
	before=$(free_mb)
	wait_taken -ge 60
	wait_host inflated
	wait_taken -le 0
}

power_button() {
	event=$(grep -l 'Power Button' /sys/class/input/event*/device/name | head -1)
	event=${event%/device/name}
	exec 5<"/dev/input/${event##*/}"
	echo "ready button"
	# struct input_event: type 1 (EV_KEY), code 116 (KEY_POWER), value 1.
	dd <&5 bs=24 count=1 2>/dev/null | od -An -tu2 -j 16 | awk '{ print "event=" $1, $2, $3 }'
}

# With a share and the network, what the host says, line by line, to "end".
commands() {
	share share
	up eth0
	wait_host commands
	n=0
	while [ "$answer" != end ]; do
		$answer 2>&1
		echo "status $?"
		echo "ended $n"
		n=$((n + 1))
		read -r answer || break
	done
}

for part in $(echo "$do" | tr , ' '); do
	$part
done
echo "done"
case $end in
poweroff) poweroff -f ;;
reboot) reboot -f ;;
panic) echo c >/proc/sysrq-trigger ;;
esac
sleep 1000
