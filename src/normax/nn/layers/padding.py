"""Padding layers."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.functional._common import as_array, spatial, tuple_of
from normax.nn.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """`F.pad` of the last `dimensions` axes of a batched or unbatched input."""

    dimensions: int
    mode: str

    def __init__(self, padding: Any):
        super().__init__()
        self.padding = tuple_of(2 * self.dimensions, padding, "padding")

    def forward(self, input: Any) -> Any:
        x, unbatched = spatial(as_array(input), self.dimensions, type(self).__name__)
        y = F.pad(x, self.padding, self.mode)
        return y[0] if unbatched else y

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_Pad):
    mode = "constant"

    def __init__(self, padding: Any, value: float):
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _CircularPadNd(_Pad):
    mode = "circular"


class _ReflectionPadNd(_Pad):
    mode = "reflect"


class _ReplicationPadNd(_Pad):
    mode = "replicate"


class _ZeroPad(_ConstantPadNd):
    def __init__(self, padding: Any):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class CircularPad1d(_CircularPadNd):
    """`(N, C, L)` or `(C, L)` with the other end, around at the ends of the last axis.

    Args:
        padding: a number, or (before, after) of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> CircularPad1d(1)(jnp.ones((1, 1, 4))).shape
        (1, 1, 6)
    """

    dimensions = 1


class CircularPad2d(_CircularPadNd):
    """`(N, C, H, W)` or `(C, H, W)` with the other end, around at the ends of the last 2 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> CircularPad2d(1)(jnp.ones((1, 1, 4, 4))).shape
        (1, 1, 6, 6)
    """

    dimensions = 2


class CircularPad3d(_CircularPadNd):
    """`(N, C, D, H, W)` or `(C, D, H, W)` with the other end, around at the ends of the last 3 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> CircularPad3d(1)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 6, 6, 6)
    """

    dimensions = 3


class ConstantPad1d(_ConstantPadNd):
    """`(N, C, L)` or `(C, L)` with a constant at the ends of the last axis.

    Args:
        padding: a number, or (before, after) of the last axis.
        value: the constant.

    Example:
        >>> import jax.numpy as jnp
        >>> ConstantPad1d(1, 0.5)(jnp.ones((1, 1, 4))).shape
        (1, 1, 6)
    """

    dimensions = 1


class ConstantPad2d(_ConstantPadNd):
    """`(N, C, H, W)` or `(C, H, W)` with a constant at the ends of the last 2 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.
        value: the constant.

    Example:
        >>> import jax.numpy as jnp
        >>> ConstantPad2d(1, 0.5)(jnp.ones((1, 1, 4, 4))).shape
        (1, 1, 6, 6)
    """

    dimensions = 2


class ConstantPad3d(_ConstantPadNd):
    """`(N, C, D, H, W)` or `(C, D, H, W)` with a constant at the ends of the last 3 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.
        value: the constant.

    Example:
        >>> import jax.numpy as jnp
        >>> ConstantPad3d(1, 0.5)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 6, 6, 6)
    """

    dimensions = 3


class ReflectionPad1d(_ReflectionPadNd):
    """`(N, C, L)` or `(C, L)` with its mirror image, the edge not repeated at the ends of the last axis.

    Args:
        padding: a number, or (before, after) of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> ReflectionPad1d(1)(jnp.ones((1, 1, 4))).shape
        (1, 1, 6)
    """

    dimensions = 1


class ReflectionPad2d(_ReflectionPadNd):
    """`(N, C, H, W)` or `(C, H, W)` with its mirror image, the edge not repeated at the ends of the last 2 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> ReflectionPad2d(1)(jnp.ones((1, 1, 4, 4))).shape
        (1, 1, 6, 6)
    """

    dimensions = 2


class ReflectionPad3d(_ReflectionPadNd):
    """`(N, C, D, H, W)` or `(C, D, H, W)` with its mirror image, the edge not repeated at the ends of the last 3 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> ReflectionPad3d(1)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 6, 6, 6)
    """

    dimensions = 3


class ReplicationPad1d(_ReplicationPadNd):
    """`(N, C, L)` or `(C, L)` with its edge at the ends of the last axis.

    Args:
        padding: a number, or (before, after) of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> ReplicationPad1d(1)(jnp.ones((1, 1, 4))).shape
        (1, 1, 6)
    """

    dimensions = 1


class ReplicationPad2d(_ReplicationPadNd):
    """`(N, C, H, W)` or `(C, H, W)` with its edge at the ends of the last 2 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> ReplicationPad2d(1)(jnp.ones((1, 1, 4, 4))).shape
        (1, 1, 6, 6)
    """

    dimensions = 2


class ReplicationPad3d(_ReplicationPadNd):
    """`(N, C, D, H, W)` or `(C, D, H, W)` with its edge at the ends of the last 3 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> ReplicationPad3d(1)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 6, 6, 6)
    """

    dimensions = 3


class ZeroPad1d(_ZeroPad, ConstantPad1d):
    """`(N, C, L)` or `(C, L)` with zeros at the ends of the last axis.

    Args:
        padding: a number, or (before, after) of the last axis.

    Example:
        >>> import jax.numpy as jnp
        >>> ZeroPad1d(1)(jnp.ones((1, 1, 4))).shape
        (1, 1, 6)
    """

    dimensions = 1


class ZeroPad2d(_ZeroPad, ConstantPad2d):
    """`(N, C, H, W)` or `(C, H, W)` with zeros at the ends of the last 2 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> ZeroPad2d(1)(jnp.ones((1, 1, 4, 4))).shape
        (1, 1, 6, 6)
    """

    dimensions = 2


class ZeroPad3d(_ZeroPad, ConstantPad3d):
    """`(N, C, D, H, W)` or `(C, D, H, W)` with zeros at the ends of the last 3 axes.

    Args:
        padding: a number, or (before, after) of the last axis, then of the one before it.

    Example:
        >>> import jax.numpy as jnp
        >>> ZeroPad3d(1)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 6, 6, 6)
    """

    dimensions = 3
