"""What normax raises and warns with, and the one way it suggests a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from normax.text import printable

__all__ = ["InputError", "LostWorker", "Notice", "quoted", "shorten", "suggest"]

#: Characters of a message; what a file holds can be of any length, and a message quotes it.
LONGEST = 4000


def shorten(text: str, longest: int = LONGEST) -> str:
    """A text with its middle left out where it is too long: a message names the cause first, the cure last.

    Example:
        >>> shorten("column " + "x" * 1000 + ": expected a number", 60)
        'column xxxxxxxxxxx ... 991 characters ... expected a number'
    """
    if len(text) <= longest:
        return text
    room = longest - len(f" ... {len(text)} characters ... ")
    head, tail = room - room // 2, room // 2
    return f"{text[:head]} ... {len(text) - head - tail} characters ... {text[len(text) - tail :]}"


def quoted(value: object, longest: int = 80) -> str:
    """A name or a cell as a message shows it: quoted, control characters spelt out, the middle of a long one left out.

    Example:
        >>> quoted("a\\x1b[31m")
        "'a\\\\x1b[31m'"
    """
    return repr(shorten(str(value), longest))


class _Short(Exception):
    """An exception whose message is never longer than `LONGEST` and safe to print."""

    def __init__(self, *args: object):
        super().__init__(*(printable(shorten(arg)) if isinstance(arg, str) else arg for arg in args))


class InputError(_Short, ValueError):
    """Data, an argument or a file that cannot be used.

    The message says what was expected, what came, where, and what to write instead. The command
    prints it as one line and exits with 2.

    Example:
        >>> raise InputError("strengths: expected values >= 0, got -1.0 at position 3")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: strengths: expected values >= 0, got -1.0 at position 3
    """


class LostWorker(_Short, RuntimeError):
    """A worker of another process that died, or did not answer in time; what it had is to be done again.

    Example:
        >>> raise LostWorker("the worker of fold 3 to 4 of 10 did not answer within 600 s")
        Traceback (most recent call last):
            ...
        normax.errors.LostWorker: the worker of fold 3 to 4 of 10 did not answer within 600 s
    """


class Notice(_Short, UserWarning):
    """Something the program did by itself or that the reader of a result must know; never a fault.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     warnings.warn("the minimum lies at the edge of the grid", Notice)
        >>> caught[0].category.__name__
        'Notice'
    """


def suggest(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the closest of the known names, or an empty string.

    Example:
        >>> suggest("f1", ["fc1", "relu", "fc2"])
        "; did you mean 'fc1'?"
        >>> suggest("AGE", ["age", "page"])
        "; did you mean 'age'?"
        >>> suggest("tets", ["text", "test"])
        "; did you mean 'test'?"
        >>> suggest("zebra", ["fc1"])
        ''
    """
    if len(str(name)) > _LONGEST_NAME:
        return ""
    folded = {str(k).casefold(): str(k) for k in known if len(str(k)) <= _LONGEST_NAME}
    meant = str(name).casefold()
    close = difflib.get_close_matches(meant, folded, cutoff=0.5)
    close.sort(key=lambda other: sorted(other) != sorted(meant))  # swapped letters are the likeliest slip
    return f"; did you mean {quoted(folded[close[0]])}?" if close else ""


_LONGEST_NAME = 200  # comparing takes the product of the lengths
