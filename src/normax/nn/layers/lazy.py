"""Lazy layers: the channels of the input are read off the first call."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn.functional._common import as_array
from normax.nn.layers.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, RunningNorm
from normax.nn.layers.conv import Conv1d, Conv2d, Conv3d, ConvNd
from normax.nn.layers.linear import Linear
from normax.nn.layers.normalization import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from normax.nn.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from normax.nn.lazy import LazyModuleMixin, UninitializedBuffer, UninitializedParameter

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` whose `in_features` is the last axis of its first input.

    Args:
        out_features: as `Linear`'s.
        bias: as `Linear`'s.
        device: as `Linear`'s.
        dtype: as `Linear`'s.

    Raises:
        InputError: if it is compiled, trained or read before a first call.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyLinear(2)
        >>> layer(jnp.ones((5, 3))).shape
        (5, 2)
        >>> layer
        Linear(in_features=3, out_features=2, bias=True)
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(0, 0, bias, device, dtype)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype, role="weight")
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype, role="bias")

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        fresh = self.has_uninitialized_params()
        self.in_features = as_array(input).shape[-1] if fresh else self.weight.shape[-1]
        _materialize(self, weight=(self.out_features, self.in_features), bias=(self.out_features,))
        if fresh:
            self.reset_parameters()


def _materialize(module: LazyModuleMixin, **shapes: tuple[int, ...]) -> None:
    for name, shape in shapes.items():
        cell = getattr(module, name)
        if cell is not None and cell.uninitialized:
            cell.materialize(shape)


class _LazyConv(LazyModuleMixin, ConvNd):
    """What lazy convolutions share. They begin as one of no channels."""

    def _await(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        if out_channels % self.groups:
            raise InputError(f"groups: expected a divisor of out_channels={out_channels}, got {self.groups}")
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype, role="weight")
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype, role="bias")

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        fresh = self.has_uninitialized_params()
        shape, n = as_array(input).shape, self.dimensions
        if len(shape) not in (n + 1, n + 2):
            raise InputError(f"expected {n + 1}D (unbatched) or {n + 2}D (batched) input, got shape {shape}")
        channels = shape[-n - 1]
        if self.weight.uninitialized:
            if channels % self.groups:
                raise InputError(f"expected channels divisible by groups={self.groups}, got shape {shape}")
        else:  # from a state dict
            channels = self.weight.shape[0] if self.transposed else self.weight.shape[1] * self.groups
        self.in_channels = channels
        ends = (channels, self.out_channels) if self.transposed else (self.out_channels, channels)
        shape = (ends[0], ends[1] // self.groups, *self.kernel_size)
        _materialize(self, weight=shape, bias=(self.out_channels,))
        if fresh:
            self.reset_parameters()


class LazyConv1d(_LazyConv, Conv1d):
    """`Conv1d` whose `in_channels` is read off its first input; the other arguments are `Conv1d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConv1d(4, 3)(jnp.ones((1, 2, 5))).shape
        (1, 4, 3)
    """

    cls_to_become = Conv1d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self._await(out_channels, bias, device, dtype)


class LazyConv2d(_LazyConv, Conv2d):
    """`Conv2d` whose `in_channels` is read off its first input; the other arguments are `Conv2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConv2d(4, 3)(jnp.ones((1, 2, 5, 5))).shape
        (1, 4, 3, 3)
    """

    cls_to_become = Conv2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self._await(out_channels, bias, device, dtype)


class LazyConv3d(_LazyConv, Conv3d):
    """`Conv3d` whose `in_channels` is read off its first input; the other arguments are `Conv3d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConv3d(4, 3)(jnp.ones((1, 2, 5, 5, 5))).shape
        (1, 4, 3, 3, 3)
    """

    cls_to_become = Conv3d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self._await(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """`ConvTranspose1d` whose `in_channels` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConvTranspose1d(4, 3)(jnp.ones((1, 2, 5))).shape
        (1, 4, 7)
    """

    cls_to_become = ConvTranspose1d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            bias,
            dilation,
            padding_mode,
            device,
            dtype,
        )
        self._await(out_channels, bias, device, dtype)


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """`ConvTranspose2d` whose `in_channels` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConvTranspose2d(4, 3)(jnp.ones((1, 2, 5, 5))).shape
        (1, 4, 7, 7)
    """

    cls_to_become = ConvTranspose2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            bias,
            dilation,
            padding_mode,
            device,
            dtype,
        )
        self._await(out_channels, bias, device, dtype)


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """`ConvTranspose3d` whose `in_channels` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConvTranspose3d(4, 3)(jnp.ones((1, 2, 5, 5, 5))).shape
        (1, 4, 7, 7, 7)
    """

    cls_to_become = ConvTranspose3d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            bias,
            dilation,
            padding_mode,
            device,
            dtype,
        )
        self._await(out_channels, bias, device, dtype)


class _LazyNorm(LazyModuleMixin, RunningNorm):
    """What lazy batch and instance norms share."""

    def _await(self, affine: bool, track: bool, bias: bool, device: Any, dtype: Any) -> None:
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype, role="norm")
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype, role="norm")
        if track:
            self.running_mean = UninitializedBuffer(device, dtype)
            self.running_var = UninitializedBuffer(device, dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        fresh = self.has_uninitialized_params()
        x = self.check(input)
        axis = 0 if x.ndim == self.axes[0] and type(self).__name__.startswith("LazyInstance") else 1
        known = [c for c in (self.weight, self.running_mean) if c is not None and not c.uninitialized]
        self.num_features = known[0].shape[0] if known else x.shape[axis]
        shape = (self.num_features,)
        _materialize(self, weight=shape, bias=shape, running_mean=shape, running_var=shape)
        if fresh:
            self.reset_parameters()


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """`BatchNorm1d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyBatchNorm1d()
        >>> layer(jnp.ones((2, 3, 4))).shape, layer.num_features
        ((2, 3, 4), 3)
    """

    cls_to_become = BatchNorm1d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._await(affine, track_running_stats, bias, device, dtype)


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """`BatchNorm2d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyBatchNorm2d()
        >>> layer(jnp.ones((2, 3, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4), 3)
    """

    cls_to_become = BatchNorm2d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._await(affine, track_running_stats, bias, device, dtype)


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """`BatchNorm3d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyBatchNorm3d()
        >>> layer(jnp.ones((2, 3, 4, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4, 4), 3)
    """

    cls_to_become = BatchNorm3d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._await(affine, track_running_stats, bias, device, dtype)


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """`InstanceNorm1d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyInstanceNorm1d()
        >>> layer(jnp.ones((2, 3, 4))).shape, layer.num_features
        ((2, 3, 4), 3)
    """

    cls_to_become = InstanceNorm1d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._await(affine, track_running_stats, bias, device, dtype)


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """`InstanceNorm2d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyInstanceNorm2d()
        >>> layer(jnp.ones((2, 3, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4), 3)
    """

    cls_to_become = InstanceNorm2d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._await(affine, track_running_stats, bias, device, dtype)


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """`InstanceNorm3d` whose `num_features` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = LazyInstanceNorm3d()
        >>> layer(jnp.ones((2, 3, 4, 4, 4))).shape, layer.num_features
        ((2, 3, 4, 4, 4), 3)
    """

    cls_to_become = InstanceNorm3d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(0, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self._await(affine, track_running_stats, bias, device, dtype)
