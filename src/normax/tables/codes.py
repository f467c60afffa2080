"""Numbers that are names: codes with leading zeros, whole numbers too long for float64, letters among digits."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from normax.errors import quoted

__all__ = ["EXACT", "are_codes", "named_as_code", "why_text"]

_TOO_LONG = "whole numbers too long to stay apart"
EXACT = 2.0**53  # from here on float64 does not tell whole numbers apart

_CODE = re.compile(r"(?i)(code|zip|postcode|plz|type|category|cluster|region)s?$")
_CODES = 2  # cells of letters and digits, at most, are slips


def why_text(cells: pa.Array) -> str | None:
    """Why cells that all read as numbers are text nevertheless: what makes them codes, with an example; or None.

    Example:
        >>> why_text(pa.array(["00501", "94110"])), why_text(pa.array(["0.5", "7"]))
        ("leading zeros, as in '00501'", None)
        >>> why_text(pa.array([9007199254740993, 5]))
        'whole numbers too long to stay apart, as 9007199254740993'
    """
    if pa.types.is_integer(cells.type):
        ends = pc.min_max(cells).as_py()
        longest = max(ends.values(), key=lambda value: abs(value or 0))
        return f"{_TOO_LONG}, as {longest}" if longest is not None and abs(longest) >= EXACT else None
    if not pa.types.is_string(cells.type):
        return None
    zeros, long = _suspects(cells)
    if zeros.size and pc.all(pc.match_substring_regex(cells, r"^[+-]?\d+$"), min_count=0).as_py():
        return f"leading zeros, as in {quoted(cells[int(zeros[0])].as_py())}"
    if long.size:
        whole = cells.take(pa.array(long))
        whole = whole.filter(pc.match_substring_regex(whole, r"^[+-]?\d+$"))
        whole = whole.filter(pc.greater_equal(pc.abs(pc.cast(whole, pa.float64())), EXACT))
        return f"{_TOO_LONG}, as {quoted(whole[0].as_py())}" if len(whole) else None
    return None


def are_codes(odd: pa.Array) -> bool:
    """Whether cells beside numbers are codes, several of them of letters and digits, as V57 beside 250."""
    mixed = pc.sum(pc.match_substring_regex(odd, r"(?i)^[a-z]{0,3}\d+[a-z]{0,3}$")).as_py() or 0
    return mixed > _CODES


def named_as_code(name: str) -> bool:
    """Whether a column's numbers are names, by its own name."""
    return bool(_CODE.search(name))


def _suspects(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Which cells begin with 0 and another digit, and which are too long for float64: mostly none, so by bytes."""
    _, ends, letters = cells.buffers()
    places = np.frombuffer(ends, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    starts, length = places[:-1], places[1:] - places[:-1]
    several = (length > 1).nonzero()[0]
    raw = np.frombuffer(letters, np.uint8) if several.size else np.empty(0, np.uint8)
    second = raw[starts[several] + 1]
    zeros = (raw[starts[several]] == ord("0")) & (second >= ord("0")) & (second <= ord("9"))
    return several[zeros], (length >= len(str(int(EXACT)))).nonzero()[0]
