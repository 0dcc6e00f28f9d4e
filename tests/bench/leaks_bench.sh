#!/bin/sh
#
# leaks_bench.sh: for how long `stranded leaks` stops its target, and how long
# it looks for a proof after that.

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

# leaks NAME TASKS MIB STOP PROOF: goals in milliseconds.
leaks()
{
	wanted "$1" || return 0
	mkfifo "$work/in"
	LD_PRELOAD=$(realpath "$B")/libstranded.so "$B/tests/bench/leaks_target" \
	    "$2" "$3" <"$work/in" >"$work/out" &
	target=$!
	exec 3>"$work/in"
	until grep -q ready "$work/out"; do
		sleep 0.1
	done
	: >"$work/stopped"
	: >"$work/worked"
	for _ in $(seq "$ROUNDS"); do
		"$B/stranded" leaks --max-stop=60000 --format=json \
		    -o "$work/report" $target
		field stopped_ms >>"$work/stopped"
		field working_ms >>"$work/worked"
	done
	figure "stopped: $2 tasks, $3 MiB" "$(median <"$work/stopped")" ms \
	    "at most $4"
	figure "proof after that" "$(median <"$work/worked")" ms "at most $5"
	exec 3>&-
	wait $target
	target=
	rm "$work/in"
}

leaks leaks-small 100 10 10 3000
leaks leaks-medium 1000 64 100 3000
leaks leaks-large 1000 1024 400 3000
