#!/bin/sh
#
# run.sh: all benchmarks, or those figures that BENCH names: mutex, cond, sem,
# pipe, socket, thread, once, throw; memory, agent; memcached, redis, nginx;
# dump; graph; heap; top; leaks-small, leaks-medium,
# leaks-large; unbuffered, buffered, spawn, burst, queue, registry.

cd "$(dirname "$0")/../.." || exit 1
uname -srm
grep -m1 'model name' /proc/cpuinfo
echo "$(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
echo
tests/bench/probe_bench.sh
"$B/tests/bench/cost_bench"
tests/bench/server_bench.sh
"$B/tests/bench/dump_bench"
"$B/tests/bench/graph_bench"
"$B/tests/bench/top_bench"
"$B/tests/bench/top_day_bench"
tests/bench/heap_bench.sh
tests/bench/leaks_bench.sh
tests/bench/lib_bench.sh
