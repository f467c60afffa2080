"""Small pieces of HTML: escaping, tables, the frame of a page and its style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from normax.report.style import COLOURS, DARK
from normax.text import markup

__all__ = ["Raw", "document", "escape", "figure", "section", "table"]


class Raw(str):
    """Text that is HTML already and is not escaped again."""


def escape(value: Any) -> str:
    """A value as HTML text; `Raw` passes as it is, None becomes a dash."""
    if isinstance(value, Raw):
        return str(value)
    return "–" if value is None else markup(value)


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1, marked: Sequence[int] = ()
) -> Raw:
    """A table that scrolls sideways where it is too wide.

    Args:
        head: the titles of the columns.
        rows: the cells, escaped unless `Raw`.
        left: so many first columns hold words and stand on the left; the others hold numbers, on the right.
        marked: positions of rows to stress.
    """
    side = ["" if i < left else ' class="n"' for i in range(len(head))]
    top = "".join(f"<th{s}>{escape(h)}</th>" for s, h in zip(side, head))
    body = "".join(
        f"<tr{' class=marked' if i in marked else ''}>"
        + "".join(f"<td{s}>{escape(cell)}</td>" for s, cell in zip(side, row))
        + "</tr>"
        for i, row in enumerate(rows)
    )
    return Raw(f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>')


def section(title: str, *content: str | None, folded: bool = False) -> Raw:
    """A titled part of the page; empty content leaves no trace, folded content opens at a click."""
    inner = "".join(c for c in content if c)
    if not inner:
        return Raw("")
    if folded:
        inner = f"<details><summary>{escape(title)}</summary>{inner}</details>"
        return Raw(f"<section>{inner}</section>")
    return Raw(f"<section><h2>{escape(title)}</h2>{inner}</section>")


def figure(wide: str, narrow: str, alt: str, caption: str) -> Raw:
    """A picture in two cuts, one for a page and one for a phone, with what to read in it."""
    cuts = "".join(
        f'<div class="{name}" role="img" aria-label="{markup(alt)}">{svg}</div>'
        for name, svg in (("wide", wide), ("narrow", narrow))
    )
    return Raw(f"<figure>{cuts}<figcaption>{caption}</figcaption></figure>")


def document(title: str, body: str) -> str:
    """The whole page: no script, nothing from the network, light or dark as the reader's screen is."""
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{_variables()}{STYLE}</style></head>\n<body><main>{body}</main></body></html>\n"
    )


def _variables() -> str:
    def block(colours: dict[str, str]) -> str:
        return ":root{" + "".join(f"--{role}:{colour};" for role, colour in colours.items()) + "}"

    return f"{block(COLOURS)}@media screen and (prefers-color-scheme:dark){{{block(DARK)}}}"


STYLE = """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:47rem;margin:0 auto;padding:2.2rem 1.1rem 4rem}
h1{font-size:1.65rem;line-height:1.25;margin:0 0 .6rem;letter-spacing:-.01em}
h2{font-size:1.18rem;margin:0 0 .6rem}
h3{font-size:1rem;margin:1.3rem 0 .4rem}
section{margin:2.6rem 0 0}
p{margin:.5rem 0}
.headline{font-size:1.15rem;line-height:1.5;margin:0 0 .7rem}
.quiet,figcaption,summary+p,small{color:var(--muted)}
.quiet{font-size:.92rem}
a{color:var(--s1)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.2rem,1fr));gap:.7rem;margin:1.4rem 0 0}
.tile{background:var(--wash);border-radius:.5rem;padding:.7rem .9rem}
.tile b{display:block;font-size:1.45rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{display:block;font-size:.84rem;line-height:1.35;color:var(--muted)}
.caution{border-left:.25rem solid var(--s2);background:var(--wash);padding:.6rem .9rem;border-radius:0 .4rem .4rem 0;
margin:1.2rem 0 0;font-size:.94rem}
figure{margin:0}
figure svg{display:block;width:100%;height:auto;max-width:46rem}
.narrow{display:none}
figcaption{font-size:.92rem;margin-top:.5rem}
figcaption b{color:var(--ink)}
.scroll{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:60%}
th{font-weight:600;color:var(--muted);font-size:.82rem;text-align:left;vertical-align:bottom}
th,td{padding:.28rem .8rem .28rem 0;border-bottom:1px solid var(--faint)}
th.n,td.n{text-align:right}
td.n{white-space:nowrap}
th:last-child,td:last-child{padding-right:.2rem}
tr.marked td{background:var(--wash);font-weight:600}
.bar{display:inline-block;position:relative;width:8rem;height:.85rem;vertical-align:middle;
background:linear-gradient(var(--muted),var(--muted)) 50% 0/1px 100% no-repeat}
.bar i{position:absolute;top:0;bottom:0;background:var(--s1);border-radius:.1rem}
.bar i.minus{background:var(--s2)}
.matrix td{text-align:right;min-width:3.2rem;padding:.4rem .6rem;border:1px solid var(--paper);position:relative}
.matrix td:first-child,.matrix th{border:0}
.matrix .heat{background:color-mix(in srgb,var(--s1) var(--h),var(--paper))}
.matrix .miss{background:color-mix(in srgb,var(--s2) var(--h),var(--paper))}
.formula{font:1.08rem/1.6 "STIX Two Text","Cambria Math",Cambria,Georgia,serif;background:var(--wash);
padding:.8rem 1rem;border-radius:.4rem;overflow-x:auto}
.formula span{white-space:nowrap;margin-right:.4em}
code,pre{font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
td code{white-space:nowrap}
.wide-cell{display:block;min-width:14rem}
pre{background:var(--wash);padding:.7rem .9rem;border-radius:.4rem;overflow-x:auto;white-space:pre-wrap;
overflow-wrap:anywhere}
details summary{cursor:pointer;font-size:1.18rem;font-weight:700}
ul{padding-left:1.2rem;margin:.4rem 0}
li{margin:.25rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;font-size:.9rem;margin:.6rem 0}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:.8rem;border-top:1px solid var(--faint);color:var(--muted);font-size:.85rem}
.card{display:block;border:1px solid var(--faint);border-radius:.6rem;padding:1.1rem 1.2rem;margin:1.2rem 0;
color:inherit;text-decoration:none}
.card:hover{border-color:var(--s1)}
.card h2 span{color:var(--s1)}
@media (max-width:34rem){.wide{display:none}.narrow{display:block}main{padding:1.3rem .9rem 3rem}
h1{font-size:1.35rem}.headline{font-size:1.06rem}.bar{width:5rem}.formula{font-size:1rem;padding:.7rem}
dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}}
@media print{main{max-width:none;padding:0}figure,tr,.tile{break-inside:avoid}h2,h3,thead{break-after:avoid}
body{font-size:11pt}
details::details-content{content-visibility:visible;height:auto}.wide{display:block}.narrow{display:none}}
"""
