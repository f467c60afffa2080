"""Small pieces of HTML: escaping, tables, the frame of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from normax.language import spoken
from normax.report.moving.script import policy, script, sheet
from normax.report.style import COLOURS, DARK
from normax.text import markup

__all__ = ["Raw", "document", "escape", "figure", "scroll", "section", "table"]


class Raw(str):
    """Text that is HTML already and is not escaped again."""


def escape(value: Any) -> str:
    """A value as HTML text; `Raw` passes as it is, None becomes a dash."""
    if isinstance(value, Raw):
        return str(value)
    return "–" if value is None else markup(value)


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Any]],
    left: int = 1,
    marked: Sequence[int] = (),
    *,
    name: str = "",
    file: str = "",
) -> Raw:
    """A table that scrolls sideways where it is too wide.

    Args:
        head: the titles of the columns.
        rows: the cells, escaped unless `Raw`.
        left: so many first columns hold words and stand on the left; the others hold numbers, on the right.
        marked: positions of rows to stress.
        name: what it holds, for who cannot see it.
        file: name of the CSV file that a reader may take it home as; none is offered without.
    """
    side = ["" if i < left else ' class="n"' for i in range(len(head))]
    top = "".join(f"<th{s}>{escape(h)}</th>" for s, h in zip(side, head))
    body = "".join(
        f"<tr{' class=marked' if i in marked else ''}>"
        + "".join(f"<td{s}>{escape(cell)}</td>" for s, cell in zip(side, row))
        + "</tr>"
        for i, row in enumerate(rows)
    )
    about = f' aria-label="{markup(name)}"' if name else ""
    kept = f' data-file="{markup(file)}"' if file else ""
    return scroll(f"<table{about}{kept}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>", name)


def scroll(inner: str, name: str) -> Raw:
    """HTML that scrolls sideways where it is too wide, by the keyboard too."""
    return Raw(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{markup(name or "table")}">{inner}</div>'
    )


def section(title: str, *content: str | None, folded: bool = False, still: bool = False) -> Raw:
    """A titled part of the page; empty content leaves no trace, folded content opens at a click, still content is for
    who has no script."""
    inner = "".join(c for c in content if c)
    if not inner:
        return Raw("")
    if folded:
        inner = f"<details><summary>{escape(title)}</summary>{inner}</details>"
        return Raw(f"<section>{inner}</section>")
    kind = " class=still" if still else ""
    return Raw(f"<section{kind}><h2>{escape(title)}</h2>{inner}</section>")


def figure(wide: str, narrow: str, alt: str, caption: str) -> Raw:
    """A picture in two cuts, one for a page and one for a phone, with what to read in it."""
    cuts = "".join(
        f'<div class="{name}" role="img" aria-label="{markup(alt)}">{svg}</div>'
        for name, svg in (("wide", wide), ("narrow", narrow))
    )
    return Raw(f"<figure>{cuts}<figcaption>{caption}</figcaption></figure>")


def document(title: str, body: str, data: str | None = None) -> str:
    """The whole page: nothing from the network, light or dark as the reader's screen is.

    Args:
        title: of the page.
        body: its HTML.
        data: the numbers that its script draws from, as JSON without `<`; None is a page without a script. No other
            script runs in it, whatever names the data hold: the page's policy knows this one by its checksum.
    """
    moving = (
        ""
        if data is None
        else f'<script type="application/json" id="data">{data}</script><script>{script()}</script>'
    )
    return (
        "<!DOCTYPE html>\n"
        f'<html lang="{LANGUAGE_TAGS[spoken()]}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(moves=data is not None)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{_variables()}{sheet()}</style></head>\n<body><main>{body}</main>{moving}</body></html>\n"
    )


LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}


def _variables() -> str:
    def block(selector: str, colours: dict[str, str]) -> str:
        return selector + "{" + "".join(f"--{role}:{colour};" for role, colour in colours.items()) + "}"

    dark = block(":root:not([data-theme=light])", DARK)
    by_hand = block(":root[data-theme=dark]", DARK)
    return f"{block(':root', COLOURS)}@media screen and (prefers-color-scheme:dark){{{dark}}}@media screen{{{by_hand}}}"
