"""What stands before the header: a `sep=` line, comments, titles; blanked, so that lines keep their numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from normax.tables.wording import notice

__all__ = ["NUMBER", "declared", "say_titles", "titles", "uncommented", "untitled"]

NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?%?")

_SEP = re.compile(rb'[\r\n]*"?sep=(\\t|.)"?[ ,;\t]*(?=[\r\n])', re.IGNORECASE)
_COMMENTS = re.compile(rb"(?:[\r\n]*#[^\r\n]*)+")


def declared(data: bytes) -> tuple[bytes, str | None]:
    """The text without a first line such as `sep=;`, by which spreadsheets know the delimiter; and that.

    Example:
        >>> declared(b"sep=;\\na;b\\n")
        (b'\\na;b\\n', ';')
    """
    if match := _SEP.match(data):
        return data[match.end() :], "\t" if match[1] == b"\\t" else match[1].decode(errors="replace")
    return data, None


def uncommented(data: bytes, source: str, delimiter: str | None) -> bytes:
    """The text with the lines that begin with `#` before the header blanked, with a `Notice`.

    The last of them is the header, and loses its `#`, where it parts into as many cells as the row that
    follows, holds no number, and the row does, or it is the only one.
    """
    match = _COMMENTS.match(data)
    if match is None:
        return data
    comments, rest = match[0], data[match.end() :]
    after = rest[: 1 << 20].lstrip(b"\r\n").splitlines() or [b""]
    start = max(comments.rfind(b"\n"), comments.rfind(b"\r")) + 1
    last, row = comments[start + 1 :].decode(), after[0].decode(errors="ignore")
    alone = comments.count(b"#", 0, start) == 0
    if any(_heads(last, row, d, alone) for d in ([delimiter] if delimiter else ",\t;| ")):
        notice(f"{source}: the header is the line that begins with #")
        return _blank(comments[:start]) + last.encode() + rest
    notice(f"{source}: lines before the header that begin with # are taken for comments")
    return _blank(comments) + rest


def titles(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows are titles: short ones above a header of as many cells as the last row.

    A title fills one cell, above two columns with a blank in it, or has at most half the cells. What follows
    it must be able to be a header: filled cells, all different, none a number.

    Example:
        >>> titles([["Sales 2024"], ["shop", "sum", "kind"], ["A", "1", "x"], ["B", "2", "y"]])
        1
    """
    width = len(rows[-1]) if rows else 0
    for count, row in enumerate(rows[:-1]):
        filled = [cell.strip() for cell in row if cell.strip()]
        if len(filled) == width or (len(row) == width and len(filled) > 1):
            is_header = len(set(filled)) == width and not any(map(NUMBER.fullmatch, filled))
            return count if is_header and width > 1 else 0
        alone = width > 2 or (len(row) == 1 and " " in row[0].strip())
        if not alone or (len(row) > width // 2 and len(filled) > 1):
            return 0
    return 0


def untitled(data: bytes, source: str, lines: Sequence[int], header: int) -> bytes:
    """The text with these lines (from 1), which are titles, blanked."""
    say_titles(source, lines, header)
    kept = re.split(rb"(\r\n|\r|\n)", data, maxsplit=header)
    for line in lines:
        kept[2 * (line - 1)] = b""
    return b"".join(kept)


def say_titles(source: str, lines: Sequence[int], header: int) -> None:
    """Say which lines were taken for titles."""
    shown = f"line {lines[0]} is" if len(lines) == 1 else f"lines {lines[0]} to {lines[-1]} are"
    notice(f"{source}: {shown} taken for a title; the header is line {header}")


def _blank(text: bytes) -> bytes:
    return re.sub(rb"[^\r\n]", b"", text)


def _heads(comment: str, row: str, delimiter: str, alone: bool) -> bool:
    """Whether a comment parts into cells as a row does, and reads as its header."""
    try:
        head, cells = (
            next(csv.reader([text.strip(" ")], delimiter=delimiter, skipinitialspace=True), [])
            for text in (comment, row)
        )
    except csv.Error:
        return False
    numbers = any(map(NUMBER.fullmatch, map(str.strip, cells)))
    return (
        len(head) == len(cells) > 1
        and not any(map(NUMBER.fullmatch, map(str.strip, head)))
        and (numbers or alone)
    )
