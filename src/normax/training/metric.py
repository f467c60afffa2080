"""The metric of an optimiser: by how much it moves each coordinate for a steady unit gradient.

A proximal step must charge the penalty in the same units in which the optimiser spends the gradient, or
it solves another problem (Yun, Lozano & Yang, "Adaptive proximal gradient methods for structured neural
networks", NeurIPS 2021). For optimisers that are linear in the gradient and its running mean, once their
second moment is held, that response is a forward derivative of `tx.update`. No optimiser is known by name.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["WARM_UP", "admits_prox", "has_second_moment", "steady_response"]

KINDS = {"mu": "first", "trace": "first", "nu": "second", "sum_of_squares": "second", "nu_max": "maximum"}

WARM_UP = 10
"""Steps before the first prox of an optimiser with a second moment: while v̂ ≈ g² of a few steps only, a
small gradient would mean a huge threshold."""


def _kind(path: tuple) -> str | None:
    """What a leaf of an optimiser's state is, by the field of optax that holds it."""
    return next((KINDS[key.name] for key in path if getattr(key, "name", None) in KINDS), None)


def _map_kind(state: Any, kind: str, change: Any, *others: Any) -> Any:
    """Apply `change` to the state's leaves of one kind, leaving the others."""
    return jax.tree_util.tree_map_with_path(
        lambda path, leaf, *rest: change(leaf, *rest) if _kind(path) == kind else leaf, state, *others
    )


def has_second_moment(state: Any) -> bool:
    """Whether the optimiser divides by a running second moment, as Adam and RMSProp do."""
    return any(_kind(path) == "second" for path, _ in jax.tree_util.tree_leaves_with_path(state))


def _still(tree: Any) -> Any:
    """A zero tangent for every leaf, of the type that JAX wants."""
    return jax.tree.map(
        lambda leaf: (
            jnp.zeros_like(leaf)
            if jnp.issubdtype(jnp.result_type(leaf), jnp.floating)
            else np.zeros(jnp.shape(leaf), jax.dtypes.float0)
        ),
        tree,
    )


def _held(tx: Any, before: Any, after: Any, params: Any) -> Any:
    """The state at which derivatives are taken: first moment 0, and the second such that an update with
    gradient 0 arrives at the one that the real update used. There no square of a gradient has a slope."""
    state = _map_kind(before, "first", jnp.zeros_like)
    if not has_second_moment(state):
        return state
    zero = jax.tree.map(jnp.zeros_like, params)
    blank = _map_kind(state, "second", jnp.ones_like)
    along = _map_kind(_still(state), "second", jnp.ones_like)
    _, decay = jax.jvp(lambda state: tx.update(zero, state, params), (blank,), (along,))[1]
    return _map_kind(state, "second", lambda _, new, b: new / b, after, decay)


def steady_response(tx: Any, before: Any, after: Any, params: Any) -> Any:
    """Per-coordinate step: how far one update moves against a steady unit gradient.

    With m ← a·m + c·g the first moment settles at c/(1 − a) for g = 1; the response is the derivative of
    the update along (g, m) = (1, c/(1 − a)), the second moment held.

    Args:
        tx: an optax transformation.
        before: its state before the real update.
        after: its state after it.
        params: the parameters before it, a pytree.

    Returns:
        A pytree like `params`, NaN where the second moment is still 0: the coordinate had no gradient yet.
    """
    state = _held(tx, before, after, params)
    still = _still(state)
    zero, one = (jax.tree.map(f, params) for f in (jnp.zeros_like, jnp.ones_like))

    def derivative(along_gradient, along_state):
        return jax.jvp(lambda g, s: tx.update(g, s, params), (zero, state), (along_gradient, along_state))[1]

    by_gradient, c = derivative(one, still)
    _, a = derivative(zero, _map_kind(still, "first", jnp.ones_like))
    by_moment, _ = derivative(zero, _map_kind(still, "first", lambda _, a, c: c / (1 - a), a, c))
    return jax.tree.map(
        lambda u, v: jnp.where(jnp.isfinite(u + v), -(u + v), jnp.nan), by_gradient, by_moment
    )


def admits_prox(tx: Any, params: Any) -> bool:
    """Whether the optimiser's step can be read: linear in gradient and momentum, second moment held.

    Tried on tiny arrays of the same names and ranks: after a few updates, the next must equal what its
    derivative predicts, and no state may shadow the parameters. Lion, LAMB, LARS, Adafactor, Muon and
    schedule-free optimisers fail.
    """
    random = np.random.default_rng(0)

    def tiny(leaf):
        return jnp.asarray(random.normal(size=[min(d, 2) for d in jnp.shape(leaf)]), jnp.float32)

    def agrees(params, gradients):
        state = tx.init(params)
        for gradient in gradients:
            before, (update, state) = state, tx.update(gradient, state, params)
        zero = jax.tree.map(jnp.zeros_like, params)
        held = _held(tx, before, state, params)
        along = _map_kind(_still(held), "first", lambda _, m: m, before)
        base, slope = jax.jvp(lambda g, s: tx.update(g, s, params)[0], (zero, held), (gradient, along))
        close = jax.tree.map(
            lambda u, b, s: jnp.allclose(u, b + s, rtol=1e-3, atol=1e-12), update, base, slope
        )
        response = steady_response(tx, before, state, params)
        return jnp.stack(jax.tree.leaves((close, jax.tree.map(lambda d: jnp.all(d >= 0), response)))).all()

    params = jax.tree.map(tiny, params)
    # Small gradients, so that clipping by norm is out of play.
    gradients = [jax.tree.map(lambda p: 1e-3 * tiny(p), params) for _ in range(3)]
    state = jax.eval_shape(tx.init, params)
    shadows = any(
        leaf.ndim > 0 and _kind(path) is None and not jax.dtypes.issubdtype(leaf.dtype, jnp.unsignedinteger)
        for path, leaf in jax.tree_util.tree_leaves_with_path(state)
    )
    try:
        return not shadows and bool(jax.jit(agrees)(params, gradients))
    except (TypeError, ValueError, NotImplementedError):
        return False
