#!/bin/sh
#
# matrix.sh: the leak cases, built by other compilers, at other levels of
# optimisation, and with other allocators. B is the build's folder.
#
# The cases are built so in folders below $B/matrix; what looks at them is the
# build that is there. Ends with the first that fails.

cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}"
export B

# judge NAME VARIABLE=VALUE...: the cases, built so, and judged. Less may be
# proved than is expected of each, but not too little in all.
judge()
{
	name=$1
	folder=$B/matrix/$1
	shift
	printf '\n%s%s\n' "$name" "${TRACK_HEAP:+, with its heap tracked}"
	env -u SAN make -s B="$folder" "$@" "$folder/tests/leaks/cases" &&
	    CASES=$folder/tests/leaks/cases "$B/tests/leaks/leaks_test"
}

for cc in gcc clang; do
	command -v "$cc" >/dev/null || continue
	for level in O0 O2 O3; do
		judge "$cc-$level" CC="$cc" CASE_FLAGS="-$level" || exit
	done
	judge "$cc-omit" CC="$cc" CASE_FLAGS="-O2 -fomit-frame-pointer" || exit
done

# With these the heap is no graph, unless its blocks are marked: less is proved,
# and nothing falsely.
for library in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
	/sbin/ldconfig -p | grep -q "$library" || continue
	link="-Wl,--no-as-needed -l:$library"
	OPAQUE_HEAP=1 judge "$library" LDFLAGS="$link" || exit
	TRACK_HEAP=1 judge "$library" LDFLAGS="$link" || exit
done
