#!/bin/sh
#
# probe_bench.sh: what a wrapped call costs: the same program with and without
# the probe.

cd "$(dirname "$0")/../.." || exit 1
. tests/bench/measure.sh
library=$(realpath "$B")/libstranded.so
STRANDED_DIR=$work
export STRANDED_DIR

# probe NAME GOAL TEXT PROGRAM
probe()
{
	compare "$1" "at most $2" "$3" \
	    "env LD_PRELOAD=$library $B/tests/bench/$4 $1" \
	    "$B/tests/bench/$4 $1"
}

echo "with the probe / without it"
probe mutex 1.10 "uncontended mutex lock and unlock" probe_bench
probe cond 1.03 "condition ping-pong" probe_bench
probe sem 1.03 "semaphore ping-pong" probe_bench
probe pipe 1.03 "pipe ping-pong" probe_bench
probe socket 1.03 "1-byte write and read on a socket pair" probe_bench
probe thread 1.15 "thread create and join" probe_bench
if [ -x "$B/tests/bench/throw_bench" ]; then
	probe once 1.02 "C++ throw out of std::call_once and catch" throw_bench
	probe throw 1.02 "C++ throw and catch amid wrapped calls" throw_bench
else
	echo "C++ throw and catch: no C++ compiler here"
fi
