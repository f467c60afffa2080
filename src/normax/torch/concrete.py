"""Where Python needs a number that a compiled call does not have yet: the user's line, and what to write."""

from __future__ import annotations

import os
import sys
from typing import Any

import jax

from normax.errors import InputError

__all__ = ["number", "refuse_traced", "user_line"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARIES = (_PACKAGE, os.path.dirname(jax.__file__))


def user_line() -> str:
    """`"model.py:12: "`, the line outside normax and JAX that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARIES) and not file.startswith("<frozen"):
            return f"{os.path.basename(file)}:{frame.f_lineno}: "
        frame = frame.f_back
    return ""


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
