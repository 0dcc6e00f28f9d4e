#!/bin/sh
#
# lib_bench.sh: libstrand beside what one would use instead. Where Go or GLib is
# not installed, a line says so.

cd "$(dirname "$0")/../.." || exit 1
ROUNDS=${ROUNDS:-9}
. tests/bench/measure.sh
bench=$B/tests/bench

# alone NAME TEXT COMMAND: for information
alone()
{
	wanted "$1" || return 0
	for _ in $(seq "$ROUNDS"); do
		$3
	done | median >"$work/alone"
	figure "$2" "$(cat "$work/alone")" ns "no goal"
}

go=
if command -v go >/dev/null; then
	GOCACHE=$work/cache GOFLAGS=-mod=mod GO111MODULE=off \
	    go build -o "$work/chan_bench_go" tests/bench/chan_bench.go &&
	    go=$work/chan_bench_go
fi

if [ -n "$go" ]; then
	compare unbuffered "at most 1.0" \
	    "unbuffered channel, per element / Go's" \
	    "$bench/chan_bench unbuffered" "$go unbuffered"
	compare buffered "no goal" "channel of 128, per element / Go's" \
	    "$bench/chan_bench buffered" "$go buffered"
	compare spawn "no goal" "starting a task, one after the other / Go's" \
	    "$bench/chan_bench spawn" "$go spawn"
	compare burst "no goal" "starting 1,000 tasks at once, each / Go's" \
	    "$bench/chan_bench burst" "$go burst"
else
	echo "no Go here to compare with"
	alone unbuffered "unbuffered channel, per element" \
	    "$bench/chan_bench unbuffered"
	alone spawn "starting a task" "$bench/chan_bench spawn"
fi

if [ -x "$bench/chan_glib_bench" ]; then
	compare queue "at most 0.5" \
	    "channel of 128, per element / GAsyncQueue push and pop" \
	    "$bench/chan_bench buffered" "$bench/chan_glib_bench"
else
	echo "no GLib here to compare with"
fi

# registry GOAL TEXT A B
registry()
{
	compare registry "$1" "registry get, $2" "$bench/registry_bench $3" \
	    "$bench/registry_bench $4"
}

registry "at most 0.01" "two tasks / closure-channel registry" strand closure
registry "no goal" "two tasks / a map behind a read-write lock" strand rwlock
registry "no goal" "each task for all sessions / for its own" shared strand
registry "no goal" "100,000 sessions / 1,000" large strand
registry "no goal" "two tasks, elapsed per get / one task" strand single
