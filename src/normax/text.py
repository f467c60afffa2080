"""Names and cells out of data, made fit for what shows them: a terminal, a page, a drawing, a spreadsheet."""

from __future__ import annotations

import html
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["columns_of", "encodable", "folded", "html_table", "markup", "printable", "sheet_cell", "wrapped"]

# Control characters but tab and line feed, halves of characters, non-characters, line separators, overrides of
# directions.
_UNSAFE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069"
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff]"
)
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def printable(text: str) -> str:
    """The text with what a terminal would obey, and what XML and HTML may not hold, spelt out as Python spells it.

    Example:
        >>> printable("age\\x1b[31m"), printable("naïve 😀")
        ('age\\\\x1b[31m', 'naïve 😀')
    """
    return _UNSAFE.sub(_spelt, text)


def markup(value: Any) -> str:
    """A value as text of HTML or XML.

    Example:
        >>> markup("a < b\x07")
        'a &lt; b\\\\x07'
    """
    return html.escape(printable(str(value)))


def folded(line: str, inside: str) -> str:
    """One line of a notebook's cell that opens on a click; both are HTML.

    Example:
        >>> folded("Path", "<p>table</p>")
        '<details><summary>Path</summary><p>table</p></details>'
    """
    return f"<details><summary>{line}</summary>{inside}</details>"


def html_table(heads: Sequence[str], lines: Iterable[Sequence[Any]], right: Iterable[str] = ()) -> str:
    """A table for a notebook's cell, in the notebook's own colours, so that it is read in dark ones too.

    Args:
        heads: names of the columns; lines: their cells; right: the heads of the columns that are numbers.

    Example:
        >>> html_table(["name"], [["a < b"]])
        '<table><thead><tr><th style="text-align:left;white-space:pre-wrap">name</th></tr></thead><tbody>\
<tr><td style="text-align:left;white-space:pre-wrap">a &lt; b</td></tr></tbody></table>'
    """
    numbers = set(right)
    sides = ["right" if head in numbers else "left" for head in heads]

    def row(tag: str, cells: Sequence[Any]) -> str:
        styled = (f'{tag} style="text-align:{side};white-space:pre-wrap"' for side in sides)
        return f"<tr>{''.join(f'<{open}>{markup(cell)}</{tag}>' for open, cell in zip(styled, cells))}</tr>"

    body = "".join(row("td", line) for line in lines)
    return f"<table><thead>{row('th', heads)}</thead><tbody>{body}</tbody></table>"


def sheet_cell(value: Any) -> Any:
    """A cell of a CSV file that a spreadsheet takes as text and never runs: a formula's beginning gets an apostrophe.

    A spreadsheet shows such a cell without it. Numbers stay as they are, also those that are written as text.

    Example:
        >>> sheet_cell("=1+1"), sheet_cell("-1.5"), sheet_cell(-1.5), sheet_cell("age")
        ("'=1+1", '-1.5', -1.5, 'age')
    """
    if not isinstance(value, str) or value == "-":  # by itself a dash stands for nothing
        return value
    return f"'{printable(value)}" if _FORMULA.match(value) and not _is_number(value) else printable(value)


def _spelt(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def encodable(text: str, encoding: str | None) -> str:
    """The text with a question mark for each letter that an encoding, say a terminal's, does not have.

    Example:
        >>> encodable("Säure ± 1", "ascii"), encodable("Säure ± 1", None)
        ('S?ure ? 1', 'Säure ± 1')
    """
    known = encoding or "utf-8"
    return text.encode(known, "replace").decode(known)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many columns; a Chinese letter takes two, and a line may end behind any of them.

    Example:
        >>> wrapped("one two three", 8), wrapped("一二三四", 6)
        (['one two', 'three'], ['一二三', '四'])
    """
    if not any(unicodedata.east_asian_width(letter) == "W" for letter in text):
        return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)
    lines = [""]
    for piece in re.findall(r"[!-~]+[，。；：、）]*|.[，。；：、）]*", text):
        if columns_of(lines[-1] + piece) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def columns_of(text: str) -> int:
    """The columns that a text takes on a terminal.

    Example:
        >>> columns_of("ab"), columns_of("一二")
        (2, 4)
    """
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)
