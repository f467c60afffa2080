"""Convolution layers in 1, 2 and 3 dimensions."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.functional._common import as_array, tuple_of
from normax.nn.functional.convolution import pad_pairs
from normax.nn.layers._common import new_parameter, uniform_fan_in_
from normax.nn.module import Module

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share: the checked arguments, the parameters and their `repr`."""

    dimensions: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        n = self.dimensions
        if groups < 1 or in_channels % groups or out_channels % groups:
            known = f"in_channels={in_channels} and " if in_channels else ""  # a lazy one's are not
            raise InputError(
                f"groups: expected a divisor of {known}out_channels={out_channels}, got {groups}"
            )
        if padding_mode not in PADDING_MODES:
            raise InputError(f"padding_mode: expected one of {PADDING_MODES}, got {padding_mode!r}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = tuple_of(n, kernel_size, "kernel_size")
        self.stride = tuple_of(n, stride, "stride")
        self.dilation = tuple_of(n, dilation, "dilation")
        self.padding = padding if isinstance(padding, str) else tuple_of(n, padding, "padding")
        self.output_padding = (0,) * n
        self.padding_mode = padding_mode
        pad_pairs(self.padding, self.kernel_size, self.stride, self.dilation)  # which refuses what is none
        channels = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (channels[0], channels[1] // groups, *self.kernel_size)
        self.weight = new_parameter(shape, "weight", device, dtype)
        self.register_parameter(
            "bias", new_parameter((out_channels,), "bias", device, dtype) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        uniform_fan_in_(self)

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if self.padding != (0,) * self.dimensions:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.dimensions:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.dimensions:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Conv(_ConvNd):
    def forward(self, input: Any) -> Any:
        x = as_array(input)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            pairs = pad_pairs(self.padding, self.kernel_size, self.stride, self.dilation)
            widths = [p for pair in reversed(pairs) for p in pair]
            x, padding = F.pad(x, widths, self.padding_mode), 0
        function = (F.conv1d, F.conv2d, F.conv3d)[self.dimensions - 1]
        return function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Convolution of `(N, C, L)` or `(C, L)`; arguments as `Conv2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> Conv1d(2, 4, 3, padding="same")(jnp.ones((1, 2, 9))).shape
        (1, 4, 9)
    """

    dimensions = 1


class Conv2d(_Conv):
    """Convolution `y[n,o,p] = b_o + Σ_{i,k} x[n, i, s·p + d·k − a] · w[o,i,k]` of `(N, C, H, W)` or `(C, H, W)`.

    Weight `(out, in / groups, kH, kW)` and bias `(out,)` start from `U(−b, b)`, `b = 1/√(in/groups · kH·kW)`.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: an int, or one for each axis.
        stride: s.
        padding: a at both ends, or `"valid"`, or `"same"` (stride 1 only).
        dilation: d, the distance between the kernel's points.
        groups: independent convolutions into which the channels are split.
        bias: False leaves b out.
        padding_mode: what is padded: `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`.
        device: where the parameters live.
        dtype: of the parameters.

    Raises:
        InputError: for arguments that do not fit, and in a call for a wrong number of channels.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = Conv2d(3, 16, kernel_size=3, padding=1)
        >>> layer
        Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
        >>> layer(jnp.ones((2, 3, 8, 8))).shape
        (2, 16, 8, 8)
    """

    dimensions = 2


class Conv3d(_Conv):
    """Convolution of `(N, C, D, H, W)` or `(C, D, H, W)`; arguments as `Conv2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> Conv3d(1, 2, 2)(jnp.ones((1, 1, 4, 4, 4))).shape
        (1, 2, 3, 3, 3)
    """

    dimensions = 3
