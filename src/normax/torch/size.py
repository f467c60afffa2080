"""`torch.Size`: a shape, a tuple that can count its elements."""

from __future__ import annotations

import math
from typing import Any

import jax

__all__ = ["Size"]


class Size(tuple):
    """A shape.

    Example:
        >>> from normax import torch
        >>> size = torch.zeros(2, 3, 4).size()
        >>> size, size.numel(), size[1:], size == (2, 3, 4)
        (torch.Size([2, 3, 4]), 24, torch.Size([3, 4]), True)
    """

    __slots__ = ()

    def numel(self) -> int:
        """The product of the lengths."""
        return math.prod(self)

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return Size(part) if isinstance(index, slice) else part

    def __add__(self, other: Any) -> Size:
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple(other) + tuple(self))

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"


jax.tree_util.register_pytree_node(Size, lambda size: (tuple(size), None), lambda _, lengths: Size(lengths))
