#!/bin/sh
#
# install-dependencies.sh [SET]...: installs the Debian packages that are missing.
#
# SET is build (the default), test, lint or bench. If nothing is missing it does
# nothing, and needs no rights and no network; otherwise it needs root or sudo.

set -eu

packages_of()
{
	case $1 in
	build)
		echo gcc libc6-dev make pkg-config libunwind-dev libdw-dev \
		    libelf-dev libncurses-dev libjansson-dev
		;;
	test)
		echo g++ libcmocka-dev libglib2.0-dev libjemalloc2 \
		    libtcmalloc-minimal4 spin tmux memcached libmemcached-tools \
		    redis-server nginx wrk nghttp2-server nghttp2-client
		;;
	lint)
		echo clang clang-tidy clang-format cppcheck shellcheck mandoc
		;;
	bench)
		echo g++ golang-go libglib2.0-dev
		;;
	*)
		echo "install-dependencies: there is no set \"$1\"" \
		    "(build, test, lint, bench)" >&2
		exit 2
		;;
	esac
}

is_installed()
{
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
	    grep -q '^install ok installed$'
}

# The packages of the sets named by the arguments that are not installed.
missing_of()
{
	for set in "$@"; do
		for package in $(packages_of "$set"); do
			is_installed "$package" || echo "$package"
		done
	done
}

# Runs a command as root.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Asks for the password here, if there is one.
may_install()
{
	[ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo true; }
}

apt()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
}

# Debian starts a server that it installs, now and at each boot. The tests start
# one of their own; that of the system stays off.
stay_off()
{
	if [ -d /run/systemd/system ]; then
		as_root systemctl --quiet disable "$1"
	fi
}

# Nothing is started while there is a policy that forbids it.
with_nothing_started()
{
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		"$@"
		return
	fi
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
	"$@" && result=0 || result=$?
	as_root rm "$policy"
	return "$result"
}

install()
{
	with_nothing_started apt install --no-install-recommends "$@" || return
	for server in memcached redis-server nginx; do
		case " $* " in
		*" $server "*)
			stay_off "$server"
			;;
		esac
	done
}

if [ $# -eq 0 ]; then
	set -- build
fi
for set in "$@"; do
	packages_of "$set" >/dev/null
done
if ! command -v dpkg-query >/dev/null; then
	echo "install-dependencies: this is no Debian; please install what" \
	    "these packages contain:" >&2
	for set in "$@"; do
		packages_of "$set" >&2
	done
	exit 0
fi
missing=$(missing_of "$@")
if [ -z "$missing" ]; then
	exit 0
fi
# One a line becomes one a word.
# shellcheck disable=SC2086
set -- $missing
if ! may_install; then
	echo "install-dependencies: these packages are missing, and there is" \
	    "neither root nor sudo to install them: $*" >&2
	exit 1
fi
echo "Installing: $*"
if ! install "$@"; then
	echo "The package lists are missing or old: getting new ones"
	apt update
	install "$@"
fi
