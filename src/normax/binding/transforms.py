"""remat and scan: JAX's checkpoint and scan for bodies that read, write and draw through modules.

A bare `jax.checkpoint(self.block)` or `lax.scan` would leave tracers behind in buffers and repeat random draws.
Here the body is traced in a frame of its own: cells are taken in when first touched, what was written leaves
as an output, and draws keep the numbers they would have without the transformation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding.signature import plain_attributes
from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.frames import CapturingFrame, current_frame
from normax.nn.module import Module
from normax.nn.random import raw_key

__all__ = ["remat", "scan", "scan_layers"]


def remat(body: Any, *, policy: Callable[..., bool] | None = None) -> Any:
    """The same module or function, its inner results computed again in the backward pass instead of kept.

    A training step need keep only the activations at the border (and what `policy` keeps), for one more
    forward. The compiler decides when they are freed: on a CPU an unrolled stack keeps its peak, and memory falls
    where the blocks are scanned (16 blocks of 256-1024-256: 139 MB plain, 84 MB with `nx.scan_layers` over
    rematerialised layers). Outputs, gradients, buffers and dropout masks are the same as without.

    Args:
        body: a Module, whose rematerialised twin shares its cells, children, mode and state-dict keys:
            write `nx.remat(self.block)(x)` in a forward, or `self.block = nx.remat(Block())`; or a
            function that calls modules.
        policy: one of `jax.checkpoint_policies`; None keeps nothing inside.

    Raises:
        InputError: if `body` cannot be called.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> block = nx.nn.Sequential(nx.nn.Linear(3, 8), nx.nn.Tanh(), nx.nn.Linear(8, 3))
        >>> x = np.ones((2, 3), "float32")
        >>> bool((nx.remat(block)(x) == block(x)).all())
        True

    Source:
        Chen et al., "Training deep nets with sublinear memory cost", 2016; `jax.checkpoint`.
    """
    if isinstance(body, Module):
        while isinstance(body, _Remat):
            body = body._wrapped
        kind: Any = type(body)
        twin: Any = object.__new__(_twin_of(kind))
        object.__setattr__(twin, "__dict__", body.__dict__)
        object.__setattr__(twin, "_wrapped", body)
        object.__setattr__(twin, "_policy", policy)
        return twin
    if not callable(body):
        raise InputError(f"remat: expected a Module or a function, got {type(body).__name__}")
    return functools.wraps(body)(functools.partial(_rematerialise, body, policy, None))


class _Remat:
    """What a rematerialised twin adds to the class of its module, with which it shares its `__dict__`."""

    __slots__ = ()
    _wrapped: Module
    _policy: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        frame = current_frame()
        if frame is not None:
            frame.entered(self)
        return _rematerialise(self._wrapped, self._policy, self, *args, **kwargs)

    def _get_name(self) -> str:
        return f"Remat{self._wrapped._get_name()}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _again, (self._wrapped, self._policy)


def _again(module: Module, policy: Any) -> Any:
    return remat(module, policy=policy)


@functools.cache
def _twin_of(kind: type) -> type:
    return type(f"Remat{kind.__name__}", (_Remat, kind), {"__slots__": ("_policy", "_wrapped")})


def _rematerialise(body: Any, policy: Any, twin: Any, /, *args: Any, **kwargs: Any) -> Any:
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=_is_cell)
    if current_frame() is None and not any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return body(*args, **kwargs)  # nothing is differentiated, so nothing is kept
    traced = [i for i, leaf in enumerate(leaves) if isinstance(leaf, (jax.Array, np.ndarray, Cell))]
    key = raw_key() if current_frame() is None and not _under_bare_jit() else None
    last: list[Any] = []

    def pure(arrays):
        full = list(leaves)
        for i, array in zip(traced, arrays):
            full[i] = array
        a, k = jax.tree.unflatten(tree, full)
        frame = CapturingFrame(key, _numbers(body))
        if id(twin) in frame.numbers:
            frame.numbers[id(body)] = frame.numbers[id(twin)]
        with frame.active():
            result = _arrays(body(*a, **k))
        last[:] = [frame, frame.changed()]
        return result, [frame.values[cell] for cell in last[1]]

    result, values = jax.checkpoint(pure, policy=policy)([_arrays(leaves[i]) for i in traced])
    frame, cells = last
    _write_back(cells, values)
    if frame.source is not None:
        frame.source.draws.update(frame.draws)
    return result


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
    xs = jax.tree.map(_arrays, xs, is_leaf=_is_cell)
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
    return _loop(lambda frame, c, x: body(c, x), carry, xs, steps, reverse, unroll, _numbers(body))


def scan_layers(layers: Sequence[Any], x: Any, *args: Any, unroll: int | bool = 1) -> Any:
    """`for layer in layers: x = layer(x, *args)` for equal layers, compiled as one body.

    The layers stay what they are, with weights, buffers and state-dict keys of their own; only while
    compiling are their arrays stacked, so that the program holds one body whatever the depth; it pays for deep
    stacks of large bodies, small ones compile faster unrolled. Results, gradients, buffers and
    dropout masks are those of the plain loop. With `[nx.remat(layer) for layer in layers]` only the
    activations between layers are kept.

    Args:
        layers: `ModuleList`, `Sequential` or list of modules of one structure; or one module several times.
        x: array or pytree that each layer maps to its like.
        args: the same for every layer, a mask for example.
        unroll: layers a turn of the loop.

    Returns:
        The output of the last layer.

    Raises:
        InputError: for layers that differ in class, settings, mode or shapes, all differences at once.

    Example:
        >>> import numpy as np
        >>> import normax as nx
        >>> layers = nx.nn.ModuleList(nx.nn.Linear(4, 4) for _ in range(8))
        >>> x = np.ones((2, 4), "float32")
        >>> nx.scan_layers(layers, x).shape
        (2, 4)
    """
    layers = list(layers)
    wrong = [type(layer).__name__ for layer in layers if not isinstance(layer, Module)]
    if wrong:
        raise InputError(f"scan_layers: expected modules, got {', '.join(wrong)}")
    if not layers:
        return x
    first = layers[0]
    if all(layer is first for layer in layers):
        return scan(lambda c, _: (first(c, *args), None), x, length=len(layers), unroll=unroll)[0]
    own = [column for column in _columns(layers) if len(set(map(id, column))) > 1]
    numbers: dict[int, Any] = {}
    for layer in layers:
        numbers |= {id(m): len(numbers) + i for i, m in enumerate(layer.modules())}
    around = CapturingFrame(None, numbers)
    rows = [row for row in zip(*(layer.modules() for layer in layers)) if id(row[0]) in around.numbers]
    places = [
        jnp.stack([jnp.asarray(of(id(m)), jnp.int32) for row in rows for m in row]).reshape(len(rows), -1).T
        if rows
        else np.zeros((len(layers), 0), np.int32)
        for of in (around.numbers.__getitem__, lambda m: around.starts.get(m, 0) + around.draws.get(m, 0))
    ]
    drawn: dict[int, int] = {}

    def step(frame, carry, item):
        values, numbers, starts = item
        for column, value in zip(own, values):
            frame.take(column[0], value)
        for i, row in enumerate(rows):
            place = id(row[0])
            frame.numbers[place], frame.starts[place], frame.draws[place] = numbers[i], starts[i], 0
        result = first(carry, *args)
        drawn.update({i: frame.draws.pop(id(row[0])) for i, row in enumerate(rows)})
        writes = {}
        for i, column in enumerate(own):
            before, value = frame.taken.pop(column[0]), frame.values.pop(column[0])
            if value is not before:
                writes[i] = value
        return result, writes

    items = ([jnp.stack([cell.value for cell in column]) for column in own], *places)
    x, writes = _loop(step, x, items, len(layers), False, unroll, around.numbers, drawn)
    for i, values in writes.items():
        _write_back(own[i], list(values))
    frame = current_frame()
    if frame is not None:
        source = frame.drawing()
        for i, row in enumerate(rows):
            for module in row:
                frame.entered(module)
                source.draws[id(module)] = source.draws.get(id(module), 0) + drawn[i]
    return x


def _loop(
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
    carry = jax.tree.map(_arrays, carry, is_leaf=_is_cell)
    bare = _under_bare_jit()
    written: list[Cell] = []
    counts: dict[int | None, int] = {}

    def once(frame, carry, x):
        with frame.active():
            result = step(frame, carry, x)
            if not isinstance(result, tuple) or len(result) != 2:
                raise InputError(f"scan: expected the body to return (carry, y), got {type(result).__name__}")
            return jax.tree.map(_arrays, result, is_leaf=_is_cell)

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
    _write_back(written, buffers)
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
        f"{name} enters as {_kind(a)} and leaves as {_kind(b)}"
        for (name, a), b in zip(pairs, [*jax.tree.leaves(carry_after), *buffers_after])
        if _kind(a) != _kind(b)
    ]
    if faults:
        raise InputError("scan: shapes and dtypes must stay the same from step to step: " + "; ".join(faults))


def _columns(layers: list[Module]) -> list[list[Cell]]:
    """Cell by cell, the cells of all layers; InputError for layers that are not equal, all differences at once."""
    first, faults = layers[0], []
    if len({id(layer) for layer in layers}) < len(layers):
        faults.append("a layer comes twice; give each once, or one and the same every time")
    modules = dict(first.named_modules())
    cells = _named_cells(first)
    for i, layer in enumerate(layers[1:], 1):
        others, their = dict(layer.named_modules()), _named_cells(layer)
        if list(modules) != list(others) or list(cells) != list(their):
            faults.append(f"layer {i} has other modules or parameters than layer 0")
            continue
        for path, module in modules.items():
            mine, theirs = plain_attributes(module), plain_attributes(others[path])
            where = f"layer {i}" + (f".{path}" if path else "")
            if type(module) is not type(others[path]):
                faults.append(f"{where} is a {others[path]._get_name()}, not a {module._get_name()}")
            faults += [
                f"{where}.{name} = {getattr(others[path], name, None)!r}, not {getattr(module, name, None)!r}"
                for name in sorted({*mine, *theirs})
                if mine.get(name) != theirs.get(name)
            ]
        faults += [
            f"layer {i}.{name} is {_kind(their[name].value)}, not {_kind(cell.value)}"
            for name, cell in cells.items()
            if _kind(cell.value) != _kind(their[name].value)
        ]
        if len({id(c) for c in cells.values()}) != len({(id(c), id(their[n])) for n, c in cells.items()}):
            faults.append(f"layer {i} ties other parameters than layer 0")
    if faults:
        raise InputError("scan_layers: layers must be equal but for their values: " + "; ".join(faults))
    columns = {id(c): [_named_cells(layer)[name] for layer in layers] for name, c in cells.items()}
    return list(columns.values())


def _named_cells(layer: Module) -> dict[str, Cell]:
    return {
        **dict(layer.named_parameters(remove_duplicate=False)),
        **dict(layer.named_buffers(remove_duplicate=False)),
    }


def _write_back(cells: Sequence[Cell], values: Sequence[Any]) -> None:
    for cell, value in zip(cells, values):
        cell.value = value


def _numbers(body: Any) -> dict[int, int]:
    """Numbers for the draws of a module's tree where no frame around has given any."""
    modules = body.modules() if isinstance(body, Module) else ()
    return {id(module): i for i, module in enumerate(modules)}


def _under_bare_jit() -> bool:
    return current_frame() is None and isinstance(jnp.zeros(()), jax.core.Tracer)


def _is_cell(leaf: Any) -> bool:
    return isinstance(leaf, Cell)


def _arrays(tree: Any) -> Any:
    """Cells as their arrays, numbers and lists as arrays."""
    return jax.tree.map(
        lambda leaf: leaf.value if _is_cell(leaf) else jnp.asarray(leaf), tree, is_leaf=_is_cell
    )


def _kind(array: Any) -> str:
    return f"{np.dtype(array.dtype).name}{list(array.shape)}"
