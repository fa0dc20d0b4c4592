#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# All tests: the gcc build with every suite, the clang build, unit and golden
# tests under AddressSanitizer and UBSan, each fuzz target for a while.
# Warnings are errors here.  The last line counts; skips say why.
#
#   check.sh [gcc|clang|asan|fuzz]...      all of them without an argument
#
# FUZZ_TIME: seconds a fuzz target (15).
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p build/check
# An ordinary user lacks these, where makefs and mke2fs lie.
PATH=$PATH:/usr/sbin:/sbin
export PATH
FUZZ_TIME=${FUZZ_TIME:-15}
export FUZZ_TIME
# No __pycache__ beside the tests.
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
[ $# -gt 0 ] || set -- gcc clang asan fuzz
rm -f build/check/*.status

# build DIR [MESON OPTION...]: configures once, then builds; a failure counts as one failed test.
build() {
	name=$1
	shift
	echo "== $name: build"
	if { [ -e "build/$name/build.ninja" ] || meson setup "build/$name" "$@"; } >"build/check/$name.log" 2>&1 &&
	    ninja -C "build/$name" >>"build/check/$name.log" 2>&1; then
		echo "ok build with $name" >"build/check/$name.status"
	else
		cat "build/check/$name.log"
		echo "not ok build with $name" >"build/check/$name.status"
		return 1
	fi
}

run() {
	name=$1
	shift
	echo "== $name: tests"
	rm -f "build/$name/meson-logs/testlog.json"
	meson test -C "build/$name" --no-rebuild --print-errorlogs "$@" 2>&1
	echo tests >>"build/check/$name.status"
}

for step; do
	case $step in
	gcc) build gcc -Dwerror=true && run gcc ;;
	clang) CC=clang build clang -Dwerror=true ;;
	asan)
		# Not -Werror: gcc warns of formats that only the instrumented code seems to have.
		build asan -Db_sanitize=address,undefined &&
		    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 run asan --suite unit --suite golden
		;;
	fuzz)
		CC=clang build fuzz -Dwerror=true -Dfuzz=true -Dc_args=-fsanitize=fuzzer-no-link -Db_sanitize=address,undefined -Db_lundef=false && run fuzz --suite fuzz
		;;
	*)
		echo "check.sh: no step '$step'" >&2
		exit 2
		;;
	esac
done
exec python3 tests/tally.py build "$@"
