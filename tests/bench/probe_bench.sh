#!/bin/sh
#
# probe_bench.sh: what a wrapped call costs, as a ratio: the same program
# without and with the probe, in turn, ROUNDS times (15); the median of each
# side. Prints lines "figure, reached, goal".

cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}" "${ROUNDS:=15}"
probe=$(realpath "$B")/libstranded.so
bench=$B/tests/bench/probe_bench
STRANDED_DIR=$(mktemp -d) || exit 1
export STRANDED_DIR
trap 'rm -rf "$STRANDED_DIR"' EXIT

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# figure NAME GOAL TEXT
figure()
{
	for _ in $(seq "$ROUNDS"); do
		"$bench" "$1" >>"$STRANDED_DIR/without"
		LD_PRELOAD=$probe "$bench" "$1" >>"$STRANDED_DIR/with"
	done
	without=$(median <"$STRANDED_DIR/without")
	with=$(median <"$STRANDED_DIR/with")
	rm "$STRANDED_DIR/without" "$STRANDED_DIR/with"
	awk -v a="$without" -v b="$with" -v goal="$2" -v text="$3" 'BEGIN {
		printf "%s, %.3f (%.1f ns / %.1f ns), at most %s\n",
		    text, b / a, b, a, goal
	}'
}

figure mutex 1.15 "uncontended mutex lock and unlock, with / without the probe"
figure socket 1.03 "1-byte write and read on a socket pair, with / without"
figure cond 1.03 "condition ping-pong, with / without"
figure sem 1.03 "semaphore ping-pong, with / without"
figure pipe 1.03 "pipe ping-pong, with / without"
figure thread 1.15 "thread create and join, with / without"
