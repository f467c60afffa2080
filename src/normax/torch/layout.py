"""Strides: how PyTorch would lay a tensor, which tells whether a reshape of it is a view or a copy."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from normax.torch.tensor import Methods

__all__ = ["can_view", "contiguous_strides", "is_laid_contiguous", "laid", "lay"]


def contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Elements from one to the next along each dimension, the last one fastest.

    Example:
        >>> contiguous_strides((2, 3, 4))
        (12, 4, 1)
    """
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def laid(tensor: Any) -> np.ndarray:
    """An array of one byte an element with the tensor's strides. It has no memory of its own: its values are not to
    be read."""
    view = getattr(tensor, "_view", None)
    if view is not None:
        return view.laid(laid(view.base))
    shape = tensor._array.shape
    strides = getattr(tensor, "_strides", None) or contiguous_strides(shape)
    return np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), shape, strides, writeable=False)


def lay(result: Any, operands: Iterable[Any]) -> Any:
    """A result of each element by itself, laid as PyTorch lays it: in the order in which its operands lie."""
    operands = [operand for operand in operands if isinstance(operand, Methods)]
    if any(map(_is_strided, operands)) and all(result is not operand for operand in operands):
        shape = result._array.shape
        order = _order(shape, [np.broadcast_to(laid(operand), shape).strides for operand in operands])
        steps = contiguous_strides(tuple(shape[i] for i in order))
        result._strides = tuple(steps[order.index(i)] for i in range(len(shape)))
    return result


def _order(shape: tuple[int, ...], strides: list[tuple[int, ...]]) -> list[int]:
    """The dimensions from the slowest: the first operand whose strides tell two apart decides, else they stay.

    Source:
        `reorder_dimensions` of PyTorch's TensorIterator, whose insertion sort this follows.
    """
    order = list(range(len(shape)))[::-1]  # the fastest first
    for i in range(1, len(order)):
        for j in range(i, 0, -1):
            inner, outer = order[j - 1], order[j]
            sign = next((s for steps in strides if (s := _faster(inner, outer, shape, steps))), 0)
            if sign > 0:
                order[j - 1], order[j] = outer, inner
            elif sign < 0:
                break
    return order[::-1]


def _faster(inner: int, outer: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> int:
    """Above 0 where these strides want the two dimensions exchanged, below 0 where as they are, 0 where they cannot
    tell."""
    a, b = steps[inner], steps[outer]
    if 0 in (a, b):
        return 0
    return (a > b) - (a < b) or int(shape[inner] > shape[outer])


def _is_strided(tensor: Any) -> bool:
    return getattr(tensor, "_view", None) is not None or getattr(tensor, "_strides", None) is not None


def is_laid_contiguous(tensor: Any) -> bool:
    """Whether the elements lie one after the other, the last dimension fastest."""
    return not _is_strided(tensor) or laid(tensor).flags.c_contiguous


def can_view(tensor: Any, shape: tuple[int, ...]) -> bool:
    """Whether another shape needs no copy."""
    if not _is_strided(tensor):
        return True
    try:
        np.reshape(laid(tensor), shape, copy=False)
    except ValueError:
        return False
    return True
