#!/bin/sh
#
# lib_bench.sh: libstrand beside what one would use instead: one and the other
# in turn, ROUNDS times (9); the median of each side. Prints lines "figure,
# reached, goal". Needs the benchmarks built. Where Go or GLib is not installed,
# the line says so.

cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}" "${ROUNDS:=9}"
bench=$B/tests/bench
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# compare GOAL TEXT COMMAND-A COMMAND-B: A divided by B
compare()
{
	for _ in $(seq "$ROUNDS"); do
		$3 >>"$work/a"
		$4 >>"$work/b"
	done
	a=$(median <"$work/a")
	b=$(median <"$work/b")
	rm "$work/a" "$work/b"
	awk -v a="$a" -v b="$b" -v goal="$1" -v text="$2" 'BEGIN {
		printf "%s, %.4f (%.1f ns / %.1f ns), %s\n", text, a / b, a, b,
		    goal
	}'
}

# figure TEXT COMMAND: for information
figure()
{
	for _ in $(seq "$ROUNDS"); do
		$2 >>"$work/a"
	done
	printf '%s, %s ns, no goal\n' "$1" "$(median <"$work/a")"
	rm "$work/a"
}

go=
if command -v go >/dev/null; then
	GOCACHE=$work/cache GOFLAGS=-mod=mod GO111MODULE=off \
	    go build -o "$work/chan_bench_go" tests/bench/chan_bench.go &&
	    go=$work/chan_bench_go
fi

if [ -n "$go" ]; then
	compare "at most 1.0" "unbuffered channel, per element / Go's" \
	    "$bench/chan_bench unbuffered" "$go unbuffered"
	compare "no goal" "channel of 128, per element / Go's" \
	    "$bench/chan_bench buffered" "$go buffered"
	compare "no goal" "starting a task, one after the other / Go's" \
	    "$bench/chan_bench spawn" "$go spawn"
	compare "no goal" "starting 1,000 tasks at once, each / Go's" \
	    "$bench/chan_bench burst" "$go burst"
else
	echo "unbuffered channel, per element / Go's, no Go here, at most 1.0"
	figure "unbuffered channel, per element" "$bench/chan_bench unbuffered"
	figure "starting a task" "$bench/chan_bench spawn"
fi

text="channel of 128, per element / GAsyncQueue push and pop"
if [ -x "$bench/chan_glib_bench" ]; then
	compare "at most 0.5" "$text" "$bench/chan_bench buffered" \
	    "$bench/chan_glib_bench"
else
	echo "$text, no GLib here, at most 0.5"
fi

compare "at most 0.01" "registry get, two tasks / the closure-channel registry" \
    "$bench/registry_bench strand" "$bench/registry_bench closure"
compare "no goal" "registry get, two tasks / a map behind a read-write lock" \
    "$bench/registry_bench strand" "$bench/registry_bench rwlock"
compare "no goal" "registry get, each task for all sessions / for its own" \
    "$bench/registry_bench shared" "$bench/registry_bench strand"
compare "no goal" "registry get, 100,000 sessions / 1,000" \
    "$bench/registry_bench large" "$bench/registry_bench strand"
compare "no goal" "registry get, two tasks, elapsed per get / one task" \
    "$bench/registry_bench strand" "$bench/registry_bench single"
