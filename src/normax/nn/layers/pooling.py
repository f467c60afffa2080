"""Pooling layers over windows."""

from __future__ import annotations

from typing import Any

from normax.nn import functional as F
from normax.nn.module import Module

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


def _each(n: int, value: Any) -> Any:
    """Some of PyTorch's layers keep, and print, a tuple where a number was given."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


class _MaxPoolNd(Module):
    dimensions: int

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.dimensions - 1]
        return pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """Maximum over windows of `(N, C, L)` or `(C, L)`; arguments as `MaxPool2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> MaxPool1d(2)(jnp.array([[1.0, 3.0, 2.0, 5.0]])).tolist()
        [[3.0, 5.0]]
    """

    dimensions = 1


class MaxPool2d(_MaxPoolNd):
    """Maximum over windows of `(N, C, H, W)` or `(C, H, W)`.

    Args:
        kernel_size: an int, or one for each axis.
        stride: default, the kernel size.
        padding: cells of −∞ at both ends, at most half the kernel.
        dilation: distance between a window's points.
        return_indices: also return the flat positions of the maxima, for `MaxUnpool2d`.
        ceil_mode: round the output size up.

    Example:
        >>> import jax.numpy as jnp
        >>> MaxPool2d(2, 2)
        MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
        >>> MaxPool2d(2, 2)(jnp.ones((1, 3, 8, 8))).shape
        (1, 3, 4, 4)
    """

    dimensions = 2


class MaxPool3d(_MaxPoolNd):
    """Maximum over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; arguments as `MaxPool2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> MaxPool3d(2)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 2, 2, 2)
    """

    dimensions = 3


class _AvgPoolNd(Module):
    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """Mean over windows of `(N, C, L)` or `(C, L)`; arguments as `AvgPool2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> AvgPool1d(2)(jnp.array([[1.0, 3.0, 2.0, 6.0]])).tolist()
        [[2.0, 4.0]]
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):
        super().__init__()
        self.kernel_size = _each(1, kernel_size)
        self.stride = self.kernel_size if stride is None else _each(1, stride)
        self.padding = _each(1, padding)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Any) -> Any:
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )


class _AvgPool(_AvgPoolNd):
    dimensions: int

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        pool = F.avg_pool2d if self.dimensions == 2 else F.avg_pool3d
        return pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPool):
    """Mean over windows of `(N, C, H, W)` or `(C, H, W)`.

    Args:
        kernel_size: an int, or one for each axis.
        stride: default, the kernel size.
        padding: zeros at both ends, at most half the kernel.
        ceil_mode: round the output size up.
        count_include_pad: whether padding counts in the divisor.
        divisor_override: a divisor for every window.

    Example:
        >>> import jax.numpy as jnp
        >>> AvgPool2d(2)(jnp.ones((1, 3, 8, 8))).shape
        (1, 3, 4, 4)
    """

    dimensions = 2


class AvgPool3d(_AvgPool):
    """Mean over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; arguments as `AvgPool2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> AvgPool3d(2)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 1, 2, 2, 2)
    """

    dimensions = 3


class _LPPoolNd(Module):
    dimensions: int

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False):
        super().__init__()
        self.norm_type, self.ceil_mode = norm_type, ceil_mode
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, input: Any) -> Any:
        pool = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self.dimensions - 1]
        return pool(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """`(Σ xᵖ)^(1/p)` over windows of `(N, C, L)` or `(C, L)`; arguments as `LPPool2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LPPool1d(2, 2)(jnp.array([[3.0, 4.0]])).tolist()
        [[5.0]]
    """

    dimensions = 1


class LPPool2d(_LPPoolNd):
    """`(Σ xᵖ)^(1/p)` over windows of `(N, C, H, W)` or `(C, H, W)`.

    Args:
        norm_type: p.
        kernel_size: an int, or one for each axis.
        stride: default, the kernel size.
        ceil_mode: round the output size up.

    Example:
        >>> import jax.numpy as jnp
        >>> LPPool2d(1, 2)(jnp.ones((1, 4, 4))).tolist()
        [[[4.0, 4.0], [4.0, 4.0]]]
    """

    dimensions = 2


class LPPool3d(_LPPoolNd):
    """`(Σ xᵖ)^(1/p)` over windows of `(N, C, D, H, W)` or `(C, D, H, W)`; arguments as `LPPool2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LPPool3d(1, 2)(jnp.ones((1, 2, 2, 2))).tolist()
        [[[[8.0]]]]
    """

    dimensions = 3


class _MaxUnpoolNd(Module):
    dimensions: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        n = self.dimensions
        self.kernel_size = _each(n, kernel_size)
        self.stride = self.kernel_size if stride is None else _each(n, stride)
        self.padding = _each(n, padding)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        unpool = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.dimensions - 1]
        return unpool(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """The inverse of `MaxPool1d(..., return_indices=True)`; see `MaxUnpool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> MaxUnpool1d(2)(jnp.array([[3.0, 5.0]]), jnp.array([[1, 3]])).tolist()
        [[0.0, 3.0, 0.0, 5.0]]
    """

    dimensions = 1


class MaxUnpool2d(_MaxUnpoolNd):
    """The inverse of `MaxPool2d(..., return_indices=True)`: each value at its index, zeros elsewhere.

    Args:
        kernel_size: the pool's.
        stride: the pool's; default, the kernel size.
        padding: the pool's.

    Example:
        >>> import jax.numpy as jnp
        >>> pool = MaxPool2d(2, return_indices=True)
        >>> MaxUnpool2d(2)(*pool(jnp.arange(4.0).reshape(1, 2, 2))).tolist()
        [[[0.0, 0.0], [0.0, 3.0]]]
    """

    dimensions = 2


class MaxUnpool3d(_MaxUnpoolNd):
    """The inverse of `MaxPool3d(..., return_indices=True)`; see `MaxUnpool2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> MaxUnpool3d(2)(jnp.ones((1, 1, 1, 1)), jnp.zeros((1, 1, 1, 1), int)).shape
        (1, 2, 2, 2)
    """

    dimensions = 3
