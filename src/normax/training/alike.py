"""Whether an optimiser updates every weight by one and the same elementwise formula, read off its jaxprs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Jaxpr, Literal

from normax.binding.primitives import CALLS, ELEMENTWISE, called
from normax.errors import InputError

__all__ = ["check_alike"]

# Parameters of an equation that do not bear on what it computes for an element.
SHAPES = {"shape", "sharding", "broadcast_dimensions", "jaxpr", "name", "out_sharding"}


def check_alike(tx: Any, names: Sequence[str], values: Sequence[Any]) -> None:
    """Refuse an optimiser whose update is not the same elementwise formula for every weight.

    Read off the jaxprs of `tx.init` and `tx.update`: every equation that touches a weight must be elementwise
    and touch one weight only, and the formulas of all weights must be equal.

    Raises:
        InputError: with the equation, or the weights that are treated differently (masks, groups).
    """
    weights = dict(zip(names, (jnp.zeros(jnp.shape(v), jnp.result_type(v)) for v in values)))
    state = jax.eval_shape(tx.init, weights)
    _Formulas(names).compare(lambda w: tx.init(w), weights)
    _Formulas(names).compare(lambda g, s, w: tx.update(g, s, w), weights, state, weights)


class _Numbered(NamedTuple):
    """The weight that a variable belongs to, None for what all share, and the number of its formula."""

    owner: str | None
    formula: int


class _Formulas:
    """Formulas numbered as they are met, so that equal ones have equal numbers."""

    def __init__(self, names: Sequence[str]):
        self.names = dict.fromkeys(names)
        self._numbers: dict[Any, int] = {}

    def compare(self, function: Callable[..., Any], *args: Any) -> None:
        """Refuse a function of weights by name whose results are not one formula."""
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*args)
        inputs = []
        for path, _ in jax.tree_util.tree_leaves_with_path(args):
            owner, text = self._role(path)
            inputs.append(_Numbered(owner, self._number("input", text)))
        results: dict[str, dict[str, int]] = {name: {} for name in self.names}
        found = self._walk(closed.jaxpr, closed.consts, inputs)
        for (path, leaf), value in zip(jax.tree_util.tree_leaves_with_path(shape), found):
            place, text = self._role(path)
            if place is not None:
                results[place][text] = value.formula
            elif leaf.shape != () or value.owner is not None:
                _refuse(f"its state {text} belongs to no single weight")
        first = next(iter(self.names))
        other = next((name for name in self.names if results[name] != results[first]), None)
        if other is not None:
            _refuse(f"it treats {first} and {other} differently")

    def _number(self, *formula: Any) -> int:
        return self._numbers.setdefault(formula, len(self._numbers))

    def _constant(self, value: Any) -> _Numbered:
        return _Numbered(None, self._number("constant", repr(value)))

    def _role(self, path: tuple) -> tuple[str | None, str]:
        """The weight that a leaf belongs to, and its path apart from that."""
        owner = next((k.key for k in path if getattr(k, "key", None) in self.names), None)
        return owner, jax.tree_util.keystr(tuple(k for k in path if getattr(k, "key", None) != owner))

    def _walk(self, jaxpr: Jaxpr, consts: Sequence[Any], inputs: Sequence[_Numbered]) -> list[_Numbered]:
        env: dict[Any, _Numbered] = dict(zip(jaxpr.invars, inputs))
        for var, const in zip(jaxpr.constvars, consts):
            if np.shape(const) != ():
                _refuse(f"it holds an array of shape {np.shape(const)}")
            env[var] = self._constant(const)

        def read(atom: Any) -> _Numbered:
            return self._constant(atom.val) if isinstance(atom, Literal) else env[atom]

        for eqn in jaxpr.eqns:
            operands = [read(atom) for atom in eqn.invars]
            called_on = eqn.primitive.name in CALLS
            env.update(
                zip(
                    eqn.outvars,
                    self._walk(*called(eqn), operands) if called_on else self._step(eqn, operands),
                )
            )
        return [read(atom) for atom in jaxpr.outvars]

    def _step(self, eqn: Any, operands: list[_Numbered]) -> list[_Numbered]:
        name, owners = eqn.primitive.name, {value.owner for value in operands if value.owner is not None}
        arrays = any(var.aval.shape != () for var in eqn.outvars)
        spread = name == "broadcast_in_dim" and all(atom.aval.shape == () for atom in eqn.invars)
        if len(owners) > 1:
            _refuse(f"`{name}` mixes {' and '.join(sorted(owners)[:2])}")
        owner = next(iter(owners), None)
        if not spread and name not in ELEMENTWISE and (owners or arrays):
            _refuse(f"it applies `{name}`" + (f" to {owner}" if owner else ""))
        params = tuple(sorted((k, str(v)) for k, v in eqn.params.items() if k not in SHAPES))
        code = self._number(name, params, *(value.formula for value in operands))
        return [_Numbered(owner, self._number("result", code, k)) for k in range(len(eqn.outvars))]


def _refuse(why: str) -> NoReturn:
    raise InputError(
        f"packing: expected an optimiser that updates every weight by one elementwise formula, but {why}; "
        "leave packing out: `nx.train_step(net, loss_fn, optimizer)`"
    )
