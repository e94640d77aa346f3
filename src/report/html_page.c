// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The frame of an HTML page: its policy, its stylesheet, its foot.
 * Stage 5 (renderers).
 *
 * Colours are Okabe's and Ito's blue and vermilion, which stay apart for the colour-blind; charts
 * tell the two series apart by dash and shape as well. In the dark both are lighter.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "report/html.h"

static const char colours[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c2126;--dim:#59636e;--line:#d5dbe1;"
	"--soft:#f4f6f8;--a:#0068b0;--b:#c24e00;--bad:#b3261e;--good:#0a6a45;--warn:#8a5a00;--edge:#0004}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e4e8ec;--dim:#9ba6b1;"
	"--line:#38414a;--soft:#1d2329;--a:#5cb3f5;--b:#f5a14b;--bad:#ff8a80;--good:#6fd6a5;"
	"--warn:#f0c060;--edge:#fff5}}\n";

static const char text_style[] =
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--bg);color:var(--fg);"
	"font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
	"overflow-wrap:anywhere}\n"
	"main{max-width:68rem;margin:0 auto;padding:1.5rem 1rem 3rem}\n"
	"h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}\n"
	"h2{font-size:1.2rem;margin:2.5rem 0 .5rem;padding-top:.75rem;"
	"border-top:1px solid var(--line)}\n"
	"h3{font-size:1rem;margin:1.75rem 0 .25rem}\n"
	"p{margin:.5rem 0;max-width:50rem}\n"
	"ul{margin:.5rem 0;padding-left:1.25rem;max-width:50rem}\n"
	"code,pre,.mono{font-family:ui-monospace,'DejaVu Sans Mono',Consolas,monospace;"
	"font-size:.875em}\n"
	"pre{margin:.25rem 0 .75rem;padding:.5rem .75rem;background:var(--soft);"
	"white-space:pre-wrap;line-height:1.4}\n"
	".sub,.note{color:var(--dim)}.note{font-size:.875rem}\n"
	".answer{border-left:4px solid var(--dim);background:var(--soft);padding:.75rem 1rem;"
	"margin:1rem 0;font-size:1.0625rem;max-width:none}\n"
	".answer p{margin:.4rem 0;max-width:none}.answer ul{max-width:none}.answer .big{font-size:1.3rem;line-height:1.35;"
	"font-weight:600}\n"
	".bad{border-left-color:var(--bad)}.good{border-left-color:var(--good)}"
	".warn{border-left-color:var(--warn)}\n"
	".t-bad{color:var(--bad);font-weight:600}.t-good{color:var(--good);font-weight:600}"
	".t-warn{color:var(--warn);font-weight:600}\n";

static const char table_style[] =
	/* a shadow at the edge behind which a table goes on; what covers it there moves with the table */
	".scroll,.wide{overflow-x:auto;margin:.5rem 0;background:"
	"linear-gradient(90deg,var(--bg) 40%,transparent) 0 0/3rem 100% no-repeat local,"
	"linear-gradient(270deg,var(--bg) 40%,transparent) 100% 0/3rem 100% no-repeat local,"
	"linear-gradient(90deg,var(--edge),transparent) 0 0/1rem 100% no-repeat scroll,"
	"linear-gradient(270deg,var(--edge),transparent) 100% 0/1rem 100% no-repeat scroll}\n"
	"table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
	"caption{text-align:left;color:var(--dim);font-size:.875rem;padding:.25rem 0}\n"
	"th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left;"
	"vertical-align:top;overflow-wrap:break-word}\n"
	"th{font-weight:600}thead th{color:var(--dim);border-bottom-width:2px}\n"
	"td.n,th.n{text-align:right;white-space:nowrap}tbody th,.nw{white-space:nowrap}\n"
	"th:first-child,td:first-child{padding-left:0}\n"
	"tr.sub th{padding-left:1.25rem;font-weight:400}\n"
	"tr.sub,tr.sub th{color:inherit}\n"
	"table.facts th{color:var(--dim);font-weight:400}.facts>tbody>tr>td{min-width:9rem}\n"
	"table.items{margin-top:.25rem}table.items th,table.items td{border:0;padding:0 .6rem 0 0;"
	"color:inherit}table.items .sub{color:var(--dim)}\n"
	"tr.stack td{border-top:0}\n"
	"nav ul{columns:2 16rem;list-style:none;padding:0;margin:1rem 0}a{color:var(--a)}\n"
	"details{margin:.35rem 0}summary{cursor:pointer;color:var(--dim)}"
	"summary:hover{color:var(--fg)}\n"
	".meter{display:inline-block;height:.7em;background:var(--a);min-width:1px}\n";

static const char chart_style[] =
	".pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));"
	"gap:.5rem 2rem;margin:.5rem 0}\n"
	"figure{margin:0;min-width:0}figcaption{font-weight:600;font-size:.9rem}\n"
	"svg{display:block;width:100%;height:auto;max-width:38rem;color:var(--fg)}\n"
	".wide svg{min-width:42rem;max-width:64rem}\n"
	"svg text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
	"fill:currentColor;font-variant-numeric:tabular-nums}\n"
	"svg .d{fill:var(--dim)}svg .s{font-weight:600}\n"
	"svg .e{text-anchor:end}svg .m{text-anchor:middle}\n"
	".grid{stroke:var(--line);stroke-width:1;fill:none}"
	".faint{stroke:var(--line);stroke-width:.5;fill:none}\n"
	".axis{stroke:var(--dim);stroke-width:1;fill:none}"
	".zero{stroke:currentColor;stroke-width:1.5;stroke-dasharray:2 3;fill:none}\n"
	".floor{fill:var(--dim);opacity:.13;stroke:none}\n"
	".la,.lb{fill:none;stroke-width:1.75;stroke-linejoin:round}"
	".la{stroke:var(--a)}.lb{stroke:var(--b);stroke-dasharray:5 2.5}\n"
	".ba{fill:var(--a);fill-opacity:.3;stroke:var(--a);stroke-width:1}"
	".bb{fill:var(--b);fill-opacity:.08;stroke:var(--b);stroke-width:1.5;"
	"stroke-dasharray:4 2}\n"
	".ma{fill:var(--a);stroke:var(--bg);stroke-width:.75}"
	".mb{fill:var(--bg);stroke:var(--b);stroke-width:1.5}\n"
	".da{fill:none;stroke:var(--a);stroke-width:1.5}"
	".db{fill:var(--b);stroke:none;fill-opacity:.85}\n"
	".iv{stroke:currentColor;stroke-width:2.5;fill:none}.pt{fill:currentColor;stroke:none}\n";

static const char narrow_style[] =
	".more{display:none}\n"
	"@media(max-width:40rem){.more{display:block}tbody th{white-space:normal}th,td{padding:.25rem .4rem}"
	".answer{padding:.5rem .75rem}.answer .big{font-size:1.15rem}"
	".items tr,.items .sub{display:block}"
	"caption{position:sticky;left:0}"
	"tbody th:first-child{position:sticky;left:0;background:var(--bg)}}\n";

static const char print_style[] =
	"@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--soft:#fff;--a:#0068b0;"
	"--b:#c24e00}body{font-size:10pt}main{max-width:none;padding:0}"
	".scroll,.wide{overflow:visible;background:none}.wide svg{min-width:0;max-width:100%}"
	".pair{grid-template-columns:1fr 1fr;gap:.5rem 1rem}svg text{font-size:14px}.more{display:none}"
	"details::details-content{content-visibility:visible;block-size:auto}nav{display:none}"
	"figure,tr,.answer,pre,caption{break-inside:avoid}h2,h3,summary,caption,thead,p.sub,h2+p,h2+p+p,tr.head{break-after:avoid}"
	".answer{border:1px solid #000}}\n";

void html__head(FILE *f, const char *fmt, ...)
{
	char *title = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&title, fmt, ap) < 0)
		title = NULL;
	va_end(ap);
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
	      "<meta name=\"generator\" content=\"migtrace\"/>\n<title>",
	      f);
	html__text(f, title);
	fputs("</title>\n<style>\n", f);
	fputs(colours, f);
	fputs(text_style, f);
	fputs(table_style, f);
	fputs(chart_style, f);
	fputs(narrow_style, f);
	fputs(print_style, f);
	fputs("</style>\n</head>\n<body>\n<main>\n", f);
	free(title);
}

void html__foot(FILE *f)
{
	fputs("</main>\n</body>\n</html>\n", f);
}

/*
 * HTML: escaping, elements.
 *
 */

static void put(FILE *f, unsigned char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", f);
		break;
	case '<':
		fputs("&lt;", f);
		break;
	case '>':
		fputs("&gt;", f);
		break;
	case '"':
		fputs("&quot;", f);
		break;
	case '\'':
		fputs("&#39;", f);
		break;
	default:
		/* not even UTF-8 passes: it can turn the direction of a line around */
		if (c >= ' ' && c < 0x7f)
			fputc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

void html__text(FILE *f, const char *s)
{
	for (; s && *s; s++)
		put(f, (unsigned char)*s);
}

static void textv(FILE *f, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	html__text(f, text);
	free(text);
}

/* The functions below differ in what stands around the text. */
#define TEXT(f, fmt)                                                                               \
	do {                                                                                       \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		textv(f, fmt, ap);                                                                 \
		va_end(ap);                                                                        \
	} while (0)

void html__textf(FILE *f, const char *fmt, ...)
{
	TEXT(f, fmt);
}

static void open_tag(FILE *f, const char *tag, const char *class)
{
	if (class)
		fprintf(f, "<%s class=\"%s\">", tag, class);
	else
		fprintf(f, "<%s>", tag);
}

void html__element(FILE *f, const char *tag, const char *class, const char *fmt, ...)
{
	open_tag(f, tag, class);
	TEXT(f, fmt);
	fprintf(f, "</%s>\n", tag);
}

void html__inline(FILE *f, const char *tag, const char *class, const char *fmt, ...)
{
	open_tag(f, tag, class);
	TEXT(f, fmt);
	fprintf(f, "</%s>", tag);
}
