"""Adaptive pooling layers."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]


class _Adaptive(Module):
    dimensions: int

    def __init__(self, output_size: Any):
        super().__init__()
        self.output_size = tuple(output_size) if isinstance(output_size, (tuple, list)) else output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPoolNd(_Adaptive):
    def forward(self, input: Any) -> Any:
        pool = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self.dimensions - 1]
        return pool(input, self.output_size)


class _AdaptiveMaxPoolNd(_Adaptive):
    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Any) -> Any:
        pool = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self.dimensions - 1]
        return pool(input, self.output_size, self.return_indices)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Mean over the windows of `(N, C, L)` or `(C, L)` that give `output_size`; see `F.adaptive_avg_pool2d`.

    Args:
        output_size: an int.

    Example:
        >>> import jax.numpy as jnp
        >>> AdaptiveAvgPool1d(2)(jnp.ones((1, 3, 7))).shape
        (1, 3, 2)
    """

    dimensions = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Mean over the windows of `(N, C, H, W)` or `(C, H, W)` that give `output_size`; see `F.adaptive_avg_pool2d`.

    Args:
        output_size: an int, or one for each axis; None keeps the axis.

    Example:
        >>> import jax.numpy as jnp
        >>> AdaptiveAvgPool2d(2)(jnp.ones((1, 3, 7, 7))).shape
        (1, 3, 2, 2)
    """

    dimensions = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Mean over the windows that give `output_size`, of `(N, C, D, H, W)` or `(C, D, H, W)`.

    See `functional.adaptive_avg_pool2d`.

    Args:
        output_size: an int, or one for each axis; None keeps the axis.

    Example:
        >>> import jax.numpy as jnp
        >>> AdaptiveAvgPool3d(2)(jnp.ones((1, 3, 7, 7, 7))).shape
        (1, 3, 2, 2, 2)
    """

    dimensions = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maximum over the windows of `(N, C, L)` or `(C, L)` that give `output_size`; see `F.adaptive_max_pool2d`.

    Args:
        output_size: an int.
        return_indices: also return the flat positions of the maxima.

    Example:
        >>> import jax.numpy as jnp
        >>> AdaptiveMaxPool1d(2)(jnp.ones((1, 3, 7))).shape
        (1, 3, 2)
    """

    dimensions = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Maximum over the windows of `(N, C, H, W)` or `(C, H, W)` that give `output_size`; see `F.adaptive_max_pool2d`.

    Args:
        output_size: an int, or one for each axis; None keeps the axis.
        return_indices: also return the flat positions of the maxima.

    Example:
        >>> import jax.numpy as jnp
        >>> AdaptiveMaxPool2d(2)(jnp.ones((1, 3, 7, 7))).shape
        (1, 3, 2, 2)
    """

    dimensions = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Maximum over the windows that give `output_size`, of `(N, C, D, H, W)` or `(C, D, H, W)`.

    See `functional.adaptive_max_pool2d`.

    Args:
        output_size: an int, or one for each axis; None keeps the axis.
        return_indices: also return the flat positions of the maxima.

    Example:
        >>> import jax.numpy as jnp
        >>> AdaptiveMaxPool3d(2)(jnp.ones((1, 3, 7, 7, 7))).shape
        (1, 3, 2, 2, 2)
    """

    dimensions = 3
