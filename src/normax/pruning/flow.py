"""The flow of units and of constants through a forward, read off its jaxpr.

Three things are followed through every operation: the value, as computed; where it *moves*, that is where it depends on
the network's input at all (zero weights cut a dependence); and the units of each axis. An operation without a rule
moves everywhere and fixes the units of its operands, so that what is not understood is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from normax.binding.primitives import CALLS, ELEMENTWISE, called
from normax.pruning.axes import AxisRules
from normax.pruning.units import FIXED, UNIFORM, Units

__all__ = ["Flow", "Meeting", "Walk"]

BILINEAR = ("dot_general", "conv_general_dilated", "normax_convolve", "normax_depthwise")
# Each output a sum (or maximum) of some of the operand's elements.
SUMS = frozenset(
    """reshape transpose broadcast_in_dim squeeze expand_dims slice rev concatenate pad reduce_sum cumsum dynamic_slice
    gather reduce_window_sum reduce_window_max""".split()  # noqa: SIM905
)
REDUCTIONS = ("reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or", "argmax", "argmin")


@dataclass(frozen=True)
class Flow:
    """One array of the program.

    Attributes:
        value: the array, for the input at hand.
        moves: booleans of its shape, False where it is the same for every input; None for nowhere.
        units: the units of each axis.
        source: the cell it is, and which of the cell's axes each axis is; None where it is computed.
    """

    value: Any
    moves: Any
    units: tuple[np.ndarray, ...]
    source: tuple[Any, tuple[int, ...]] | None = None

    @property
    def live(self) -> Any:
        """True where it is not known to be zero."""
        return self.value != 0 if self.moves is None else self.moves | (self.value != 0)


@dataclass(frozen=True)
class Meeting:
    """A sum over an axis that holds units: each term is a product of an element of `a` and one of `b`.

    Attributes:
        units: of the axis.
        zero: `(n,)` where all terms are zero.
        still: `(n,)` where the activation is one constant, whatever the input and the place.
        level: `(n,)` that constant.
        weight: the cell that the activation meets, if it does so at the cell's axis 1 without padding, else None.
    """

    units: np.ndarray
    zero: Any
    still: Any
    level: Any
    weight: Any


class Walk(AxisRules):
    """One walk through a jaxpr under `jax.jit`: values and moves are traced, units are plain numbers.

    Attributes:
        meetings: the sums over units that were met.
        uses: cell -> number of sums in which it stands.
    """

    def __init__(self, units: Units):
        super().__init__(units)
        self.meetings: list[Meeting] = []
        self.uses: dict[Any, int] = {}

    def run(self, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Flow]) -> list[Flow]:
        """The flows of the outputs."""
        env = dict(zip(jaxpr.invars, inputs))
        for var, const in zip(jaxpr.constvars, consts):
            env[var] = Flow(const, None, tuple(np.full(n, FIXED) for n in np.shape(const)))

        def read(atom: Any) -> Flow:
            if isinstance(atom, core.Literal):
                return Flow(atom.val, None, tuple(np.full(n, UNIFORM) for n in np.shape(atom.val)))
            return env[atom]

        for eqn in _needed(jaxpr):
            env.update(zip(eqn.outvars, self._step(eqn, [read(atom) for atom in eqn.invars])))
        return [read(atom) for atom in jaxpr.outvars]

    def _step(self, eqn: Any, ins: list[Flow]) -> list[Flow]:
        name, params = eqn.primitive.name, eqn.params
        if name in CALLS:
            return self.run(*called(eqn), ins)
        if name == "split":
            return _split(ins[0], params["sizes"], params["axis"])
        values = eqn.primitive.bind(*(f.value for f in ins), **eqn.primitive.get_bind_params(params))
        values = values if eqn.primitive.multiple_results else [values]
        moves = self._moves(eqn, ins, values)
        shapes = [tuple(v.aval.shape) for v in eqn.outvars]
        units = [self._units(eqn, ins, shape) for shape in shapes]
        source = None
        if name == "transpose" and ins[0].source is not None:
            cell, axes = ins[0].source
            source = cell, tuple(axes[i] for i in params["permutation"])
        return [Flow(v, m, u, source) for v, m, u in zip(values, moves, units)]

    def _moves(self, eqn: Any, ins: list[Flow], values: Sequence[Any]) -> list[Any]:
        name = eqn.primitive.name
        if all(f.moves is None for f in ins):
            return [None] * len(values)

        def bind(*arrays: Any) -> Any:
            return eqn.primitive.bind(*arrays, **eqn.params)

        def mask(f: Flow) -> Any:
            return jnp.zeros(jnp.shape(f.value), bool) if f.moves is None else f.moves

        if name in BILINEAR:
            a, b = ins
            exact = (
                {"preferred_element_type": np.dtype("float32")}
                if "preferred_element_type" in eqn.params
                else {}
            )
            terms = [
                eqn.primitive.bind(x.astype("float32"), y.astype("float32"), **(eqn.params | exact))
                for x, y in ((a.moves, b.live), (a.live, b.moves))
                if x is not None and y is not None
            ]
            return [sum(terms) > 0]
        if name == "mul":
            a, b = ins
            return [(mask(a) & b.live) | (mask(b) & a.live)]
        if name in ELEMENTWISE:
            together = mask(ins[0])
            for f in ins[1:]:
                together = together | mask(f)
            return [jnp.broadcast_to(together, jnp.shape(values[0]))]
        if name in SUMS:
            first = len(ins) if name == "concatenate" else 2 if name == "pad" else 1
            if all(f.moves is None for f in ins[first:]):
                held = [f.value for f in ins[first:]]
                return [bind(*(mask(f).astype("float32") for f in ins[:first]), *held) > 0]
        if name in REDUCTIONS:
            return [mask(ins[0]).any(eqn.params["axes"])]
        return [jnp.ones(jnp.shape(v), bool) for v in values]

    def _units(self, eqn: Any, ins: list[Flow], shape: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        name, u = eqn.primitive.name, self.units
        why = f"`{name}` mixes it with others"
        rule: Callable[..., tuple[np.ndarray, ...]] | None = getattr(self, f"_{name}", None)
        if rule is not None:
            return rule(eqn.params, ins, shape)
        if name in ELEMENTWISE:
            merged = [np.full(n, UNIFORM) for n in shape]
            for f in ins:
                if len(f.units) == len(shape):
                    merged = [u.merge(a, b, "it is added to one that stays") for a, b in zip(merged, f.units)]
            return tuple(merged)
        if name in REDUCTIONS:
            axes = eqn.params["axes"]
            for axis in axes:
                u.fix(ins[0].units[axis], why)
            return tuple(units for i, units in enumerate(ins[0].units) if i not in axes)
        for f in ins:
            for units in f.units:
                u.fix(units, why)
        return tuple(np.full(n, FIXED) for n in shape)

    # Where an operation sums over an axis, units meet; the other rules are those of `AxisRules`.

    def _reduce_sum(self, params, ins, shape):
        ones = Flow(jnp.ones(()), None, ())
        for axis in params["axes"]:
            self._meet(ins[0], axis, ones, None)
        return tuple(units for i, units in enumerate(ins[0].units) if i not in params["axes"])

    def _dot_general(self, params, ins, shape):
        (contracted, batch), (a, b) = params["dimension_numbers"], ins
        together = [
            self.units.merge(a.units[i], b.units[j], "it meets one that stays") for i, j in zip(*batch)
        ]
        for i, j in zip(*contracted):
            self._meet(a, i, b, j)
        free = [
            units
            for f, taken in ((a, {*contracted[0], *batch[0]}), (b, {*contracted[1], *batch[1]}))
            for i, units in enumerate(f.units)
            if i not in taken
        ]
        return (*together, *free)

    def _normax_convolve(self, params, ins, shape):
        x, w = ins
        self._fix_spatial(x, w, range(1, x.value.ndim - 1), range(w.value.ndim - 2))
        padded = any(any(pair) for pair in params["padding"]) or any(gap != 1 for gap in params["spread"])
        self._meet(x, x.value.ndim - 1, w, w.value.ndim - 2, padded)
        spatial = [np.full(n, FIXED) for n in shape[1:-1]]
        return (x.units[0], *spatial, w.units[-1])

    def _normax_depthwise(self, params, ins, shape):
        x, w = ins
        self._fix_spatial(x, w, range(2, x.value.ndim), range(1, w.value.ndim))
        channels = self.units.merge(x.units[1], w.units[0], "it meets one that stays")
        return (x.units[0], channels, *(np.full(n, FIXED) for n in shape[2:]))

    def _conv_general_dilated(self, params, ins, shape):
        (x, w), numbers = ins, params["dimension_numbers"]
        groups = params["feature_group_count"]
        lhs, rhs, out = numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec
        self._fix_spatial(x, w, lhs[2:], rhs[2:])
        result = [np.full(n, FIXED) for n in shape]
        result[out[0]] = x.units[lhs[0]]
        if groups == 1 and params["batch_group_count"] == 1:
            padded = any(any(pair) for pair in params["padding"]) or any(
                n != 1 for n in params["lhs_dilation"]
            )
            self._meet(x, lhs[1], w, rhs[1], padded)
            result[out[1]] = w.units[rhs[0]]
        elif groups == x.value.shape[lhs[1]] == w.value.shape[rhs[0]]:  # depthwise
            result[out[1]] = self.units.merge(x.units[lhs[1]], w.units[rhs[0]], "it meets one that stays")
        else:
            for units in (x.units[lhs[1]], w.units[rhs[0]], w.units[rhs[1]]):
                self.units.fix(units, "it belongs to a group of channels")
        return tuple(result)

    def _fix_spatial(self, x: Flow, w: Flow, of_x: Any, of_w: Any) -> None:
        for f, axes in ((x, of_x), (w, of_w)):
            for i in axes:
                self.units.fix(f.units[i], "it is a place, not a channel")

    def _meet(self, a: Flow, i: int, b: Flow, j: int | None, padded: bool = False) -> None:
        """Note a sum of products over axis i of a and j of b (None: b is a constant without that axis)."""
        units = a.units[i]
        if j is None and (self.units.find(units) <= FIXED).all():
            return
        if j is not None:
            units = self.units.merge(units, b.units[j], "it meets one that stays")
            if b.source is None and a.source is not None:
                a, i, b, j = b, j, a, i
        found = [_along(f, k) for f, k in ((a, i), (b, j)) if k is not None]
        zero = ~found[0][0] if len(found) == 1 else ~found[0][0] | ~found[1][0]
        live, still, level = found[0]
        weight = None
        if j is not None and b.source is not None:
            cell, axes = b.source
            self.uses[cell] = self.uses.get(cell, 0) + 1
            weight = cell if axes[j] == 1 and not padded else None
        self.meetings.append(Meeting(units, zero, still, level, weight))


def _needed(jaxpr: Any) -> list[Any]:
    """The equations that some output depends on."""
    wanted, kept = set(map(id, jaxpr.outvars)), []
    for eqn in reversed(jaxpr.eqns):
        if wanted.intersection(map(id, eqn.outvars)):
            wanted.update(map(id, eqn.invars))
            kept.append(eqn)
    return kept[::-1]


def _split(f: Flow, sizes: Sequence[int], axis: int) -> list[Flow]:
    """The pieces of an array: each takes its share of the units."""
    pieces, ends = [], np.cumsum(sizes)
    for a, b in zip(ends - sizes, ends):
        cut = partial(lax.slice_in_dim, start_index=int(a), limit_index=int(b), axis=axis)
        units = tuple(u[a:b] if i == axis else u for i, u in enumerate(f.units))
        pieces.append(Flow(cut(f.value), None if f.moves is None else cut(f.moves), units))
    return pieces


def _along(f: Flow, axis: int) -> tuple[Any, Any, Any]:
    """For each index along an axis: whether it is live, whether it is one constant, and which."""
    rows = jnp.moveaxis(f.value, axis, 0).reshape(f.value.shape[axis], -1)
    live = jnp.moveaxis(f.live, axis, 0).reshape(rows.shape).any(1)
    still = (rows == rows[:, :1]).all(1)
    if f.moves is not None:
        still &= ~jnp.moveaxis(f.moves, axis, 0).reshape(rows.shape).any(1)
    return live, still, rows[:, 0]
