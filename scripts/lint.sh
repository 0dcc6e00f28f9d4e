#!/bin/sh
#
# lint.sh: what can be checked without running anything.
#
# Format (clang-format), lines of at most 80 columns, words that are banned,
# headers that compile alone (the public ones as C++ too, without warnings),
# scripts (shellcheck), manual pages (mandoc), and what cppcheck and clang-tidy
# find. Ends with "N passed, N failed".

cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0
sources=$(git ls-files '*.c' '*.h' '*.def')
code=$(git ls-files '*.c' '*.h')
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

# try TEXT COMMAND...: the command's output is shown if it fails.
try()
{
	text=$1
	shift
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		printf '  LINT    %s\n' "$text"
	else
		failed=$((failed + 1))
		printf '  LINT    %s: FAILED\n' "$text"
		head -n 40 "$log" | sed 's/^/    /'
	fi
}

check_format()
{
	# shellcheck disable=SC2086
	clang-format --dry-run -Werror $code
}

check_columns()
{
	! for file in $sources; do
		expand "$file" | LC_ALL=C.UTF-8 grep -nE '.{81}' |
		    sed "s|^|$file:|"
	done | grep .
}

# Words that have no safe use, and those that the probe may not use at all.
check_banned()
{
	! git ls-files 'lib/*.[ch]' 'src/*.[ch]' | xargs grep -nE \
	    '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|atoi)\(' &&
	    ! git ls-files 'src/probe/*.c' | xargs grep -nE \
	        '\b(malloc|calloc|realloc|free|printf|fprintf|snprintf|abort|exit)\('
}

check_headers()
{
	for header in $(git ls-files '*.h'); do
		echo "$header"
		gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter \
		    -Werror -Ilib -Isrc -Itests -Itests/programs \
		    -fsyntax-only -x c "$header" || return
	done
}

check_public_headers()
{
	for header in lib/strand.h lib/stranded_observer.h; do
		for cc in "gcc -x c" "clang -x c" "g++ -x c++" "clang++ -x c++"; do
			echo "$cc $header"
			echo "#include \"$header\"" | $cc -I. -Wall -Wextra \
			    -Werror -pedantic -Wno-gnu -Wno-language-extension-token \
			    -fsyntax-only - || return
		done
	done
}

check_scripts()
{
	# shellcheck disable=SC2046
	shellcheck $(git ls-files '*.sh') .ci/run
}

check_pages()
{
	for page in $(git ls-files 'man/*.[1-9]'); do
		mandoc -T lint -W warning "$page" || return
	done
}

check_cppcheck()
{
	cppcheck --quiet --error-exitcode=1 --std=c11 -Ilib -Isrc \
	    --enable=warning,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=syntaxError \
	    --suppress=ctuuninitvar --suppress=autoVariables:lib/wg.c \
	    -D__x86_64__ -D_GNU_SOURCE lib src
}

# tidy CHECKS FILE...
tidy()
{
	checks=$1
	shift
	clang-tidy --quiet --warnings-as-errors='*' --checks="$checks" "$@" -- \
	    -std=gnu11 -D_GNU_SOURCE -DSTRANDED_VERSION='"0"' -Ilib -Isrc
}

# The probe makes its system calls in assembler, so the analyzer does not see
# what they write.
check_tidy()
{
	# shellcheck disable=SC2046
	tidy '' $(git ls-files 'lib/*.c' 'src/*.c' ':!src/probe') &&
	    tidy '-clang-analyzer-core.*' $(git ls-files 'src/probe/*.c')
}

# No reference to this machine or to other people's places.
check_places()
{
	! git grep -nE '[" (](/home|/work|/root)/[a-z]' -- ':!scripts/lint.sh'
}

try "format" check_format
try "80 columns" check_columns
try "banned words" check_banned
try "headers compile alone" check_headers
try "public headers, C and C++, gcc and clang" check_public_headers
try "shell scripts" check_scripts
try "manual pages" check_pages
try "no absolute path of a machine" check_places
try "cppcheck" check_cppcheck
try "clang-tidy" check_tidy
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
