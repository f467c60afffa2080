"""How messages about a table name its columns, count its cells and stay short."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from normax.errors import Notice, quoted

__all__ = ["columns", "listed", "many", "notice"]


def notice(message: str) -> None:
    """Say what was done by itself."""
    warnings.warn(message, Notice, stacklevel=3)


def many(count: int, what: str) -> str:
    """`1 cell`, `2 cells`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def listed(names: Iterable[str], most: int = 10) -> str:
    """The first names, quoted, and how many there are in all."""
    names = list(names)
    shown = [quoted(name) for name in names[:most]]
    return ", ".join(shown + ([f"... {len(names)} in all"] if len(names) > most else []))


def columns(names: Iterable[str]) -> str:
    """`column 'a'`, `columns 'a', 'b'`."""
    names = list(names)
    return f"column{'s' if len(names) > 1 else ''} {listed(names)}"
