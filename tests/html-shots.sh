#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# tests/html-shots.sh PAGE PREFIX: PREFIX-light.png, -dark.png and -narrow.png of an HTML page.
# Fails when chromium complains about the page, a picture is blank, light equals dark, the page is
# wider than a narrow window, a column there can't be reached, or its print leaves out what is folded
# on the screen. Needs chromium, and python3 for the pictures.
set -u
[ $# -eq 2 ] || {
	echo "usage: $0 PAGE PREFIX" >&2
	exit 2
}
page=$(realpath "$1") || exit 2
prefix=$2
browser=${CHROMIUM:-chromium}
height=${HEIGHT:-3000}
command -v "$browser" >/dev/null || {
	echo "$0: '$browser' is missing; on Debian: apt-get install --no-install-recommends chromium" >&2
	exit 2
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

fail() {
	echo "FAIL $*" >&2
	failed=1
}

# chromium ARGS...: a profile of its own each time; what the page's console says goes to stderr
chromium() {
	rm -rf "$tmp/profile"
	timeout 300 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--disable-dev-shm-usage --user-data-dir="$tmp/profile" --hide-scrollbars \
		--enable-logging=stderr "$@" 2>"$tmp/log"
}

shoot() { # NAME WIDTH ARGS...
	local name=$1 width=$2 shot=$prefix-$1.png
	shift 2
	rm -f "$shot"
	chromium --window-size="$width,$height" "$@" --screenshot="$shot" "file://$page" >/dev/null
	grep -e 'CONSOLE' "$tmp/log" >"$tmp/console" && fail "$name: $(head -n 3 "$tmp/console")"
	[ -s "$shot" ] || {
		fail "$name: no picture; $(tail -n 1 "$tmp/log")"
		return
	}
	# blank: all pixels alike, which compresses to nothing
	python3 - "$shot" <<'END' || fail "$name: the picture is blank"
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
at, pixels = 8, b""
while at < len(data):
    size, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IDAT":
        pixels += data[at + 8:at + 8 + size]
    at += size + 12
sys.exit(len(set(zlib.decompress(pixels))) < 32)
END
}

shoot light 1100 --blink-settings=preferredColorScheme=1
shoot dark 1100 --blink-settings=preferredColorScheme=0
# headless windows are 500 px wide at least: a frame is as narrow as we like
cat >"$tmp/frame.html" <<END
<!DOCTYPE html><body style="margin:0"><iframe src="file://$page" width="400" height="$height"
style="border:0;display:block"></iframe></body>
END
cmp -s "$prefix-light.png" "$prefix-dark.png" && fail "light and dark are the same"

# The same page with some script, which its own policy would forbid, to ask for its width, and for
# what lies beyond the edge, unfolded, where nothing scrolls or nothing says so.
ask='const past = e => e.getBoundingClientRect().right > innerWidth + 1;
const scrolls = e => { const b = e.closest(".scroll, .wide");
	return b \&\& /auto|scroll/.test(getComputedStyle(b).overflowX) \&\&
		getComputedStyle(b).backgroundImage.includes("gradient"); };
document.querySelectorAll("details").forEach(d => d.open = true);
document.title = "width " + document.documentElement.scrollWidth + " of " + innerWidth + " lost " +
	[...document.querySelectorAll("p, pre, li, th, td, svg")].filter(e => past(e) \&\& !scrolls(e)).length;'
sed -e '/Content-Security-Policy/d' -e '/content="default-src/d' \
	-e "s~</body>~<script>$(tr '\n' ' ' <<<"$ask")</script></body>~" \
	"$page" >"$tmp/asking.html"
cat >"$tmp/ask.html" <<END
<!DOCTYPE html><body><iframe src="asking.html" width="400" height="3000" onload="
document.title = this.contentDocument.title"></iframe></body>
END
chromium --allow-file-access-from-files --dump-dom "file://$tmp/ask.html" >"$tmp/dom"
width=$(sed -n 's/.*<title>width \([0-9]*\) of \([0-9]*\) lost .*/\1 \2/p' "$tmp/dom" | head -n 1)
lost=$(sed -n 's/.*<title>width .* lost \([0-9]*\)<.*/\1/p' "$tmp/dom" | head -n 1)
[ "$lost" = 0 ] || fail "narrow: ${lost:-unknown} cells lie beyond the edge, and nothing leads there"
case $width in
'') fail "narrow: the page's width is not known" ;;
*) [ "${width% *}" -le "${width#* }" ] || fail "narrow: the page is ${width% *} px wide of ${width#* }" ;;
esac
# As many sheets as when all is unfolded: more, if what is folded were left out of the print.
sheets() { # PAGE
	chromium --no-pdf-header-footer --print-to-pdf="$tmp/print.pdf" "file://$1" >/dev/null
	grep -a -c '/Type */Page\b' "$tmp/print.pdf"
}
sed 's/<details>/<details open="open">/g' "$page" >"$tmp/unfolded.html"
printed=$(sheets "$page") unfolded=$(sheets "$tmp/unfolded.html")
[ "$printed" -gt 0 ] && [ "$printed" = "$unfolded" ] ||
	fail "print: $printed sheets, and $unfolded with all unfolded"
real=$page
page=$tmp/frame.html
shoot narrow 400
page=$real

[ "$failed" = 0 ] && echo "ok   $(basename "$page"): ${prefix}-{light,dark,narrow}.png, narrow width $width"
exit "$failed"
