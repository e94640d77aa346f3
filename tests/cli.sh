#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The built command on bad input: exit code, what it says, what it leaves behind. No kernel needed.
# MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
top=$PWD
migtrace=${MIGTRACE:-build/migtrace}
case $migtrace in
/*) ;;
*) migtrace=$top/$migtrace ;;
esac
. tests/tally.sh
cp tests/data/small.json tests/data/full.json tests/data/migrate.json "$tmp"
cd "$tmp" || exit 1

judge() { # NAME CODE EXPECTED-CODE PATTERN: stderr has the pattern, and is free of sanitiser reports
	ok=0
	[ "$2" = "$3" ] || { echo "exit code $2, expected $3" >>err; ok=1; }
	if [ -n "$4" ]; then
		grep -q -e "$4" err || { echo "no '$4' on stderr" >>err; ok=1; }
	elif [ -s err ]; then
		ok=1
	fi
	grep -q 'Sanitizer\|runtime error' err && ok=1
	[ "$(grep -c '^migtrace: ' err)" -le 1 ] || { echo "more than one message" >>err; ok=1; }
	verdict "$ok" "$1"
}

t() { # NAME EXPECTED-CODE PATTERN ARGUMENT...
	name=$1 want=$2 pattern=$3
	shift 3
	"$migtrace" "$@" >out 2>err </dev/null
	judge "$name" $? "$want" "$pattern"
}

has() { # NAME PATTERN: the last command's stdout has the pattern
	ok=0
	grep -q -e "$2" out || { echo "no '$2' on stdout" >>err; ok=1; }
	verdict "$ok" "$1"
}

most_per_cpu() { # NAME TIER KIB: the maps of 256 CPUs take at most so much for each, says the last command
	sed -n "s/^maps of the $2 tier: .*; \([0-9]*\) KiB a CPU where 256 .*/\1/p" out | {
		read -r kib && [ "$kib" -le "$3" ] || { echo "'$kib' KiB, at most $3" >>err; false; }
	}
	verdict $? "$1: maps of the $2 tier"
}

# commands
t 'compare --help' 0 '' compare --help
has 'the longest text of an option is whole' "^ *can't be told\$"
t 'export without a file' 2 "'--textfile' is missing" export
t 'export to another suffix' 2 'does not end in .prom' export --textfile x.txt
t 'export to a suffix alone' 2 "'.prom' has no name ahead of .prom" export --textfile .prom
t 'and in a folder' 2 "'./.prom' has no name ahead of .prom" export --textfile ./.prom
t 'export to no folder' 1 "cannot write '/nowhere/m.prom': No such file" export --textfile /nowhere/m.prom
t 'no command' 2 '^Usage: migtrace'
t 'unknown command' 2 "^migtrace: unknown command 'recrod'\$" recrod
t 'unknown command, hint' 2 "^hint: did you mean 'migtrace record'?" recrod
t 'unknown command, no idea' 2 "^hint: 'migtrace help' lists" frobnicate
t 'a prefix is no command' 2 "^migtrace: unknown command 'rec'\$" rec
t 'option before the command' 2 "unknown option '--foo' before the command" --foo report
t '--version' 0 '' --version
has '--version on stdout' '^migtrace [0-9]'
t '--help' 0 '' --help
has '--help lists report' '^  report '
t 'help' 0 '' help
t 'help of a command' 0 '' help report
has 'help of a command has its options' '--linear WIDTH:COUNT'
t 'help of an unknown one' 2 "unknown command 'x'" help x
for c in record report doctor watch help; do
	t "$c --help" 0 '' "$c" --help
	t "$c: unknown option" 2 "^migtrace: $c: unknown option '--foo'\$" "$c" --foo
	t "$c: unknown letter" 2 "^migtrace: $c: unknown option '-Z'\$" "$c" -Z
done

# a format as an option, as others have it
for c in report compare; do
	t "$c --json" 2 "^hint: did you mean '--format json'?\$" "$c" --json small.json
	t "$c --html=x" 2 "^hint: did you mean '--format html'?\$" "$c" --html=x small.json
	t "$c --formats" 2 "^hint: did you mean '--format'?" "$c" --formats small.json
	t "$c --tex" 2 "^hint: 'migtrace help $c' lists" "$c" --tex small.json
done
t 'doctor has none' 2 "^hint: 'migtrace help doctor' lists" doctor --csv

# values, before any kernel is asked
t 'record -d nothing' 2 "needs a value SEC" record -d
t 'record -d 0' 2 "option '--duration': '0' is not more than 0" record -d 0
t 'record -d garbage' 2 "'10x' is not a time such as" record --duration=10x
t 'record -d negative' 2 "'-1' is not a time" record --duration=-1
t 'record, an abbreviation' 2 "unknown option '--dur'" record --dur 3
t 'record -o into nowhere' 1 "cannot write 'no/such/dir/x.json': No such file" \
	record -o no/such/dir/x.json
mkdir folder
t 'record -o a folder' 1 "cannot write 'folder': Is a directory" record -o folder
for c in record bench; do
	t "$c -o -" 2 "option '--output': '-' is standard output, where the report goes" "$c" -o -
	t "$c -o -, hint" 2 "^hint: -o FILE, and 'migtrace report -f json FILE' writes it there" "$c" -o -
done
[ ! -e ./- ]
verdict $? 'and there is no file of that name'
t 'record --site without a name' 2 "option '--site': no name in its list" record --site ,
t 'record of an unknown site' 2 "option '--site': unknown site 'x'" record --site x
t 'and one behind all' 2 "option '--site': unknown site 'foo'" record --site all,foo -d 1
t 'and one ahead of it, light' 2 "unknown site 'foo'" record --light --site foo,all -d 1
t 'the sites that there are' 2 '^hint: known are all migrate_norefs .* isolation$' record --site migrate_norefs,All
t 'record of a device out of range' 2 "unknown device '4096:1': No such file" record --device 4096:1
t 'record of what has no device' 2 "unknown device '0:0': No such device" record --device 0:0
t 'export of what has none' 2 "unknown device '0:0': No such device" export --textfile x.prom --device 0:0
t 'record of a file system without a device' 2 "unknown device '/proc': what it is on has no block device" \
	record --device /proc
t 'and of a device that is no block device' 2 "unknown device 'null': what it is on has no block device" record --device null
t 'record of a negative device' 2 "unknown device '8:-1': No such file" record --device 8:-1
t 'record, 17 variants' 2 "option '--probe': more than 16" record \
	--probe "$(printf 'find_get_block=lock,%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)"
t 'record --light, a probe that it leaves out' 2 "'lookup_exit=plain' is not part of what is recorded" \
	record --light --probe norefs_entry=folio,lookup_exit=plain
t 'record --light, why the kernel migrated' 2 "option '--why': not with '--light'" record --light --why
t 'and references' 2 "option '--refs': not with '--light'" record --refs -d 1 --pinned --light
t 'both' 2 "^hint: leave out '--light'" record --refs --light --why
t 'record --site, a probe that it leaves out' 2 "'isolation=page' is not part of what is recorded" \
	record --site migrate_norefs --probe isolation=page
t 'doctor, an unknown probe' 2 "option '--probe': 'x=y' names no probe" doctor --probe x=y
t 'record --site, why it is left out' 2 "^hint: '--site' leaves it out$" record --site migrate_norefs --probe isolation=page
t 'record --light, why' 2 "^hint: '--light' leaves it out$" record --light --probe lookup_exit=plain
t 'record --device, why' 2 "^hint: '--device' leaves it out$" record --device 8:0 --probe isolation=page
t 'record, what was not asked for' 2 "^hint: '--refs' asks for it$" record --site all --probe refs_move=folio
t 'record, drains that were not' 2 "^hint: '--drains' asks for it$" record --light --probe drain_all=function
t 'record, locks that were not' 2 "^hint: '--buffer-locks' asks for it$" record --probe buffer_locks=site
t 'record, an unknown variant' 2 "'find_get_block=x' names no variant of find_get_block" record --probe find_get_block=x
t 'and those that there are, each once' 2 '^hint: known are site lock$' record --probe find_get_block=x -d 1
for c in record doctor; do
	"$migtrace" help --words $c >out
	[ -z "$(awk '{ for (i = 2; i <= NF; i++) if (said[$1, $i]++) print }' out)" ] 2>err
	judge "help --words $c: no word twice" $? 0 ''
done
t 'an unknown one among known ones' 2 "'floor=' names no variant" doctor --probe norefs_entry=folio,floor=
t 'doctor, no variant' 2 "option '--probe': 'floor' is not PROBE=VARIANT" doctor --probe floor
t 'doctor, an empty list' 2 "option '--probe': no PROBE=VARIANT in its list" doctor --probe ,
for c in record watch doctor "export --textfile x.prom"; do
	# shellcheck disable=SC2086 # words
	t "${c%% *}: types from nowhere" 1 "can't read no/such.btf: No such file" $c --btf no/such.btf
	# shellcheck disable=SC2086 # words
	t "${c%% *}: types from something else" 1 'small.json: is no BTF, nor an ELF file that has any' \
		$c --btf small.json
done
btf() { # NAME MEMBER: what a compiler makes of a struct pt_regs with it
	echo "struct pt_regs { long $2; } regs;" | ${CLANG:-clang} -target bpf -g -x c -c - -o "$1"
}
btf other.btf r0
t 'types of another architecture' 3 'other.btf: is not the BTF of a kernel for' doctor --btf other.btf
btf part.btf 'orig_ax, pstate'
t 'a part of the types' 1 'part.btf: has no functions' doctor --btf part.btf
echo "struct pt_regs { long orig_ax, pstate; } regs; void none(void) { regs.pstate = 1; }" |
	${CLANG:-clang} -target bpf -g -x c -c - -o kernel.btf
t 'types of another kernel' 3 "kernel.btf: is another kernel's BTF: 1 of its 1 functions are not in" \
	doctor --btf kernel.btf
t 'doctor --btf of no file' 2 "option '--btf': the value FILE is empty" doctor --btf ''
t 'types of a kind that came later' 1 'newkind.btf: has types of kind 20, which came after this libbpf' \
	doctor --btf "$top/tests/data/names/newkind.btf"
for s in "$top"/tests/data/kernels/*.facts "$top"/tests/data/names/*.facts; do
	t "doctor asks ${s##*/}" 0 '' doctor --from "$s"
	most_per_cpu "${s##*/}" full 256
	most_per_cpu "${s##*/}" light 64
	t "doctor asks ${s##*/}, json" 0 '' doctor --json --from "$s"
done
sheet=$top/tests/data/names
"$migtrace" doctor --from - <"$sheet/ubuntu-6.8.facts" >out 2>err
judge 'doctor asks standard input' $? 0 ''
has 'and says so' 'by standard input'
t 'no sheet there' 1 'standard input: is no fact sheet' doctor --from -
t 'a function in parts' 0 '' doctor --from "$sheet/ubuntu-5.15.facts"
has 'a function in parts: its ways are probed' '^  norefs_entry    page_ways '
t 'a lock in an inner function' 0 '' doctor --from "$sheet/ubuntu-6.8.facts"
has 'the way to it is told' ' in __find_get_block > __find_get_block_slow$'
t 'a sheet that was not asked' 0 '' doctor --from "$sheet/ubuntu-5.15-old.facts"
has 'and says so' '^  find_get_block  - .* did not look into what it calls'
has 'that it is older is said at once' '^ *(the sheet is of an older migtrace: '
t 'doctor --from and --facts' 0 '' doctor --facts --from "$top/tests/data/kernels/6.1.facts"
cmp out "$top/tests/data/kernels/6.1.facts" 2>err
judge 'a sheet is printed as it was' $? 0 ''
t 'a sheet, a variant that is not possible there' 3 '' \
	doctor --from "$top/tests/data/kernels/6.1.facts" --probe lookup_exit=common
has 'its first line says so' "^can record there: no, because probe 'lookup_exit': find_get_block_common: no such function here\$"
t 'doctor --from, a variant that there is not' 2 'known are site lock bracket' doctor --probe migrate_norefs=bar \
	--from "$top/tests/data/kernels/6.1.facts"
t 'doctor --from' 0 '' doctor --from "$top/tests/data/kernels/6.1.facts"
has 'nothing is tried' '^can record there: not tried: '
t 'doctor --from of no sheet' 1 'small.json: is no fact sheet' doctor --from small.json
printf 'migtrace-facts 1\nrelease 6.1\033[2J\narch x86_64\n' >escape.facts
t 'doctor --from of a sheet that drives the terminal' 1 'escape.facts: a damaged fact sheet' doctor --from escape.facts
head -c 2000 "$sheet/ubuntu-6.8.facts" >cut.facts
t 'doctor --from of a part' 1 'cut.facts: a damaged fact sheet, or a part of one' doctor --from cut.facts
cat "$sheet/ubuntu-6.8.facts" "$sheet/ubuntu-5.15.facts" >two.facts
t 'doctor --from of two in one' 1 'two.facts: a damaged fact sheet' doctor --from two.facts
echo 'migtrace-facts 1' >head.facts
t 'doctor --from of the first line' 1 'head.facts: a damaged fact sheet, or a part of one' doctor --from head.facts
sed 's/^migtrace-facts 1/migtrace-facts 2/' "$sheet/ubuntu-6.8.facts" >later.facts
t 'doctor --from of a later version' 1 'later.facts: a fact sheet of a later version: use a newer' \
	doctor --from later.facts
sed 's/$/\r/' "$sheet/ubuntu-6.8.facts" >mailed.facts
t 'doctor --from of one that came by mail' 0 '' doctor --from mailed.facts
rm -f ./*.facts
t 'doctor --from of a folder' 1 "can't read .: Is a directory" doctor --from .
t 'doctor --btf of a folder' 1 "can't read .: Is a directory" doctor --btf .
t 'doctor --from of no file' 1 "can't read none: No such file" doctor --from none
t 'doctor --sites of a sheet' 2 "option '--sites': a fact sheet has not the kernel's text" \
	doctor --from none --sites
t 'doctor --from with types' 2 "option '--btf': a fact sheet has been read already" \
	doctor --from none --btf x
t 'doctor with an operand' 2 "unexpected operand 'x': doctor takes none" doctor x

# report: operands and options
t 'report without a file' 2 'no run file given, and there is no migtrace.json here' report
t 'report of nothing there' 1 '^migtrace: report: gone.json: No such file' report gone.json
t 'report of no name' 1 "^migtrace: report: '': No such file" report ''
t 'compare of no name' 1 "^migtrace: compare: '': No such file" compare small.json ''
t 'a name of two lines' 1 '^migtrace: report: a?migtrace: b: No such file' report 'a
migtrace: b'
gzip -c small.json >small.json.gz
t 'report of a compressed one' 1 "small.json.gz: compressed by gzip: 'zcat FILE | migtrace report -' reads it" \
	report small.json.gz
zcat small.json.gz | "$migtrace" report - >out 2>err
judge 'which it does' $? 0 ''
t 'report of a folder' 1 'folder: is a directory' report folder
t 'report --format xml' 2 "'xml' is not available" report --format xml small.json
t 'report --format xml, hint' 2 '^hint: known are text json csv html prometheus$' report --format xml small.json
t 'report --format prometheus' 0 '' report --format prometheus small.json
has 'report --format prometheus' '^migtrace_kernel_info{release="6.1.0"'
for l in 5us 5us: :20 5:20 5s:20 0us:20 5us:0 5us:20x -5us:20 5us:99999 9999999us:3 5us:-1 us:20; do
	t "report --linear $l" 2 "'$l' is not WIDTH:COUNT" report "--linear=$l" small.json
done
t 'report' 0 '' report small.json
has 'report has a title' '^migtrace: private_lock'
sed 's/"arch":"x86_64"/"arch":"aarch64"/' small.json >arm.json
t 'report of another architecture' 0 '' report arm.json
has 'report says which' '6.1.0 aarch64'
rm arm.json
t 'report, options after the file' 0 '' report small.json --format csv
has 'report as CSV' '^scope,device,site,kind'
t 'report --linear' 0 '' report full.json --linear 5us:20
has 'report --linear has an open end' '100us   or more'
cp small.json migtrace.json
t 'report of the default file' 0 '' report
rm migtrace.json
t 'report of --' 0 '' report -- small.json

# report: several runs
t 'the same recording twice' 1 "'small.json' and './small.json' are the same recording" \
	report small.json ./small.json
sed 's/T11:20:56Z/T13:20:56Z/' full.json >later.json
t 'unlike kernels' 1 "'later.json' can't be added to 'small.json': kernel.release differs" \
	report small.json later.json
sed 's/T11:20:56Z/T12:20:56Z/' small.json >other.json
t 'two runs merged' 0 '' report small.json other.json
has 'two runs merged, said' '(2 runs'
t 'merged run is a run file' 0 '' report --format json -o merged.json small.json other.json
t 'merged run can be read' 0 '' report merged.json
sed 's/"clock":"lock"/"clock":"site"/' other.json >clock.json
t 'unlike clocks' 1 'sites.migrate_norefs.clock differs' report small.json clock.json

# report: damaged files
head -c 3000 small.json >cut.json
t 'truncated' 1 'cut.json: truncated: the file ends in line' report cut.json
: >empty.json
t 'empty' 1 'empty.json: empty file' report empty.json
head -c 100000 /dev/urandom >noise.json
t 'noise' 1 'noise.json: ' report noise.json
sed 's/"version":1,/"version":7,/' small.json >newer.json
t 'higher version' 1 'run file version 7; this migtrace reads up to 1' report newer.json
printf '{"format":"perf","version":1}' >alien.json
t 'other format' 1 'alien.json: not a migtrace run file' report alien.json
sed 's/"hold":{"count":1,/"hold":{"count":3,/' small.json >sum.json
t 'bucket sums' 1 'sum.json: sites.migrate_norefs.hold.buckets: add up to 1' report sum.json
truncate -s 1025M huge.json
t 'larger than 1 GiB, unread' 1 'huge.json: larger than 1 GiB' report huge.json
rm huge.json

# one GiB of nesting, through a pipe: it must be refused after the first few kilobytes
mkfifo pipe
for c in '[' '{"a":'; do
	yes "$c" | tr -d '\n' | head -c 1G >pipe 2>/dev/null &
	writer=$!
	started=$(date +%s)
	timeout 60 "$migtrace" report pipe >out 2>err
	judge "1 GiB of $c" $? 1 'pipe: nested too deeply'
	[ $(($(date +%s) - started)) -le 20 ]
	verdict $? "1 GiB of $c, within 20 s"
	wait "$writer"
done
cat small.json >pipe &
t 'a run through a pipe' 0 '' report pipe
wait

# results that can't be written
"$migtrace" report small.json >/dev/full 2>err
judge 'stdout full' $? 1 'standard output: No space left on device'
"$migtrace" --help >/dev/full 2>err
judge 'help to a full disk' $? 1 'standard output: No space left on device'
"$migtrace" report small.json >&- 2>err
judge 'stdout closed' $? 1 'standard output: Bad file descriptor'
{ "$migtrace" report full.json full.json 2>err; "$migtrace" report full.json 2>err; echo $? >code; } | :
judge 'pipe closed: ended by it, without a word' "$(cat code)" 141 ''
t '-o /dev/full' 1 "cannot write '/dev/full': No space left on device" report -o /dev/full small.json
t '-o nowhere' 1 "cannot write 'no/x': No such file" report -o no/x small.json
t '-o a folder' 1 "cannot write 'folder': Is a directory" report -o folder small.json
t '-o a file' 0 '' report -o text small.json
[ -s text ] && [ ! -s out ]
verdict $? '-o a file: written, nothing on stdout'
t '-o named for another format' 0 "'x.html' is written as text, not as html" report -o x.html small.json
ln -s /proc/self/fd/2 stderr
xz -c small.json >x.xz
t '-o a link to an open file' 1 "cannot write 'stderr': it leads to a file that is open already" report -o stderr small.json
[ -L stderr ]
verdict $? '-o a link to an open file: the link is left'
cp small.json run.json
t '-o a run file' 0 "'run.json' is written as text" report -o run.json full.json
cmp -s run.json.old small.json
verdict $? '-o a run file: kept as .old'
: >-x.json
t 'a file that looks like an option' 2 "hint: the file of that name is './-x.json'" report -x.json
(printf '\357\273\277'; cat small.json) >bom.json
t 'a byte order mark' 1 "bom.json: it begins with a byte order mark: 'tail -c +4 FILE" report bom.json
t 'xz' 1 "compressed by xz: 'xzcat FILE" report x.xz
t '-o named for its format' 0 '' report -f html -o x.html small.json
cp text before
t '-o kept on failure' 1 'cut.json: truncated' report -o text cut.json
cmp -s text before
verdict $? '-o kept on failure: untouched'
[ -z "$(find . -name '*.tmp.*')" ]
verdict $? 'no temporary file left'
"$migtrace" report -o /dev/stdout small.json >redirected 2>err
judge '-o /dev/stdout' $? 0 ''
[ -s redirected ]
verdict $? '-o /dev/stdout is the redirection'

# no colour unless on a terminal, and never with NO_COLOR
t 'no colour into a file' 0 '' report full.json
! grep -q "$(printf '\033')" out
verdict $? 'no escape sequence in a file'
if command -v script >/dev/null 2>&1; then
	ASAN_OPTIONS=detect_leaks=0 TERM=xterm script -qec "\"$migtrace\" report full.json" tty >/dev/null 2>&1 </dev/null
	grep -q "$(printf '\033')" tty
	verdict $? 'colour on a terminal'
	ASAN_OPTIONS=detect_leaks=0 NO_COLOR=1 TERM=xterm script -qec "\"$migtrace\" report full.json" tty >/dev/null 2>&1 </dev/null
	! grep -q "$(printf '\033')" tty
	verdict $? 'no colour with NO_COLOR'
fi

# capabilities of the program's file (here: to read every file) are not for reports; root can try
if [ "$(id -u)" = 0 ]; then
	chmod 711 .
	cp "$migtrace" lent
	cp small.json secret.json
	chmod 600 secret.json
	python3 - "$PWD" >out 2>err <<'END'
import os, struct, subprocess, sys
os.setxattr("lent", "security.capability", struct.pack("<5I", 0x02000001, 1 << 2, 0, 0, 0))
env = {"ASAN_OPTIONS": "detect_leaks=0"}
sys.exit(subprocess.run([f"{sys.argv[1]}/lent", "report", "secret.json"], user=65534, group=65534,
                        extra_groups=[], env=env).returncode)
END
	judge 'lent capabilities' $? 1 'secret.json: Permission denied'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
