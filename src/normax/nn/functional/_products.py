"""Products of matrices for many networks at once, in the form that a CPU multiplies fast.

Lanes of `y = x wᵀ` with weights of their own are a batch of products, and their gradients two more. In the usual form,
rows of x before features, XLA's CPU backend copies the weights and both gradients into other layouts at every step, and
sums a bias's gradient across the long way. With features before rows nothing needs a copy but a layer's small wᵀ:

    yᵀ = w xᵀ        dxᵀ = wᵀ dyᵀ        dw = dyᵀ x

Lanes that share x are then one product with all weights. The compiler would turn such a product around again, but not
across an optimisation barrier.

Primitives of their own, bilinear in x and w, so that JAX derives every mode of differentiation from these formulas.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

__all__ = ["multiply", "spread"]


def multiply(x: jax.Array, w: jax.Array) -> jax.Array:
    """`x wᵀ` for x `(n, k)` and w `(m, k)`."""
    return _multiply.bind(x, w, turned=True)


def hold(a: Any) -> Any:
    """`a`, written to memory in the order of its axes: through a barrier as one row, whose order leaves no choice.

    A barrier that keeps the axes would do in training, but XLA crashes on it where derivatives are taken twice.
    """
    return lax.optimization_barrier(a.reshape(-1)).reshape(a.shape)


def spread(b: jax.Array, n: int) -> jax.Array:
    """`b` as n rows; its gradient sums what `multiply` has by columns."""
    return _spread.bind(b, n=n)


def _plain(x, w, *, turned):
    return x @ w.T


def _to_x(dy, x, w, *, turned):
    return _multiply.bind(dy, hold(w.T) if turned else w.T, turned=turned)


def _to_w(dy, x, w, *, turned):
    return _multiply.bind(dy.T, x.T, turned=False)


def _lanes(args, axes, *, turned):
    """The product of lanes; `turned` keeps it by columns, since it is a layer's output or that output's gradient."""
    x, w = (a if axis is None else jnp.moveaxis(a, axis, 0) for a, axis in zip(args, axes))
    if axes[1] is None:  # more rows
        y = _multiply.bind(x.reshape(-1, x.shape[-1]), w, turned=turned)
        return y.reshape(*x.shape[:2], -1), 0
    if not turned:
        return hold(x) @ jnp.swapaxes(hold(w), -1, -2), 0
    columns = hold(jnp.swapaxes(x, -1, -2))
    if axes[0] is None:
        y = (w.reshape(-1, w.shape[-1]) @ columns).reshape(*w.shape[:2], -1)
    else:
        y = w @ columns
    return jnp.swapaxes(hold(y), -1, -2), 0


def _rows(b, *, n):
    return jnp.broadcast_to(b, (n, *b.shape))


def _rows_of_lanes(args, axes, *, n):
    b = jnp.moveaxis(args[0], axes[0], 0)
    return jnp.swapaxes(jnp.broadcast_to(b[..., None], (*b.shape, n)), -1, -2), 0


def _sum_of_lanes(args, axes):
    dy = jnp.moveaxis(args[0], axes[0], 0)
    return hold(jnp.swapaxes(dy, -1, -2)).sum(-1), 0


def _primitive(name, compute, batch, shape):
    primitive = Primitive(f"normax_{name}")
    primitive.def_impl(compute)
    primitive.def_abstract_eval(lambda a, *rest, **p: a.update(shape=shape(a, *rest, **p), weak_type=False))
    mlir.register_lowering(primitive, mlir.lower_fun(compute, multiple_results=False))
    batching.primitive_batchers[primitive] = batch
    return primitive


_multiply = _primitive("multiply", _plain, _lanes, lambda x, w, turned: (x.shape[0], w.shape[0]))
_spread = _primitive("spread", _rows, _rows_of_lanes, lambda b, n: (n, *b.shape))
_total = _primitive("total", lambda dy: dy.sum(0), _sum_of_lanes, lambda dy: dy.shape[1:])
ad.defbilinear(_multiply, _to_x, _to_w)
ad.deflinear2(_spread, lambda dy, b, n: [_total.bind(dy)])
ad.deflinear2(_total, lambda db, dy: [_spread.bind(db, n=dy.aval.shape[0])])
