"""What normax raises and warns with, and the one way it suggests a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["InputError", "Notice", "suggest"]


class InputError(ValueError):
    """Data, an argument or a file that cannot be used.

    The message says what was expected, what came, where, and what to write instead. The command
    prints it as one line and exits with 2.

    Example:
        >>> raise InputError("strengths: expected values >= 0, got -1.0 at position 3")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: strengths: expected values >= 0, got -1.0 at position 3
    """


class Notice(UserWarning):
    """Something the program did by itself or that the reader of a result must know; never a fault."""


def suggest(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the closest of the known names, or an empty string.

    Example:
        >>> suggest("f1", ["fc1", "relu", "fc2"])
        "; did you mean 'fc1'?"
        >>> suggest("AGE", ["age", "page"])
        "; did you mean 'age'?"
        >>> suggest("zebra", ["fc1"])
        ''
    """
    folded = {str(k).casefold(): str(k) for k in known}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.5)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""
