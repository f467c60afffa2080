"""scan_layers: equal layers, one after the other, compiled as one body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from normax.binding.captured import kind_of, write_back
from normax.binding.scan import loop, scan
from normax.binding.signature import plain_attributes
from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.frames import CapturingFrame, current_frame
from normax.nn.module import Module

__all__ = ["scan_layers"]


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
    x, writes = loop(step, x, items, len(layers), False, unroll, around.numbers, drawn)
    for i, values in writes.items():
        write_back(own[i], list(values))
    frame = current_frame()
    if frame is not None:
        source = frame.drawing()
        for i, row in enumerate(rows):
            for module in row:
                frame.entered(module)
                source.draws[id(module)] = source.draws.get(id(module), 0) + drawn[i]
    return x


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
            f"layer {i}.{name} is {kind_of(their[name].value)}, not {kind_of(cell.value)}"
            for name, cell in cells.items()
            if kind_of(cell.value) != kind_of(their[name].value)
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
