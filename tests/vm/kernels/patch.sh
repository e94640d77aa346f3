# shellcheck shell=bash disable=SC2154 # used by edit.sh, which sources this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Applying semantic patches, and seeing that they did what they should.  Sourced after lib.sh.

# expect FILE COUNT TEXT: dies unless TEXT stands in FILE that often
expect()
{
	local n

	n=$(grep -cF -- "$3" "$1") || :
	[ "$n" = "$2" ] || die "${1##*/} of $package holds '$3' $n times, not $2:" \
			       "one of the *.cocci files no longer fits the source"
}

# expect_order FILE FUNCTION WORDS REGEX: dies unless what REGEX finds in FUNCTION is WORDS
expect_order()
{
	local found

	found=$(sed -n "/^\([a-z].*\b\)\?$2(/,/^}/p" "$1" | grep -oE "$4" | xargs)
	[ "$found" = "$3" ] || die "${1##*/} of $package: $2() has '$found', not '$3':" \
				   "one of the *.cocci files no longer fits the source"
}

# patch PATCH FILE: PATCH.cocci, in place
patch()
{
	local log=$2.log

	has "$1" || die "the row of this image in build.sh does not name $1"
	applied="$applied $1"
	spatch --very-quiet --sp-file "$HERE/$1.cocci" "$2" -o "$2.new" >"$log" 2>&1 && [ -s "$2.new" ] ||
		die "$1.cocci does not apply to ${2##*/} of $package: $(grep -v '^warning' "$log" | tail -n 3)"
	mv "$2.new" "$2"
}

# has PATCH: whether the image is to have it
has()
{
	case " $patches " in *" $1 "*) ;; *) return 1 ;; esac
}
