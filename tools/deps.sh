#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Finds out what is missing to build, demo or check smol.
#
#   deps.sh [--install] build|demo|check...
#
# With --install, and on Debian or Ubuntu, installs it by apt-get; elsewhere
# prints the line that would.  Exit status 1 if something needed is missing.
set -u
PATH=$PATH:/usr/sbin:/sbin

# group | test | Debian, Ubuntu | Fedora | Alpine | Arch | macOS (Homebrew)
table='
build|cmd gcc|gcc libc6-dev|gcc|gcc musl-dev linux-headers|gcc|gcc
build|cmd meson|meson|meson|meson|meson|meson
build|cmd ninja|ninja-build|ninja-build|samurai|ninja|ninja
build|cmd pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkgconf|pkgconf
build|lib libarchive|libarchive-dev|libarchive-devel|libarchive-dev|libarchive|libarchive
build|lib liblzma|liblzma-dev|xz-devel|xz-dev|xz|xz
build|lib zlib|zlib1g-dev|zlib-devel|zlib-dev|zlib|zlib
build|lib libcrypto|libssl-dev|openssl-devel|openssl-dev|openssl|openssl@3
build|lib libcurl|libcurl4-openssl-dev|libcurl-devel|curl-dev|curl|curl
build|lib jansson|libjansson-dev|jansson-devel|jansson-dev|jansson|jansson
build|lib slirp|libslirp-dev libglib2.0-dev|libslirp-devel|libslirp-dev|libslirp|-
demo|cmd qemu-system-x86_64|qemu-system-x86|qemu-system-x86-core|qemu-system-x86_64|qemu-system-x86|qemu
demo|cmd curl|curl|curl|curl|curl|curl
demo|cmd python3|python3|python3|python3|python|python
demo|cmd xz|xz-utils|xz|xz|xz|xz
check|cmd qemu-system-aarch64|qemu-system-arm|qemu-system-aarch64-core|qemu-system-aarch64|qemu-system-aarch64|qemu
check|cmd clang|clang|clang|clang|clang|llvm
check|cmd ld.lld|lld|lld|lld|lld|lld
check|fuzzer|@fuzzer|compiler-rt|compiler-rt|compiler-rt|llvm
check|cmd clang-format|clang-format|clang-tools-extra|clang-extra-tools|clang|clang-format
check|cmd fls|sleuthkit|sleuthkit|sleuthkit|sleuthkit|sleuthkit
check|cmd grub-fstest|grub-common|grub2-tools-extra|grub|grub|-
check|cmd makefs|makefs|-|-|-|-
check|cmd bmake|bmake|bmake|bmake|bmake|bmake
check|cmd mandoc|mandoc|mandoc|mandoc|mandoc|mandoc
check|cmd busybox|busybox-static|busybox|busybox-static|busybox|-
check|cmd cpio|cpio|cpio|cpio|cpio|-
check|cmd bsdtar|libarchive-tools|bsdtar|libarchive-tools|libarchive|libarchive
check|cmd zstd|zstd|zstd|zstd|zstd|zstd
check|cmd bzip2|bzip2|bzip2|bzip2|bzip2|bzip2
check|cmd mke2fs|e2fsprogs|e2fsprogs|e2fsprogs|e2fsprogs|e2fsprogs
check|cmd iasl|acpica-tools|acpica-tools|acpica|acpica|acpica
check|cmd nginx|nginx|nginx|nginx|nginx|nginx
check|cmd tmux|tmux|tmux|tmux|tmux|tmux
'

present() {
	case $1 in
	cmd) command -v "$2" >/dev/null 2>&1 ;;
	lib) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$2" ;;
	fuzzer)
		for f in /usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer*.a /usr/lib*/clang/*/lib/*/libclang_rt.fuzzer*.a; do
			[ -e "$f" ] && return 0
		done
		return 1
		;;
	esac
}

# Sets need (packages of column $1 that are missing) and must (those without which nothing builds).
look() {
	need= must=
	while IFS='|' read -r group test debian fedora alpine arch macos; do
		case " $groups " in *" $group "*) ;; *) continue ;; esac
		# shellcheck disable=SC2086
		present $test && continue
		eval "package=\$$1"
		[ "$package" = - ] && continue
		need="$need $package"
		[ "$group" = check ] || must="$must $package"
	done <<END
$(echo "$table" | sed '/^$/d')
END
}

# The fuzzer's run-time library has the compiler's version in its package's name.
real_names() {
	for p in "$@"; do
		if [ "$p" = @fuzzer ]; then
			v=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
			p=libclang-rt-$v-dev
			apt-cache show "$p" >/dev/null 2>&1 || p=libclang-common-$v-dev
		fi
		printf '%s ' "$p"
	done
}

apt() {
	sudo=
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null 2>&1 || return 1
		sudo=sudo
	fi
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >&2
}

install_debian() {
	echo "smol: installing:$need" >&2
	# shellcheck disable=SC2046,SC2086
	{
		[ -n "$(apt-cache show meson 2>/dev/null)" ] || apt update
		apt install --no-install-recommends $(real_names $need) && return
		apt update
		apt install --no-install-recommends $(real_names $need) && return
		# One that this release lacks must not keep the others away.
		for p in $need; do
			apt install --no-install-recommends $(real_names $p) || echo "smol: cannot install $p" >&2
		done
	}
}

install=no
[ "${1:-}" = --install ] && install=yes && shift
groups="$*"
system=
[ -r /etc/os-release ] && system=$(. /etc/os-release && echo " $ID ${ID_LIKE:-} ")
case $system$(uname -s) in
*" debian "* | *" ubuntu "*) column=debian line="apt-get install" ;;
*" fedora "* | *" rhel "*) column=fedora line="dnf install" ;;
*" alpine "*) column=alpine line="apk add" ;;
*" arch "*) column=arch line="pacman -S" ;;
*Darwin) column=macos line="brew install" ;;
*) column=debian line="install, under whatever names this system has:" ;;
esac

look $column
[ -z "$need" ] && exit 0
if [ "$install" = yes ] && [ $column = debian ] && command -v apt-get >/dev/null 2>&1; then
	install_debian
	look $column
	[ -z "$need" ] && exit 0
fi
# shellcheck disable=SC2046,SC2086
[ $column = debian ] && need=" $(real_names $need)"
echo "smol: missing; as root:  $line$need" >&2
if [ "$install" = yes ] && [ $column = debian ] && [ -z "$must" ]; then
	echo "smol: going on without: tests that need them are skipped" >&2
	exit 0
fi
exit 1
