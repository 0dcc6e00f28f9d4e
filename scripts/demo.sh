#!/bin/sh
#
# demo.sh: finds the leak of a session server, and shows that its cure works.
#
# Runs tests/programs/session_server under the probe, lets real TCP clients come
# and go in waves, prints the count of live sessions as it goes, and then the
# dump. The same again with the mended server. B is the build's directory
# ("build" if it is not set). Needs no root, asks nothing, leaves nothing.

set -eu

cd "$(dirname "$0")/.."
: "${B:=build}"
stranded=$B/stranded
programs=$B/tests/programs
scratch=$(mktemp -d /tmp/stranded-demo-XXXXXX)
STRANDED_DIR=$scratch/sockets
export STRANDED_DIR
run=
waves=5
clients=8

# The server ends with its standard input, which is our descriptor 3.
stop_server()
{
	exec 3>&-
	[ -z "$run" ] || wait "$run" || true
	run=
}

# Called by the trap below.
# shellcheck disable=SC2317
clean_up()
{
	stop_server
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

heading()
{
	if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
		printf '\n\033[1m%s\033[0m\n\n' "$1"
	else
		printf '\n%s\n\n' "$1"
	fi
}

# start_server [FLAG]: sets run, pid (of the server itself) and port.
start_server()
{
	echo "\$ stranded run -- session_server${1:+ $1}"
	mkfifo "$scratch/input"
	"$stranded" run -- "$programs/session_server" ${1:+"$1"} \
	    <"$scratch/input" >"$scratch/output" &
	run=$!
	exec 3>"$scratch/input"
	rm "$scratch/input"
	tries=0
	until grep -q '^ready' "$scratch/output"; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ] || ! kill -0 "$run" 2>/dev/null; then
			echo "demo: the server does not start" >&2
			exit 1
		fi
		sleep 0.1
	done
	port=$(sed -n 's/^ready //p' "$scratch/output")
	pid=$(cut -d ' ' -f 1 "/proc/$run/task/$run/children")
}

# What "stranded ps" says of the server: column 3 is tasks, 5 sessions.
column()
{
	"$stranded" ps | awk -v pid="$pid" -v column="$1" \
	    '$1 == pid { print $column }'
}

visit()
{
	printf '\n  %s   %s   %s\n' "clients that have come and gone" \
	    "sessions still open" "tasks"
	wave=0
	while [ $wave -lt $waves ]; do
		"$programs/session_client" --port="$port" \
		    --clients=$clients >/dev/null
		wave=$((wave + 1))
		sleep 0.7
		printf '  %31d   %19d   %5d\n' $((wave * clients)) \
		    "$(column 5)" "$(column 3)"
	done
}

dump()
{
	echo "\$ stranded dump $pid"
	echo
	"$stranded" dump "$pid" | fold -s -w 79
}

# The summary, the group and its evidence; not each session.
leaks()
{
	echo "\$ stranded leaks $pid"
	"$stranded" leaks "$pid" | sed '/^session /,$d' | fold -s -w 79
}

heading "1. A session server, and clients that come and go"
start_server
visit
cat <<'END'

  Each client has said "quit", was told "bye", and has closed its connection.
  None is left, and yet the server has kept all their sessions. Who has them?

END
dump
cat <<END

What this says:

  $((waves * clients)) tasks are in the same kind of wait, "chan send", at the same line. Each
  has seen the end of its connection, and wants to tell its handler. But the
  handler, \`serve\`, which has created it, ended when the client said "quit":
  nobody will ever receive, and the channel is unbuffered, so the send never
  completes. With each of these tasks stay its stack, the memory of its
  connection, and the session of a client who has long gone.

  So it looks. But is it so? Somebody may still have that channel, and receive
  from it in an hour. \`stranded leaks\` looks through the server's memory:

END
leaks
cat <<END

  The verdict is a proof: nobody who can still run refers to those channels, so
  nothing will ever end these waits. (One or two at the end may not be proved:
  the newest leave their traces in the accepting task for a while.)

  The cure is room for one element in that channel. The reader then leaves its
  word there and ends, whether or not anybody reads it. (To close the channel
  instead would not do: the late send would fail, or come to a freed channel.)
END
stop_server

heading "2. The same server, with room for one element in the channel"
start_server --fix
visit
echo
dump
echo
if [ "$(column 5)" -eq 0 ]; then
	echo "Nothing is left: no session, and no task but the one that accepts."
	status=0
else
	echo "demo: something is left, and should not be" >&2
	status=1
fi
stop_server
exit $status
