"""Programs: functions of flat lists of arrays, compiled, in whose traces the cells answer with tracers.

JAX never sees a module. While a program is traced, a frame stands between cells and arrays, and what was written to
buffers comes back as extra outputs.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from normax.binding.binding import Binding
from normax.binding.crossing import crossing
from normax.binding.foreign import Foreign
from normax.binding.order import as_given, in_order
from normax.binding.recent import Recent
from normax.errors import InputError
from normax.nn.attributes import refuse_old
from normax.nn.backend import compiled
from normax.nn.cells import Cell, Parameter, check_whole
from normax.nn.frames import ForeignCell, Frame, Rewritten, current_frame, rewritten
from normax.nn.random import layer_key, raw_key

__all__ = ["Program", "check_batch", "retrying", "rows_of", "sides", "written"]


class Program:
    """`body(frame, *args)` compiled over the values of a list of cells and a random key.

    Cells of other modules that the body reads are found while tracing, added to the inputs, and the trace
    begun again. What was written to cells comes back beside the result, by position. Programs of one `kind` share
    what is compiled, unless they run through other modules.
    """

    def __init__(self, binding: Binding, body: Callable[..., Any], kind: Any = None):
        self.inputs = [*binding.trainable, *binding.frozen, *binding.buffers]
        self._binding, self._body = binding, body
        self.traces = _Traces() if kind is None else _traces(kind, _Traces)
        if self.foreign:
            self.traces = _Traces()
        self._own = _Own(self)

    @property
    def foreign(self) -> Foreign:
        return self.traces.foreign

    def trace(self, values: list[Any], key: Any, *args: Any) -> tuple[Any, dict[int, Any]]:
        frame = self._binding.frame(dict(zip(self.inputs, values)), key)
        with frame.active():
            result = in_order(refuse_old(self._body(frame, *args)))
        self.foreign.note(frame)
        return result, written(frame, self.inputs, values)

    def __call__(self, *args: Any) -> Any:
        check_batch(args)
        plain = current_frame() is None
        key = raw_key() if plain else jax.random.key_data(layer_key(self))
        result, changes = retrying(
            lambda: self.traces.compiled(
                self._own, [cell._value if plain else cell.value for cell in self.inputs], key, *args
            ),
            self.inputs,
        )
        for i, value in changes.items():
            self.inputs[i].value = value
        return as_given(result)

    def crossing(self, args: tuple) -> Any:
        """Where the program that these arguments were traced into crosses a batch with itself; see `crossing`."""
        if current_frame() is not None:
            return None
        values = [cell._value for cell in self.inputs]
        compiled: Any = self.traces.compiled
        traced = compiled.trace(self._own, values, raw_key(0), *args).jaxpr.jaxpr
        return crossing(traced, sides(traced, args), rows_of(args))


def check_batch(args: tuple) -> None:
    """Refuse whole numbers that a compiled call would wrap around."""
    for leaf in jax.tree.leaves(args):
        check_whole(leaf)


def sides(jaxpr: Any, batch: tuple) -> list[bool]:
    """Which inputs of a program are the network's, where those of the batch come last."""
    parts = len(jax.tree.leaves(batch))
    return [i < len(jaxpr.invars) - parts for i in range(len(jaxpr.invars))]


def rows_of(batch: tuple) -> set[int]:
    """The lengths that the parts of a batch have."""
    return {np.shape(leaf)[0] for leaf in jax.tree.leaves(batch) if np.ndim(leaf)}


class _Traces:
    """What programs of one kind share: the compiled function, and the modules outside their trees."""

    def __init__(self) -> None:
        self.foreign = Foreign()
        self.kind = object()
        # A function of its own, with which JAX forgets what it compiled.
        self.compiled = compiled(lambda own, *args: own.trace(*args), static_argnums=0)


_traces = Recent(32)


class _Own:
    """A program as a static argument of JAX: equal to all that share its traces, and keeping neither network nor traces
    alive."""

    def __init__(self, program: Program):
        self._program, self._kind = weakref.ref(program), program.traces.kind

    def __hash__(self) -> int:
        return hash(self._kind)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Own) and self._kind is other._kind

    def trace(self, *args: Any) -> Any:
        program = self._program()
        assert program is not None  # it is being called
        return program.trace(*args)


def retrying(call: Callable[[], Any], inputs: list[Cell]) -> Any:
    """Call, and again as often as the trace meets a cell that is no input yet, which is added, or a plain attribute
    that it writes, which is then watched."""
    noted: list[tuple[int, str]] = []
    try:
        while True:
            try:
                return call()
            except ForeignCell as foreign:
                if any(cell is foreign.cell for cell in inputs):
                    raise
                inputs.append(foreign.cell)
            except Rewritten as attribute:
                if current_frame() is not None:  # the outermost call traces again
                    raise
                noted.append(attribute.place)
                rewritten().add(attribute.place)
    finally:
        if noted:
            rewritten().difference_update(noted)


def written(frame: Frame, inputs: list[Cell], values: list[Any]) -> dict[int, Any]:
    """Position -> new value of every input cell that the traced body wrote to; parameters may not be."""
    changes = {i: frame.values[c] for i, (c, v) in enumerate(zip(inputs, values)) if frame.values[c] is not v}
    wrong = [
        frame.names.get(inputs[i], "of another module")
        for i in changes
        if isinstance(inputs[i], Parameter) and inputs[i] not in frame.root().moved
    ]
    if wrong:
        raise InputError(
            f"parameters written inside a compiled call: {', '.join(wrong)}; only buffers may be, parameters "
            "move by `nx.train_step` or outside the call"
        )
    return changes
