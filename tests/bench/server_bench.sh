#!/bin/sh
#
# server_bench.sh: how many requests each second servers that nobody here wrote
# lose to the probe, under their usual load tools.
#
# Each server runs twice, side by side, on one processor: with the probe and
# without it. All else, load tools and viewers, has the others. The two are
# loaded in turn, ROUNDS times (9): the one without, the one with the probe and
# nobody who looks, with a viewer open, and with a dump every second; every
# other round backwards. What is lost is the median of the rounds. Last comes
# what the server needs more of processor time for a request, which a busy
# machine disturbs less.

cd "$(dirname "$0")/../.." || exit 1
ROUNDS=${ROUNDS:-9}
. tests/bench/measure.sh
STRANDED_DIR=$work/sockets
export STRANDED_DIR
mkdir -m 700 "$STRANDED_DIR"
tool=$(realpath "$B")/stranded
probe=$(realpath "$B")/libstranded.so
pids=

stop_all()
{
	for pid in $pids; do
		kill "$pid"
	done
	wait
	rm -rf "$work"
} 2>/dev/null
trap stop_all EXIT
trap 'exit 1' INT TERM

# ---- Processors --------------------------------------------------------------

cpus=$(taskset -cp $$ | sed 's/.*: //')
server_cpu=${cpus%%[-,]*}
if [ "$(nproc)" -gt 1 ]; then
	taskset -cp "$((server_cpu + 1))-$((server_cpu + $(nproc) - 1))" $$ \
	    >/dev/null
fi

# ---- Servers -----------------------------------------------------------------

is_listening()
{
	grep -qi ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

free_port()
{
	port=$((20000 + $$ % 10000))
	while is_listening "$port"; do
		port=$((port + 1))
	done
}

# start PRELOAD COMMAND...: with its pid in $pid, once it listens on $port.
start()
{
	LD_PRELOAD=$1
	shift
	LD_PRELOAD=$LD_PRELOAD taskset -c "$server_cpu" "$@" >/dev/null 2>&1 &
	LD_PRELOAD=
	pid=$!
	pids="$pids $pid"
	until is_listening "$port"; do
		kill -0 "$pid" || exit 1
		sleep 0.1
	done
}

# Each start_NAME PRELOAD starts a server on $port, and leaves the process that
# works in $pid. Each load_NAME PORT prints requests, and requests each second.

start_memcached()
{
	start "$1" memcached -l 127.0.0.1 -p "$port" -U 0 -t 2 \
	    -m 1024 -u "$(id -un)"
}

load_memcached()
{
	memcslap --servers="127.0.0.1:$1" --concurrency=8 \
	    --execute-number=10000 --test=get |
	    awk '$3 == "get" { print $4, $4 / $(NF - 1) }'
}

start_redis()
{
	start "$1" redis-server --port "$port" --bind 127.0.0.1 --save "" \
	    --dir "$work"
}

load_redis()
{
	redis-benchmark -p "$1" -c 20 -n 80000 -t get --csv |
	    awk -F '"' '$2 == "GET" { print 80000, $4 }'
}

start_nginx()
{
	user=
	[ "$(id -u)" -ne 0 ] || user="user root root;"
	mkdir "$work/$port"
	echo page >"$work/$port/page"
	cat >"$work/$port/conf" <<-EOF
		daemon off; pid $work/$port/pid; worker_processes 1; $user
		events { }
		http {
			access_log off; client_body_temp_path body;
			proxy_temp_path proxy; fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			server { listen 127.0.0.1:$port; root $work/$port; }
		}
	EOF
	start "$1" nginx -p "$work/$port" -c conf -e error
	sleep 0.5
	pid=$(cat "/proc/$pid/task/$pid/children")
	pid=${pid%% *}
}

load_nginx()
{
	wrk -t 1 -c 20 -d 1 "http://127.0.0.1:$1/page" |
	    awk '/requests in/ { n = $1 } /^Requests/ { print n, $2 }'
}

# ---- Rounds ------------------------------------------------------------------

# Nanoseconds of processor time that a process has had.
time_of()
{
	cat "/proc/$1"/task/*/schedstat |
	    awk '{ t += $1 } END { printf "%.0f\n", t }'
}

# What nobody types at the viewer.
mkfifo "$work/keys"
exec 9<>"$work/keys"

open_viewer()
{
	script -qec "$tool top $1" /dev/null <&9 >/dev/null 2>&1 &
	watcher=$!
	sleep 0.5
}

dump_each_second()
{
	while :; do
		"$tool" dump --format=json "$1" >/dev/null
		sleep 1
	done 2>/dev/null &
	watcher=$!
}

close_watcher()
{
	pkill -P "$watcher"
	kill "$watcher"
	wait "$watcher"
} 2>/dev/null

# round NAME KIND: notes requests each second, and nanoseconds of processor time
# for each request.
round()
{
	watcher=
	set -- "$1" "$2" "$probed" "$probed_port"
	case $2 in
	bare) set -- "$1" "$2" "$bare" "$bare_port" ;;
	viewer) open_viewer "$probed" ;;
	dumps) dump_each_second "$probed" ;;
	esac
	before=$(time_of "$3")
	"load_$1" "$4" >"$work/load"
	after=$(time_of "$3")
	[ -z "$watcher" ] || close_watcher
	awk -v t="$((after - before))" '{ printf "%f %f\n", $2, t / $1 }' \
	    "$work/load" >>"$work/$2"
}

# of KIND WHAT: the median of what is lost in percent, of the rates with and
# without the probe, and of the time in percent.
of()
{
	paste "$work/bare" "$work/$1" | awk -v what="$2" '{
		value["lost"] = (1 - $3 / $1) * 100
		value["without"] = $1
		value["with"] = $3
		value["time"] = ($4 / $2 - 1) * 100
		printf "%f\n", value[what]
	}' | median
}

# lost TEXT KIND GOAL
lost()
{
	figure "requests lost, $1" "$(of "$2" lost)" % "at most $3" \
	    "$(printf '%.0f / %.0f in a second; time %+.1f %%' \
		"$(of "$2" with)" "$(of "$2" without)" "$(of "$2" time)")"
}

# server NAME COMMAND: the command is its load tool.
server()
{
	wanted "$1" || return 0
	if ! command -v "$2" >/dev/null; then
		echo "no $2 here"
		return
	fi
	free_port
	"start_$1" ""
	bare=$pid
	bare_port=$port
	free_port
	"start_$1" "$probe"
	probed=$pid
	probed_port=$port
	rm -f "$work/bare" "$work/nobody" "$work/viewer" "$work/dumps"
	"load_$1" "$bare_port" >/dev/null
	"load_$1" "$probed_port" >/dev/null
	for number in $(seq "$ROUNDS"); do
		kinds="bare nobody viewer dumps"
		[ $((number % 2)) -eq 1 ] || kinds="dumps viewer nobody bare"
		for kind in $kinds; do
			round "$1" "$kind"
		done
	done
	lost "$1, nobody watches" nobody 1
	lost "$1, a viewer is open" viewer 1
	lost "$1, a dump every second" dumps 2
}

server memcached memcslap
server redis redis-benchmark
server nginx wrk
