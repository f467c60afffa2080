"""A network and its loss tried on shapes alone, and which rows ask for a class or an index that there is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from jax.interpreters.partial_eval import dce_jaxpr

from normax.binding import bind, evaluating, functional_call, retrying
from normax.errors import InputError
from normax.nn.frames import Frame
from normax.nn.indices import Lookup, lookups
from normax.nn.module import Module
from normax.nn.random import raw_key

__all__ = ["Lookups", "Trace", "check_lookups"]


_ITSELF = "the network itself"


class Trace(NamedTuple):
    """Outputs and losses of rows as shapes, the jaxpr of (weights, X, y) that gives them, and the lookups in it."""

    output: Any
    losses: Any
    closed: Any
    found: list[Lookup]

    @staticmethod
    def of(net: Module, loss: Callable[[Any, Any], Any], X: Any, y: Any) -> Trace:
        """The trace on arrays or their shapes, in evaluation mode."""
        found: list[Lookup] = []

        def whole(values, X, y):
            with lookups() as met:
                output = functional_call(net, values, X, key=raw_key(0))
                # The weights of a loss that is a Module may be read: nothing is kept.
                with Frame({}, sealed=False).active():
                    losses = loss(output, y)
            found[:] = (lookup._replace(index=None) for lookup in met)
            return output, losses, [lookup.index for lookup in met]

        values = {name: cell.value for cell, name in bind(net).names.items()}
        with evaluating(net):
            trace = jax.make_jaxpr(whole, return_shape=True)
            closed, shapes = retrying(lambda: trace(values, X, y), [])
        return Trace(shapes[0], shapes[1], closed, found)


class Lookups:
    """The lookups that X and y decide by themselves: what computes their indices, without the network's weights."""

    def __init__(self, trace: Trace):
        jaxpr = trace.closed.jaxpr
        first = len(jaxpr.outvars) - len(trace.found)
        self.found: list[tuple[Lookup, str]] = []
        wanted = [False] * len(jaxpr.outvars)
        for place, lookup in enumerate(trace.found, first):
            _, used = dce_jaxpr(jaxpr, [i == place for i in range(len(wanted))])
            if not any(used[:-2]):
                of = [name for name, needed in zip(("X", "y"), used[-2:]) if needed]
                self.found.append((lookup, " and ".join(of) or _ITSELF))
                wanted[place] = True
        jaxpr, self._used = dce_jaxpr(jaxpr, wanted)
        read = {id(v) for eqn in jaxpr.eqns for v in eqn.invars} | {id(v) for v in jaxpr.outvars}
        kept = [(v, c) for v, c in zip(jaxpr.constvars, trace.closed.consts) if id(v) in read]
        jaxpr = jaxpr.replace(constvars=[v for v, _ in kept])
        self._run = jaxpr_as_fun(ClosedJaxpr(jaxpr, [c for _, c in kept]))

    def wrong(self, X: Any, y: Any) -> list[tuple[Lookup, str, np.ndarray, np.ndarray]]:
        """Each lookup that fails on these rows: what it reads, its indices, and which of them are out of range."""
        args = [value for value, used in zip((X, y), self._used[-2:]) if used]
        failed = []
        for (lookup, of), index in zip(self.found, map(np.asarray, self._run(*args)) if self.found else ()):
            bad = (index < 0) | (index >= lookup.size)
            if bad.any():
                failed.append((lookup, of, index, bad))
        return failed


def check_lookups(
    net: Module, loss: Callable[[Any, Any], Any], X: Any, y: Any, made: Lookups, where: Callable[[int], str]
) -> None:
    """Refuse rows with an index or a class out of range, by row and column.

    Args:
        made: the `Lookups` of a trace on as many rows.
        where: the number of a row -> how to speak of it.
    """
    failed = made.wrong(X, y)
    if not failed:
        return
    count = sum(int(bad.sum()) for *_, bad in failed)
    first, stop = 0, len(X)
    while stop - first > 1:  # to the first row that fails by itself
        middle = (first + stop) // 2
        part = X[first:middle], y[first:middle]
        found = Lookups(Trace.of(net, loss, *part)).wrong(*part)
        first, stop = (first, middle) if found else (middle, stop)
    part = X[first:stop], y[first:stop]
    found = Lookups(Trace.of(net, loss, *part)).wrong(*part) or failed
    lookup, of, index, bad = found[0]
    place = np.argwhere(bad)[0]
    column = f", column {place[1]}" if of == "X" and index.shape == X[:1].shape and X.ndim == 2 else ""
    met = "" if of == _ITSELF else f" at {where(first)}{column} ({count} in all)"
    raise InputError(
        f"{of}: expected {lookup.what} from 0 to {lookup.size - 1}, got {index[tuple(place)]}{met}"
    )
