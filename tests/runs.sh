#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Several run files at once: no recording counts twice, a sum is a sum whatever the order, memory is
# that of two; and a run that contradicts itself is refused. MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
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
    "status": lambda r: r["tool"].update(command=["true"], command_status=2**32 + 1),
    "device": lambda r: r["devices"].update({"8:01": next(iter(r["devices"].values()))}),
    "clamped": lambda r: (r["late_references"].update(total=2**63 - 1), r.update(clamped=1)),
}.items():
    run = json.load(open(sys.argv[1]))
    change(run)
    json.dump(run, open("%s/%s.json" % (sys.argv[2], name), "w"))
run = json.load(open("%s/r001.json" % sys.argv[2]))
for key in "pinned", "pinned_not_listed", "pinned_tries", "pinned_unkept", "drains":
    del run[key]
json.dump(run, open("%s/unasked.json" % sys.argv[2], "w"))
block = dict(run["refcounts"][0])
for i in range(2):
    run = json.load(open("%s/r%03d.json" % (sys.argv[2], i)))
    run["refcounts"] = [dict(block, seen=10000 * i + n, count=1) for n in range(3000)]
    json.dump(run, open("%s/many%d.json" % (sys.argv[2], i), "w"))
run = json.load(open("%s/r001.json" % sys.argv[2]))
run["isolations"] = None
json.dump(run, open("%s/taken.json" % sys.argv[2], "w"))
run = json.load(open(sys.argv[1]))
late = run["late_references"]
late.update(total=0, possible=0, events=[], not_listed=0, possible_events=[], possible_not_listed=0)
late["by_kind"].update(slow_lookup=0, end_count=0)
run["losses"] = dict.fromkeys(run["losses"], 0)
for n in 5, 6:
    late["lookups_waited"].update(spin=n, folio=0)
    json.dump(run, open("%s/waited%d.json" % (sys.argv[2], n), "w"))
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
for name, site in one["sites"].items():
    assert sum["sites"][name]["hold"]["count"] == 3 * site["hold"]["count"]
    assert sum["sites"][name]["wait"]["sum_ns"] == 3 * site["wait"]["sum_ns"]' 2>err
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

t 'what one has not' 0 "left out of the sum, since not all files up to 'unasked.json' have it: pinned, drains" \
	report -f json -o out.json r000.json unasked.json
t 'isolations of one of both' 0 "left out of the sum, since not all files up to 'taken.json' have it: isolations$" \
	report -f json -o out.json r000.json taken.json
grep -q '"isolations":null' out.json && ! grep -q isolations_uncounted_ns out.json
verdict $? 'and the sum has none'
t 'and the other has' 0 'left out of the sum.*r000.json.*: pinned, drains' report -f json -o out.json unasked.json r000.json
t 'more entries than a file may have' 1 \
	"'many1.json' can't be added to 'many0.json': together they have more than 4096 entries of refcounts" \
	report many0.json many1.json
grep -q '^  hint: add up fewer files' err || cat err
verdict $? 'with a way out'

# five lookups bound nothing
t 'five that waited' 0 '' report waited5.json
grep -q 'None seen, but 5 lookups that met a window: too few' out
verdict $? 'are too few'
t 'six' 0 '' report waited6.json
grep -q 'None seen: at most 1 in 2 of' out
verdict $? 'are not'

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
t 'a status that is none' 1 'tool.command_status: 4294967297 is out of range' report status.json
t 'one device by two names' 1 'devices.8:01: not MAJOR:MINOR' report device.json
t 'rounds that overlap' 1 'rounds\[1\]: begins before' report rounds.json
t 'compare refuses them, too' 1 'late_references.total: 0' compare r000.json -- total.json
t 'a number that was clamped adds up to nothing' 0 '' report clamped.json

# whole and parts: lookups that waited, attempts, contention, devices, intervals, rounds; and of what is
# there only for who asks: --refs, --why, --pinned, --buffer-locks, --stall
python3 - "$top/tests/data" >asked <<'END'
import copy, json, sys
runs = {x: json.load(open(f"{sys.argv[1]}/{x}.json")) for x in ("full", "migrate")}
H = {"count": 1, "sum_ns": 9, "min_ns": 9, "max_ns": 9, "buckets": [[9, 10, 1]]}
n = 0
def case(run, words, **changes):  # PATH=VALUE, "." written "__"; a callable changes what is there
    global n
    r, n = copy.deepcopy(runs[run]), n + 1
    for path, value in changes.items():
        o, *keys = r, *path.split("__")
        for k in keys[:-1]:
            o = o[int(k) if isinstance(o, list) else k]
        k = int(keys[-1]) if isinstance(o, list) else keys[-1]
        o[k] = value(o[k]) if callable(value) else value
    json.dump(r, open(f"asked{n}.json", "w"))
    print(f"asked{n}.json\t{words}")
def twice(v): return v + [v[0]]
# lookups, late references, attempts
case("full", "late_references.lookups_behind.spin: 4040, but 4041 by lookups_waited", late_references__lookups_waited__spin=4041)
case("full", "late_references.lookups_behind.folio: 2, but 3 by lookups_waited", late_references__lookups_behind__folio=2)
case("full", r"late_references.events\[0\].kind: slow_lookup, end_count or assoc_list expected", late_references__events__0__kind="zz")
case("full", r"late_references.events\[0\].phase: before_switch, copy or after_switch expected", late_references__events__0__phase="zz")
case("full", r"late_references.possible_events\[0\].phase: empty", late_references__possible_events__0__phase="")
case("full", r"attempts.aio\[0\].moved: 13, but tried is 12", attempts__aio__0__moved=13)
case("full", r"attempts.norefs\[2\]: attempt 2 once more", attempts__norefs__2__attempt=2)
case("full", r"references.file.by_attempt\[1\].moved: 41, but tried is 40", references__file__by_attempt__1__moved=41)
# releases that somebody waited for: 15 were lost, and there are two CPUs
case("full", "sites.migrate_norefs.releases: 5999, but 6017 by contended", sites__migrate_norefs__contended=6017)
case("full", "sites.migrate_norefs.contended: 37, but [0-9]* by contended_owners", sites__migrate_norefs__contended_owners__0__count=300)
case("full", "counters.lookup_waits: 90000, but 9000 by sites.find_get_block.wait", counters__lookup_waits=90000)
case("full", "counters.lookup_folio_waits: 0, but 900 by folio_lock_wait", folio_lock_wait=dict(H, count=900, sum_ns=8100, buckets=[[9, 10, 900]]), counters__lookup_folio_waits=0)
# the longest; windows that were timed, tries, truncated pages: as above, 17 more than the whole are none
case("full", r"sites.migrate_norefs.worst\[1\].ns: 1408, but wait.max_ns is 1395", sites__migrate_norefs__worst__1__ns=1408)
case("full", r"sites.migrate_norefs.worst\[0\].ns: 9000000, but hold.max_ns is", sites__migrate_norefs__worst__0__ns=9000000)
case("full", "late_references.windows: 5582, but 5600 by norefs_window", late_references__windows=5582, counters__windows_unjudged=0)
case("full", "isolations.moves: 5800, but 5818 by gone_at_move", isolations__gone_at_move=5818)
# holds by how they ended are holds; they are released, and none is above the longest
case("full", "sites.migrate_norefs.hold.sum_ns: 37917986, but 38017986 by by_outcome", sites__migrate_norefs__by_outcome__moved__sum_ns=37098585)
case("full", "sites.migrate_norefs.hold.max_ns: 135595, but 1000000 by by_outcome", sites__migrate_norefs__by_outcome__moved__max_ns=1000000)
case("full", "sites.migrate_norefs.releases: 5981, but 5999 by hold", sites__migrate_norefs__releases=5981)
case("full", "sites.migrate_norefs.releases: 5999, but 6017 by switched_out", sites__migrate_norefs__switched_out=6017)
case("full", "sites.migrate_norefs.wait.sum_ns: 8392321, but 5999 of at most 1395", sites__migrate_norefs__wait__sum_ns=8392321)
# times and machines
case("full", r"late_references.events\[0\].time_ns: 40000000001, but duration_ns is 30000000000", late_references__events__0__time_ns=40000000001)
case("full", r"late_references.possible_events\[0\].time_ns: 40000000001, but", late_references__possible_events__0__time_ns=40000000001)
case("full", "sites.aio_migrate.uncounted_ns: 30000000001, but duration_ns is 30000000000", sites__aio_migrate__uncounted_ns=30000000001)
case("full", "isolations_uncounted_ns: 30000000001, but duration_ns is 30000000000", isolations_uncounted_ns=30000000001)
case("full", "tool.possible_cpus: 1, but kernel.cpus is 2", tool__map_bytes=4096, tool__possible_cpus=1)
# sums
case("full", "parts: 2, but merged is 1, which is no sum", parts=["a", "b"])
case("full", "parts: 3, but merged is 2", merged=2, parts=["a", "b", "c"])
# in UTC, as sums sort them as texts
case("full", "start: no time such as", start="2026-07-12T11:20:56+05:30")
case("full", "start: no time such as", start="2026-13-12T11:20:56Z")
# devices, intervals, rounds
D, I = "devices__8:1__sites__", "intervals__0__sites__migrate_norefs__hold"
case("full", "sites.migrate_norefs.hold.count: 5999, but 8922 by devices", **{D + "migrate_norefs__hold": lambda h: h | {
    "count": 2 * h["count"], "buckets": [[a, b, 2 * n] for a, b, n in h["buckets"]]}})
case("full", "sites.find_get_block.wait.sum_ns: 506970, but [0-9]* by devices", **{D + "find_get_block__wait__sum_ns": 500000})
case("full", "sites.aio_migrate.wait.count: 0, but 1 by devices", **{D + "aio_migrate": {"hold": H | {
    "count": 0, "sum_ns": 0, "min_ns": 0, "max_ns": 0, "buckets": []}, "wait": H}})
case("full", "sites.migrate_norefs.hold.buckets: 0 from 9 ns on, but 1 by intervals", **{I: H})
case("full", "sites.find_get_block.hold.count: 9000, but 9001 by rounds", rounds__0__sites__find_get_block__hold=H | {
    "count": 9001, "sum_ns": 9 * 9001, "buckets": [[9, 10, 9001]]})
case("full", "counters.norefs_calls: 6000, but 6001 by intervals", intervals__0__counters__norefs_calls=3001)
case("full", "counters.norefs_calls: 6000, but 6001 by rounds", rounds__0__counters__norefs_calls=5900)
case("full", r"intervals\[2\]: ends behind the recording, at 30000000000 ns", intervals__2__duration_ns=10000000001)
case("full", r"rounds\[1\]: ends behind the recording", rounds__1__duration_ns=27000000001)
# attempts at folios
case("full", "references.file.attempts: 141, but 140 by moved, early, switch and other", references__file__attempts=141)
case("full", "references.buffers.attempts: 6010, but 6011 by moved", references__buffers__other=300)
case("full", "references.anonymous.attempts: 0, but 7 by moved", references__anonymous__moved=7)
case("full", "references.file.switch: 40, but came_to_switch is 39", references__file__came_to_switch=39)
case("full", "references.buffers.switch: 100, but came_to_switch is 0", references__buffers__came_to_switch=0)
case("full", "references.file.came_to_switch: 141, but attempts is 140", references__file__came_to_switch=141)
case("full", "references.buffers.attempts: 6010, but 6011 by came_to_switch and early", references__buffers__came_to_switch=6010)
case("full", "references.buffers.early: 1, but early_checked is false", references__buffers__early_checked=False)
case("full", "references.file.early: 1, but early_checked is false", references__file__early=1, references__file__moved=89)
case("full", "references.swap_cache.early: 3, but", references__swap_cache__early=3, references__swap_cache__attempts=3)
case("full", "references.file.attempts: 140, but 141 by by_attempt", references__file__by_attempt__0__tried=101)
case("full", "references.file.moved: 90, but 91 by by_attempt", references__file__by_attempt__1__moved=31)
case("full", "references.aio_ring.attempts: 0, but 1 by by_attempt", references__aio_ring__by_attempt=[{"attempt": 16, "tried": 1, "moved": 0}])
# their counts
case("full", r"reference_counts\[0\].right_at_end: 41, but count is 40", reference_counts__0__right_at_end=41)
case("full", r"reference_counts\[1\].count: 0, but 1 is the least", reference_counts__1__count=0)
case("full", "references.file.switch: 40, but 41 by reference_counts", reference_counts__0__count=41)
case("full", "references.buffers.early: 1, but 2 by reference_counts", reference_counts__1__count=2)
case("full", "references.aio_ring.early: 0, but 1 by reference_counts", reference_counts__1__kind="aio_ring")
case("full", r"reference_counts\[0\].seen: 2 is what is expected", reference_counts__0__seen=2)
case("full", r"reference_counts\[1\].check: early or switch expected", reference_counts__1__check="moved")
case("full", r"reference_counts\[3\]: is \[0\] once more", reference_counts=twice)
# why
case("full", "migrations.norefs.busy: 299, but 300 by migrated_for", migrated_for__0__norefs__busy=300)
case("full", "migrations.buffers.ok: 10, but 11 by migrated_for", migrated_for__1__buffers={"ok": 1})
case("full", "migrations.norefs.locked: 0, but 5 by migrated_for", migrated_for__1__norefs__locked=5)
case("full", "attempts.norefs: 5700, but 5701 by pages of migrated_for", migrated_for__1__norefs_pages=11)
case("full", r"migrated_for\[1\].norefs: 100, but 101 by norefs_pages", migrated_for__1__norefs_pages=101)
case("full", r"migrated_for\[0\].buffers: 10, but 11 by buffers_pages", migrated_for__0__buffers_pages=11)
case("full", r"migrated_for\[1\].norefs: 10, but 100 by hold", migrated_for__1__norefs={"refs": 10})
case("full", r"migrated_for\[2\]: is \[0\] once more", migrated_for=twice)
case("full", r"migrated_for\[0\].why: empty", migrated_for__0__why="")
# pinned
case("full", r"pinned\[0\].journal: 211, but tries is 210", pinned__0__journal=211)
case("full", r"pinned\[1\].in_lru: 91, but tries is 90", pinned__1__in_lru=91)
case("full", r"pinned\[1\].tries: 0, but 1 is the least", pinned__1__tries=0)
case("full", r"pinned\[1\].first_ns: 3000001, but last_ns is 3000000", pinned__1__first_ns=3000001)
case("full", r"pinned\[0\].last_ns: behind the recording's end", pinned__0__last_ns=30000000001)
case("full", r"pinned\[1\].last_taken.time_ns: not between", pinned__1__last_taken__time_ns=1999999)
case("full", r"pinned\[1\].last_taken.time_ns: not between", pinned__1__last_taken__time_ns=30000000001)
case("full", r"pinned\[0\].block_bytes: 0, but 512 is the least", pinned__0__block_bytes=0)
case("full", "pinned_tries: 311, but 312 by its blocks", pinned_tries=311)
case("full", "pinned_tries: 400, but 307 by pinned and pinned_unkept", pinned_not_listed=0)
case("full", "pinned_tries: 0, but 302 by its blocks", pinned_tries=0, pinned_not_listed=1, pinned_unkept=1)
# drains
case("full", "drains.by.all: 40, but 41 by callers", drains__callers__0__count=41)
case("full", "drains.by: 1240, but 1241 by callers and callers_not_listed", drains__callers_not_listed=31)
case("full", "drains.folios: 0, but 7 by callers", drains__callers__1__folios=7)
case("full", "migrations.norefs.ok: 5600, but 5601 by norefs_after", drains__norefs_after__none__ok=5001)
case("full", "drains.norefs_after.busy: 100, but 101 by itself", drains__norefs_after__itself__busy=101)
case("full", "migrations.norefs.other_version: 0, but 7 by norefs_after", drains__norefs_after__batch__other_version=7)
case("full", "migrations.norefs.other_version: 0, but 7 by norefs_after", drains__norefs_after__itself__other_version=7)
case("full", "migrations.buffers.other_version: 0, but 7 by migrated_for", migrated_for__0__buffers__other_version=7)
case("full", "drains.by.batch: 0, but 1 by norefs_after", drains__norefs_after={"batch": {"ok": 1}})
# a word that numbers were clamped excuses none that was not
case("full", "late_references.total: 0, but 27 by slow_lookup and end_count", clamped=1, late_references__total=0)
case("full", r"pinned\[2\]: is \[0\] once more", pinned=twice)
# locks of buffers
case("migrate", "buffer_locks.wait: 40, but 41 by wait_by_path", buffer_locks__wait_by_path__buffers__sync=H)
case("migrate", "buffer_locks.wait: 1, but 40 by wait_by_path", buffer_locks__wait=H)
case("migrate", "buffer_locks.wait: other times than", buffer_locks__wait=H, buffer_locks__wait_by_path={
    "norefs": {"sync": H | {"min_ns": 8, "max_ns": 8, "buckets": [[8, 9, 1]]}}, "buffers": {}})
case("migrate", "buffer_locks.wait: 40, but 41 by unlocked_by", buffer_locks__unlocked_by__task=13)
# stalls
case("migrate", "stalls.over_ns: 0, but 1 is the least", stalls__over_ns=0)
case("migrate", "stalls.longest_ns: 9999999999 is less than over_ns", stalls__longest_ns=9999999999)
case("migrate", "stalls.longest_ns: 10200000000, but there was none", stalls__by={"folio_lock": 0})
case("migrate", "stalls.by.buffer_lock: 0, but 1 by under_way", stalls__by__buffer_lock=0)
case("migrate", r"stalls.under_way\[0\].wait_ns: 1 is not from over_ns to longest_ns", stalls__under_way__0__wait_ns=1)
case("migrate", r"stalls.under_way\[1\].wait_ns: 10200000001 is not", stalls__under_way__1__wait_ns=10200000001)
case("migrate", r"stalls.under_way\[0\].wait_ns: 10200000000 is not", stalls__longest_ns=0)
case("migrate", r"stalls.under_way\[0\].what: folio_lock, buffer_lock or private_lock expected", stalls__under_way__0__what="zz")
case("migrate", r"stalls.under_way\[0\].who: lookup or migration expected", stalls__under_way__0__who="find_get_block")
END
python3 - "$top/tests/data" <<'END'
import json, sys
run = json.load(open(sys.argv[1] + "/full.json"))
run["sites"]["migrate_norefs"]["contended"] = 6016
run["sites"]["migrate_norefs"].update(releases=5982, switched_out=6016)
run["sites"]["migrate_norefs"]["wait"]["sum_ns"] = 8392320
run["sites"]["aio_migrate"]["contended"] = 99
run["rounds"][0]["counters"]["of_another_version"] = 5
run["late_references"]["windows"], run["counters"]["windows_unjudged"] = 5580, 3
run["sites"]["migrate_norefs"]["worst"][1]["ns"] = 1407
run["isolations"]["gone_at_move"] = 5817
for key in "events", "possible_events":
    run["late_references"][key][0]["time_ns"] = 40 * 10**9
run["sites"]["aio_migrate"]["uncounted_ns"] = run["isolations_uncounted_ns"] = run["duration_ns"]
run["tool"].update(map_bytes=4096, possible_cpus=2)
json.dump(run, open("most.json", "w"))
# the longest are known though the table of histograms was full; older versions' sums do not say of what
run["sites"]["migrate_norefs"]["worst"][1]["ns"] = 2000
run["losses"]["table_full"] = 1
run.update(merged=3)
run["tool"]["possible_cpus"] = 1
json.dump(run, open("full.json", "w"))
END
t 'as many as there may be' 0 '' report most.json
t 'the longest that are in no histogram, and an old sum' 0 '' report full.json
while IFS='	' read -r file words; do
	t "$words" 1 "^migtrace: report: $file: $words" report "$file"
done <asked
for run in full migrate; do
	t "$run, as it is" 0 '' report -f json -o whole.json "$top/tests/data/$run.json"
	sed 's/T11:20:56Z/T12:20:56Z/' "$top/tests/data/$run.json" >later.json
	t "$run and a later one" 0 '' report -f json -o both.json whole.json later.json
	t 'their sum agrees with itself' 0 '' report both.json
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
