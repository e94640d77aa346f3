#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Several run files at once: no recording counts twice, a sum is a sum whatever the order, memory is
# that of two; and a run that contradicts itself is refused. MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
migtrace=$(realpath "${MIGTRACE:-build/migtrace}")
. tests/tally.sh
python3 - tests/data/full.json "$tmp" <<'END'
import json, sys
base = json.load(open(sys.argv[1]))
for i in range(120):
    base["kernel"]["boot_id"] = "%08x-0000-4000-8000-000000000000" % i
    base["start"] = "2026-11-21T10:%02d:%02dZ" % divmod(i, 60)
    json.dump(base, open("%s/r%03d.json" % (sys.argv[2], i), "w"))
for name, change in {
    "total": lambda r: r["late_references"].update(total=0),
    "listed": lambda r: r["late_references"].update(not_listed=0, events=[]),
    "outcomes": lambda r: r["sites"]["migrate_norefs"]["by_outcome"].update(
        moved={"count": 0, "sum_ns": 0, "min_ns": 0, "max_ns": 0, "buckets": []}),
    "tier": lambda r: r["tool"].update(tier="heavy"),
    "start": lambda r: r.update(start="yesterday"),
    "times": lambda r: r["intervals"][1].update(start_ns=1),
    "rounds": lambda r: r["rounds"][1].update(start_ns=0),
    "clamped": lambda r: (r["late_references"].update(total=0), r.update(clamped=1)),
}.items():
    run = json.load(open(sys.argv[1]))
    change(run)
    json.dump(run, open("%s/%s.json" % (sys.argv[2], name), "w"))
END
cd "$tmp" || exit 1

t() { # NAME EXPECTED-CODE PATTERN ARGUMENT...: stderr has the pattern, in one message
	name=$1 want=$2 pattern=$3
	shift 3
	"$migtrace" "$@" >out 2>err </dev/null
	code=$?
	ok=0
	[ $code = "$want" ] || { echo "exit code $code, expected $want" >>err; ok=1; }
	if [ -n "$pattern" ]; then
		grep -q -e "$pattern" err || { echo "no '$pattern'" >>err; ok=1; }
	elif [ -s err ]; then
		ok=1
	fi
	grep -q 'Sanitizer\|runtime error' err && ok=1
	[ "$(grep -c '^migtrace: ' err)" -le 1 ] || { echo "more than one message" >>err; ok=1; }
	verdict $ok "$name"
}

# a sum
t 'a sum of two' 0 '' report -f json -o ab.json r000.json r001.json
t 'another' 0 '' report -f json -o bc.json r001.json r002.json
t 'one of three' 0 '' report -f json -o one.json r000.json r001.json r002.json
t 'the same in two steps' 0 '' report -f json -o out.json ab.json r002.json
cmp one.json out.json >err 2>&1
verdict $? 'is the same'
python3 -c 'import json
one, sum = json.load(open("r000.json")), json.load(open("one.json"))
assert sum["merged"] == 3 and len(sum["parts"]) == 3
assert sum["start"] == one["start"] and sum["duration_ns"] == 3 * one["duration_ns"]
assert sum["late_references"]["total"] == 3 * one["late_references"]["total"]
for name, site in sum["sites"].items():
    assert site["hold"]["count"] == 3 * one["sites"][name]["hold"]["count"]
    assert site["wait"]["sum_ns"] == 3 * one["sites"][name]["wait"]["sum_ns"]' 2>err
verdict $? 'three times as many of all'
t 'the start is the earliest' 0 '' report -f json -o out.json r002.json r000.json
grep -q '"start":"2026-11-21T10:00:00Z"' out.json
verdict $? 'whatever the order'

# no recording twice
t 'a sum and one of its parts' 1 "'r001.json' is one of the recordings that 'ab.json' is the sum of" \
	report ab.json r001.json
t 'a part and its sum' 1 "'r001.json' is one of the recordings that 'ab.json' is the sum of" \
	report r001.json ab.json
t 'two sums' 1 "'ab.json' and 'bc.json' have a recording in common" report ab.json bc.json
t 'compare a part and its sum' 1 "'r000.json' is one of the recordings that 'ab.json' is the sum of" \
	compare ab.json r000.json -- r005.json
python3 -c 'import json
run = json.load(open("ab.json"))
del run["parts"]
json.dump(run, open("old.json", "w"))'
t 'a sum of before, and its first part' 1 "'r000.json' is one of the recordings" report old.json r000.json
t 'a sum of before, and another' 0 "'old.json' does not say which 2 recordings" report old.json r003.json
t 'a sum of before, alone' 0 '' report old.json

# memory does not grow with the number of files
peak() { # FILE...: KiB; without what the sanitiser keeps of freed memory
	ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64 python3 -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)' "$migtrace" report "$@" 2>err
}
few=$(peak r000.json r001.json) && many=$(peak r???.json) && [ $((many - few)) -lt 8192 ]
verdict $? "120 files take ${many:-?} KiB, two take ${few:-?}: less than 8 MiB more"

# what contradicts itself
t 'a total that its kinds deny' 1 'total.json: late_references.total: 0, but 27 by slow_lookup and end_count' \
	report total.json
t 'fewer listed than counted' 1 'late_references.total: 27, but 0 by events and not_listed' \
	report listed.json
t 'holds that their outcomes deny' 1 'sites.migrate_norefs.hold: [0-9]*, but [0-9]* by by_outcome' \
	report outcomes.json
t 'no such tier' 1 'tool.tier: full or light expected' report tier.json
t 'no time' 1 'start: no time such as' report start.json
t 'intervals that overlap' 1 'intervals\[1\]: begins before the one ahead of it ended' report times.json
t 'rounds that overlap' 1 'rounds\[1\]: begins before' report rounds.json
t 'compare refuses them, too' 1 'late_references.total: 0' compare r000.json -- total.json
t 'a number that was clamped adds up to nothing' 0 '' report clamped.json

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
