"""Layers that change the shape and nothing else."""

from __future__ import annotations

import math
from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.functional._common import as_array
from normax.nn.module import Module

__all__ = ["ChannelShuffle", "Flatten", "Fold", "PixelShuffle", "PixelUnshuffle", "Unflatten", "Unfold"]


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one, in reading order.

    Args:
        start_dim: the first; 1 keeps the batch.
        end_dim: the last.

    Example:
        >>> import jax.numpy as jnp
        >>> Flatten()(jnp.ones((2, 3, 4))).shape
        (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        x = as_array(input)
        axes = range(-x.ndim, x.ndim) if x.ndim else (-1, 0)
        if self.start_dim not in axes or self.end_dim not in axes:
            raise InputError(f"expected axes {self.start_dim} to {self.end_dim}, got shape {x.shape}")
        start, end = self.start_dim % max(x.ndim, 1), self.end_dim % max(x.ndim, 1)
        if start > end:
            raise InputError(f"expected start_dim before end_dim, got {start} and {end} for shape {x.shape}")
        size = math.prod(x.shape[start : end + 1])
        return x.reshape(*x.shape[:start], size, *x.shape[end + 1 :])

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis as several, in reading order.

    Args:
        dim: the axis.
        unflattened_size: their sizes; one may be −1.

    Example:
        >>> import jax.numpy as jnp
        >>> Unflatten(1, (3, 4))(jnp.ones((2, 12))).shape
        (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Any):
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"Unflatten: expected an int axis, got {dim!r}: arrays here have no named axes")
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Any) -> Any:
        x = as_array(input)
        axis, sizes = self.dim % x.ndim, self.unflattened_size
        if -1 not in sizes and math.prod(sizes) != x.shape[axis]:
            raise InputError(
                f"expected axis {self.dim} of size {math.prod(sizes)}, {sizes}, got shape {x.shape}"
            )
        return x.reshape(*x.shape[:axis], *sizes, *x.shape[axis + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class PixelShuffle(Module):
    """Channels to positions: `(..., C r², H, W)` becomes `(..., C, H r, W r)`.

    Args:
        upscale_factor: r.

    Raises:
        InputError: in a call, if the channels do not divide by r².

    Example:
        >>> import jax.numpy as jnp
        >>> PixelShuffle(2)(jnp.ones((1, 8, 3, 3))).shape
        (1, 2, 6, 6)

    Source:
        Shi et al., "Real-time single image and video super-resolution", CVPR 2016.
    """

    def __init__(self, upscale_factor: int):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Any) -> Any:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Positions to channels: `(..., C, H r, W r)` becomes `(..., C r², H, W)`.

    Args:
        downscale_factor: r.

    Raises:
        InputError: in a call, if height or width do not divide by r.

    Example:
        >>> import jax.numpy as jnp
        >>> PixelUnshuffle(2)(jnp.ones((1, 2, 6, 6))).shape
        (1, 8, 3, 3)
    """

    def __init__(self, downscale_factor: int):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Any) -> Any:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels of `(N, C, ...)`, read across groups instead of one group after the other.

    Args:
        groups: a divisor of C.

    Raises:
        InputError: in a call, if the channels do not divide into the groups.

    Example:
        >>> import jax.numpy as jnp
        >>> ChannelShuffle(2)(jnp.arange(4.0).reshape(1, 4, 1)).ravel().tolist()
        [0.0, 2.0, 1.0, 3.0]

    Source:
        Zhang et al., "ShuffleNet", CVPR 2018.
    """

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

    def forward(self, input: Any) -> Any:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class _Windows(Module):
    def _shown(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )

    def extra_repr(self) -> str:
        return self._shown()


class Unfold(_Windows):
    """Every window of an image as a column: `im2col`.

    Args:
        kernel_size: of a window; an int, or one for each axis, as the others.
        dilation: distance between a window's points.
        padding: zeros at both ends.
        stride: from window to window.

    Example:
        >>> import jax.numpy as jnp
        >>> Unfold(3, padding=1, stride=2)(jnp.ones((1, 3, 5, 5))).shape
        (1, 27, 9)
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Any) -> Any:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(_Windows):
    """Columns as windows of an image, overlaps summed: `col2im`, the transpose of `Unfold`.

    Args:
        output_size: height and width of the image; an int, or one for each axis, as the others.
        kernel_size: of a window.
        dilation: distance between a window's points.
        padding: of the image, cut off at the end.
        stride: from window to window.

    Example:
        >>> import jax.numpy as jnp
        >>> Fold(4, 2, stride=2)(jnp.ones((1, 12, 4))).shape
        (1, 3, 4, 4)
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ):
        super().__init__()
        self.output_size = output_size
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Any) -> Any:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {self._shown()}"
