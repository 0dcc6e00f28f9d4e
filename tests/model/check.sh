#!/bin/sh
# Checks the models in this directory exhaustively, with Spin; a few seconds.
# Also checks that the check can fail: without the claim it must find an error.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# verify MODEL: prints Spin's summary; true if it found no error.
verify() {
	spin -a "$1" >spin.log 2>&1 || { cat spin.log; return 1; }
	${CC:-cc} -O2 -w -DSAFETY -o pan pan.c
	./pan -m100000 >pan.log 2>&1
	grep -E 'errors:|states, stored$' pan.log
	grep -q 'errors: 0' pan.log && ! grep -q 'max search depth' pan.log
}

passed=0
failed=0
verdict() {
	if [ "$1" = "$2" ]; then
		passed=$((passed + 1))
		echo "  ok      $3"
	else
		failed=$((failed + 1))
		echo "  FAILED  $3"
		cat pan.log
	fi
}

if verify "$here/select.pml"; then r=0; else r=1; fi
verdict $r 0 "select.pml: no interleaving loses or doubles a hand-over"

# The mutation: a peer that serves a task without claiming its wait.
sed 's/:: served == NOBODY -> served = c;/:: true -> served = c;/' \
    "$here/select.pml" >mutant.pml
if verify mutant.pml; then r=0; else r=1; fi
verdict $r 1 "without the claim the model finds the error"

# The mutation: one whose time is up does not ask whether it has been served.
sed 's/:: served != SELF -> park_wait(false)/:: served != SELF -> skip/' \
    "$here/select.pml" >mutant.pml
if verify mutant.pml; then r=0; else r=1; fi
verdict $r 1 "without waiting for the wake the model finds the error"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
