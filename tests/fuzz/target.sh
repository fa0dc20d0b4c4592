#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# One fuzz target as a TAP test: its seeds, then FUZZ_TIME seconds of new inputs.
#
#   target.sh PROGRAM NAME
program=$(realpath "$1") || exit 1
cd "$(dirname "$0")" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
seeds=corpus/$2
[ -d "$seeds" ] || seeds=
# shellcheck disable=SC2086
if "$program" -max_total_time="${FUZZ_TIME:-15}" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$work/" "$work/corpus" $seeds >"$work/log" 2>&1; then
	echo "ok 1 - $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") inputs in ${FUZZ_TIME:-15} s"
	echo 1..1
	exit 0
fi
tail -n 60 "$work/log" | sed 's/^/# /'
for f in "$work"/crash-* "$work"/timeout-* "$work"/oom-* "$work"/leak-*; do
	[ -e "$f" ] && echo "# input, base64: $(base64 -w 0 <"$f" | cut -c 1-8000)"
done
echo "not ok 1 - no crash"
echo 1..1
exit 1
