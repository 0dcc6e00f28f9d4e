#!/bin/sh
#
# heap_bench.sh: what `run --track-heap` makes of a malloc() and a free(), as a
# ratio, under each allocator that is here: without and with, in turn, ROUNDS
# times (7); the median of each side.

cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}" "${ROUNDS:=7}"
heap=$(realpath "$B")/libstranded_heap.so
bench=$B/tests/bench/heap_bench
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# figure NAME LIBRARY
figure()
{
	for _ in $(seq "$ROUNDS"); do
		LD_PRELOAD=$2 "$bench" >>"$out/without"
		LD_PRELOAD=$heap:$2 "$bench" >>"$out/with"
	done
	without=$(median <"$out/without")
	with=$(median <"$out/with")
	rm "$out/without" "$out/with"
	awk -v a="$without" -v b="$with" -v text="$1" 'BEGIN {
		printf "malloc and free, %s, tracked / not, %.2f " \
		    "(%.1f ns / %.1f ns)\n", text, b / a, b, a
	}'
}

figure glibc ""
for library in /usr/lib/*/libjemalloc.so.2 /usr/lib/*/libtcmalloc_minimal.so.4
do
	if [ -r "$library" ]; then
		figure "$(basename "$library")" "$library"
	fi
done
