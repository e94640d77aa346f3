#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: mutations.sh OUTDIR
# Does the model catch what it is for? Each line below breaks one rule of the programs; the model has to
# find an interleaving in which that shows. Name, file of bpf/, where to look if it takes
# more preemptions, and a substitution that has to fit.
set -eu

out=$1
here=$(dirname "$0")
mkdir -p "$out/rest"

# nothing else includes a program
for c in "$here"/*.c; do
	[ "${c##*/}" = programs.c ] || $CC $MODEL_FLAGS -O2 -I"$here" -I"$here/../../bpf" -c \
		-o "$out/rest/$(basename "$c" .c).o" "$c"
done

mutations() {
	cat <<'END'
a window counts without its end|window.bpf.h||s/if \(m->now.window_id && m->now.last == end_step && m->now.t_close\)/if (m->now.window_id)/
an end ahead of the copy counts|norefs.bpf.h||s/m->now.last = 0; \/\* what/\/* what/
two open a window in one place|window.bpf.h||s/READ_NOW\(w->claims\) != 1 \|\| READ_NOW/READ_NOW/
a window is replaced under a lookup's hands|window.bpf.h|its place taken,1|s/ \|\| w->pins//; s/if \(!READ_NOW\(w->pins\)\)/if (1)/
a lookup writes to the window that came next|lookup.bpf.h||s/if \(READ_NOW\(w->retiring\) \|\| READ_NOW\(w->id\) != view->id\)/if (0)/
an acquire alone is taken for proof|lookup.bpf.h||s/maybe = !lookup_is_own\(l\) \|\| .*?;/maybe = !lookup_is_own(l);/
what comes right behind a racy move is forgotten|norefs.bpf.h||s/window_open\(m, now, true\)/window_open(m, now, false)/
a check that is repeated leaves its window|norefs.bpf.h||s/if \(!m->now.released \|\| !m->now.window_id\)/if (1)/; s/if \(m->now.window_id\) (\/\* of a section)/if (0) $1/
what comes before the flag is cleared is forgotten|norefs.bpf.h||s/window_open\(m, now, true\)/window_open(m, now, !cfg_bh_migrate)/
a lookup that outlasts the migration is not kept|lookup.bpf.h||s/return migrating \|\| seq != window_seq \|\| .*?;/return migrating;/s
a window that was replaced is forgotten|window.bpf.h||s/w->gone_done =\s+w->state == .*?;/w->gone_done = 0;/s
an exit unseen is no loss|lookup.bpf.h||s/if \(l\) \/\* its exit .*?;//s
an exit is taken for that of a lookup before|lookup.bpf.h||s/maybe = !lookup_is_own\(l\) \|\| /maybe = /; s/if \(armed && cpu->exits & 1\)/if (0)/
an entry unseen is no loss|norefs.bpf.h||s/(!filter_is_set\(\)\)\n\t\t\t)lost\(LOSS_WINDOW\);/$1;/
a held move's window has room|window.bpf.h||s/w->close_seq = w->open_seq;/w->close_seq = w->open_seq + 4;/
every section ends a move|norefs.bpf.h||s/done = bh.folio == m->dst;/done = true;/
the steps' programs are missed|norefs.bpf.h||s/if \(done\) \{/if (0) {/
an interrupt's unlock_buffer ends a bracket|bracket.bpf.h||s/if \(folio != m->src && folio != m->dst\)/if (0)/
a wait that ends twice is counted down twice|generation.bpf.h||s/if \(w->wait_ns\)\n\t\treturn;//
a lookup is found by its CPU|slots.bpf.h||s/(static __always_inline struct lookup \*lookup_of\(__u64 task\)\n\{\n\t__u32 first = )slot_first\(task, cfg_lookup_mask\)/$1bpf_get_smp_processor_id() * SLOT_WAYS/
the clock stands still|window.bpf.h||s/__sync_fetch_and_add\(&window_seq, 1\);//
a large folio has one page|norefs.bpf.h||s/m->pages = typed \? .*?;/m->pages = 1;/s
who waits for a migration waits for somebody|lookup.bpf.h||s/l->t_ns > h->t_acquire - h->wait_ns/0/
every wait is behind a migration that ever was|lookup.bpf.h||s/ && l->t_ns > h->t_acquire - h->wait_ns//
who comes behind a window has met it|lookup.bpf.h||s/MEETS_BEHIND \| MEETS_WAITED : MEETS_BEHIND;/MEETS_BEHIND | MEETS_WAITED : MEETS_BEHIND | MEETS_WAITED;/
two keys made at once have a place each|maps.bpf.h||s/&place_, BPF_NOEXIST\)/&place_, BPF_ANY)/
a refused lookup is no evidence|lookup.bpf.h||s/\(__u32\)lookup_met_nothing\(mapping, lookup_index\(block, size\)\);/0;/
END
}

missed=0 n=0
mutations >"$out/list"
while IFS= read -r line <&3; do
	name=${line%%|*} change=${line#*|*|*|}
	file=${line#*|} file=${file%%|*}
	args=${line#*|*|} args=${args%%|*}
	n=$((n + 1))
	rm -rf "$out/bpf"
	cp -r "$here/../../bpf" "$out/bpf"
	perl -0pi -e "$change" "$out/bpf/$file"
	if cmp -s "$out/bpf/$file" "$here/../../bpf/$file"; then
		echo "mutations.sh: '$name': nothing in bpf/$file fits any more" >&2
		exit 1
	fi
	$CC $MODEL_FLAGS -w -O2 -I"$here" -I"$out/bpf" -c -o "$out/programs.o" "$here/programs.c"
	$CC -o "$out/model" "$out/programs.o" "$out"/rest/*.o
	if "$out/model" "${args%,*}" "${args#*,}" >"$out/said"; then
		echo "not caught - $name"
		missed=$((missed + 1))
	elif ! grep -q '^model: ' "$out/said"; then
		echo "broke the model itself - $name"
		missed=$((missed + 1))
	else
		echo "caught - $name: $(sed -n 's/^model: //p' "$out/said")"
	fi
done 3<"$out/list"
echo "model: $((n - missed)) of $n mutations caught"
[ $missed = 0 ]
