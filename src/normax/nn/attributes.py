"""Plain attributes that a forward changes: counters, cached masks, what is put aside for a look.

A compiled forward runs as Python once, so what it leaves in an attribute cannot go on from call to call: it is
dropped after the call. That is right as long as no output comes from what an earlier call left, which is seen to here.
An attribute that is written inside a compiled call moves out of the module's `__dict__`, so that reading it comes here,
and the trace begins again. An old number or array is then stood in for by an `Old`, which can be counted on but not
computed with. Of anything else (None, say) only an array may take the place that depends on no input but buffers, such
as a mask, or what the module keeps of such arrays goes by: an old number may be compared with the length of an input,
which then takes its place. Key and arrays are dropped together, those that lie in the module's buffers too.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from normax.errors import InputError
from normax.nn.cells import as_array
from normax.nn.fixed import buffers, is_array, is_fixed, is_key, is_number
from normax.nn.frames import Frame, Rewritten, current_frame, rewritten

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = [
    "MISSING",
    "Kept",
    "read",
    "read_empty",
    "refuse_old",
    "remembered",
    "write",
    "write_empty",
]


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
    """What earlier calls left in an attribute that this call writes: it may become its next value, and nothing else.

    `compared` takes the plain values that it is compared with, where it may be.
    """

    __slots__ = ("_compared", "_label", "_value")
    __array_ufunc__ = None  # NumPy leaves its operators to this class

    def __init__(self, label: str, value: Any, compared: Callable[[Any], None] | None = None):
        self._label, self._value, self._compared = label, value, compared

    def _refuse(self, *_: Any) -> NoReturn:
        raise _refusal(self._label)

    def _stay(self, *_: Any) -> Old:
        return Old(self._label, self._value)

    def _compare(self, compare: Callable[[Any, Any], Any], other: Any) -> Any:
        if self._compared is None or not (other is None or is_key(other)):
            return self._stay()
        self._compared(other)
        return compare(self._value, other)

    def __len__(self) -> int:
        return len(self._value)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "dtype", "ndim", "size"):
            return getattr(np.asarray(self._value) if np.isscalar(self._value) else self._value, name)
        raise AttributeError(name) if name.startswith("__") else _refusal(self._label)

    def __repr__(self) -> str:
        return repr(self._value)


_TWO = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_ONE = ("neg", "pos", "abs", "invert")
for _name in (*_TWO, *(f"r{name}" for name in _TWO), *_ONE):
    setattr(Old, f"__{_name}__", Old._stay)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Old, f"__{_name}__", functools.partialmethod(Old._compare, getattr(operator, _name)))
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
    if value is not kept[name].value:
        _check_change(frame, module, name, value)
    _assign(frame, module, place, value)


def write_empty(frame: Frame, module: Module, name: str, value: Any) -> None:
    """Fill a buffer's place that is empty or not there yet inside a compiled call, for its length."""
    if not is_fixed(as_array(value), buffers(frame)):
        raise _refusal(_label(module, name))
    if name not in module._buffers:
        return write(frame, module, name, value)
    return _assign(frame, module, _place(module, name), value)


def _assign(frame: Frame, module: Module, place: tuple[int, str], value: Any) -> None:
    root = frame.root()
    root.assigned[place] = value, frame
    if place[0] not in root.given and not is_key(value) and is_fixed(value, buffers(frame)):
        root.given.add(place[0])


def _check_change(frame: Frame, module: Module, name: str, value: Any) -> None:
    """Refuse that an attribute which has been looked at takes a value that the next call would go by."""
    root, place = frame.root(), _place(module, name)
    if place not in root.read:
        return
    before, compared = root.assigned.get(place), root.read[place]
    if before is not None and frame.within(before[1]):
        raise _refusal(_label(module, name))
    if is_key(value) and (not compared or value in compared):
        root.at_end.append(lambda: _drop_with_key(root, module, name))
    elif not is_fixed(value, buffers(frame)):
        raise _refusal(_label(module, name))


def _drop_with_key(root: Frame, module: Module, name: str) -> None:
    """Let the arrays that were made for a key, of which there must be some, go with it."""
    cells = [cell for cell in module._buffers.values() if cell in root.values]
    filled = [cell for cell in cells if root.values[cell] is not root.begun.get(cell)]
    others = buffers(root, but=set(filled))
    made = filled or id(module._version) in root.given
    if not made or not all(is_fixed(root.values[cell], others) for cell in filled):
        raise _refusal(_label(module, name))
    root.values.update({cell: root.begun[cell] for cell in filled})


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
    if is_number(kept.value):

        def compared(value: Any) -> None:
            root.read.setdefault(place, []).append(value)
            root.at_end.append(lambda: _take_for_constant(module, kept))

        return Old(label, kept.value, compared)
    if is_array(kept.value) and place in rewritten():
        return Old(label, kept.value)
    if is_array(kept.value):
        root.at_end.append(lambda: _take_for_constant(module, kept))
        return kept.value
    root.read.setdefault(place, [])
    return kept.value


def read_empty(module: Module, name: str) -> Any:
    """What is in the empty place of a buffer: nothing, or what a compiled call has put there for its length."""
    frame = current_frame()
    value, holder = (
        (None, None) if frame is None else frame.root().assigned.get(_place(module, name), (None, None))
    )
    return value if holder is not None and frame is not None and frame.within(holder) else None


def _take_for_constant(module: Module, kept: Kept) -> None:
    if not kept.constant:
        kept.constant = True
        module._touch()


def remembered(module: Module, exact: bool) -> dict[str, Any]:
    """What a program depends on of such attributes: of a number nothing until a call compared it, of an array shape and
    dtype until a call took it for a constant, of anything else itself.

    `exact` counts every array by itself.
    """
    known: dict[str, Any] = {}
    for name, kept in module._kept.items():
        if is_number(kept.value) and not kept.constant:
            known[name] = None
        elif is_array(kept.value) and not (exact or kept.constant):
            known[name] = (tuple(kept.value.shape), str(kept.value.dtype))
        else:
            known[name] = kept.value
    return known


def _place(module: Module, name: str) -> tuple[int, str]:
    return id(module._version), name  # a rematerialised twin shares it


def _label(module: Module, name: str) -> str:
    return f"{type(module).__name__}.{name}"
