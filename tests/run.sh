#!/bin/sh
#
# run.sh [PROGRAM...]: runs test programs and sums up what cmocka says.
#
# Without arguments all that are built are run: those in $B/tests/unit, e2e,
# stress and leaks (B is "build" if it is not set), the models, and what is said
# of installing. With SAN=thread, e2e is left out: that sanitizer has a thread of
# its own in each program, and does some of the waiting itself, where the probe
# does not see it. So are two unit tests that are about signals, which it takes
# over. With any sanitizer leaks is left out: what they prove is of programs as
# they are, with libc's own heap.
#
# Each has TEST_LIMIT seconds (300). A program that crashes, hangs, or runs no
# test has failed. The output of those that failed is kept in $B/tests/log, and
# shown. The last line is "N passed, N failed"; the exit status is 0 if none
# failed.

cd "$(dirname "$0")/.." || exit 1
: "${B:=build}" "${TEST_LIMIT:=300}"
export B
logs=$B/tests/log
passed=0
failed=0
skipped=0

# count KIND LOG: the number in cmocka's line "[  KIND  ] 3 test(s)..."
count()
{
	sed -n "s/^\[  $1 *\] \([0-9]*\) test(s).*/\1/p" "$2" |
	    awk '{ sum += $1 } END { print sum + 0 }'
}

# run PROGRAM
run()
{
	name=$(basename "$(dirname "$1")")/$(basename "$1")
	log=$logs/$(echo "$name" | tr / -)
	timeout -k 5 "$TEST_LIMIT" "$1" >"$log" 2>&1 </dev/null
	status=$?
	good=$(count PASSED "$log")
	bad=$(count FAILED "$log")
	left_out=$(count SKIPPED "$log")
	if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
	fi
	if [ $((good + bad + left_out)) -eq 0 ]; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + left_out))
	if [ "$bad" -eq 0 ]; then
		printf '  TEST    %-28s %3d passed\n' "$name" "$good"
		rm -f "$log"
		return
	fi
	printf '  TEST    %-28s %3d passed, %d failed (status %d): see %s\n' \
	    "$name" "$good" "$bad" "$status" "$log"
	grep -v '^\[ *\(RUN\|OK\) *\]' "$log" | head -n 60 | sed 's/^/    /'
}

rm -rf "$logs"
mkdir -p "$logs"
if [ $# -eq 0 ]; then
	for program in tests/house/run.sh tests/model/run.sh "$B"/tests/unit/*_test \
	    "$B"/tests/e2e/*_test "$B"/tests/stress/*_test \
	    "$B"/tests/leaks/*_test; do
		case ${SAN:-}:$program in
		?*:*/leaks/* | \
		*thread*:*/e2e/* | *thread*:*/unit/cmd_run_test | \
		*thread*:*/unit/analyze_stacks_test)
			continue ;;
		esac
		[ -x "$program" ] && set -- "$@" "$program"
	done
fi
for program in "$@"; do
	run "$program"
done
if [ "$skipped" -gt 0 ]; then
	echo "$skipped skipped"
fi
if [ $((passed + failed)) -eq 0 ]; then
	failed=1
	echo "no test was run"
fi
rmdir "$logs" 2>/dev/null
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
