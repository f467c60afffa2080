"""The options that say what a table's columns are: which to use, and how to take them."""

from __future__ import annotations

from typing import Any

from normax.cli.options.values import columns, mark

__all__ = ["LISTS", "column_options", "file_options", "reading"]

#: Options whose one word is a list with commas between.
LISTS = ("--drop", "--only", "--text", "--number", "--date", "--words", "--missing", "--levels")


def column_options(group: Any) -> None:
    """Declare them on a group of a parser."""

    def listed(option: str, metavar: str, text: str) -> None:
        group.add_argument(option, metavar=metavar, type=columns, action="extend", default=[], help=text)

    listed("--drop", "A,B", "to leave out")
    listed("--only", "A,B", "to learn from, no others (default: all but the target)")
    listed("--text", "A,B", "to take as text, as numeric codes are")
    listed(
        "--number",
        "A,B",
        "to take as numbers, though leading zeros or their length make them look like codes",
    )
    listed(
        "--date",
        "A:FORM,B",
        "to take as dates, and how they are written where it is not to be found out: day.month.year,"
        " month/day/yy or %%d.%%m.%%Y",
    )
    listed("--words", "A,B", "free text, to take as the TF-IDF weights of their words")
    listed(
        "--missing",
        "WORD,WORD",
        "what means a missing cell in every column, beside empty cells (and NA, null, ? and the like among"
        " numbers)",
    )
    group.add_argument(
        "--decimal",
        metavar="MARK",
        type=mark(".", ","),
        help="before decimals, in every column: comma or point (default: as the cells say)",
    )
    group.add_argument(
        "--thousands",
        metavar="MARK",
        type=mark(",", ".", " ", "'"),
        help="between thousands, likewise: comma, point, space or apostrophe (default: as the cells say)",
    )


def file_options(group: Any) -> None:
    """Declare how the file is written, for what it does not show."""
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="of text, as cp1251 (default: by its mark or its look, see docs/tables.md)",
    )
    group.add_argument(
        "--delimiter",
        metavar="CHAR",
        help="of text, or comma, tab, semicolon, pipe, space (default: what parts the first rows alike)",
    )
    group.add_argument(
        "--sheet", metavar="NAME", help="of a spreadsheet, or the table of a database (or say FILE:NAME)"
    )


def reading(options: Any) -> dict[str, str | None]:
    """What `read_table` is told of how files are written."""
    return {"encoding": options.encoding, "delimiter": options.delimiter, "sheet": options.sheet}
