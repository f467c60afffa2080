"""The step sizes of an optimiser: by how much it moves each coordinate for a steady unit gradient.

A proximal step must charge the penalty in the same units in which the optimiser spends the gradient, or
it solves another problem (Yun, Lozano & Yang, "Adaptive proximal gradient methods for structured neural
networks", NeurIPS 2021). For optimisers that are linear in the gradient and its running mean, once their
second moment is held, that response is a forward derivative of `tx.update`. No optimiser is known by name.

Held means that the second moment which the real update arrived at stands in the jaxpr for what computes it. Where it is
computed inside a branch, as by `apply_if_finite`, derivatives are taken at a state instead from which an update without
gradient arrives at it.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Var, jaxpr_as_fun
from jax.interpreters.partial_eval import dce_jaxpr

from normax.training.lean import lean

_leaves = jax.tree_util.tree_leaves_with_path

__all__ = ["WARM_UP", "RateProbe", "admits_prox", "has_second_moment", "steady_response"]

KINDS = {
    "mu": "first",
    "trace": "first",
    "ema": "first",
    "nu": "second",
    "sum_of_squares": "second",
    "nu_max": "maximum",
}

WARM_UP = 10
"""Steps before the first prox of an optimiser with a second moment: while v̂ ≈ g² of a few steps only, a
small gradient would mean a huge threshold."""


def _kind(path: tuple) -> str | None:
    """What a leaf of an optimiser's state is, by the field of optax that holds it."""
    return next((KINDS[key.name] for key in path if getattr(key, "name", None) in KINDS), None)


def _pick(state: Any, kind: str) -> list[Any]:
    """The leaves of an optimiser's state that are of one kind."""
    return [leaf for path, leaf in jax.tree_util.tree_leaves_with_path(state) if _kind(path) == kind]


def _put(state: Any, kind: str, leaves: Any) -> Any:
    """The state with its leaves of one kind replaced, in order."""
    rest = iter(leaves)
    return jax.tree_util.tree_map_with_path(
        lambda path, leaf: next(rest) if _kind(path) == kind else leaf, state
    )


def _like(leaves: Any, value: float) -> Any:
    return jax.tree.map(lambda leaf: jnp.full_like(leaf, value), leaves)


def has_second_moment(state: Any) -> bool:
    """Whether the optimiser divides by a running second moment, as Adam and RMSProp do."""
    return any(_kind(path) == "second" for path, _ in _leaves(state))


def _still(tx: Any, state: Any, after: Any, params: Any) -> Any:
    """The state with a second moment such that an update with gradient 0 arrives at that of `after`: there no square
    of a gradient has a slope."""
    second = _pick(after, "second")

    def still(second):
        return _pick(tx.update(_like(params, 0), _put(state, "second", second), params)[1], "second")

    blank = _like(second, 1)
    _, decay = jax.jvp(still, (blank,), (blank,))
    return _put(state, "second", [new / b for new, b in zip(second, decay)])


def _line(tx: Any, before: Any, after: Any, params: Any) -> Any:
    """The update as a linear map of (gradient, first moments), the second moment held: its value at 0, and its
    slope `push(gradient, first) -> (update, new first)`."""
    state = _put(before, "first", _like(_pick(before, "first"), 0))
    closed, shape = jax.make_jaxpr(tx.update, return_shape=True)(params, state, params)
    outs = list(zip(closed.jaxpr.outvars, _leaves(shape)))
    computed = {v for eqn in closed.jaxpr.eqns for v in eqn.outvars}
    second = [v for v, (path, _) in outs if _kind(path) == "second"]
    given = {
        v: value for v, value in zip(second, _pick(after, "second")) if isinstance(v, Var) and v in computed
    }
    if len(given) < len(second):
        state = _still(tx, state, after, params)

    # What remains when the held is given and nothing else but the moves and the first moments is asked for.
    wanted = [path[0].idx == 0 or _kind(path) == "first" for _, (path, _) in outs]

    def replaced(eqn):
        return eqn.replace(outvars=[Var(v.aval) if v in given else v for v in eqn.outvars])

    jaxpr = closed.jaxpr.replace(
        eqns=[*map(replaced, closed.jaxpr.eqns)], invars=[*given, *closed.jaxpr.invars]
    )
    jaxpr, used = dce_jaxpr(jaxpr, wanted)
    run = jaxpr_as_fun(ClosedJaxpr(jaxpr, closed.consts))
    tree = jax.tree.structure((shape[0], _pick(shape[1], "first")))

    def update(gradient, first):
        leaves = *given.values(), *jax.tree.leaves((gradient, _put(state, "first", first), params))
        found = run(*(leaf for leaf, needed in zip(leaves, used) if needed))
        return jax.tree.unflatten(tree, found)

    (base, _), push = jax.linearize(update, _like(params, 0), _pick(state, "first"))
    return base, push


def _steady(push: Any, params: Any, first: list[Any]) -> Any:
    zero, one = _like(params, 0), _like(params, 1)
    _, c = push(one, _like(first, 0))
    _, a = push(zero, _like(first, 1))
    moves, _ = push(one, [c / (1 - a) for c, a in zip(c, a)])
    return jax.tree.map(jnp.negative, moves)


def steady_response(tx: Any, before: Any, after: Any, params: Any, unknown: Any = jnp.nan) -> Any:
    """Per-coordinate step: how far one update moves against a steady unit gradient.

    With m ← a·m + c·g the first moment settles at c/(1 − a) for g = 1; the response is the derivative of
    the update along (g, m) = (1, c/(1 − a)), the second moment held.

    Args:
        tx: an optax transformation.
        before: its state before the real update.
        after: its state after it.
        params: the parameters before it, a pytree.
        unknown: what stands where the second moment is still 0: the coordinate had no gradient yet.

    Returns:
        A pytree like `params`.
    """
    _, push = _line(tx, before, after, params)
    second = [(jax.tree_util.keystr(path[-1:]), v) for path, v in _leaves(after) if _kind(path) == "second"]

    def known(path, response):
        for name, v in second:
            if name == jax.tree_util.keystr(path[-1:]):
                response = jnp.where(v == 0, unknown, response).astype(response.dtype)
        return response

    return jax.tree_util.tree_map_with_path(known, _steady(push, params, _pick(before, "first")))


def admits_prox(tx: Any, params: Any) -> bool:
    """Whether the optimiser's step can be read: linear in gradient and momentum, second moment held.

    Tried on tiny arrays of the same names and ranks: after a few updates, the next must equal what its
    derivative predicts, and no state may shadow the parameters. Lion, LAMB, LARS, Adafactor, Muon and
    schedule-free optimisers fail.
    """
    random = np.random.default_rng(0)

    def tiny(leaf):
        return np.asarray(random.normal(size=[min(d, 2) for d in jnp.shape(leaf)]), np.float32)

    move = jax.jit(tx.update)

    def tried(params, gradients):
        state = tx.init(params)
        for gradient in gradients:
            before, (update, state) = state, move(gradient, state, params)
        base, push = _line(tx, before, state, params)
        slope, _ = push(gradient, _pick(before, "first"))
        return update, base, slope, _steady(push, params, _pick(before, "first"))

    def agrees(update, base, slope, response):
        return np.allclose(update, base + slope, rtol=1e-3, atol=1e-12) and bool(
            np.all(np.isfinite(response) & (response >= 0))
        )

    params = jax.tree.map(tiny, params)
    # Small gradients, so that clipping by norm is out of play.
    gradients = [jax.tree.map(lambda p: np.float32(1e-3) * tiny(p), params) for _ in range(3)]
    try:
        state = _leaves(jax.eval_shape(tx.init, params))
        ends = {(jax.tree_util.keystr(path[-1:]), leaf.shape) for path, leaf in _leaves(params)}
        strange = any(  # a shadow of the weights, or moments that several of them share
            (leaf.ndim > 0 and not jax.dtypes.issubdtype(leaf.dtype, jnp.unsignedinteger))
            if _kind(path) is None
            else (jax.tree_util.keystr(path[-1:]), leaf.shape) not in ends
            for path, leaf in state
        )
        return not strange and all(
            map(agrees, *map(jax.tree.leaves, jax.device_get(jax.jit(lean(tried))(params, gradients))))
        )
    except (TypeError, ValueError, AttributeError, KeyError, NotImplementedError):
        return False


class RateProbe:
    """The learning rate of any optimiser, weight by weight: how far it moves one whose gradient never changes.

    One number stands for each weight, under the same names and ranks, so that masks, groups and schedules count. An
    optimiser that normalises the gradient moves it by the rate; a linear one by the rate times the gradient, which
    is small there, so that clipping by norm is out of play.

    Attributes:
        first: name -> rate of the first step.
    """

    def __init__(self, tx: Any, params: dict[str, Any]):
        self.tx = tx
        self._weights = {
            name: jnp.zeros((1,) * jnp.ndim(w), jnp.result_type(w)) for name, w in params.items()
        }
        small, large = (self._moves(self.init(), dict.fromkeys(params, size))[0] for size in (1e-4, 1e-3))
        linear = {name: abs(large[name].item()) > 5 * abs(small[name].item()) for name in params}
        self._sizes = {name: 1e-3 if linear[name] else 1.0 for name in params}
        self.first = {name: float(rate) for name, rate in self(self.init())[0].items()}

    def init(self) -> Any:
        """The optimiser's state for the probe."""
        return self.tx.init(self._weights)

    def _moves(self, state: Any, sizes: dict[str, float]) -> Any:
        gradients = {name: jnp.full_like(w, sizes[name]) for name, w in self._weights.items()}
        return self.tx.update(gradients, state, self._weights)

    def __call__(self, state: Any) -> tuple[dict[str, Any], Any]:
        """The rates `{name: η}` of this step, and the state after it."""
        moves, state = self._moves(state, self._sizes)
        return {name: -m.reshape(()) / self._sizes[name] for name, m in moves.items()}, state
