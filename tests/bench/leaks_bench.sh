#!/bin/sh
#
# leaks_bench.sh: for how long `stranded leaks` stops its target, and how long
# it looks for a proof after that; both beside the leak sanitizer's own check of
# the same heap, during which the process stands from begin to end.

cd "$(dirname "$0")/../.." || exit 1
. tests/bench/measure.sh
STRANDED_DIR=$work/sockets
export STRANDED_DIR
mkdir -m 700 "$STRANDED_DIR" || exit 1
target=

trap '[ -z "$target" ] || kill $target; rm -rf "$work"' EXIT

# field NAME: a number of the report's "proof".
field()
{
	sed -n "s/.*\"$1\":\\([0-9.]*\\).*/\\1/p" "$work/report" | head -1
}

# Ends it all if nothing could be proved: then there is nothing to measure.
proved()
{
	grep -q '"complete":true' "$work/report" && return
	grep -o '"why_not":"[^"]*"' "$work/report" >&2
	exit 1
}

# start VARIABLE=VALUE PROGRAM TASKS MIB: and waits until it is ready. What is
# written to descriptor 3 is its input.
start()
{
	mkfifo "$work/in"
	: >"$work/out"
	env "$@" <"$work/in" >"$work/out" &
	target=$!
	exec 3>"$work/in"
	until grep -q ready "$work/out"; do
		kill -0 $target || exit
		sleep 0.1
	done
}

stop()
{
	exec 3>&-
	wait $target
	target=
	rm "$work/in"
}

# leaks NAME TASKS MIB STOP PROOF: goals in milliseconds.
leaks()
{
	wanted "$1" || return 0
	start LD_PRELOAD="$(realpath "$B")/libstranded.so" \
	    "$B/tests/bench/leaks_target" "$2" "$3"
	: >"$work/stopped"
	: >"$work/worked"
	for _ in $(seq "$ROUNDS"); do
		"$B/stranded" leaks --max-stop=60000 --format=json \
		    -o "$work/report" $target
		proved
		field stopped_ms >>"$work/stopped"
		field working_ms >>"$work/worked"
	done
	stop
	figure "stopped: $2 tasks, $3 MiB" "$(median <"$work/stopped")" ms \
	    "at most $4"
	figure "proof after that" "$(median <"$work/worked")" ms "at most $5"
}

# sanitizer NAME TASKS MIB: after leaks() of the same heap.
sanitizer()
{
	wanted "$1" || return 0
	if [ ! -x "$B/tests/bench/leaks_lsan" ]; then
		echo "the compiler has no leak sanitizer to compare with"
		return
	fi
	start LSAN_OPTIONS=detect_leaks=1 "$B/tests/bench/leaks_lsan" "$2" "$3"
	for i in $(seq "$ROUNDS"); do
		echo check >&3
		until [ "$(wc -l <"$work/out")" -gt "$i" ]; do
			sleep 0.1
		done
	done
	stop
	sed 1d "$work/out" >"$work/sanitizer"
	paste "$work/stopped" "$work/worked" "$work/sanitizer" >"$work/all"
	figure "  stopped / the leak sanitizer's check" \
	    "$(awk '{ print $1 / $3 }' "$work/all" | median)" "" - \
	    "$(median <"$work/sanitizer") ms"
	figure "  stopped and proof / the same" \
	    "$(awk '{ print ($1 + $2) / $3 }' "$work/all" | median)" "" -
}

leaks leaks-small 100 10 10 3000
leaks leaks-medium 1000 64 100 3000
leaks leaks-large 1000 1024 400 3000
sanitizer leaks-large 1000 1024
