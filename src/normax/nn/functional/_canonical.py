"""Convolution in the one form whose gradients a CPU computes fast everywhere.

XLA's CPU backend has a fast routine for channels-last (`NHWC` with `HWIO` kernels) convolutions. Outside
loops it rewrites the two gradients of a convolution into that form; inside `scan`, `map` and `fori_loop`
it does not, and they run 15 to 30 times slower. So the gradients are written in that form here:

    y[n,p,o]  = Σ_{k,i} x[n, s·p + d·k − a, i] · w[k,i,o]        stride s, dilation d, padding a
    dx        = dy, dilated by s, convolved with the flipped kernel (i and o exchanged)
    dw[k,i,o] = x as (I, spatial, N) convolved with dy as (spatial, N, O), stride d, dilation s

Groups are split into convolutions of their own, and depthwise convolutions are shifted multiply-adds:
XLA's grouped convolutions on a CPU cost 10 to 60 times either.

Both are primitives of their own, bilinear in x and w, so that JAX derives every mode of differentiation,
any number of times, from these formulas. Under `vmap` lanes with weights of their own become a loop over
convolutions (depthwise: more channels), not XLA's grouped convolution.
"""

from __future__ import annotations

import itertools
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from normax.nn.backend import compiled

__all__ = ["convolve", "depthwise"]

Ints = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]

# XLA's convolution of one channel into few takes 2 to 10 times as long as shifted multiply-adds, which may be computed
# anew in whatever reads them, so that they must not be many.
_FEW, _TAPS = 16, 200


def convolve(
    x: jax.Array, w: jax.Array, stride: Ints, padding: Pairs, dilation: Ints, spread: Ints | None = None
) -> jax.Array:
    """Channels-last convolution: x `(N, *spatial, I)`, spread by zeros, w `(*kernel, I, O)`, y `(N, *out, O)`."""
    return _bind(_convolve, x, w, stride, padding, dilation, spread)


def depthwise(
    x: jax.Array, w: jax.Array, stride: Ints, padding: Pairs, dilation: Ints, spread: Ints | None = None
) -> jax.Array:
    """Each channel with a kernel of its own: x `(N, C, *spatial)`, w `(C, *kernel)`, y `(N, C, *out)`."""
    return _bind(_depthwise, x, w, stride, padding, dilation, spread)


def _bind(primitive, x, w, stride, padding, dilation, spread):
    # Inside shard_map both must vary over the same devices.
    over = [getattr(jax.typeof(a), "vma", frozenset()) for a in (x, w)]
    x, w = (
        lax.pcast(a, tuple(other - own), to="varying") if other - own else a
        for a, own, other in ((x, over[0], over[1]), (w, over[1], over[0]))
    )
    stride, dilation, spread = (tuple(map(int, v)) for v in (stride, dilation, spread or (1,) * len(stride)))
    padding = tuple((int(low), int(high)) for low, high in padding)
    return primitive.bind(x, w, stride=stride, padding=padding, dilation=dilation, spread=spread)


def _primitive(name, compute, to_x, to_w, batch):
    """A bilinear primitive from what it computes, its two gradients, and its form for lanes."""
    primitive = Primitive(f"normax_{name}")
    primitive.def_impl(compiled(compute, static_argnames=("stride", "padding", "dilation", "spread")))

    def abstract(x, w, **p):
        y = jax.eval_shape(partial(compute, **p), *(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (x, w)))
        return x.update(shape=y.shape, dtype=y.dtype, weak_type=False)

    primitive.def_abstract_eval(abstract)
    mlir.register_lowering(primitive, mlir.lower_fun(compute, multiple_results=False))
    ad.defbilinear(
        primitive,
        lambda dy, x, w, **p: to_x(dy, w, x.aval.shape, **p),
        lambda dy, x, w, **p: to_w(dy, x, w.aval.shape, **p),
    )
    batching.primitive_batchers[primitive] = lambda args, axes, **p: (batch(*args, *axes, **p), 0)
    return primitive


def _reaches(sizes, kernel, out, stride, padding, dilation, spread):
    """For each axis the padding of the two gradients, from lengths with their gaps counted."""
    to_x, to_w = [], []
    for n, k, o, s, (low, _), d, gap in zip(sizes, kernel, out, stride, padding, dilation, spread):
        length, reach, strided = (n - 1) * gap + 1, (k - 1) * d, (o - 1) * s + 1
        to_x.append((reach - low, length + low - strided))
        to_w.append((low, strided + reach - length - low))
    return to_x, to_w


def _conv(x, w, *, stride, padding, dilation, spread):
    n = len(stride)
    if x.shape[-1] == 1 and set(stride + spread) == {1} and w.shape[-1] <= _FEW and w.size <= _TAPS:
        return _one_channel(x[..., 0], w[..., 0, :], padding, dilation)
    space = "DHW"[3 - n :]
    numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    return lax.conv_general_dilated(x, w, stride, padding, spread, dilation, dimension_numbers=numbers)


def _one_channel(x, w, padding, dilation):
    """The sum of the shifted images, each times its kernels."""
    kernel, wide = w.shape[:-1], jnp.promote_types(x.dtype, jnp.float32)
    reach = zip(x.shape[1:], padding, dilation, kernel)
    out = [n + low + high - d * (k - 1) for n, (low, high), d, k in reach]
    ones = (1,) * len(kernel)
    images = _pieces(x[:, None], kernel, out, ones, padding, dilation, ones)
    return sum(jnp.moveaxis(image, 1, -1).astype(wide) * w[at] for at, image in images).astype(x.dtype)


def _conv_to_x(dy, w, shape, *, stride, padding, dilation, spread):
    n = len(stride)
    pads, _ = _reaches(shape[1:-1], w.shape[:n], dy.shape[1:-1], stride, padding, dilation, spread)
    w = jnp.swapaxes(jnp.flip(w, tuple(range(n))), -1, -2)
    return convolve(dy, w, spread, pads, dilation, stride)


def _conv_to_w(dy, x, shape, *, stride, padding, dilation, spread):
    n = len(stride)
    _, pads = _reaches(x.shape[1:-1], shape[:n], dy.shape[1:-1], stride, padding, dilation, spread)
    # The last input rows that no window reached are cut by the padding.
    dw = convolve(jnp.swapaxes(x, 0, -1), jnp.moveaxis(dy, 0, -2), dilation, pads, stride, spread)
    return jnp.moveaxis(dw, 0, -2)  # from (I, *kernel, O)


def _conv_lanes(x, w, x_axis, w_axis, **p):
    if w_axis is None:  # more rows
        x = jnp.moveaxis(x, x_axis, 0)
        y = convolve(x.reshape(-1, *x.shape[2:]), w, **p)
        return y.reshape(*x.shape[:2], *y.shape[1:])
    if x_axis is None:  # more outputs
        w = jnp.moveaxis(w, w_axis, -2)
        y = convolve(x, w.reshape(*w.shape[:-2], -1), **p)
        return jnp.moveaxis(y.reshape(*y.shape[:-1], *w.shape[-2:]), -2, 0)
    lanes = jnp.moveaxis(x, x_axis, 0), jnp.moveaxis(w, w_axis, 0)
    return lax.map(lambda lane: convolve(*lane, **p), lanes)


def _pieces(x, kernel, out, stride, padding, dilation, spread):
    """For each kernel position, the strided slice of x `(N, C, *spatial)` that it multiplies."""
    config = [(low, high, gap - 1) for (low, high), gap in zip(padding, spread)]
    x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0)] * 2 + config)
    for position in itertools.product(*map(range, kernel)):
        start = [i * d for i, d in zip(position, dilation)]
        stop = [a + (o - 1) * s + 1 for a, o, s in zip(start, out, stride)]
        yield position, lax.slice(x, [0, 0, *start], [*x.shape[:2], *stop], [1, 1, *stride])


def _shift(x, w, *, stride, padding, dilation, spread):
    kernel = w.shape[1:]
    out = [
        ((length - 1) * gap + low + high - d * (k - 1)) // s + 1
        for length, gap, (low, high), d, k, s in zip(x.shape[2:], spread, padding, dilation, kernel, stride)
    ]
    return sum(
        piece * w[(slice(None), *position)].reshape(-1, *(1,) * len(kernel))
        for position, piece in _pieces(x, kernel, out, stride, padding, dilation, spread)
    )


def _shift_to_x(dy, w, shape, *, stride, padding, dilation, spread):
    pads, _ = _reaches(shape[2:], w.shape[1:], dy.shape[2:], stride, padding, dilation, spread)
    return depthwise(dy, jnp.flip(w, tuple(range(1, w.ndim))), spread, pads, dilation, stride)


def _shift_to_w(dy, x, shape, *, stride, padding, dilation, spread):
    dw = [
        jnp.einsum("ncp,ncp->c", piece.reshape(*piece.shape[:2], -1), dy.reshape(*dy.shape[:2], -1))
        for _, piece in _pieces(x, shape[1:], dy.shape[2:], stride, padding, dilation, spread)
    ]
    return jnp.stack(dw, 1).reshape(shape)


def _shift_lanes(x, w, x_axis, w_axis, **p):
    if w_axis is None:  # more rows
        x = jnp.moveaxis(x, x_axis, 0)
        y = depthwise(x.reshape(-1, *x.shape[2:]), w, **p)
        return y.reshape(*x.shape[:2], *y.shape[1:])
    w = jnp.moveaxis(w, w_axis, 0)  # more channels
    lanes, channels = w.shape[:2]
    x = (
        jnp.broadcast_to(x[:, None], (len(x), lanes, *x.shape[1:]))
        if x_axis is None
        else (jnp.moveaxis(x, x_axis, 1))
    )
    y = depthwise(x.reshape(len(x), -1, *x.shape[3:]), w.reshape(-1, *w.shape[2:]), **p)
    return jnp.moveaxis(y.reshape(len(y), lanes, channels, *y.shape[2:]), 1, 0)


_convolve = _primitive("convolve", _conv, _conv_to_x, _conv_to_w, _conv_lanes)
_depthwise = _primitive("depthwise", _shift, _shift_to_x, _shift_to_w, _shift_lanes)
