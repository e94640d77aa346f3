#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What bash offers against what the program takes: commands, options, values. By --help, the manual
# and the program's own verdict, not by the list that the completion asks for.
# MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
migtrace=$(realpath "${MIGTRACE:-build/migtrace}")
top=$PWD
file=$top/contrib/migtrace.bash-completion
. tests/tally.sh

# as bash calls it: the words of the line, "=" and ":" being words of their own, the last one completed
cat >"$tmp/complete" <<'EOF'
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_migtrace
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
EOF

offers() { # WORD...: what is offered for the last one, sorted
	bash --norc "$tmp/complete" "$file" "$migtrace" "$@" 2>>"$tmp/noise" | sort -u
}

same() { # NAME: $tmp/want, of anything, against $tmp/got
	sort -o "$tmp/want" "$tmp/want"
	diff "$tmp/want" "$tmp/got" >"$tmp/err"
	verdict $? "$1"
}

t() { # NAME "WANTED ..." WORD...
	name=$1
	printf '%s\n' $2 | sed '/^$/d' >"$tmp/want"
	shift 2
	offers "$@" >"$tmp/got"
	same "$name"
}

help_options() { # COMMAND: long and short, by its help
	"$migtrace" "$1" --help | awk '
		/^Options:/ { on = 1; next }
		/^$/ { on = 0 }
		on && match($0, /^ +(-[a-zA-Z], )?--[a-z-]+/) {
			n = split(substr($0, 1, RLENGTH), part, /[ ,]+/)
			for (i = 2; i <= n; i++)
				print part[i]
		}'
}

commands=$("$migtrace" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
t 'commands' "$commands" ''
t 'a command' 'record report' re
t 'help of a command' "$commands" help ''
for c in $commands; do
	help_options "$c" | grep -v '^-.$' >"$tmp/want"
	offers "$c" -- >"$tmp/got"
	same "options of $c"
	help_options "$c" >"$tmp/want"
	offers "$c" - >"$tmp/got"
	same "options of $c, with letters"
done

# every value that is offered is taken, and another one is refused
cd "$tmp" || exit 1
mkdir folder
: >folder/file
tries() { # COMMAND OPTION OPERAND...
	command=$1 option=$2
	shift 2
	offers "$command" "$option" '' >got
	for word in $(cat got) other; do
		"$migtrace" "$command" "$option" "$word" "$@" >out 2>err </dev/null
		code=$?
		grep -q "'$word' is not " err
		refused=$?
		if [ "$word" = other ]; then
			[ $code = 2 ] && [ $refused = 0 ]
		else
			[ $code != 2 ] && [ $refused = 1 ]
		fi
		verdict $? "$command $option $word"
	done
	[ "$(wc -l <got)" -gt 1 ]
	verdict $? "$command $option: some are offered"
}
run=$top/tests/data/full.json
tries report --format "$run"
tries report -f "$run"
tries compare --format "$run" "$run"
tries bench --mover --dir /nowhere # ends there

sites=$(awk '$1 == ".Sh" { on = $2 == "LOCK" } on && $1 == ".It" { print $3 }' "$top/man/migtrace.8" |
	grep -v -x -e moved -e busy -e refs -e other)
t 'sites' "$sites isolation all" record --site ''
t 'a second site' 'isolation,aio_migrate' record --site isolation,aio_m
{
	sed -n 's/^\t\t\.name = "\(.*\)",$/\1/p' "$top/src/trace/probes.c"
	sed -n 's/^\tPLAIN([A-Z_]*, \([a-z_]*\),.*/\1/p' "$top/bpf/sites.h"
} >want
for c in record doctor; do
	offers "$c" --probe '' | sed 's/=.*//' | sort -u >got
	same "probes of $c"
done

# as bash takes lines apart, and as it does with COMP_WORDBREAKS changed
t 'a value behind =' 'html' report --format = h
t 'a value behind = and nothing' 'csv html json text' compare --format =
t 'a value behind = in one word' '--format=html' report --format=h
t 'a variant' 'lock' record --probe migrate_norefs = l
t 'a variant with a colon' 'folio_mc_copy' record --probe migrate_norefs = bracket : folio_mc
t 'a file' 'folder' report fol
t 'a file behind --' 'folder' compare a.json -- fol
t 'a file as a value' 'folder' export --textfile fol
t 'a folder as a value' 'folder' bench --dir ''
t 'no words for a number' '' bench --rounds ''
t 'no operand' '' doctor ''
t 'no such command' '' recrod --
t 'a command to be run' 'mkfifo' record -d 3 -- mkfif
t 'without --' 'mkfifo' watch --json mkfif
t 'what belongs to a command' 'folder' record -d 3 ls -o fol
t 'no option behind a command' '' record ls --dur

# the file itself names nothing: what it says does not go stale
for c in $commands; do
	echo "$c"
	help_options "$c" | grep -e -- && echo "$sites"
done | sort -u | grep -v -x -e '' -e help -e --words -e -h >names
grep -n -w -F -f names "$file" | grep -v '^[0-9]*:#' >err
[ ! -s err ]
verdict $? 'the completion names no command, option or site'
: >err
[ ! -s noise ]
verdict $? 'bash has nothing to say'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
