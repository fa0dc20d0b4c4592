#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A man page for each command, each clean under mandoc's lint, each naming the
# options that the command's help names.  TAP.
#
#   man.sh SMOL
smol=$(realpath "$1") || exit 1
cd "$(dirname "$0")/../.." || exit 1
n=0 status=0
point() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		status=1
	fi
}

if command -v mandoc >/dev/null; then
	for page in doc/man/*.[1-9]; do
		out=$(mandoc -T lint -W warning "$page" 2>&1) && rc=0 || rc=1
		[ -n "$out" ] && echo "$out" | sed 's/^/# /'
		point $rc "mandoc finds nothing in $page"
	done
else
	n=1
	echo "ok 1 - man pages # SKIP mandoc is not installed"
fi

commands=$({ "$smol" --help; "$smol" image --help; "$smol" kernel --help; "$smol" pkg --help; } | sed -n 's/^  \([a-z]\{1,\}\( [a-z]\{1,\}\)\{0,1\}\)  .*/\1/p' | sort -u | tr ' ' '-')
for c in $commands; do
	page=doc/man/smol-$c.1
	# The image commands may share a page.
	[ -f "$page" ] || page=doc/man/smol-${c%%-*}.1
	[ -f "$page" ]
	point $? "there is $page"
	[ -f "$page" ] || continue
	lacks=
	for o in $("$smol" $(echo "$c" | tr '-' ' ') --help | grep -o -E '^  (-[A-Za-z0-9], )?--[a-z][a-z-]*' | grep -o -E -- '--[a-z][a-z-]*'); do
		# mdoc writes --size as "Fl -size" or "Fl \-size".
		grep -q -E -- "Fl (Fl |.*-|\\\\-){0,1}-?${o#--}|${o#--}" "$page" || lacks="$lacks $o"
	done
	[ -n "$lacks" ] && echo "# $page lacks:$lacks"
	[ -z "$lacks" ]
	point $? "$page names every option of the help"
done
echo "1..$n"
exit $status
