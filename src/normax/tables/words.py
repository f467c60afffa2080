"""Words in cells: those that mean missing, those for false and true, and cells freed of what nobody sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "MARKS",
    "MISSING",
    "TRUTH",
    "is_truth",
    "marks",
    "plain",
    "spellings",
    "truth",
    "truths",
    "without_words",
]

#: Words that count as missing, in any case, where all other cells of the column are numbers, dates or truth values.
#: Among text they are categories like the others: NA may be Namibia.
MISSING = ("na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "nat", "?")

#: Marks that count as missing there too, which deserves a word.
MARKS = (
    *("-", "--", "---", "–", "—", ".", "..", "...", "n.a.", "n.a", "none", "nil", "(null)", "na()"),
    *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#error!"),
    *("0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000"),
)

#: Words for false and true that belong together.
_PAIRS = (
    *(("false", "true"), ("f", "t"), ("no", "yes"), ("n", "y"), ("off", "on")),
    *(("nein", "ja"), ("n", "j"), ("falsch", "wahr"), ("nee", "ja"), ("non", "oui"), ("faux", "vrai")),
    *(("no", "si"), ("no", "sí"), ("falso", "verdadero"), ("não", "sim"), ("否", "是"), ("假", "真")),
)

#: What each of these words is, beside 0 and 1 themselves.
TRUTH = {word: float(value) for pair in _PAIRS for value, word in enumerate(pair)}

# Full-width signs of East Asian keyboards as the usual ones, blanks of any width as one, and marks of no width as none.
_PLAIN: dict[int, Any] = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_PLAIN |= dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), " ") | {0xFFE5: "¥", 0xFFE1: "£"}
_PLAIN |= dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF))


def plain(cells: pa.Array) -> pa.Array:
    """Text cells with full-width signs, hidden blanks and marks of no width made plain.

    Example:
        >>> plain(pa.array(["\\uff11\\uff12", "3\\u200b", "1\\u00a0000", None])).to_pylist()
        ['12', '3', '1 000', None]
    """
    if not pa.types.is_string(cells.type) or pc.all(pc.string_is_ascii(cells), min_count=0).as_py():
        return cells
    encoded = cells.dictionary_encode()
    values = [value.translate(_PLAIN).strip() or None for value in encoded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(encoded.indices)


def without_words(cells: pa.Array, also: Iterable[str] = ()) -> pa.Array:
    """The cells made plain, with every word and mark that means missing made so, and these words too."""
    if not pa.types.is_string(cells.type):
        return cells
    if also:
        held = pc.is_in(cells, value_set=pa.array(also, pa.string()))
        cells = pc.if_else(held, pa.scalar(None, pa.string()), cells)
    cells = plain(cells)
    held = pc.is_in(pc.utf8_lower(cells), value_set=pa.array(MISSING + MARKS))
    return pc.if_else(held, pa.scalar(None, pa.string()), cells) if pc.any(held).as_py() else cells


def marks(cells: pa.Array, among: tuple[str, ...] = MARKS) -> list[str]:
    """The distinct cells that are such marks of something missing, as they are written."""
    if not pa.types.is_string(cells.type):
        return []
    held = cells.filter(pc.is_in(pc.utf8_lower(cells), value_set=pa.array(among)))
    return pc.unique(held).to_pylist()


def is_truth(words: Iterable[str]) -> bool:
    """Whether these are words for false and true that belong together, or one of them, in any case, 0 and 1 beside
    them.

    Example:
        >>> is_truth(["Ja", "nein"]), is_truth(["TRUE", "0", "1"]), is_truth(["yes", "f"]), is_truth(["0", "1"])
        (True, True, False, False)
    """
    folded = {str(word).lower() for word in words} - {"0", "1"}
    return bool(folded) and any(folded <= set(pair) for pair in _PAIRS)


def truths(cells: pa.Array) -> pa.Array:
    """Cells that are all words of truth, or 0 and 1 however written, as 0.0 and 1.0.

    Raises:
        pa.ArrowInvalid: if a cell is neither.
    """
    encoded = pc.utf8_lower(cells).dictionary_encode()
    return pa.array([truth(word) for word in encoded.dictionary.to_pylist()], pa.float64()).take(
        encoded.indices
    )


def truth(word: str) -> float:
    """0.0 or 1.0, of a word for false or true in small letters or of 0 and 1 however written.

    Raises:
        pa.ArrowInvalid: if it is neither.
    """
    if word in TRUTH:
        return TRUTH[word]
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if value not in (0.0, 1.0):
        raise pa.ArrowInvalid("not a truth value")
    return value


def spellings(cells: pa.Array) -> list[list[str]]:
    """The words of a boolean column that are written in several ways, all ways of each: `[["NO", "no"]]`."""
    if not pa.types.is_string(cells.type):
        return []
    ways: dict[float, list[str]] = {}
    for word in sorted(pc.unique(without_words(cells).drop_null()).to_pylist()):
        ways.setdefault(truth(word.lower()), []).append(word)
    return [words for words in ways.values() if len(words) > 1]
