"""Packing: small weights travel as one vector per dtype, so that a deep net's step has few arrays.

Between steps the vectors are the only copy: the cells lend them, and the first read or write of any such
cell (`state_dict`, another step, an evaluation) unpacks them all again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from normax.errors import InputError
from normax.nn.cells import Cell

__all__ = ["LARGEST", "Packing", "check_alike"]

LARGEST = 8192
"""Elements of the largest array that is packed: copying more costs more than an array's passage."""


def acts_after_step(penalty: Any) -> bool:
    """Whether a penalty does more than enter the gradient: a prox, or a decoupled decay."""
    now = None if penalty is None else penalty.at(0)
    return now is not None and (now.nonsmooth is not None or now.decoupled_strength is not None)


class Packing:
    """Which cells travel together. With `enabled` False none does, and `pack` and `unpack` pass lists on.

    Attributes:
        loose: positions of the cells that travel alone.
        groups: positions of those that share a vector, a list per dtype.
        names: the optimiser's names, the loose ones' paths and one for each vector.
    """

    def __init__(self, cells: Sequence[Cell], names: Sequence[str], penalties: Sequence[Any], enabled: bool):
        self.cells = list(cells)
        self.kinked = [acts_after_step(p) for p in penalties]
        by_dtype: dict[Any, list[int]] = {}
        for i, (cell, kinked) in enumerate(zip(cells, self.kinked)):
            if enabled and cell.value.size <= LARGEST and not kinked:
                by_dtype.setdefault(cell.dtype, []).append(i)
        self.groups = [group for group in by_dtype.values() if len(group) > 1]
        packed = {i for group in self.groups for i in group}
        self.loose = [i for i in range(len(self.cells)) if i not in packed]
        self.names = [names[i] for i in self.loose] + [f"packed {cells[g[0]].dtype}" for g in self.groups]
        self.shapes = [cell.shape for cell in self.cells]
        self._vectors: list[jax.Array] | None = None
        self._pack, self._unpack = jax.jit(self.pack), jax.jit(self.unpack)

    def pack(self, values: Sequence[Any]) -> list[Any]:
        """One entry a cell -> the loose ones, then the vectors."""
        return [
            *(values[i] for i in self.loose),
            *(jnp.concatenate([jnp.ravel(values[i]) for i in group]) for group in self.groups),
        ]

    def unpack(self, leaves: Sequence[Any]) -> list[Any]:
        """The inverse of `pack`."""
        values: list[Any] = [None] * len(self.cells)
        for i, leaf in zip(self.loose, leaves):
            values[i] = leaf
        for group, vector in zip(self.groups, leaves[len(self.loose) :]):
            sizes = [int(np.prod(self.shapes[i])) for i in group]
            ends = np.cumsum(sizes)
            for i, size, end in zip(group, sizes, ends):
                values[i] = vector[end - size : end].reshape(self.shapes[i])
        return values

    def select(self, penalties: Sequence[Any]) -> list[Any]:
        """The penalties that the update sees: those of the loose; packed weights have smooth ones only."""
        return [*(penalties[i] for i in self.loose), *(None for _ in self.groups)]

    def steepest(self, penalties: Sequence[Any]) -> list[Any]:
        """`select`, with the smooth penalty of largest curvature for each vector."""
        charged = ([penalties[i] for i in g if penalties[i] is not None] for g in self.groups)
        strongest = (max(found, key=lambda p: float(p.at(0).curvature), default=None) for found in charged)
        return [*(penalties[i] for i in self.loose), *strongest]

    def check_penalties(self, penalties: Sequence[Any]) -> None:
        """Refuse a non-smooth penalty on a weight that was packed without one."""
        for group in self.groups:
            for i in group:
                if acts_after_step(penalties[i]):
                    raise InputError(
                        "a packed parameter got a penalty that acts after the step (a non-smooth one, or decay); make a new step: "
                        "`step = nx.train_step(net, loss_fn, optimizer, packing=True)`"
                    )

    def leaves(self) -> list[jax.Array]:
        """The arrays of the next step, packed anew if a cell was touched since the last."""
        if self._vectors is not None:
            return [*(self.cells[i]._value for i in self.loose), *self._vectors]
        values = [cell._value for cell in self.cells]
        if not self.groups:
            return values
        return [*(values[i] for i in self.loose), *self._pack(values)[len(self.loose) :]]

    def keep(self, leaves: Sequence[jax.Array]) -> None:
        """Hand the results of a step to the loose cells, and lend the packed ones the vectors."""
        for i, leaf in zip(self.loose, leaves):
            self.cells[i]._value = leaf
        if self.groups:
            if self._vectors is None:
                for group in self.groups:
                    for i in group:
                        self.cells[i]._lender = self
                        del self.cells[i]._value
            self._vectors = list(leaves[len(self.loose) :])

    def release(self) -> None:
        """Give every packed cell its own array again."""
        if self._vectors is None:
            return
        leaves = [*([None] * len(self.loose)), *self._vectors]
        values = self._unpack(leaves)
        for group in self.groups:
            for i in group:
                self.cells[i]._value = values[i]
                del self.cells[i]._lender
        self._vectors = None


# Elementwise primitives, by whose results no element learns of another.
ELEMENTWISE = frozenset(
    """add sub mul div max min neg sign abs sqrt rsqrt cbrt pow integer_pow square exp exp2 expm1 log log1p
    tanh logistic select_n eq ne lt le gt ge and or not is_finite convert_element_type copy clamp
    stop_gradient add_any floor ceil round rem""".split()  # noqa: SIM905
)
CALLS = {"jit", "pjit", "closed_call", "core_call"}
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
    _compare(lambda w: tx.init(w), (weights,), names)
    _compare(lambda g, s, w: tx.update(g, s, w), (weights, state, weights), names)


def _compare(function: Any, args: tuple, names: Sequence[str]) -> None:
    known = set(names)
    jaxpr, shape = jax.make_jaxpr(function, return_shape=True)(*args)
    formulas: dict[Any, int] = {}

    def number(*formula: Any) -> int:
        return formulas.setdefault(formula, len(formulas))

    def role(path: tuple) -> tuple[str | None, str]:
        owner = next((k.key for k in path if getattr(k, "key", None) in known), None)
        return owner, jax.tree_util.keystr(tuple(k for k in path if getattr(k, "key", None) != owner))

    def refuse(why: str) -> None:
        raise InputError(
            f"packing: expected an optimiser that updates every weight by one elementwise formula, but {why}; "
            "leave packing out: `nx.train_step(net, loss_fn, optimizer)`"
        )

    inputs = []
    for path, _ in jax.tree_util.tree_leaves_with_path(args):
        owner, text = role(path)
        inputs.append((owner, number("input", text)))

    def walk(jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Any]) -> list[tuple[str | None, int]]:
        # A variable is the weight it belongs to, or None for what all share, and the number of its formula.
        env = dict(zip(jaxpr.invars, inputs))
        for var, const in zip(jaxpr.constvars, consts):
            if np.shape(const) != ():
                refuse(f"it holds an array of shape {np.shape(const)}")
            env[var] = (None, number("constant", repr(const)))

        def read(atom):
            return (None, number("constant", repr(atom.val))) if isinstance(atom, core.Literal) else env[atom]

        for eqn in jaxpr.eqns:
            name, operands = eqn.primitive.name, [read(atom) for atom in eqn.invars]
            if name in CALLS:
                inner = eqn.params["jaxpr"]
                env.update(zip(eqn.outvars, walk(inner.jaxpr, inner.consts, operands)))
                continue
            owners = {owner for owner, _ in operands} - {None}
            arrays = any(var.aval.shape != () for var in eqn.outvars)
            spread = name == "broadcast_in_dim" and all(atom.aval.shape == () for atom in eqn.invars)
            if len(owners) > 1:
                refuse(f"`{name}` mixes {' and '.join(sorted(owners)[:2])}")
            if not spread and name not in ELEMENTWISE and (owners or arrays):
                refuse(f"it applies `{name}`" + (f" to {next(iter(owners))}" if owners else ""))
            params = tuple(sorted((k, str(v)) for k, v in eqn.params.items() if k not in SHAPES))
            code = number(name, params, *(formula for _, formula in operands))
            owner = next(iter(owners), None)
            for k, var in enumerate(eqn.outvars):
                env[var] = (owner, number("result", code, k))
        return [read(atom) for atom in jaxpr.outvars]

    results: dict[str, dict[str, int]] = {name: {} for name in names}
    found = walk(jaxpr.jaxpr, jaxpr.consts, inputs)
    for (path, leaf), (owner, formula) in zip(jax.tree_util.tree_leaves_with_path(shape), found):
        place, text = role(path)
        if place is None and (leaf.shape != () or owner is not None):
            refuse(f"its state {text} belongs to no single weight")
        if place is not None:
            results[place][text] = formula
    first = results[names[0]]
    other = next((name for name in names if results[name] != first), None)
    if other is not None:
        refuse(f"it treats {names[0]} and {other} differently")
