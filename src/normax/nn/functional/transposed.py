"""Transposed convolutions: the gradients of convolutions with respect to their input, as layers."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp

from normax.errors import InputError
from normax.nn.backend import compiled, on_cpu
from normax.nn.functional._common import as_array, check_dtypes, spatial, tuple_of
from normax.nn.functional.convolution import run

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Transposed convolution of `(N, C, L)` or `(C, L)`; see `conv_transpose2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> conv_transpose1d(jnp.ones((1, 2, 5)), jnp.ones((2, 3, 3)), stride=2).shape
        (1, 3, 11)
    """
    return _transposed(1, input, weight, bias, (stride, padding, output_padding, dilation), groups)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """`y[n, o, s·p + d·k − a] += x[n,i,p] · w[i,o,k]`, plus a bias: what `conv2d` sends back to its input.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        weight: `(C, out / groups, kH, kW)`.
        bias: `(out,)` or None.
        stride: s.
        padding: a, cut from both ends of the output.
        output_padding: rows added to the end of the output, less than the stride or dilation.
        groups: independent convolutions into which the channels are split.
        dilation: d.

    Returns:
        `(N, out, H', W')` with `H' = (H − 1) s − 2a + d(kH − 1) + output_padding + 1`.

    Raises:
        InputError: if the channels or sizes do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> conv_transpose2d(jnp.ones((1, 2, 4, 4)), jnp.ones((2, 3, 2, 2)), stride=2).shape
        (1, 3, 8, 8)
    """
    return _transposed(2, input, weight, bias, (stride, padding, output_padding, dilation), groups)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Transposed convolution of `(N, C, D, H, W)` or `(C, D, H, W)`; see `conv_transpose2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> conv_transpose3d(jnp.ones((1, 1, 2, 2, 2)), jnp.ones((1, 2, 2, 2, 2))).shape
        (1, 2, 3, 3, 3)
    """
    return _transposed(3, input, weight, bias, (stride, padding, output_padding, dilation), groups)


def _transposed(n, input, weight, bias, places, groups):
    w = as_array(weight)
    x, unbatched = spatial(as_array(input), n, f"conv_transpose{n}d")
    check_dtypes(x, w)
    if w.ndim != n + 2 or x.shape[1] != w.shape[0] or w.shape[0] % groups:
        raise InputError(
            f"expected input with {w.shape[0]} channels in {groups} groups and a weight of {n + 2} axes, "
            f"got shapes {x.shape} and {w.shape}"
        )
    names = ("stride", "padding", "output_padding", "dilation")
    stride, padding, extra, dilation = (tuple_of(n, place, name) for place, name in zip(places, names))
    for e, s, d in zip(extra, stride, dilation):
        if e and e >= max(s, d):
            raise InputError(
                f"output_padding: expected less than the stride {stride} or dilation {dilation}, got {extra}"
            )
    out = tuple(
        (length - 1) * s - 2 * p + d * (k - 1) + e + 1
        for length, s, p, d, k, e in zip(x.shape[2:], stride, padding, dilation, w.shape[2:], extra)
    )
    if min(out) <= 0:
        raise InputError(f"the output would have the size {out}: the input is too small for this padding")
    y = _run(x, w, stride, padding, dilation, groups, out, on_cpu())
    if bias is not None:
        y = y + as_array(bias).reshape(-1, *(1,) * n)
    return y[0] if unbatched else y


@partial(compiled, static_argnames=("stride", "padding", "dilation", "groups", "out", "canonical"))
def _run(x, w, stride, padding, dilation, groups, out, canonical) -> jax.Array:
    """A convolution of x, spread by the stride, with the flipped kernel."""
    n = len(stride)
    spread = jax.lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0)] * 2 + [(0, 0, s - 1) for s in stride])
    w = jnp.flip(w, tuple(range(2, n + 2)))
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).swapaxes(1, 2)
    w = w.reshape(-1, *w.shape[2:])
    pads = tuple(
        (d * (k - 1) - p, size - length + p)
        for d, k, p, size, length in zip(dilation, w.shape[2:], padding, out, spread.shape[2:])
    )
    return run(spread, w, (1,) * n, pads, dilation, groups, canonical)
