# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the tests in this folder: counting, and reading TAP.
# pass NAME, fail NAME [FILE...], check NAME COMMAND..., tap_check NAME FILE,
# finish

passed=0
failed=0

pass() {
	passed=$((passed + 1))
	echo "ok $((passed + failed)) - $1"
}

fail() {
	failed=$((failed + 1))
	echo "not ok $((passed + failed)) - $1"
	shift
	for f; do
		sed 's/^/#   /' "$f" | tail -40
	done
}

check() {
	check_name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		pass "$check_name"
	else
		fail "$check_name"
	fi
}

# The file holds a whole TAP report without a failure; skips are shown.
tap_check() {
	tap_plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$2" | head -1)
	tap_seen=$(grep -c '^ok [0-9]' "$2")
	if [ -n "$tap_plan" ] && [ "$tap_plan" = "$tap_seen" ] &&
	    ! grep -q '^not ok' "$2"; then
		pass "$1"
		grep '# SKIP' "$2" | sed 's/^/#   /'
	else
		fail "$1 (plan ${tap_plan:-none}, ok $tap_seen)" "$2"
	fi
}

finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
