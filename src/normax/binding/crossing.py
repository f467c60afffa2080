"""Where arithmetic crosses a batch with itself: an output (n, 1) against a target (n,) broadcasts to (n, n).

Read off a program that is traced anyway: the axes along which each value varies, and whether it comes from the network
or from the batch alone. A crossing is an elementwise operation whose two sides, one of each kind, vary along
different axes of equal length.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from jax.extend.core import Jaxpr, Literal

from normax.binding.primitives import CALLS, JOINING, inner_programs
from normax.errors import Notice

__all__ = ["crossing", "say_crossing"]

Shape = tuple[int, ...]


class _Value(NamedTuple):
    """The axes along which a value varies, its shape before it was broadcast, whether network and batch bear on it."""

    axes: frozenset[int]
    shape: Shape
    net: bool
    batch: bool


def crossing(jaxpr: Jaxpr, of_net: Sequence[bool], rows: Iterable[int]) -> tuple[Shape, Shape] | None:
    """The shapes of an output and a target that a program crosses, or None.

    Args:
        jaxpr: the program.
        of_net: of each input whether it belongs to the network; the others are the batch.
        rows: lengths that a batch may have.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> program = jax.make_jaxpr(lambda output, y: (output - y) ** 2)(jnp.ones((5, 1)), jnp.ones(5))
        >>> crossing(program.jaxpr, [True, False], [5])
        ((5, 1), (5,))
    """
    values = [
        _whole(tuple(v.aval.shape), net, not net) if hasattr(v.aval, "shape") else _whole((), net, not net)
        for v, net in zip(jaxpr.invars, of_net)
    ]
    return _Search(frozenset(n for n in rows if n > 1)).run(jaxpr, values)[0]


def say_crossing(what: str, found: tuple[Shape, Shape] | None, stacklevel: int) -> bool:
    """Give notice of a crossing in what is called so; whether there was one."""
    if found is None:
        return False
    output, target = found
    warnings.warn(
        f"{what}: an output of shape {output} against a part of the batch of shape {target} broadcasts to every "
        f"pair of rows, {output[:1] * 2}; make the shapes equal: `y.reshape(output.shape)`, or `output.squeeze(1)`",
        Notice,
        stacklevel=stacklevel + 1,
    )
    return True


def _whole(shape: Shape, net: bool, batch: bool) -> _Value:
    return _Value(frozenset(i for i, n in enumerate(shape) if n > 1), shape, net, batch)


class _Search:
    def __init__(self, rows: frozenset[int]):
        self.rows = rows

    def run(self, jaxpr: Jaxpr, inputs: list[_Value]) -> tuple[tuple[Shape, Shape] | None, list[_Value]]:
        """The first crossing of a program, and its outputs."""
        known: dict[Any, _Value] = dict(zip(jaxpr.invars, inputs))

        def look(v: Any) -> _Value:
            if isinstance(v, Literal) or v not in known:
                return _whole(tuple(getattr(v.aval, "shape", ())), False, False)
            return known[v]

        for eqn in jaxpr.eqns:
            given = [look(v) for v in eqn.invars]
            found, outputs = self.step(eqn, given)
            if found is not None:
                return found, []
            known.update(zip(eqn.outvars, outputs))
        return None, [look(v) for v in jaxpr.outvars]

    def step(self, eqn: Any, given: list[_Value]) -> tuple[tuple[Shape, Shape] | None, list[_Value]]:
        net, batch = any(v.net for v in given), any(v.batch for v in given)
        shapes = [tuple(getattr(v.aval, "shape", ())) for v in eqn.outvars]
        name = eqn.primitive.name
        if name == "broadcast_in_dim":
            places = eqn.params["broadcast_dimensions"]
            axes = frozenset(places[i] for i in given[0].axes)
            return None, [given[0]._replace(axes=axes)]
        if name in JOINING:
            found = self.crossed(given, shapes[0])
            axes = frozenset().union(*(v.axes for v in given if v.axes))
            return found, [_Value(axes, shapes[0], net, batch)]
        inner: list[_Value] | None = None
        for _, sub in inner_programs(eqn):
            less = len(eqn.invars) - len(sub.invars)  # of a `cond`, the index
            if less not in (0, 1):
                continue
            fitted = [
                value
                if tuple(getattr(old.aval, "shape", ())) == tuple(getattr(new.aval, "shape", ()))
                else _whole(tuple(getattr(new.aval, "shape", ())), value.net, value.batch)
                for value, old, new in zip(given[less:], eqn.invars[less:], sub.invars)
            ]
            found, inner = self.run(sub, fitted)
            if found is not None:
                return found, []
        if inner is not None and name in CALLS:
            return None, inner
        if len(given) == len(shapes) == 1 and shapes[0] == tuple(getattr(eqn.invars[0].aval, "shape", ())):
            return None, given
        return None, [_whole(shape, net, batch) for shape in shapes]

    def crossed(self, given: list[_Value], shape: Shape) -> tuple[Shape, Shape] | None:
        for output in given:
            for target in given:
                if not output.net or target.net or not target.batch:
                    continue
                alone = output.axes - target.axes, target.axes - output.axes
                lengths = [{shape[i] for i in axes} & self.rows for axes in alone]
                if lengths[0] & lengths[1]:
                    return output.shape, target.shape
        return None
