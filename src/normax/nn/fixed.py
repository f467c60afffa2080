"""Which values are the same at every call: arrays that no input of a trace bears on but buffers, and what tells for
which inputs they were made."""

from __future__ import annotations

from collections.abc import Container, Hashable
from typing import Any

import jax
import numpy as np

from normax.nn.cells import Buffer, Cell, is_boxed
from normax.nn.frames import Frame

__all__ = ["buffers", "faces", "is_array", "is_fixed", "is_key", "is_number"]


def is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex, np.generic))


def is_array(value: Any) -> bool:
    return isinstance(value, (jax.Array, np.ndarray)) or is_boxed(value)


def is_key(value: Any) -> bool:
    """Whether a plain value may tell for which inputs arrays were made: a length, a shape, a dtype, but no flag."""
    if isinstance(value, tuple):
        return bool(value) and all(map(is_key, value))
    flag = value is None or isinstance(value, (bool, np.bool_, Cell))
    stands_in = getattr(type(value), "__array_ufunc__", value) is None  # for what an earlier call left
    return isinstance(value, Hashable) and not (flag or stands_in or is_array(value))


def buffers(frame: Frame | None, but: Container[Cell] = ()) -> set[int]:
    """The values that buffers had when the call began: a table made of them is the same at the next."""
    known = set()
    while frame is not None:
        for cell, value in frame.begun.items():
            if isinstance(cell, Buffer) and cell not in but:
                known |= faces(value)
        frame = frame.outer
    return known


def faces(value: Any) -> set[int]:
    """What a value may be met as by identity: itself, those of all networks where it is of one among many, and what
    stands for either in the trace that is on, which an operation there tells."""
    faces = {id(value), id(_of_all(value))}
    if isinstance(value, jax.core.Tracer):
        probe = jax.lax.expand_dims(value, (0,))
        faces |= {id(tracer) for tracer in _parents(_of_all(probe)) or ()}
    return faces


def _of_all(value: Any) -> Any:
    """Of an array that stands for one of many, under `jax.vmap`, all of them."""
    return value.val if hasattr(value, "batch_dim") else value


def _parents(array: Any) -> list | None:
    """What an array of a `jax.jit` trace was computed from; differentiated and mapped ones do not tell."""
    parent = getattr(array, "parent", None)
    return None if parent is None else parent.in_tracers


def is_fixed(value: Any, known: Container[int] = ()) -> bool:
    """Whether a value is made of arrays that no input of the trace bears on but those known by identity."""
    todo, seen = [leaf for leaf in jax.tree.leaves(value) if not is_key(leaf)], set()
    if not todo or not all(map(is_array, todo)):
        return False
    while todo:
        array = todo.pop()
        if not isinstance(array, jax.core.Tracer) or id(array) in seen or id(array) in known:
            continue
        seen.add(id(array))
        parents = _parents(array)
        if parents is not None:
            todo += parents
        elif hasattr(array, "batch_dim"):
            todo.append(_of_all(array))
        elif not hasattr(array, "parent") or isinstance(array.full_lower(), jax.core.Tracer):
            return False
    return True
