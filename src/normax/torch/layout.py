"""Strides: how PyTorch would lay a tensor, which tells whether a reshape of it is a view or a copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["can_view", "contiguous_strides", "is_laid_contiguous", "laid"]


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
    return np.lib.stride_tricks.as_strided(
        np.zeros(1, np.int8), shape, contiguous_strides(shape), writeable=False
    )


def is_laid_contiguous(tensor: Any) -> bool:
    """Whether the elements lie one after the other, the last dimension fastest."""
    return getattr(tensor, "_view", None) is None or laid(tensor).flags.c_contiguous


def can_view(tensor: Any, shape: tuple[int, ...]) -> bool:
    """Whether another shape needs no copy."""
    if getattr(tensor, "_view", None) is None:
        return True
    try:
        np.reshape(laid(tensor), shape, copy=False)
    except ValueError:
        return False
    return True
