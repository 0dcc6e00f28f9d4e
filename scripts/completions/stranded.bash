# stranded.bash: completion for bash. The words come from the command itself.

_stranded_targets()
{
	stranded ps 2>/dev/null | awk 'NR > 1 { print $1; print $NF }'
}

_stranded()
{
	local current=$2 previous=$3 command=${COMP_WORDS[1]} words=

	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$(stranded help --words 2>/dev/null)
	elif [[ $command == @(run|check) ]] && [[ $current != -* ]]; then
		# What follows is another command, with its own completion.
		if declare -F _command_offset >/dev/null; then
			_command_offset 2
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$current")
		fi
		return
	elif [[ $current == -* ]]; then
		words=$(stranded help --words "$command" 2>/dev/null)
	elif [ "$previous" = -o ] || [ "$command" = diff ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
	elif [[ $command == @(dump|top|leaks|doctor) ]]; then
		words=$(_stranded_targets)
	elif [ "$command" = help ]; then
		words=$(stranded help --words 2>/dev/null)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	if [[ ${COMPREPLY[0]-} == *= ]]; then
		compopt -o nospace
	fi
}

complete -F _stranded stranded
