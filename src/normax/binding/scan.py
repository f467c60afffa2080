"""scan: JAX's scan for bodies that read, write and draw through modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from normax.binding.captured import arrays, is_cell, kind_of, numbers_of, under_bare_jit, write_back
from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.frames import CapturingFrame, current_frame
from normax.nn.random import raw_key

__all__ = ["loop", "scan"]


def scan(
    body: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any = None,
    length: int | None = None,
    *,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """A loop as one compiled body: `carry, y = body(carry, x)` over the leading axis of `xs`.

    Buffers that the body writes go from step to step and are written back at the end, and every step draws anew,
    in a compiled call exactly as a Python loop in its place would. Compile time does not grow with the
    number of steps.

    Args:
        body: a Module or a function that calls modules, `(carry, x) -> (carry, y)`; x is None without `xs`.
        carry: array or pytree; shapes and dtypes stay the same from step to step.
        xs: array or pytree of arrays with one leading axis in common, the steps.
        length: number of steps, where there is no `xs`.
        reverse: from the last step to the first; ys keep the order of `xs`.
        unroll: steps a turn of the loop; True unrolls all.

    Returns:
        `(carry, ys)`, ys stacked along a new leading axis.

    Raises:
        InputError: for leading axes that differ, a carry or buffer whose shape or dtype changes, or a body
            that returns no pair.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> cell, xs = nx.nn.GRUCell(3, 4), np.ones((5, 2, 3), "float32")
        >>> def step(h, x):
        ...     h = cell(x, h)
        ...     return h, h
        >>> h, hs = nx.scan(step, np.zeros((2, 4), "float32"), xs)
        >>> h.shape, hs.shape
        ((2, 4), (5, 2, 4))

    Source:
        `jax.lax.scan`.
    """
    if not callable(body):
        raise InputError(f"scan: expected a Module or a function as body, got {type(body).__name__}")
    xs = jax.tree.map(arrays, xs, is_leaf=is_cell)
    lengths = {np.shape(leaf)[:1] for leaf in jax.tree.leaves(xs)}
    if length is not None:
        lengths.add((int(length),))
    if len(lengths) != 1 or () in lengths:
        shapes = ", ".join(str(np.shape(leaf)) for leaf in jax.tree.leaves(xs)) or "none"
        raise InputError(
            f"scan: expected xs with one leading axis in common, or length=, got shapes {shapes}"
            + ("" if length is None else f" and length={length}")
        )
    (steps,) = lengths.pop()
    return loop(lambda frame, c, x: body(c, x), carry, xs, steps, reverse, unroll, numbers_of(body))


def loop(
    step: Callable[..., tuple[Any, Any]],
    carry: Any,
    xs: Any,
    length: int,
    reverse: bool,
    unroll: int | bool,
    numbers: dict[int, Any],
    drawn: dict[int, int] | None = None,
) -> tuple[Any, Any]:
    """`carry, y = step(frame, carry, x)` as a scan whose carry holds the buffers that the step writes.

    `drawn` holds draws that the step counts by itself.
    """
    carry = jax.tree.map(arrays, carry, is_leaf=is_cell)
    bare = under_bare_jit()
    written: list[Cell] = []
    counts: dict[int | None, int] = {}

    def once(frame, carry, x):
        with frame.active():
            result = step(frame, carry, x)
            if not isinstance(result, tuple) or len(result) != 2:
                raise InputError(f"scan: expected the body to return (carry, y), got {type(result).__name__}")
            return jax.tree.map(arrays, result, is_leaf=is_cell)

    def probe(carry, x):
        frame = CapturingFrame(None if bare else np.zeros(2, np.uint32), numbers)
        before = dict(frame.draws)
        result, _ = once(frame, carry, x)
        written[:] = frame.changed()
        counts.update({m: n - before.get(m, 0) for m, n in frame.draws.items() if n != before.get(m, 0)})
        return result, [frame.values[cell] for cell in written]

    first = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), xs)
    after, values = jax.eval_shape(probe, carry, first)
    buffers = [cell.value for cell in written]
    _same_kind((carry, buffers), (after, values))
    draws = counts or any((drawn or {}).values())
    key = raw_key() if draws and current_frame() is None and not bare else None

    def body(state, item):
        (carry, buffers), (t, x) = state, item
        frame = CapturingFrame(key, numbers)
        for cell, value in zip(written, buffers):
            frame.take(cell, value)
        for place, count in counts.items():
            frame.starts[place] = frame.starts.get(place, 0) + t * count
        carry, y = once(frame, carry, x)
        return (carry, [frame.values[cell] for cell in written]), y

    turns = np.arange(length, dtype=np.int32)
    items = (turns[::-1] if reverse else turns), xs
    (carry, buffers), ys = jax.lax.scan(body, (carry, buffers), items, length, reverse, unroll)
    write_back(written, buffers)
    frame = current_frame()
    if frame is not None:
        done = frame.drawing().draws
        for place, count in counts.items():
            done[place] = done.get(place, 0) + length * count
    return carry, ys


def _same_kind(before: Any, after: Any) -> None:
    """Refuse a carry, or a written buffer, that leaves the body in another shape or dtype."""
    (carry, buffers), (carry_after, buffers_after) = before, after
    enters, leaves = str(jax.tree.structure(carry)), str(jax.tree.structure(carry_after))
    if enters != leaves:
        raise InputError(f"scan: the carry enters as {enters} and leaves as {leaves}")
    pairs = [("carry" + jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree.leaves_with_path(carry)]
    pairs += [("a buffer", leaf) for leaf in buffers]
    faults = [
        f"{name} enters as {kind_of(a)} and leaves as {kind_of(b)}"
        for (name, a), b in zip(pairs, [*jax.tree.leaves(carry_after), *buffers_after])
        if kind_of(a) != kind_of(b)
    ]
    if faults:
        raise InputError("scan: shapes and dtypes must stay the same from step to step: " + "; ".join(faults))
