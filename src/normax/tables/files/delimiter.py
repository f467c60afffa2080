"""The delimiter of a text table, read off its first rows, and the titles above its header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from normax.tables.files.preamble import NUMBER, titles

__all__ = ["Layout", "by_blanks", "layout"]

_DELIMITERS = ",\t;|"
_SAMPLE = 20  # rows that tell the delimiter


@dataclass(frozen=True)
class Layout:
    """What parts cells, the lines (from 1) of titles above the header, and the header's own."""

    delimiter: str
    titles: tuple[int, ...] = ()
    header: int = 1


def layout(start: bytes, delimiter: str | None = None) -> Layout:
    """The delimiter that parts header and first rows into as many cells, the most; blanks where none does.

    Args:
        start: the text.
        delimiter: where it is known; only titles are then looked for.

    Example:
        >>> layout(b"Sales\\n\\na;b;c\\n1,5;2;3\\n4;5;6\\n")
        Layout(delimiter=';', titles=(1,), header=3)
    """
    cut = 1 << 16
    while cut < len(start) and start.count(b"\n", 0, cut) <= _SAMPLE and cut < 1 << 24:
        cut *= 2
    text, is_cut = start[:cut].decode(errors="ignore"), cut < len(start)
    found = {d: _rows(text, d, is_cut) for d in ([delimiter] if delimiter else _DELIMITERS)}
    above = {d: titles([row for _, row in rows]) for d, rows in found.items()}
    width = {d: len(rows[above[d]][1]) for d, rows in found.items()}
    agreed = [d for d, rows in found.items() if {len(row) for _, row in rows[above[d] :]} == {width[d]}]
    best = max(agreed or found, key=lambda d: width[d])
    if width[best] == 1:
        best = max(found, key=lambda d: width[d])
    if width[best] == 1 and not delimiter and _blanks_part(text.rpartition("\n")[0] if is_cut else text):
        return Layout(" ")
    lines = [line for line, _ in found[best]]
    return Layout(best, tuple(lines[: above[best]]), lines[above[best]])


def by_blanks(text: str) -> Iterator[list[str]]:
    """Cells apart by runs of blanks and tabs; quotes keep blanks together."""
    lines = (line.strip() for line in io.StringIO(text.replace("\t", " ")))
    return csv.reader(lines, delimiter=" ", skipinitialspace=True)


def _rows(text: str, delimiter: str, is_cut: bool) -> list[tuple[int, list[str]]]:
    """The first rows that are not empty, each with the line that it begins on."""
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for row in reader:
            rows += [(line, row)] if row else []
            line = reader.line_num + 1
            if len(rows) > _SAMPLE + 1:
                break
    except csv.Error:
        pass
    return (rows[:-1] if is_cut and len(rows) > 1 else rows)[: _SAMPLE + 1] or [(1, [""])]


def _blanks_part(text: str) -> bool:
    """Whether blanks part header and rows alike, of which rows have numbers: four of five at least."""
    try:
        head, *rows = [row for row in islice(by_blanks(text), _SAMPLE) if row]
    except (csv.Error, ValueError):
        return False
    fits = Counter(len(row) - len(head) for row in rows if any(map(NUMBER.fullmatch, row)))
    return len(head) > 1 and 5 * max(fits[0], fits[1]) >= 4 * len(rows) > 0
