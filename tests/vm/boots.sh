# shellcheck shell=bash disable=SC2034,SC2154 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Many boots, one run file each: the samples of before-after.sh and aa.sh. Sourced after lib.sh.

SPARE_BOOTS=3 # of each side that may fail: a kernel with a fault does
# freed pages are zeroed, as hardened kernels do: what a stale reference reads is then seen by ext4
BOOT_ARGS=init_on_free=1
BOOT_SECONDS=200 # at most

# boot_once OUT KERNEL ENV...: true, and $OUT/run.json, if the guest brought it back
boot_once()
{
	local out=$1 kernel=$2 e=() v

	shift 2
	for v; do
		e+=(-e "$v")
	done
	rm -rf "$out"
	mkdir -p "$out"
	if "$TOP/tests/vm/run.sh" -k "$kernel" -t "$BOOT_SECONDS" -o "$out" -a "$BOOT_ARGS" "${e[@]}" \
		"$TOP/tests/vm/guest/bench.sh" >"$out/guest.log" 2>&1 && [ -s "$out/run.json" ]; then
		return
	fi
	rm -f "$out/run.json" # RESUME goes by it
	return 1
}

# progress DONE ALL TEXT: what a terminal shows; a log gets a line a boot
progress()
{
	local left

	[ "$ran" = 0 ] || left=$(((SECONDS - begin) * ($2 - $1) / ran))
	if [ -t 2 ]; then
		printf '\r\033[K%s: boot %d of %d: %s%s' "${0##*/}" $(($1 + 1)) "$2" "$3" \
			"${left:+, about $((left / 60)) min $((left % 60)) s left}" >&2
	else
		say "boot $(($1 + 1)) of $2: $3${left:+, about $left s left}"
	fi
}

# boots DIR N "LABEL KERNEL ENV..."...: N boots of each, taking turns, to DIR/LABEL-NR/run.json;
# failed[LABEL] says how many did not get that far. With RESUME what is there is kept.
declare -A failed
boots()
{
	local dir=$1 n=$2 nr side words done=0 ran=0 all first

	shift 2
	all=$((n * $#)) begin=$SECONDS
	for side; do
		failed[${side%% *}]=0
	done
	for nr in $(seq "$n"); do
		for side; do
			read -ra words <<<"$side"
			done=$((done + 1))
			[ -z "${RESUME:-}" ] || [ ! -s "$dir/${words[0]}-$nr/run.json" ] || continue
			progress $((done - 1)) $all "${words[0]}"
			until boot_once "$dir/${words[0]}-$nr" "${words[@]:1}"; do
				failed[${words[0]}]=$((failed[${words[0]}] + 1))
				[ -t 2 ] && echo >&2
				say "${words[0]}: the guest failed: $(tail -n 1 "$dir/${words[0]}-$nr/guest.log")"
				[ "${failed[${words[0]}]}" -le $SPARE_BOOTS ] ||
					die "${words[0]}: more than $SPARE_BOOTS boots failed"
			done
			ran=$((ran + 1))
		done
		# the other way round next: what drifts with time meets both sides alike
		first=$1
		shift
		set -- "$@" "$first"
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}
