#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The manual against the program: options of every command, exit codes, sites, losses, columns, keys.
# MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
migtrace=${MIGTRACE:-build/migtrace}
manual=man/migtrace.8
keys=man/migtrace-run.5
. tests/tally.sh

same() { # NAME FILE FILE
	diff "$2" "$3" >"$tmp/diff"
	verdict $? "$1"
	sed 's/^/     | /' "$tmp/diff"
}

section() { # FILE MACRO NAME: the lines from that heading to the next one as high
	awk -v macro="$2" -v name="$3" '
		$1 == ".Sh" || $1 == macro { on = $1 == macro && substr($0, length(macro) + 2) == name; next }
		on' "$1"
}

# "-d,--durationSEC" from both sides: without brackets, dots and blanks, which differ by nature
plain() {
	tr -d '[]. ' | sort
}

man_options() {
	section "$manual" .Ss "$1" | sed -n 's/^\.It Fl //p' |
		sed 's/ Ns O[oc]//g; s/ Oc$//; s/ Ns //g; s/ , Fl -/, --/; s/^-/--/; s/^\([a-z]\),/-\1,/
		     s/Ar //g; s/Oo,/,/' | plain
}

help_options() {
	"$migtrace" "$1" --help | awk '
		/^Options:/ { on = 1; next }
		/^$/ { on = 0 }
		on && /^ +-/ { sub(/^ +/, ""); split($0, part, /  +/); print part[1] }' |
		grep -v -e '--help' | plain
}

commands=$("$migtrace" help | sed -n 's/^  \([a-z]*\) .*/\1/p')
for c in $commands; do
	man_options "$c" >"$tmp/man"
	help_options "$c" >"$tmp/help"
	same "options of $c" "$tmp/help" "$tmp/man"
	section "$manual" .Sh SYNOPSIS | grep -q "^\.Cm $c\$"
	verdict $? "$c is in the synopsis"
done
echo "$commands" | sort >"$tmp/help"
awk '$1 == ".Sh" { on = $2 == "COMMANDS" } on && $1 == ".Ss" { print $2 }' "$manual" | sort >"$tmp/man"
same 'commands' "$tmp/help" "$tmp/man"

# what the light tier has nothing of
section "$manual" .Ss record | awk '$1 == ".It" { o = $3 } was == "Not with" && /^\.Fl -light/ { print o } { was = $0 }' >"$tmp/man"
"$migtrace" help record | awk '
	$1 ~ /^-/ { o = substr($1, 2) } { sub(/^ +/, ""); text[o] = text[o] " " $0 }
	END { for (o in text) if (text[o] ~ /of the full tier only/) print o }' | sort -r >"$tmp/help"
same "options that are not with --light: $(tr '\n' ' ' <"$tmp/man")" "$tmp/help" "$tmp/man"

# exit codes: the enum and the table
sed -n 's/^\tEXIT_[A-Z]* = \([0-9]\).*/\1/p' src/base/log.h >"$tmp/code"
section "$manual" .Sh 'EXIT STATUS' | sed -n 's/^\.It //p' >"$tmp/man"
same 'exit codes' "$tmp/code" "$tmp/man"

# names: tables of src/model/names.c
sed -n 's/^\t\(OWN\|PLAIN\)([A-Z_]*, \([a-z_]*\),.*/\2/p' bpf/sites.h | sort >"$tmp/code"
section "$manual" .Sh 'LOCK SITES' | sed -n 's/^\.It Cm //p' | sort >"$tmp/man"
same 'sites' "$tmp/code" "$tmp/man"
sed -n 's/^\t\[LOSS_[A-Z_]*\] = { "\([a-z_]*\)", true[ ,].*/\1 taints/p
	s/^\t\[LOSS_[A-Z_]*\] = { "\([a-z_]*\)", false[ ,].*/\1/p' src/model/names.c | sort >"$tmp/code"
section "$manual" .Ss Heading | awk '
	/^\.It Cm/ { name = $3; taints[name] = "" }
	/^\.Pq taints/ { taints[name] = " taints" }
	END { for (name in taints) print name taints[name] }' | sort >"$tmp/man"
same 'losses and what taints' "$tmp/code" "$tmp/man"

for what in REASON STAGE; do
	sed -n "s/^\t\[${what}_[A-Z_]*\] = \({ \)\{0,1\}\"\([a-z_]*\)\".*/\2/p" src/model/names.c
done | sort >"$tmp/code"
section "$manual" .Ss Reasons | sed -n 's/^\.It Cm //p' >"$tmp/man"
section "$manual" .Ss Reasons | sed -n 's/^\.Cm \(early\|switch\)\( ,\)\{0,1\}$/\1/p' >>"$tmp/man"
sort -o "$tmp/man" "$tmp/man"
echo aio >>"$tmp/man" # a stage, and a path named above
sort -o "$tmp/man" "$tmp/man"
same 'reasons and stages' "$tmp/code" "$tmp/man"
sed -n 's/^\t{ COUNTER_[A-Z_]*, "\([a-z_]*\)", .*/\1/p' src/record/counters.c | sort >"$tmp/code"
section "$manual" .Ss Counters | sed -n 's/^\.It Cm //p' | tr -d ' ' | tr , '\n' | sort >"$tmp/man"
same 'counters' "$tmp/code" "$tmp/man"
sed -n 's/^\t\[ISO_.*\] = "\([a-z_]*\)".*/\1/p' src/model/names.c | sort >"$tmp/code"
section "$manual" .Ss Isolation | sed -n 's/^\.It Cm //p' | tr -d ' ' | tr , '\n' | sort >"$tmp/man"
same 'isolations' "$tmp/code" "$tmp/man"

# columns of the CSV
"$migtrace" report --format csv tests/data/small.json | head -n 1 | tr -d '\r' | tr ',' '\n' >"$tmp/code"
section "$manual" .Sh CSV | sed -n 's/^\.It Cm //p' >"$tmp/man"
same 'columns of the CSV' "$tmp/code" "$tmp/man"

# metrics: the table of src/report/metrics.c
sed -n 's/^\t{ "\([a-z_]*\)", "\(histogram\|counter\|gauge\)",.*/\1/p' src/report/metrics.c | sort >"$tmp/code"
section "$manual" .Sh METRICS | sed -n 's/^\.It Li //p' | sed 's/ Ns {.*//' | tr -d ' ' | tr , '\n' | sort >"$tmp/man"
same 'metrics' "$tmp/code" "$tmp/man"

# every key of the run file, by the schema, which the tests keep equal to what is written
python3 - >"$tmp/code" <<'END'
import json
def walk(s):
    if isinstance(s, dict):
        for k in s.get("properties", {}) if isinstance(s.get("properties"), dict) else {}:
            yield k
        for v in s.values():
            yield from walk(v)
    elif isinstance(s, list):
        for v in s:
            yield from walk(v)
for k in sorted(set(walk(json.load(open("tests/schema/run.schema.json"))))):
    print(k)
END
while read -r key; do
	grep -q -e "^\.\(It \)\{0,1\}Cm \(.* , \)\{0,1\}$key\( .*\)\{0,1\}\$" "$keys" || echo "$key"
done <"$tmp/code" >"$tmp/missing"
: >"$tmp/none"
same 'keys of the run file' "$tmp/none" "$tmp/missing"

# every key of the lines of watch --json: those of the summary and types in their section, others in the list
"${UNIT:-build/unit}/members" lines >"$tmp/lines" && python3 - "$tmp/lines" "$keys" >"$tmp/missing" 2>&1 <<'END'
import json, re, sys
page = open(sys.argv[2]).read()
part = page[page.index(".Sh LINES OF WATCH"):page.index(".Sh FILES")]
words = lambda text: set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"^\.(?:It )?Cm (.*)$", text, re.M))))
seen = set()
for line in open(sys.argv[1]):
    o = json.loads(line)
    seen.add(o["type"])
    print(*sorted(set(o) - words(part if o["type"] == "summary" else page)), end="")
print(*sorted({"late_reference", "stall", "stall_end", "summary"} ^ seen))
END
tr -d '\n' <"$tmp/missing" | cmp -s - "$tmp/none"
verdict $? "keys of the lines of watch$(cat "$tmp/missing")"

for page in man/*.[0-9]; do
	grep -q ":$page:" contrib/install.mk
	verdict $? "$page is installed"
	LC_ALL=C grep -n '[^ -~	]' "$page" >"$tmp/found"
	same "$page is ASCII" "$tmp/none" "$tmp/found"
	if command -v mandoc >/dev/null 2>&1; then
		mandoc -T lint -W warning "$page" >"$tmp/found" 2>&1
		verdict $? "$page has no lint"
		sed 's/^/     | /' "$tmp/found"
	else
		verdict 1 "mandoc is missing; on Debian: apt-get install mandoc"
	fi
done

# Links of the documents: files that are there, headings that are there.
rm -f "$tmp/err"
for page in README.md src/README.md bpf/README.md tests/README.md tests/RESULTS.md contrib/CHANGELOG.md; do
	python3 tests/links.py "$page" >"$tmp/found" 2>&1
	verdict $? "links of $page"
	sed 's/^/     | /' "$tmp/found"
done
printf '[a](none.md) [b](#none) [c](docs.sh) `src/none.c` migtrace-none(7) `bpf/event.h` `none()`\n## c\n' >"$tmp/bad.md"
[ "$(python3 tests/links.py "$tmp/bad.md" | wc -l)" -eq 6 ]
verdict $? "links that lead nowhere are found"
lines=$(wc -l <README.md)
[ "$lines" -le 200 ]
verdict $? "README.md has $lines lines, at most 200"
bytes=$(wc -c <contrib/report.png)
[ "$bytes" -le 150000 ]
verdict $? "contrib/report.png has $bytes bytes, at most 150000"

# what the programs count and nothing reads is in no run
sed -n '/^enum counter_id/,/^};/p' bpf/event.h | grep -o '\<COUNTER_[A-Z_]*' | sort -u >"$tmp/help"
grep -rhow -f "$tmp/help" src | sort -u >"$tmp/man"
same 'counters of the programs that the command reads' "$tmp/help" "$tmp/man"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
