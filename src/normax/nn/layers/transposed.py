"""Transposed convolution layers."""

from __future__ import annotations

from typing import Any

from normax.errors import InputError
from normax.nn import functional as F
from normax.nn.functional._common import as_array, tuple_of
from normax.nn.layers.conv import _ConvNd

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self,
        in_channels: int,
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
        if padding_mode != "zeros":
            raise InputError(
                f"padding_mode: expected 'zeros' for a transposed convolution, got {padding_mode!r}"
            )
        if isinstance(padding, str):
            raise InputError(f"padding: expected integers for a transposed convolution, got {padding!r}")
        sizes = kernel_size, stride, padding, dilation
        super().__init__(in_channels, out_channels, *sizes, groups, bias, padding_mode, device, dtype)
        self.output_padding = tuple_of(self.dimensions, output_padding, "output_padding")

    def forward(self, input: Any, output_size: Any = None) -> Any:
        x = as_array(input)
        extra = self.output_padding if output_size is None else self._extra(x, output_size)
        function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.dimensions - 1]
        places = self.stride, self.padding, extra
        return function(x, self.weight, self.bias, *places, self.groups, self.dilation)

    def _extra(self, x: Any, output_size: Any) -> Any:
        """The output padding that gives a wanted output size."""
        n = self.dimensions
        wanted = tuple_of(n, tuple(output_size)[-n:], "output_size")
        padding: Any = self.padding
        least = [
            (length - 1) * s - 2 * p + d * (k - 1) + 1
            for length, s, p, d, k in zip(x.shape[-n:], self.stride, padding, self.dilation, self.kernel_size)
        ]
        extra = tuple(w - m for w, m in zip(wanted, least))
        if any(not 0 <= e < s for e, s in zip(extra, self.stride)):
            raise InputError(f"output_size: expected from {least} to less than a stride more, got {wanted}")
        return extra


class ConvTranspose1d(_ConvTransposeNd):
    """Transposed convolution of `(N, C, L)` or `(C, L)`; arguments as `ConvTranspose2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> ConvTranspose1d(2, 3, 4, stride=2, padding=1)(jnp.ones((1, 2, 5))).shape
        (1, 3, 10)
    """

    dimensions = 1


class ConvTranspose2d(_ConvTransposeNd):
    """`y[n, o, s·p + d·k − a] += x[n,i,p] · w[i,o,k]`, plus a bias: what `Conv2d` sends back to its input.

    Weight `(in, out / groups, kH, kW)` and bias `(out,)` start from `U(−b, b)`, `b = 1/√(out/groups · kH·kW)`.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: an int, or one for each axis.
        stride: s.
        padding: a, cut from both ends of the output.
        output_padding: rows added to the end of the output.
        groups: independent convolutions into which the channels are split.
        bias: False leaves the bias out.
        dilation: d.
        padding_mode: only `"zeros"`.
        device: where the parameters live.
        dtype: of the parameters.

    Raises:
        InputError: for arguments that do not fit, and in a call for a wrong number of channels.

    Example:
        >>> import jax.numpy as jnp
        >>> layer = ConvTranspose2d(3, 4, 2, stride=2)
        >>> layer
        ConvTranspose2d(3, 4, kernel_size=(2, 2), stride=(2, 2))
        >>> layer(jnp.ones((1, 3, 4, 4))).shape
        (1, 4, 8, 8)
    """

    dimensions = 2


class ConvTranspose3d(_ConvTransposeNd):
    """Transposed convolution of `(N, C, D, H, W)` or `(C, D, H, W)`; arguments as `ConvTranspose2d`'s.

    Example:
        >>> import jax.numpy as jnp
        >>> ConvTranspose3d(1, 2, 2)(jnp.ones((1, 1, 2, 2, 2))).shape
        (1, 2, 3, 3, 3)
    """

    dimensions = 3
