#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# HTML pages as a reader's parser sees them: well-formed, nothing fetched, nothing run, every chart with
# its words. Pages come from run files (MIGTRACE: the binary) and from the unit tests (UNIT: their folder).
set -u
cd "$(dirname "$0")/.." || exit 1
migtrace=${MIGTRACE:-build/migtrace}
unit=${UNIT:-build/unit}
. tests/tally.sh

for run in full migrate small; do
	"$migtrace" report --format html "tests/data/$run.json" -o "$tmp/report-$run.html"
	verdict $? "report of $run.json"
done
for t in test_html test_html_compare; do
	"$unit/$t" "$tmp" || verdict 1 "pages of $t"
done

cat >"$tmp/check.py" <<'END'
import sys, xml.dom.minidom

NEVER = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"}
faults = []

def fault(node, text):
    faults.append("<%s>: %s" % (node.tagName, text))

def words(node):
    if node.nodeType == node.TEXT_NODE:
        return node.data
    return "".join(words(n) for n in node.childNodes)

def attributes(node):
    for name, value in node.attributes.items():
        if name.startswith("on") or name in ("src", "action", "srcset", "xlink:href") or \
                name == "href" and (value[:1] != "#" or value[1:] not in ids) or name == "id" and node.tagName != "h2":
            fault(node, "attribute " + name)
        if node.tagName != "meta" and ("url" in value or "nan" in value.split()):
            fault(node, "%s=%s" % (name, value))

def chart(node):
    kinds = [n.tagName for n in node.childNodes if n.nodeType == n.ELEMENT_NODE]
    if node.getAttribute("role") != "img" or kinds[:2] != ["title", "desc"]:
        fault(node, "no role, title or desc")
    elif not any(c.isdigit() for c in words(node.getElementsByTagName("desc")[0])):
        fault(node, "no figure in its words")
    _, _, width, height = map(float, node.getAttribute("viewBox").split())
    for n in node.getElementsByTagName("*"):
        for name, most in ("x", width), ("x1", width), ("x2", width), ("cx", width), \
                ("y", height), ("y1", height), ("y2", height), ("cy", height):
            if n.hasAttribute(name) and not -1 <= float(n.getAttribute(name)) <= most + 1:
                fault(n, "%s=%s is outside" % (name, n.getAttribute(name)))

def table(node):
    rows = node.getElementsByTagName("tr")
    n = {sum(int(c.getAttribute("colspan") or 1) for c in r.childNodes
             if c.nodeType == c.ELEMENT_NODE) for r in rows
         if r.parentNode.parentNode is node}
    if len(n) > 1:
        fault(node, "rows of %s cells" % sorted(n))

def walk(node):
    if node.nodeType != node.ELEMENT_NODE:
        return
    if node.tagName in NEVER:
        fault(node, "has no place here")
    if not node.hasChildNodes() and node.tagName in ("svg", "desc", "caption", "summary"):
        fault(node, "is empty")
    attributes(node)
    if node.tagName == "svg":
        chart(node)
    if node.tagName == "table":
        table(node)
    for n in node.childNodes:
        walk(n)

page = xml.dom.minidom.parse(sys.argv[1])
ids = {n.getAttribute("id") for n in page.getElementsByTagName("h2")} - {""}
walk(page.documentElement)
if not words(page.getElementsByTagName("title")[0]).strip():
    faults.append("no title")
for w in words(page.getElementsByTagName("main")[0]).split():
    if w.strip("(),.;:%").lower() in ("nan", "-nan", "inf", "-inf", "(null)", "null"):
        faults.append("'%s' in the text" % w)
print("\n".join(faults[:20]))
sys.exit(bool(faults))
END

for page in "$tmp"/*.html; do
	python3 "$tmp/check.py" "$page" >"$tmp/found" 2>&1
	verdict $? "$(basename "$page") is sound"
	sed '/^$/d; s/^/     | /' "$tmp/found"
	! LC_ALL=C grep -n -i -e 'http:' -e 'https:' -e '<script' -e ' src=["'"'"']' -e 'url(' \
		-e '@import' -e '[^ -~	]' "$page" >"$tmp/found"
	verdict $? "$(basename "$page") fetches and runs nothing"
	sed 's/^/     | /' "$tmp/found"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
