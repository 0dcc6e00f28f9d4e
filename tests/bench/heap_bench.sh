#!/bin/sh
#
# heap_bench.sh: what `run --track-heap` makes of a malloc() and a free(), under
# each allocator that is here.

cd "$(dirname "$0")/../.." || exit 1
ROUNDS=${ROUNDS:-7}
. tests/bench/measure.sh
heap=$(realpath "$B")/libstranded_heap.so

# allocator NAME LIBRARY
allocator()
{
	compare heap "no goal" "malloc and free, $1, tracked / not" \
	    "env LD_PRELOAD=$heap:$2 $B/tests/bench/heap_bench" \
	    "env LD_PRELOAD=$2 $B/tests/bench/heap_bench"
}

allocator glibc ""
for library in /usr/lib/*/libjemalloc.so.2 /usr/lib/*/libtcmalloc_minimal.so.4
do
	if [ -r "$library" ]; then
		allocator "$(basename "$library")" "$library"
	fi
done
