"""Convolution in the one form whose gradients a CPU computes fast everywhere.

XLA's CPU backend has a fast routine for channels-last (`NHWC` with `HWIO` kernels) convolutions. Outside
loops it rewrites the two gradients of a convolution into that form; inside `scan`, `map` and `fori_loop`
it does not, and they run 15 to 30 times slower. So the gradients are written in that form here:

    y[n,p,o]  = Σ_{k,i} x[n, s·p + d·k − a, i] · w[k,i,o]        stride s, dilation d, padding a
    dx        = dy, dilated by s, convolved with the flipped kernel (i and o exchanged)
    dw[k,i,o] = x as (I, spatial, N) convolved with dy as (spatial, N, O), stride d, dilation s

Groups are split into convolutions of their own, and depthwise convolutions are shifted multiply-adds:
XLA's grouped convolutions on a CPU cost 10 to 60 times either.

A custom gradient has no forward mode: `jax.jvp` of a convolution on a CPU raises JAX's error, while
`jax.grad`, `jax.hessian` by reverse mode and `jax.jvp` of a `jax.grad` work.
"""

from __future__ import annotations

import itertools
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["convolve", "depthwise"]

Ints = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


def _numbers(n: int) -> tuple[str, str, str]:
    space = "DHW"[3 - n :]
    return f"N{space}C", f"{space}IO", f"N{space}C"


def _conv(x, w, stride, padding, lhs_dilation, rhs_dilation):
    return lax.conv_general_dilated(
        x, w, stride, padding, lhs_dilation, rhs_dilation, dimension_numbers=_numbers(x.ndim - 2)
    )


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def convolve(x: jax.Array, w: jax.Array, stride: Ints, padding: Pairs, dilation: Ints) -> jax.Array:
    """Channels-last convolution: x `(N, *spatial, I)`, w `(*kernel, I, O)`, y `(N, *out, O)`."""
    return _conv(x, w, stride, padding, None, dilation)


def _forward(x, w, stride, padding, dilation):
    return convolve(x, w, stride, padding, dilation), (x, w)


def _backward(stride, padding, dilation, residuals, dy):
    x, w = residuals
    n = x.ndim - 2
    space = tuple(range(n))
    sizes = zip(stride, padding, dilation, w.shape[:n], x.shape[1:-1], dy.shape[1:-1])
    to_x: list[tuple[int, int]] = []
    to_w: list[tuple[int, int]] = []
    for s, (low, _), d, kernel, length, out in sizes:
        reach, strided = d * (kernel - 1), (out - 1) * s + 1
        to_x.append((reach - low, length + low - strided))
        to_w.append((low, strided + reach - length - low))
    ones = (1,) * n
    dx = _conv(dy, jnp.swapaxes(jnp.flip(w, space), -1, -2), ones, to_x, stride, dilation)
    dw = _conv(jnp.swapaxes(x, 0, -1), jnp.moveaxis(dy, 0, -2), dilation, to_w, None, stride)
    # dw arrives as (I, *kernel, O); the last input rows that no window reached are cut by the padding.
    dw = jnp.moveaxis(dw, 0, -2)
    return dx.astype(x.dtype), dw.astype(w.dtype)


convolve.defvjp(_forward, _backward)


def _shifts(x, kernel, stride, padding, dilation, out):
    """For each kernel position, the strided slice of x `(N, C, *spatial)` that it multiplies."""
    x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0)] * 2 + [(low, high, 0) for low, high in padding])
    for position in itertools.product(*map(range, kernel)):
        start = [i * d for i, d in zip(position, dilation)]
        stop = [a + (o - 1) * s + 1 for a, o, s in zip(start, out, stride)]
        yield position, lax.slice(x, [0, 0, *start], [*x.shape[:2], *stop], [1, 1, *stride])


def _depthwise(x, w, stride, padding, dilation):
    kernel = w.shape[1:]
    out = [
        (length + low + high - d * (k - 1) - 1) // s + 1
        for length, (low, high), d, k, s in zip(x.shape[2:], padding, dilation, kernel, stride)
    ]
    terms = (
        piece * w[(slice(None), *position)].reshape(-1, *(1,) * len(kernel))
        for position, piece in _shifts(x, kernel, stride, padding, dilation, out)
    )
    return sum(terms, start=jnp.zeros((), x.dtype))


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def depthwise(x: jax.Array, w: jax.Array, stride: Ints, padding: Pairs, dilation: Ints) -> jax.Array:
    """Each channel with a kernel of its own: x `(N, C, *spatial)`, w `(C, *kernel)`, y `(N, C, *out)`."""
    return _depthwise(x, w, stride, padding, dilation)


def _depthwise_forward(x, w, stride, padding, dilation):
    return depthwise(x, w, stride, padding, dilation), (x, w)


def _depthwise_backward(stride, padding, dilation, residuals, dy):
    x, w = residuals
    space = tuple(range(1, w.ndim))
    spread = lax.pad(dy, jnp.zeros((), dy.dtype), [(0, 0, 0)] * 2 + [(0, 0, s - 1) for s in stride])
    back = [
        (d * (k - 1) - low, length + low - size)
        for (low, _), d, k, length, size in zip(padding, dilation, w.shape[1:], x.shape[2:], spread.shape[2:])
    ]
    dx = _depthwise(spread, jnp.flip(w, space), (1,) * len(space), back, dilation)
    pieces = _shifts(x, w.shape[1:], stride, padding, dilation, dy.shape[2:])
    dw = [
        jnp.einsum("ncp,ncp->c", a.reshape(*a.shape[:2], -1), dy.reshape(*dy.shape[:2], -1))
        for _, a in pieces
    ]
    return dx, jnp.stack(dw, 1).reshape(w.shape)


depthwise.defvjp(_depthwise_forward, _depthwise_backward)
