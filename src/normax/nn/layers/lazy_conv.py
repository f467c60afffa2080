"""Lazy convolutions: the channels of the input are read off the first call."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn.functional._common import as_array
from normax.nn.layers.conv import Conv1d, Conv2d, Conv3d, _ConvNd
from normax.nn.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from normax.nn.lazy import LazyModuleMixin, lazily

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

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
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


class LazyConv1d(_LazyConvXdMixin, Conv1d):
    """`Conv1d` whose `in_channels` is read off its first input; the other arguments are `Conv1d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConv1d(4, 3)(jnp.ones((1, 2, 5))).shape
        (1, 4, 3)
    """

    cls_to_become = Conv1d
    __init__ = lazily(Conv1d.__init__)


class LazyConv2d(_LazyConvXdMixin, Conv2d):
    """`Conv2d` whose `in_channels` is read off its first input; the other arguments are `Conv2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConv2d(4, 3)(jnp.ones((1, 2, 5, 5))).shape
        (1, 4, 3, 3)
    """

    cls_to_become = Conv2d
    __init__ = lazily(Conv2d.__init__)


class LazyConv3d(_LazyConvXdMixin, Conv3d):
    """`Conv3d` whose `in_channels` is read off its first input; the other arguments are `Conv3d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConv3d(4, 3)(jnp.ones((1, 2, 5, 5, 5))).shape
        (1, 4, 3, 3, 3)
    """

    cls_to_become = Conv3d
    __init__ = lazily(Conv3d.__init__)


class LazyConvTranspose1d(_LazyConvXdMixin, ConvTranspose1d):
    """`ConvTranspose1d` whose `in_channels` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConvTranspose1d(4, 3)(jnp.ones((1, 2, 5))).shape
        (1, 4, 7)
    """

    cls_to_become = ConvTranspose1d
    __init__ = lazily(ConvTranspose1d.__init__)


class LazyConvTranspose2d(_LazyConvXdMixin, ConvTranspose2d):
    """`ConvTranspose2d` whose `in_channels` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConvTranspose2d(4, 3)(jnp.ones((1, 2, 5, 5))).shape
        (1, 4, 7, 7)
    """

    cls_to_become = ConvTranspose2d
    __init__ = lazily(ConvTranspose2d.__init__)


class LazyConvTranspose3d(_LazyConvXdMixin, ConvTranspose3d):
    """`ConvTranspose3d` whose `in_channels` is read off its first input; the other arguments are its own.

    Example:
        >>> import jax.numpy as jnp
        >>> LazyConvTranspose3d(4, 3)(jnp.ones((1, 2, 5, 5, 5))).shape
        (1, 4, 7, 7, 7)
    """

    cls_to_become = ConvTranspose3d
    __init__ = lazily(ConvTranspose3d.__init__)
