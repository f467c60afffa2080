"""Fractional max pooling as modules."""

from __future__ import annotations

from typing import Any, ClassVar

from normax.nn import functional as F
from normax.nn.cells import Buffer
from normax.nn.functional._common import tuple_of
from normax.nn.functional.fractional import check_ratio, ratios
from normax.nn.module import Module
from normax.nn.random import layer_key

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class _FractionalMaxPool(Module):
    dimensions: ClassVar[int]

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ):
        super().__init__()
        n = self.dimensions
        check_ratio(n, output_size, output_ratio)
        self.kernel_size, self.return_indices = tuple_of(n, kernel_size, "kernel_size"), return_indices
        self.output_size = None if output_size is None else tuple_of(n, output_size, "output_size")
        self.output_ratio = None if output_ratio is None else ratios(n, output_ratio)
        samples = None if _random_samples is None else Buffer(_random_samples)
        self.register_buffer("_random_samples", samples)

    def forward(self, input: Any) -> Any:
        function = F.fractional_max_pool2d if self.dimensions == 2 else F.fractional_max_pool3d
        samples = self._random_samples
        sizes = self.kernel_size, self.output_size, self.output_ratio
        key = layer_key(self) if samples is None else None
        return function(input, *sizes, self.return_indices, samples, key=key)


class FractionalMaxPool2d(_FractionalMaxPool):
    """Maximum over windows at pseudo-random, nearly even distances, in training and in evaluation.

    Args:
        kernel_size: an int, or one for each axis.
        output_size: an int, or one for each axis.
        output_ratio: instead of the size: output over input, in (0, 1).
        return_indices: also return the flat positions of the maxima.
        _random_samples: `(N, C, 2)` in [0, 1), the draws themselves, kept as a buffer.

    Raises:
        InputError: unless one of size and ratio is given; in a call for sizes that do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> FractionalMaxPool2d(2, output_ratio=0.6)(jnp.ones((1, 3, 9, 9))).shape
        (1, 3, 5, 5)

    Source:
        Graham, "Fractional max-pooling", arXiv 1412.6071.
    """

    dimensions = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """`FractionalMaxPool2d` of volumes.

    Example:
        >>> import jax.numpy as jnp
        >>> FractionalMaxPool3d(2, output_size=3)(jnp.ones((1, 1, 6, 6, 6))).shape
        (1, 1, 3, 3, 3)
    """

    dimensions = 3
