#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Boots the probe under QEMU's microvm: every device by its own TAP, its file
# system reader on images of makefs, its web server by curl, hostile disks.
#
#   probe.sh [QEMU] PROBE
#
# In the environment: ACCEL=tcg|kvm, TESTS="tap console ..." (groups below).
#
# Exits 0 if all passed, 1 if not, 77 if a tool is missing.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
. "$here/gpt.sh"

case $# in
1) qemu=$(command -v qemu-system-x86_64 || echo qemu-system-x86_64) probe=$1 ;;
2) qemu=$1 probe=$2 ;;
*) sed -n '3,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
for tool in "$qemu" makefs curl cksum gzip timeout truncate; do
	command -v "$tool" >/dev/null || { echo "SKIP: no $tool"; exit 77; }
done
[ -r "$probe" ] || { echo "cannot read '$probe'"; exit 2; }

accel=${ACCEL:-tcg}
dir=$(mktemp -d)
port=$((20000 + $$ % 20000))
forward=hostfwd=tcp:127.0.0.1
vm=
trap '[ -z "$vm" ] || kill "$vm" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

# machine DISK APPEND [QEMU ARGUMENT...]: the command line, ended by exec.
machine() {
	m_disk=$1 m_append=$2
	shift 2
	exec timeout 120 "$qemu" -M microvm,acpi=off,rtc=on,pit=on \
	    -accel "$accel" -m 64 -nodefaults -display none -no-reboot \
	    -global virtio-mmio.force-legacy=false \
	    -kernel "$probe" -append "$m_append" \
	    -drive if=none,id=d0,file="$m_disk",format=raw \
	    -device virtio-blk-device,drive=d0 "$@"
}

# boot LOG DISK APPEND ...: runs to the end; status is QEMU's.
boot() {
	b_log=$1
	shift
	(machine "$@" -serial stdio) >"$b_log" 2>"$b_log.err" </dev/null
}

# serve LOG DISK APPEND ...: leaves it running as $vm, its port 80 at $port.
serve() {
	s_log=$1
	shift
	port=$((port + 1))
	(machine "$@" -serial stdio -netdev \
	    "user,id=n0,$forward:$port-:80,$forward:$((port + 1))-:81" \
	    -device virtio-net-device,netdev=n0) \
	    >"$s_log" 2>"$s_log.err" </dev/null &
	vm=$!
	port=$((port + 1))
	url=http://127.0.0.1:$((port - 1))
	s_tries=0
	until grep -q 'serving' "$s_log" || [ $s_tries -gt 300 ]; do
		sleep 0.1
		s_tries=$((s_tries + 1))
	done
}

unserve() {
	kill "$vm" 2>/dev/null
	wait "$vm" 2>/dev/null
	vm=
}

make_tree() {
	mkdir -p "$dir/root/etc" "$dir/root/var/www/sub dir" "$dir/share/d"
	printf '#!probe\n%s\n' "$1" >"$dir/root/etc/rc"
	[ -e "$dir/root/var/www/big.bin" ] && return
	echo 'message of the day' >"$dir/root/etc/motd"
	echo '<h1>probe</h1>' >"$dir/root/var/www/index.html"
	echo 'sub' >"$dir/root/var/www/sub dir/index.html"
	: >"$dir/root/var/www/empty.txt"
	printf x >"$dir/root/var/www/one.css"
	head -c 5000000 /dev/urandom >"$dir/root/var/www/big.bin"
	head -c 65537 /dev/urandom >"$dir/root/var/www/odd.png"
	truncate -s 400000 "$dir/root/var/www/hole.js"
	printf end >>"$dir/root/var/www/hole.js"
	ln -s ../www/one.css "$dir/root/var/www/link.svg"
	ln -s /var/www/loop "$dir/root/var/www/loop"
	i=0
	while [ $i -lt 200 ]; do
		echo $i >"$dir/root/var/www/many.$i.txt"
		i=$((i + 1))
	done
	echo 'from the host' >"$dir/share/file.txt"
}

# image NAME VERSION RC: NAME is the file system alone, NAME.gpt a disk.
image() {
	make_tree "$3"
	makefs -t ffs -o "version=$2${4:-}" -b 5% "$dir/$1" "$dir/root" \
	    >/dev/null || exit 1
	gpt_image "$dir/$1.gpt" proberoot "$dir/$1"
}

# devices PREFIX: one of each, in $@ of the caller by eval.
devices() {
	echo "-device virtio-serial-device \
	-chardev file,id=c0,path=$1.viocon -device virtconsole,chardev=c0 \
	-chardev file,id=c1,path=$1.port1 -device virtserialport,chardev=c1 \
	-device virtio-rng-device -netdev user,id=n0 \
	-device virtio-net-device,netdev=n0 \
	-fsdev local,id=f0,path=$dir/share,security_model=none \
	-device virtio-9p-device,fsdev=f0,mount_tag=vio9p0 \
	-fw_cfg opt/org.smolbsd.var.COLOUR,string=blue"
}

tests_tap() {
	tests="console=com root=NAME=proberoot probe.test=1 probe.write=1"
	for version in 1 2; do
		image "tap$version" $version 'exit 3'
		cp "$dir/tap$version.gpt" "$dir/tap.before"
		for cpus in 1 2 4; do
			log=$dir/tap.$version.$cpus
			boot "$log" "$dir/tap$version.gpt" "$tests" -smp $cpus \
			    -device isa-debug-exit,iobase=0x501,iosize=1 \
			    $(devices "$log")
			status=$?
			tap_check "tap, ffs v$version, $cpus cpus" "$log"
			check "exit code 3 is status 7" test $status -eq 7
			check "fw_cfg variable" grep -q 'var.COLOUR (4) = blue' "$log"
			check "9p file seen" grep -q '9p file.txt' "$log"
			check "port 1 written" grep -q probe "$log.port1"
			tests="$tests probe.fast=1"
		done
		check "ffs v$version disk is as before" \
		    cmp "$dir/tap$version.gpt" "$dir/tap.before"
	done
}

tests_console() {
	image con 1 'cat /etc/motd'
	log=$dir/con.log
	boot "$log" "$dir/con" "console=viocon root=ld0a" $(devices "$log")
	check "viocon: reset ends the machine" test $? -eq 0
	check "viocon: banner" grep -q 'not NetBSD' "$log.viocon"
	check "viocon: cat" grep -q 'message of the day' "$log.viocon"
	check "viocon: serial line is silent" test ! -s "$log"
	check "viocon: JEMATA! on port 1" grep -q '^JEMATA!$' "$log.port1"
	boot "$log" "$dir/con" "console=com root=ld0"
	check "com: cat" grep -q 'message of the day' "$log"
	check "com: exit" grep -q 'probe: exit 0' "$log"
	boot "$log" "$dir/con.gpt" "console=com root=dk0"
	check "root=dk0" grep -q 'message of the day' "$log"
	boot "$log" "$dir/con.gpt" "console=com"
	check "no root=" grep -q 'message of the day' "$log"
	boot "$log" "$dir/con.gpt" "console=com root=NAME=other"
	check "wrong label" grep -q "no root 'NAME=other'" "$log"
	gpt_image "$dir/bad.gpt" proberoot "$dir/con" bad
	boot "$log" "$dir/bad.gpt" "console=com root=NAME=proberoot"
	check "wrong GPT checksum" grep -q "no such disk or wedge" "$log"
}

tests_script() {
	image rc 2 'print one  two
bogus 1
ls /etc
sleep 1
cat /nope
serve /var/www 0
exit 9'
	log=$dir/rc.log
	boot "$log" "$dir/rc" "console=com root=ld0a" \
	    -device isa-debug-exit,iobase=0x501,iosize=1
	check "script: exit 9" test $? -eq 19
	check "script: print" grep -q '^one  two' "$log"
	check "script: unknown command" grep -q '^/etc/rc:3: bogus: unknown' "$log"
	check "script: ls" grep -q '^-0644 .* motd' "$log"
	check "script: cat of nothing" grep -q '^/etc/rc:6: cat: no such' "$log"
	check "script: bad port" grep -q '^/etc/rc:7: serve: wants a port' "$log"
	printf '#!/bin/sh\necho real\n' >"$dir/root/etc/rc"
	printf '#!probe\nprint second\n' >"$dir/root/etc/rc.probe"
	makefs -t ffs "$dir/rc" "$dir/root" >/dev/null
	boot "$log" "$dir/rc" "console=com root=ld0a"
	check "script: rc.probe" grep -q '^second' "$log"
	rm "$dir/root/etc/rc.probe"
	makefs -t ffs "$dir/rc" "$dir/root" >/dev/null
	serve "$log" "$dir/rc" "console=com root=ld0a"
	check "no script: tests and /var/www" curl -sf -m 10 "$url/"
	tap_check "no script: tap" "$log"
	unserve
}

# http_file NAME: the same bytes as in the tree.
http_file() {
	curl -sf -m 60 "$url/$1" -o "$dir/got.$1" &&
	    cmp "$dir/got.$1" "$dir/root/var/www/$1"
}

http_is() {	# STATUS URL [CURL ARGUMENT...]
	h_want=$1 h_url=$2
	shift 2
	test "$(curl -s -m 10 -o /dev/null -w '%{http_code}' "$@" "$h_url")" = "$h_want"
}

http_type() {
	curl -sI -m 10 "$url/$1" | grep -qi "^content-type: $2"
}

http_parallel() {
	pids=
	i=0
	while [ $i -lt 10 ]; do
		curl -sf -m 60 "$url/big.bin" -o "$dir/par.$i" &
		pids="$pids $!"
		i=$((i + 1))
	done
	wait $pids
	while [ $i -gt 0 ]; do
		i=$((i - 1))
		cmp "$dir/par.$i" "$dir/root/var/www/big.bin" || return 1
	done
}

http_head() {
	curl -sI -m 10 "$url/big.bin" >"$dir/head" &&
	    grep -q '^HTTP/1.1 200' "$dir/head" &&
	    grep -q '^Content-Length: 5000000' "$dir/head" &&
	    grep -q '^Connection: close' "$dir/head"
}

closed_port() {
	curl -s -m 40 "http://127.0.0.1:$port/"
	c_status=$?
	[ $c_status -eq 56 ] || [ $c_status -eq 52 ] || [ $c_status -eq 7 ]
}

tests_http() {
	image "$1" "$2" 'serve /var/www 80' "${4:-}"
	serve "$dir/$1.log" "$dir/$1.gpt" "console=com root=NAME=proberoot $3"
	for f in empty.txt one.css odd.png hole.js big.bin many.199.txt; do
		check "$1: /$f" http_file $f
	done
	check "$1: 10 connections" http_parallel
	check "$1: HEAD" http_head
	check "$1: index.html" sh -c "curl -s -m 10 '$url' | grep -q probe"
	check "$1: directory" sh -c "curl -s -m 10 '$url/sub%20dir/?x=y' | grep -q sub"
	check "$1: symbolic link" sh -c "test \$(curl -s -m 10 '$url/link.svg') = x"
	check "$1: 404" http_is 404 "$url/none"
	check "$1: link loop is 404" http_is 404 "$url/loop"
	check "$1: 405" http_is 405 "$url/" -X POST
	check "$1: .. is 400" http_is 400 "$url/../etc/motd" --path-as-is
	check "$1: %2e%2e is 400" http_is 400 "$url/%2e%2e/etc/motd" --path-as-is
	check "$1: long head is 400" http_is 400 "$url/" -H \
	    "X: $(zeros 3000 | tr '\0' x)"
	check "$1: closed port is reset" closed_port
	unserve
}

tests_types() {
	image types 1 'serve /var/www 80'
	serve "$dir/types.log" "$dir/types" "console=com root=ld0a"
	check "type html" http_type "" 'text/html'
	check "type txt" http_type empty.txt 'text/plain'
	check "type css" http_type one.css 'text/css'
	check "type js" http_type hole.js 'text/javascript'
	check "type png" http_type odd.png 'image/png'
	check "type svg" http_type link.svg 'image/svg'
	check "type other" http_type big.bin 'application/octet-stream'
	unserve
}

# Random bytes over the metadata: any end is good, but it must end.
tests_hostile() {
	image hostile 1 'ls /var/www'
	n=0
	while [ $n -lt 6 ]; do
		cp "$dir/hostile" "$dir/broken"
		i=0
		while [ $i -lt 40 ]; do
			# Superblock, group, inodes and first directories.
			at=$(($(od -An -N4 -tu4 /dev/urandom) % 200000 + 8192))
			head -c 16 /dev/urandom | dd of="$dir/broken" bs=1 \
			    seek=$at conv=notrunc 2>/dev/null
			i=$((i + 1))
		done
		boot "$dir/broken.log" "$dir/broken" \
		    "console=com root=ld0a probe.test=1 probe.fast=1"
		if grep -q 'probe: exit' "$dir/broken.log" &&
		    ! grep -q panic "$dir/broken.log"; then
			pass "hostile disk $n ends"
		else
			cp "$dir/broken" "/tmp/probe-hostile-$$-$n.img"
			fail "hostile disk $n (/tmp/probe-hostile-$$-$n.img)" \
			    "$dir/broken.log"
		fi
		n=$((n + 1))
	done
	truncate -s 512 "$dir/tiny"
	boot "$dir/tiny.log" "$dir/tiny" "console=com probe.fast=1"
	tap_check "disk of one sector" "$dir/tiny.log"
}

# A console that must bring its queues up before there are interrupts.
tests_bare() {
	image bare 1 'cat /etc/motd'
	boot "$dir/bare.log" "$dir/bare" "console=viocon root=ld0a" \
	    -device virtio-serial-device,emergency-write=off \
	    -chardev "file,id=c0,path=$dir/bare.viocon" \
	    -device virtconsole,chardev=c0
	check "viocon without EMERG_WRITE" grep -q 'of the day' "$dir/bare.viocon"
}

tests_readonly() {
	image ro 1 'exit 0'
	timeout 60 "$qemu" -M microvm,acpi=off,rtc=on -accel "$accel" -m 64 \
	    -nodefaults -display none -no-reboot -serial stdio \
	    -global virtio-mmio.force-legacy=false -kernel "$probe" \
	    -append "console=com probe.test=1 probe.fast=1 probe.write=1" \
	    -drive if=none,id=d0,file="$dir/ro",format=raw,readonly=on \
	    -device virtio-blk-device,drive=d0 >"$dir/ro.log" 2>&1 </dev/null
	tap_check "read-only disk" "$dir/ro.log"
	check "read-only disk refuses writing" \
	    grep -q '^ok .* blk0 read-only refuses writing.$' "$dir/ro.log"
}

tests_pages() {
	tests_http v1 1 ""
	tests_http v2 2 ""
	tests_http bigblocks 2 "" ",bsize=32768,fsize=4096"
	tests_http smallblocks 1 "" ",bsize=4096,fsize=512"
	tests_http lossy 1 "probe.drop=30"
}

for group in ${TESTS:-tap console script pages types hostile bare readonly}; do
	"tests_$group"
done
finish
