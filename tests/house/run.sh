#!/bin/sh
#
# run.sh: what `make install` and `make demo` promise. It installs into a folder
# of its own, builds a program against what is there, runs it under the probe,
# and takes everything away again. Then it looks at the names that the libraries
# export, and runs the demo. What it prints is what cmocka would: see ../run.sh.
# B is the build's folder ("build" if it is not set).

cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}" "${CC:=cc}"
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM
prefix=$root/usr
passed=0
failed=0
STRANDED_DIR=$root/sockets
export STRANDED_DIR
unset MAKEFLAGS MFLAGS MAKELEVEL

# expect NAME COMMAND...
expect()
{
	test=$1
	shift
	echo "[ RUN      ] $test"
	if "$@" >"$root/log" 2>&1; then
		echo "[       OK ] $test"
		passed=$((passed + 1))
	else
		cat "$root/log"
		echo "[  FAILED  ] $test"
		failed=$((failed + 1))
	fi
}

install()
{
	make B="$B" SAN="$SAN" PREFIX="$prefix" install &&
	    [ -x "$prefix/bin/stranded" ] && [ -e "$prefix/lib/libstranded.so" ] &&
	    [ -e "$prefix/share/man/man1/stranded-dump.1" ] &&
	    [ -e "$prefix/share/bash-completion/completions/stranded" ]
}

installed_command()
{
	"$prefix/bin/stranded" version | grep '^stranded [0-9]'
}

# The example of the README, against the installed library and headers.
program()
{
	# shellcheck disable=SC2016
	sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d' >"$root/example.c"
	PKG_CONFIG_PATH=$prefix/lib/pkgconfig
	export PKG_CONFIG_PATH
	# shellcheck disable=SC2046
	$CC ${SAN:+-fsanitize="$SAN"} -Wall -Werror -o "$root/example" \
	    "$root/example.c" $(pkg-config --cflags --libs libstrand) || return
	printf 'one\ntwo\nthree\n' >"$root/lines"
	LD_LIBRARY_PATH=$prefix/lib "$prefix/bin/stranded" run -- \
	    "$root/example" <"$root/lines" >"$root/said" || return
	cmp "$root/lines" "$root/said"
}

# Whatever takes a TARGET is offered some, in both shells.
completions()
{
	for command in $("$B/stranded" help --words); do
		"$B/stranded" help "$command" | head -n 1 | grep -q TARGET ||
			continue
		for shell in _stranded stranded.bash; do
			grep -q "[(|]${command}[|)]" "scripts/completions/$shell" || {
				echo "$shell: no targets for $command"
				return 1
			}
		done
	done
}

# names LIBRARY: what it exports, without versions.
names()
{
	nm -D --defined-only "$1" |
	    awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

# Each call has its wrapper in the file that the table names.
wrappers()
{
	sed -n 's/^\(CALL\|WAIT\)(\([^,]*\),.* \([^ ]*\))$/\2 \3/p' \
	    src/probe/calls.def >"$root/rows" && [ -s "$root/rows" ] || return
	while read -r call file; do
		nm --defined-only "$B/obj/probe/src/probe/$file.o" |
		    grep -q " T $call\$" ||
		    { echo "$file.c has no $call"; return 1; }
	done <"$root/rows"
}

# The library has no name but its own; the probe has the calls that it wraps.
exports()
{
	names "$B/libstrand.so" >"$root/names" && [ -s "$root/names" ] || return
	! grep -v '^strand_' "$root/names" | grep -vx stranded_observer_v1 ||
	    return
	sed -n '$a stranded_observer_v1
	    s/^\(CALL\|WAIT\)(\([^,]*\),.*/\2/p' src/probe/calls.def |
	    sort >"$root/calls"
	names "$B/libstranded.so" | diff "$root/calls" -
}

# The probe needs libc and nothing else, and hardly any of what little storage
# there is for threads in a program that has begun.
burden()
{
	[ "$(readelf -d "$B/libstranded.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" \
	    = libc.so.6 ] || return
	size=$(readelf -lW "$B/libstranded.so" | awk '$1 == "TLS" { print $6 }')
	[ $((size)) -le 64 ]
}

# stranded(1) lists what the probe wraps.
calls()
{
	scripts/list-calls.sh >"$root/calls"
	sed -n '/^\.Sh CALLS/,/^\.Sh E/{ /^\.Sh/!p; }' man/stranded.1 |
	    diff "$root/calls" - ||
	    { echo "run scripts/update-man.sh"; return 1; }
}

# Finds the leak, whose tasks are as many as the clients, and then none.
demo()
{
	B=$B scripts/demo.sh >"$root/demo" 2>&1
	status=$?
	cat "$root/demo"
	[ "$status" -eq 0 ] || return
	for line in '40 tasks' 'chan send' 'created by serve' \
	    'session_server --fix' 'Nothing is left'; do
		grep -q -e "$line" "$root/demo" || return
	done
}

uninstall()
{
	make B="$B" SAN="$SAN" PREFIX="$prefix" uninstall || return
	! find "$prefix" ! -type d | grep .
}

# Every target that the Makefile has for people is told of.
help()
{
	make help >"$root/help" || return
	for target in demo check leaks lint bench fuzz install uninstall clean; do
		grep -q "make $target" "$root/help" || { echo "$target"; return 1; }
	done
}

expect install install
expect installed_command installed_command
expect program program
expect uninstall uninstall
expect help help
expect exports exports
expect burden burden
expect calls calls
expect wrappers wrappers
expect completions completions
# With that sanitizer there is nothing to show: see ../run.sh.
case ${SAN:-} in
*thread*)
	;;
*)
	expect demo demo ;;
esac
echo "[  PASSED  ] $passed test(s)."
if [ "$failed" -gt 0 ]; then
	echo "[  FAILED  ] $failed test(s)."
	exit 1
fi
