#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs every fuzz target of a build for some seconds each; a crash leaves its
# input in BUILD/crashes/ and ends with status 1.
#
#   run.sh BUILD SECONDS [TARGET]
set -eu
cd "$(dirname "$0")/../.."
build=$1 seconds=$2
if [ ! -e "$build/build.ninja" ]; then
	tools/deps.sh --install build check
	CC=clang meson setup "$build" -Dwerror=true -Dfuzz=true -Dc_args=-fsanitize=fuzzer-no-link -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
fi
ninja -C "$build" >/dev/null
mkdir -p "$build/crashes"
status=0
for target in "$build"/tests/fuzz/fuzz_*"${3:-}"; do
	[ -f "$target" ] && [ -x "$target" ] || continue
	name=$(basename "$target")
	name=${name#fuzz_}
	mkdir -p "$build/corpus/$name"
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=
	echo "== $name: $seconds s"
	# shellcheck disable=SC2086
	"$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
	    -artifact_prefix="$build/crashes/$name-" "$build/corpus/$name" $seeds || status=1
done
exit $status
