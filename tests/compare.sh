#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The compare command: what it says of boots made for it, its statistics against another
# implementation, what it refuses, how long it takes. MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
migtrace=$(realpath "${MIGTRACE:-build/migtrace}")
tests=$PWD/tests
. tests/tally.sh

t() { # NAME EXPECTED-CODE PATTERN ARGUMENT...: the pattern is on stdout or stderr
	name=$1 want=$2 pattern=$3
	shift 3
	"$migtrace" compare "$@" >out 2>err </dev/null
	code=$?
	ok=0
	[ $code = "$want" ] || { echo "exit code $code, expected $want" >>err; ok=1; }
	cat out err | grep -q -e "$pattern" || { echo "no '$pattern'" >>err; ok=1; }
	grep -q 'Sanitizer\|runtime error' err && ok=1
	verdict $ok "$name"
}

runs() { # NAME N SEED LONGER
	python3 "$tests/make_runs.py" "$tests/data/full.json" . "$@"
}

cd "$tmp" || exit 1
runs a 10 1 0
runs b 10 2 0
runs c 10 3 0.25
runs few 3 4 0.25

# what it says
t 'A/A is ~' 0 '~ nothing significant in [0-9]* tested rows' a-*.json -- b-*.json
t 'A/A says what it would have found' 0 'would have been$\|would have been found' a-*.json -- b-*.json
t 'a planted slowdown is found' 0 '0 better, [1-9][0-9]* worse' a-*.json -- c-*.json
t 'the other way round it is better' 0 '[1-9][0-9]* better, 0 worse' c-*.json -- a-*.json
t 'late references outrank times' 0 'better, 0 worse; before IS NOT' c-*.json -- a-*.json
t 'one run a side' 0 '1 run, no test' a-1.json c-1.json
t 'one run a side, with --' 0 '1 run, no test' a-1.json -- c-1.json
t 'too few runs' 0 'too few runs to test: 3 a side' a-[1-3].json -- few-*.json
! grep -q 'would have been' out
verdict $? 'too few runs would have found nothing'
t 'the smallest number of runs' 0 'at least 5 runs' a-[1-3].json -- few-*.json
t 'few against many are tested' 0 'of 6 tested rows 0 better, [1-9] worse' a-*.json -- few-*.json
t 'the other way round, too' 0 'of 6 tested rows [1-9] better, 0 worse' few-*.json -- a-*.json
t 'options on either side' 0 '^subject,metric' a-1.json --format csv -- c-1.json
t 'options behind' 0 '"migtrace-comparison"' a-1.json -- c-1.json --format=json
t 'alpha' 0 'at alpha 0.001' --alpha 0.001 a-*.json -- c-*.json
"$migtrace" compare a-*.json -- c-*.json >out 2>err
! grep -q '.\{81\}' out
verdict $? '80 columns'
! grep -q -i 'nan\|inf\b' out
verdict $? 'no NaN in the text'

# exit codes; the recording of these has 12 sections of aio_migrate, which no test can be made of
both='--site migrate_norefs,find_get_block'
t 'fail-above: a site that is not tested' 5 \
	'inconclusive: not tested: aio_migrate (12 sections in a-1.json and 19 more files, 100 needed)' \
	--fail-above 0 a-*.json -- b-*.json
t 'fail-above: found goes before not tested' 4 'worse by more than 1 %' --fail-above 1 a-*.json -- c-*.json
# shellcheck disable=SC2086 # words
t 'fail-above: what was not asked for may be missing' 0 '~ nothing' $both --fail-above 0 a-*.json -- b-*.json
t 'an unknown site' 2 "unknown site 'nowhere'" --site migrate_norefs,nowhere a-1.json b-1.json
t 'no site' 2 "option '--site': no name in its list" --site , a-1.json b-1.json
t 'a comma too many' 0 '~\|test' --site migrate_norefs,, a-1.json b-1.json
t 'fail-above: found' 4 'hold p50 is worse by more than 1 %' --fail-above 1 a-*.json -- c-*.json
# shellcheck disable=SC2086
t 'fail-above: not by that much' 0 'worse' $both --fail-above 500 a-*.json -- c-*.json
# shellcheck disable=SC2086
t 'fail-above: better is fine' 0 'better' $both --fail-above 0 c-*.json -- a-*.json
# shellcheck disable=SC2086
t 'fail-above: A/A' 0 '~ nothing' $both --fail-above 0 a-*.json -- b-*.json
# shellcheck disable=SC2086
t 'fail-above: too few runs' 5 '3 runs a side, at least 5 needed' $both --fail-above 5 a-[1-3].json -- few-*.json
for f in a-*.json; do
	sed 's/"map_full": 0/"map_full": 7/' "$f" >"lost-${f#a-}"
done
# shellcheck disable=SC2086
t 'fail-above: events lost' 5 'events were lost' $both --fail-above 0 lost-*.json -- b-*.json
t 'losses are shown' 0 'EVENTS WERE LOST' lost-*.json -- b-*.json

# refused
unlike() { # NAME SED PATTERN
	sed "$2" c-1.json >x.json
	! cmp -s x.json c-1.json
	verdict $? "$1: the file differs"
	t "$1 is refused" 1 "unlike: .*$3" a-1.json x.json
	t "$1 by force, said so" 0 'UNLIKE *compared by force' --force a-1.json x.json
}
unlike 'tier' 's/"tier": "full"/"tier": "light"/' 'tier (full; light)'
unlike 'architecture' 's/"arch": "[^"]*"/"arch": "aarch64"/' 'architecture'
unlike 'clock source' 's/"clocksource": "[^"]*"/"clocksource": "acpi_pm"/' 'clock source'
unlike 'clock' '0,/"clock": "site"/s//"clock": "lock"/' 'clock of migrate_norefs (site; lock)'
unlike 'variant' '0,/"variant": "site"/s//"variant": "other"/' 'variant of'
unlike 'lockdep' 's/"instruments": \[[^]]*\]/"instruments": ["lockdep"]/' 'kernel (none; lockdep)'
sed 's/"release": "[^"]*"/"release": "9.9"/' c-1.json >x.json
t 'another kernel on the other side is what it is for' 0 '9.9' a-1.json x.json
sed 's/"release": "[^"]*"/"release": "9.9"/' c-2.json >x.json
t 'another kernel on the same side' 1 'kernel within one side' a-1.json -- c-1.json x.json
t 'one side empty' 2 "no run file after the '--'" a-1.json --
t 'the other side empty' 2 "no run file before the '--'" -- a-1.json
t 'three sides' 2 "more than one '--'" a-1.json -- b-1.json -- c-1.json
t 'one file' 2 'two run files' a-1.json
t 'three files without --' 2 'two run files' a-1.json b-1.json c-1.json
t 'a recording twice' 1 'are the same recording' a-1.json a-1.json -- c-1.json
t 'a missing file' 1 'No such file' a-1.json none.json
t 'not a run file' 1 'not-a-run' a-1.json "$(echo 7 >not-a-run; echo not-a-run)"
t 'bad alpha' 2 "'--alpha': '1.5' is not a number between 0 and 1" --alpha 1.5 a-1.json b-1.json
t 'bad format' 2 "'xml' is not available" --format xml a-1.json b-1.json
sed 's/"boot_id": "[^"]*"/"boot_id": "00000000-0000-4000-8000-000000000001"/' a-1.json >s1.json
sed 's/"boot_id": "[^"]*"/"boot_id": "00000000-0000-4000-8000-000000000001"/' a-2.json >s2.json
t 'two runs of one boot: said' 0 'before: 2 runs of 1 boot, which count as 1' s1.json s2.json -- c-1.json
for f in text csv json html; do
	t "two runs of one boot count as one, $f" 0 'of 1 boot, which count as 1\|,1,1,\|"boots": 1' \
		-f $f s1.json s2.json -- c-1.json
done
t 'a boot on both sides: said' 0 'BOOTS .*1 boot is on both sides' s1.json -- s2.json

# the statistics, from the values that it gives itself
for pair in 'a b' 'a c' 'b c' 'c a'; do
	"$migtrace" compare --format json "${pair% *}"-*.json -- "${pair#* }"-*.json >out 2>err &&
		python3 "$tests/compare_check.py" out >>err 2>&1
	verdict $? "statistics of $pair by another implementation"
done
"$migtrace" compare --format csv a-*.json -- c-*.json >out 2>err &&
	python3 -c 'import csv
rows = list(csv.DictReader(open("out")))
assert len(rows) > 20 and all(r["before_runs"] == r["before_boots"] == "10" for r in rows)
assert {r["subject"] for r in rows if r["not_tested"]} == {"aio_migrate"}
assert sum(r["verdict"] == "worse" for r in rows) > 3' >>err 2>&1
verdict $? 'CSV has a row a line'

# of the processor: guests have theirs of it beside this
ms=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=open("out", "w"), stderr=open("err", "w"))
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int(1000 * (u.ru_utime + u.ru_stime)))' "$migtrace" compare a-*.json -- c-*.json)
case $migtrace in */unit/*) limit=3000 ;; *) limit=200 ;; esac # with sanitisers
[ "$ms" -lt $limit ] && [ -s out ]
verdict $? "ten files a side in $ms ms, less than $limit"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
