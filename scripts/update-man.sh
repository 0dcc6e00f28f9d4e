#!/bin/sh
#
# update-man.sh: writes into the man pages what the command's own tables say.
#
# The lists under OPTIONS in man/stranded-*.1, and under COMMANDS in
# man/stranded.1, are what --help shows; that under CALLS is the probe's table.
# Tests compare them; this makes them the same again. B is the build's directory
# ("build" if it is not set).

set -eu

cd "$(dirname "$0")/.."
: "${B:=build}"
list=$(mktemp /tmp/stranded-man-XXXXXX)
trap 'rm -f "$list" "$list.page"' EXIT

# replace SECTION PAGE: its text, up to the next section, becomes that of $list
replace()
{
	awk -v section=".Sh $1" -v list="$list" '
	/^\.Sh / { inside = 0 }
	!inside { print }
	$0 == section {
		inside = 1
		while ((getline line < list) > 0)
			print line
	}' "$2" >"$list.page"
	cat "$list.page" >"$2"
}

"$B/stranded" help --man >"$list"
replace COMMANDS man/stranded.1
scripts/list-calls.sh >"$list"
replace CALLS man/stranded.1
for page in man/stranded-*.1; do
	command=$(basename "$page" .1)
	"$B/stranded" help --man "${command#stranded-}" >"$list"
	replace OPTIONS "$page"
done
