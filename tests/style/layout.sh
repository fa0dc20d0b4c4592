#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# clang-format has nothing to change, and shell scripts parse.  TAP.
cd "$(dirname "$0")/../.." || exit 1
files() {
	git ls-files -co --exclude-standard "$@" 2>/dev/null | while read -r f; do [ -f "$f" ] && echo "$f"; done
}

version=$(clang-format --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p')
if [ -z "$version" ]; then
	echo "ok 1 - layout # SKIP clang-format is not installed"
elif [ "$version" != 14 ]; then
	echo "ok 1 - layout # SKIP clang-format $version lays out differently from 14, which this tree is laid out by"
elif [ -z "$(files '*.c' | head -n 1)" ]; then
	echo "ok 1 - layout # SKIP not a git checkout"
else
	out=$(files '*.c' '*.h' | xargs clang-format --dry-run -Werror 2>&1) && echo "ok 1 - clang-format has nothing to change" || {
		echo "$out" | grep -a -E '^[^ ]+:[0-9]+' | head -n 40 | sed 's/^/# /'
		echo "not ok 1 - clang-format has nothing to change"
	}
fi

bad=$(for f in $(files '*.sh') .ci/run; do sh -n "$f" 2>&1; done)
if [ -z "$bad" ]; then
	echo "ok 2 - shell scripts parse"
else
	echo "$bad" | sed 's/^/# /'
	echo "not ok 2 - shell scripts parse"
fi
echo 1..2
