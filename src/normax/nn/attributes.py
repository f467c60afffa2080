"""Plain attributes that a forward changes: counters, cached masks, what is put aside for a look.

A compiled forward runs as Python once, so what it leaves in an attribute cannot go on from call to call: it is
dropped after the call. That is right as long as no output comes from what an earlier call left, which is seen to here.
An attribute that is written inside a compiled call moves out of the module's `__dict__`, so that reading it comes here,
and the trace begins again. An old number or array is then stood in for by an `Old`, which can be counted on but not
computed with. Of anything else (None, say) only an array may take the place that depends on no input but buffers, such as a mask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from typing import TYPE_CHECKING, Any, NoReturn

import jax
import numpy as np

from normax.errors import InputError
from normax.nn.cells import Buffer, is_boxed
from normax.nn.frames import Frame, Rewritten, current_frame, rewritten

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["MISSING", "Kept", "is_fixed", "read", "refuse_old", "remembered", "write"]


class _Missing:
    """In the place of an attribute that only a forward has set."""

    def __reduce__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclasses.dataclass
class Kept:
    """The value of such an attribute outside compiled calls, and whether one of them took it for a constant."""

    value: Any
    constant: bool = False


def _refusal(label: str) -> InputError:
    name = label.rpartition(".")[2]
    return InputError(
        f"{label} is changed by the forward, and an output or a decision comes from what an earlier call left in it; "
        "a compiled call runs Python only once and drops such changes: make it a Buffer "
        f"(`self.register_buffer({name!r}, ...)`), or take it as an argument and return it"
    )


class Old:
    """What earlier calls left in an attribute that this call writes: it may become its next value, and nothing else."""

    __slots__ = ("_label", "_value")
    __array_ufunc__ = None  # NumPy leaves its operators to this class

    def __init__(self, label: str, value: Any):
        self._label, self._value = label, value

    def _refuse(self, *_: Any) -> NoReturn:
        raise _refusal(self._label)

    def _stay(self, *_: Any) -> Old:
        return Old(self._label, self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "dtype", "ndim", "size"):
            return getattr(np.asarray(self._value) if np.isscalar(self._value) else self._value, name)
        raise AttributeError(name) if name.startswith("__") else _refusal(self._label)

    def __repr__(self) -> str:
        return repr(self._value)


_TWO = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_ONE = ("neg", "pos", "abs", "invert", "eq", "ne", "lt", "le", "gt", "ge")
for _name in (*_TWO, *(f"r{name}" for name in _TWO), *_ONE):
    setattr(Old, f"__{_name}__", Old._stay)
for _name in ("jax_array", "array", "bool", "int", "float", "complex", "index", "iter", "getitem", "hash"):
    setattr(Old, f"__{_name}__", Old._refuse)


def refuse_old(result: Any) -> Any:
    """The result of a compiled call, unless such a value is part of it."""
    if isinstance(result, Old):
        result._refuse()
    if isinstance(result, (dict, list, tuple)):
        for part in result.values() if isinstance(result, dict) else result:
            refuse_old(part)
    return result


def write(frame: Frame, module: Module, name: str, value: Any) -> None:
    """Assign inside a compiled call, for its length."""
    place, kept = _place(module, name), module._kept
    if place not in rewritten():
        if name not in kept:
            object.__setattr__(module, "_kept", {**kept, name: Kept(module.__dict__.pop(name, MISSING))})
        raise Rewritten(place)
    root = frame.root()
    if place in root.read and value is not kept[name].value:
        before = root.assigned.get(place)
        if (before is not None and frame.within(before[1])) or not is_fixed(value, _buffers(root)):
            raise _refusal(_label(module, name))
    root.assigned[place] = value, frame


def read(module: Module, name: str) -> Any:
    """Such an attribute's value: outside compiled calls its own, inside what the call has given it."""
    frame, kept = current_frame(), module._kept[name]
    value = kept.value
    if frame is not None and frame.runs(module):
        value = _inside(frame, module, name, kept)
    if value is MISSING:
        raise AttributeError(
            f"{type(module).__name__} has no attribute {name!r}: only a compiled call has set it, and what it sets is "
            "dropped after the call; return it",
            name=name,
            obj=module,
        )
    return value


def _inside(frame: Frame, module: Module, name: str, kept: Kept) -> Any:
    place, root, label = _place(module, name), frame.root(), _label(module, name)
    if place in root.assigned:
        value, holder = root.assigned[place]
        if frame.within(holder):
            return value
        if not isinstance(value, Old) and not is_fixed(value):
            raise InputError(
                f"{label} was assigned inside `nx.remat` or `nx.scan`, which has ended; return it from there"
            )
    if _is_number(kept.value) or (_is_array(kept.value) and place in rewritten()):
        return Old(label, kept.value)
    if _is_array(kept.value):
        root.at_end.append(lambda: _take_for_constant(module, kept))
        return kept.value
    root.read.add(place)
    return kept.value


def _take_for_constant(module: Module, kept: Kept) -> None:
    if not kept.constant:
        kept.constant = True
        module._touch()


def remembered(module: Module, exact: bool) -> dict[str, Any]:
    """What a program depends on of such attributes: of a number nothing, of an array shape and dtype until a call took
    it for a constant, of anything else itself.

    `exact` counts every array by itself.
    """
    known: dict[str, Any] = {}
    for name, kept in module._kept.items():
        if _is_number(kept.value):
            known[name] = None
        elif _is_array(kept.value) and not (exact or kept.constant):
            known[name] = (tuple(kept.value.shape), str(kept.value.dtype))
        else:
            known[name] = kept.value
    return known


def _place(module: Module, name: str) -> tuple[int, str]:
    return id(module._version), name  # a rematerialised twin shares it


def _label(module: Module, name: str) -> str:
    return f"{type(module).__name__}.{name}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex, np.generic))


def _is_array(value: Any) -> bool:
    return isinstance(value, (jax.Array, np.ndarray)) or is_boxed(value)


def _buffers(frame: Frame) -> set[int]:
    """The values that buffers had when the call began: a table made of them is the same at the next."""
    return {id(value) for cell, value in frame.values.items() if isinstance(cell, Buffer)}


def is_fixed(value: Any, known: Container[int] = ()) -> bool:
    """Whether a value is made of arrays that no input of the trace bears on but those known by identity."""
    todo, seen = jax.tree.leaves(value), set()
    if not todo or not all(map(_is_array, todo)):
        return False
    while todo:
        array = todo.pop()
        if not isinstance(array, jax.core.Tracer) or id(array) in seen or id(array) in known:
            continue
        seen.add(id(array))
        parent = getattr(
            array, "parent", None
        )  # of a `jax.jit` trace alone: differentiated and mapped ones have none
        if parent is not None:
            todo += parent.in_tracers
        elif not hasattr(array, "parent") or isinstance(array.full_lower(), jax.core.Tracer):
            return False
    return True
