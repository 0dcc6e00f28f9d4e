#!/bin/sh
#
# list-calls.sh: the calls that the probe sees wait, by state, as a list for
# stranded(1). The rows are those of src/probe/calls.def.

set -eu

cd "$(dirname "$0")/.."
awk '
BEGIN { FS = "[(), \t]+" }
FILENAME ~ /observer/ {
	if ($2 == "X") {
		text = $0
		gsub(/^[^"]*"|"[^"]*$/, "", text)
		texts[++states] = text
		names[states] = $3
	}
	next
}
/^WAIT\(/ {
	if (!($4 in calls))
		calls[$4] = $2
	else if (length(line[$4]) + length($2) > 75)
		calls[$4] = calls[$4] ",\n" $2
	else
		calls[$4] = calls[$4] ", " $2
	line[$4] = calls[$4]
	sub(/.*\n/, "", line[$4])
}
END {
	print ".Bl -tag -width Ds"
	for (i = 1; i <= states; i++)
		if (names[i] in calls)
			printf ".It %s\n%s\n", texts[i], calls[names[i]]
	print ".El"
}' lib/stranded_observer.h src/probe/calls.def
