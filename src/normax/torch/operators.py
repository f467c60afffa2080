"""The operators of `Tensor`: `x + y`, `2 - x`, `x += y`, `x < y`, `-x`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.nn.cells import Cell
from normax.torch import arithmetic
from normax.torch.layout import lay
from normax.torch.tensor import Methods, raw, wrap

_NUMBERS = (bool, int, float, complex, jax.Array, np.ndarray, np.generic, Methods, Cell)
# Python's name -> that of the function
_OPERATORS = {
    "add": "add",
    "sub": "sub",
    "mul": "mul",
    "truediv": "div",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}


def _known(other: Any) -> Any:
    """The other side of an operator: NumPy's values as arrays, NotImplemented for what is no number."""
    if not isinstance(other, _NUMBERS):
        return NotImplemented
    if isinstance(other, np.generic):
        return other.item() if other.dtype.kind in "biufc" else other
    return wrap(jnp.asarray(other)) if isinstance(other, np.ndarray) else other


def _operator(name: str, call: Callable[..., Any]) -> None:
    def forward(self: Any, other: Any) -> Any:
        other = _known(other)
        return other if other is NotImplemented else call(self, other)

    def backward(self: Any, other: Any) -> Any:
        other = _known(other)
        if other is NotImplemented:
            return other
        return call(other, self)

    def in_place(self: Any, other: Any) -> Any:
        other = _known(other)
        return other if other is NotImplemented else self._assign(raw(call(self, other)))

    for prefix, function in (("", forward), ("r", backward), ("i", in_place)):
        setattr(Methods, f"__{prefix}{name}__", function)


for _name, _call in _OPERATORS.items():
    _operator(_name, getattr(arithmetic, _call))


def _comparison(name: str) -> None:
    call = getattr(arithmetic, name)

    def compare(self: Any, other: Any) -> Any:
        other = _known(other)
        if other is NotImplemented:
            return {"eq": False, "ne": True}.get(name, NotImplemented)
        return call(self, other)

    setattr(Methods, f"__{name}__", compare)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _comparison(_name)


def _unary(name: str) -> None:
    apply = getattr(operator, name)
    setattr(Methods, f"__{name}__", lambda self: lay(wrap(apply(self._array)), [self]))


for _name in ("neg", "pos", "abs", "invert"):
    _unary(_name)
