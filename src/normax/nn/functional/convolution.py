"""Convolutions in 1, 2 and 3 dimensions, channels first as in PyTorch."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from normax.errors import InputError
from normax.nn.backend import compiled, fence, on_cpu
from normax.nn.functional._canonical import convolve, depthwise
from normax.nn.functional._common import as_array, check_dtypes, spatial, tuple_of

__all__ = ["conv1d", "conv2d", "conv3d"]


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> jax.Array:
    """Cross-correlation of `(N, C, L)` or `(C, L)` with kernels `(out, C / groups, K)`; see `conv2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> conv1d(jnp.ones((1, 2, 5)), jnp.ones((3, 2, 3))).shape
        (1, 3, 3)
    """
    return _convolution(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> jax.Array:
    """Cross-correlation `y[n,o,p] = b_o + Σ_{i,k} x[n, i, s·p + d·k − a] · w[o,i,k]`.

    Channels are first outside; on a CPU the work and its gradients are done channels-last, which stays
    fast inside `scan` and `map`.

    Args:
        input: `(N, C, H, W)` or `(C, H, W)`.
        weight: `(out, C / groups, kH, kW)`.
        bias: `(out,)` or None.
        stride: s, an int or one for each axis.
        padding: a, zeros added at both ends; an int, one for each axis, `"valid"` (none) or `"same"`
            (as many as keep the size, the odd one at the end; stride 1 only).
        dilation: d, the distance between the kernel's points.
        groups: channels are split into that many independent convolutions.

    Returns:
        `(N, out, H', W')` with `H' = ⌊(H + 2a − d(kH − 1) − 1) / s⌋ + 1`.

    Raises:
        InputError: if the channels or sizes do not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> conv2d(jnp.ones((1, 3, 8, 8)), jnp.ones((4, 3, 3, 3)), padding=1).shape
        (1, 4, 8, 8)
    """
    return _convolution(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> jax.Array:
    """Cross-correlation of `(N, C, D, H, W)` or `(C, D, H, W)`; see `conv2d`.

    Example:
        >>> import jax.numpy as jnp
        >>> conv3d(jnp.ones((1, 1, 4, 4, 4)), jnp.ones((2, 1, 2, 2, 2)), stride=2).shape
        (1, 2, 2, 2, 2)
    """
    return _convolution(3, input, weight, bias, stride, padding, dilation, groups)


def pad_pairs(padding: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """Zeros before and after each axis, from a number, a tuple, `"same"` or `"valid"`."""
    n = len(kernel)
    if padding == "valid":
        return ((0, 0),) * n
    if padding == "same":
        if any(s != 1 for s in stride):
            raise InputError(f"padding='same': expected stride 1, got {stride}")
        totals = [d * (k - 1) for d, k in zip(dilation, kernel)]
        return tuple((total // 2, total - total // 2) for total in totals)
    if isinstance(padding, str):
        raise InputError(f"padding: expected 'same', 'valid' or integers, got {padding!r}")
    return tuple((p, p) for p in tuple_of(n, padding, "padding"))


def _convolution(n: int, input, weight, bias, stride, padding, dilation, groups) -> jax.Array:
    w = as_array(weight)
    x, unbatched = spatial(as_array(input), n, f"conv{n}d")
    check_dtypes(x, w)
    if w.ndim != n + 2:
        raise InputError(f"conv{n}d: expected a weight of {n + 2} axes, got shape {w.shape}")
    kernel = w.shape[2:]
    stride, dilation = tuple_of(n, stride, "stride"), tuple_of(n, dilation, "dilation")
    pairs = pad_pairs(padding, kernel, stride, dilation)
    if x.shape[1] != w.shape[1] * groups:
        raise InputError(
            f"expected input with {w.shape[1] * groups} channels, {('N', 'C', *'DHW'[3 - n :])}, "
            f"got {x.shape[1]} in shape {x.shape}".replace("'", "")
        )
    if w.shape[0] % groups:
        raise InputError(f"groups: expected a divisor of the {w.shape[0]} output channels, got {groups}")
    for size, pair, d, k in zip(x.shape[2:], pairs, dilation, kernel):
        if size + sum(pair) < d * (k - 1) + 1:
            raise InputError(
                f"the kernel {tuple(kernel)} with dilation {dilation} is larger than the padded input "
                f"{tuple(s + sum(p) for s, p in zip(x.shape[2:], pairs))}"
            )
    y = run(x, w, stride, pairs, dilation, groups, canonical=on_cpu())
    if bias is not None:  # with the channels last, where the convolution has them on a CPU
        y = jnp.moveaxis(_add(jnp.moveaxis(y, 1, -1), as_array(bias)), -1, 1)
    return y[0] if unbatched else y


@jax.custom_jvp
def _add(y, bias):
    return y + bias


@_add.defjvp
def _add_jvp(primals, tangents):
    return _fenced_add(*primals), _fenced_add(*tangents)


@fence  # both gradients want what comes back from above
def _fenced_add(y, bias):
    return y + bias


@partial(compiled, static_argnames=("stride", "padding", "dilation", "groups", "canonical"))
def run(x, w, stride, padding, dilation, groups, canonical) -> jax.Array:
    """The convolution itself, of checked arguments."""
    if not canonical:
        return lax.conv_general_dilated(
            x, w, stride, padding, rhs_dilation=dilation, feature_group_count=groups
        )
    if w.shape[1] == 1 and groups > 1:  # depthwise, each channel feeding out/groups outputs
        x = jnp.repeat(x, w.shape[0] // groups, axis=1)
        return depthwise(x, w[:, 0], stride, padding, dilation)
    if groups > 1:
        parts = zip(jnp.split(x, groups, 1), jnp.split(w, groups, 0))
        return jnp.concatenate([run(a, b, stride, padding, dilation, 1, True) for a, b in parts], 1)
    y = convolve(jnp.moveaxis(x, 1, -1), jnp.moveaxis(w, (0, 1), (-1, -2)), stride, padding, dilation)
    return jnp.moveaxis(y, -1, 1)
