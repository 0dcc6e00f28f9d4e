#!/bin/sh
#
# run.sh [MODEL.pml...]: checks the models exhaustively, with spin.
#
# Each model must hold. For each name that begins with BROKEN and that the model
# asks for (#ifdef BROKEN_NO_FENCE), it must fail when that is defined: a claim
# that cannot fail says nothing. Without spin, or a C compiler, the models are
# skipped. What it prints is what cmocka would: see ../run.sh.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
: "${CC:=cc}" "${MODEL_LIMIT:=120}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0

[ $# -gt 0 ] || set -- "$here"/*.pml

# check MODEL [DEFINITION]: prints "holds", "fails", or what went wrong
check()
{
	rm -rf "${work:?}"/* && cd "$work" || return
	if ! spin ${2:+-D"$2"} -a "$1" >log 2>&1 ||
	    ! "$CC" -O1 -w -DSAFETY -DMEMLIM=1024 -o pan pan.c >log 2>&1; then
		cat log
		return
	fi
	timeout "$MODEL_LIMIT" ./pan -m1000000 >log 2>&1
	if grep -q 'errors: 0' log &&
	    ! grep -q -e 'search not completed' -e 'max search depth' \
	    -e 'out of memory' log; then
		echo holds
	elif grep -q 'errors: [1-9]' log &&
	    grep -q -e 'assertion violated' -e 'invalid end state' log; then
		echo fails
	else
		cat log
	fi
}

# expect NAME RESULT MODEL [DEFINITION]
expect()
{
	test=$1 wanted=$2
	shift 2
	echo "[ RUN      ] $test"
	found=$(check "$@")
	if [ "$found" = "$wanted" ]; then
		echo "[       OK ] $test"
		passed=$((passed + 1))
	else
		echo "it should be that it $wanted, but: $found"
		echo "[  FAILED  ] $test"
		failed=$((failed + 1))
	fi
}

if ! command -v spin >/dev/null || ! command -v "$CC" >/dev/null; then
	echo "there is no spin: no model is checked"
	echo "[  SKIPPED ] $# test(s)."
	exit 0
fi
for model in "$@"; do
	name=$(basename "$model" .pml)
	expect "$name" holds "$model"
	# shellcheck disable=SC2013
	for twin in $(grep '^ *# *\(el\)*if' "$model" |
	    grep -o 'BROKEN[A-Z0-9_]*' | sort -u); do
		expect "$name $twin" fails "$model" "$twin"
	done
done
echo "[  PASSED  ] $passed test(s)."
if [ "$failed" -gt 0 ]; then
	echo "[  FAILED  ] $failed test(s)."
	exit 1
fi
