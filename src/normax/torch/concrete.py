"""Where Python needs a number that a compiled call does not have yet: the user's line, and what to write."""

from __future__ import annotations

import os
import sys
from typing import Any

import jax

from normax.errors import InputError

__all__ = ["number", "refuse_traced", "user_level", "user_line"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = (_PACKAGE, os.path.dirname(jax.__file__))


def user_line() -> str:
    """`"model.py:12: "`, the line outside normax and JAX that is running."""
    frame, _ = _user_frame()
    return "" if frame is None else f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}: "


def user_level() -> int:
    """The `stacklevel` at which a warning of the caller's names the line outside normax and JAX."""
    return _user_frame()[1]


def _user_frame() -> tuple[Any, int]:
    """The frame outside normax and JAX that is running, and how far it is above the caller's caller, which is 1."""
    frame, level = sys._getframe(2), 1
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARIES) and not file.startswith("<frozen"):
            return frame, level
        frame, level = frame.f_back, level + 1  # type: ignore[assignment]
    return None, 1


def refuse_traced(array: Any, what: str, instead: str) -> None:
    """Refuse what needs a number where a compiled call has none.

    Raises:
        InputError: where the array is traced.
    """
    if isinstance(array, jax.core.Tracer):
        raise InputError(
            f"{user_line()}{what} needs a value that a compiled call computes only later; write {instead}, or call the "
            "network eagerly, `net(x)`"
        )


def number(array: Any, what: str, instead: str) -> Any:
    """The Python number that an array of one element holds."""
    refuse_traced(array, what, instead)
    if array.size != 1:
        raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
    return array.reshape(()).item()
