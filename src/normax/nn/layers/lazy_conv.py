"""Lazy convolutions: the channels of the input are read off the first call."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn.functional._common import as_array
from normax.nn.layers.conv import Conv1d, Conv2d, Conv3d, _ConvNd
from normax.nn.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from normax.nn.lazy import LazyModuleMixin, UninitializedParameter

__all__ = [
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]


class _LazyConvXdMixin(LazyModuleMixin, _ConvNd):
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
        self._materialize(weight=shape, bias=(self.out_channels,))
        if fresh:
            self.reset_parameters()


class LazyConv1d(_LazyConvXdMixin, Conv1d):
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


class LazyConv2d(_LazyConvXdMixin, Conv2d):
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


class LazyConv3d(_LazyConvXdMixin, Conv3d):
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


class LazyConvTranspose1d(_LazyConvXdMixin, ConvTranspose1d):
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


class LazyConvTranspose2d(_LazyConvXdMixin, ConvTranspose2d):
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


class LazyConvTranspose3d(_LazyConvXdMixin, ConvTranspose3d):
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
