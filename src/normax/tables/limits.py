"""How large a table may be before it is refused: everything here is measured before memory is taken."""

from __future__ import annotations

from collections.abc import Sequence

from normax.errors import InputError

__all__ = [
    "MAX_COLUMNS",
    "MAX_FEATURES",
    "MAX_NAME",
    "MAX_RATIO",
    "MAX_UNPACKED",
    "check_columns",
    "check_unpacked",
]

#: Columns of a table.
MAX_COLUMNS = 200_000

#: Letters of a column's name; a longer one is no header.
MAX_NAME = 1000

#: Features that a table's columns may become together.
MAX_FEATURES = 1_000_000

#: Bytes that a compressed file may unpack to whatever its own size; beyond, at most `MAX_RATIO` times its size.
MAX_UNPACKED = 2**30
MAX_RATIO = 100


def check_columns(source: str, count: int, names: Sequence[str] = ()) -> None:
    """Refuse too many columns, and names too long to be names.

    Raises:
        InputError: with the limit.
    """
    if count > MAX_COLUMNS:
        raise InputError(f"{source}: {count:,} columns; expected at most {MAX_COLUMNS:,}")
    long = [
        f"the name of column {j + 1} has {len(name):,} letters"
        for j, name in enumerate(names)
        if len(name) > MAX_NAME
    ]
    if long:
        more = f", and {len(long) - 3} more" if len(long) > 3 else ""
        raise InputError(
            f"{source}: {', '.join(long[:3])}{more}; expected at most {MAX_NAME:,} (is the first line a header?)"
        )


def check_unpacked(source: str, packed: int, unpacked: int) -> None:
    """Refuse a small file that would fill the memory.

    Args:
        source: what messages call the file.
        packed, unpacked: bytes of the file and of the arrays in it.

    Raises:
        InputError: with both sizes.
    """
    if unpacked > MAX_UNPACKED and unpacked > MAX_RATIO * packed:
        raise InputError(
            f"{source}: its {packed:,} bytes unpack to {unpacked:,}; expected at most {MAX_UNPACKED:,}, or"
            f" {MAX_RATIO} times the file (save it uncompressed, if that is what it holds)"
        )
