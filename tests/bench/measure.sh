# shellcheck shell=sh
#
# measure.sh: what the benchmarks in shell share; they source it. A figure is a
# line: what, reached, unit, goal, and what it comes from.
#
# B is the folder that was built in, ROUNDS how often each figure is measured,
# BENCH the names of the figures that are wanted, all if it is empty.

: "${B:=build}" "${ROUNDS:=15}" "${BENCH:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export B ROUNDS BENCH

# wanted NAME
wanted()
{
	case " ${BENCH:-$1} " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

# The median of the numbers on standard input.
median()
{
	sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# figure TEXT NUMBER UNIT GOAL [DETAIL]
figure()
{
	printf '%-58s %9.3f %-5s %-14s %s\n' "$1" "$2" "$3" "$4" "${5:-}"
}

# compare NAME GOAL TEXT COMMAND-A COMMAND-B: A divided by B, which both print
# nanoseconds. They run in turn, each as often first as second; the median of
# the rounds' ratios.
compare()
{
	wanted "$1" || return 0
	: >"$work/a"
	: >"$work/b"
	for round in $(seq "$ROUNDS"); do
		[ $((round % 2)) -eq 0 ] || $5 >>"$work/b"
		$4 >>"$work/a"
		[ $((round % 2)) -eq 1 ] || $5 >>"$work/b"
	done
	figure "$3" "$(paste "$work/a" "$work/b" |
	    awk '{ print $1 / $2 }' | median)" "" "$2" \
	    "$(median <"$work/a") ns / $(median <"$work/b") ns"
}
