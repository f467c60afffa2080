"""What a value read from a file must look like, said by type hints and checked whole before it is used."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import islice, repeat
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np

from normax.errors import InputError, shorten, suggest

__all__ = ["Open", "check", "check_unmasked", "faults", "made", "refuse_missing", "shown"]

_MOST = 20  # faults that are shown
_NAMES = {
    dict: "named entries",
    list: "a list",
    tuple: "a list",
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    types.NoneType: "null",
}


class Open:
    """A dataclass of this kind is the form also of entries that have more names than its fields."""


def check(value: Any, form: Any, where: str) -> None:
    """Refuse a value that is not of a form, every fault in one line.

    Args:
        value: what JSON gave.
        form: a type hint: `str`, `bool`, `int`, `float` (finite; whole numbers will do), None, `Literal`, unions,
            lists, tuples (lists in JSON), `dict[str, X]`, a dataclass (its fields, of which those with a default may
            be absent, and no others unless it is `Open`) or a `TypedDict` (its fields, and perhaps more).
        where: the file.

    Raises:
        InputError: naming each place, what was expected and what is there.

    Example:
        >>> check({"mean": [1.0, "2"]}, dict[str, list[float]], "model.json")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: model.json: mean[1]: expected a finite number, got "2"
    """
    found = list(islice(faults(value, form), _MOST + 1))
    if found:
        raise InputError(f"{where}: {'; '.join(found[:_MOST])}{'; and more' if len(found) > _MOST else ''}")


def faults(value: Any, form: Any, where: str = "") -> Iterator[str]:
    """Each place where a value is not of a form, in words."""
    origin, args = get_origin(form) or form, get_args(form)
    if form is Any:
        return
    if origin in (Union, types.UnionType):
        each = (list(islice(faults(value, kind, where), _MOST)) for kind in args)
        yield from min(each, key=lambda found: _badness(found, where))
    elif origin is Literal:
        if not any(type(value) is type(word) and value == word for word in args):
            yield f"{where}: expected {' or '.join(map(str, args))}, got {shown(value)}"
    elif is_dataclass(form) or is_typeddict(form):
        yield from _entries(value, form, where)
    elif not _is_a(value, origin):
        yield f"{where or 'content'}: expected {_NAMES[origin]}, got {shown(value)}"
    elif origin is tuple and args[-1] is not Ellipsis:
        if len(value) != len(args):
            yield f"{where}: expected {len(args)} entries, got {len(value)}"
        for i, (item, kind) in enumerate(zip(value, args)):
            yield from faults(item, kind, f"{where}[{i}]")
    elif origin in (list, tuple):
        for i, item in enumerate(value):
            yield from faults(item, args[0], f"{where}[{i}]")
    elif origin is dict:
        for name, item in value.items():
            yield from faults(item, args[1], _inside(where, name))


def made(value: Any, form: Any) -> Any:
    """A value of a form, checked, as the form says it: dataclasses for named entries, tuples for lists.

    Example:
        >>> made([[1.0, "a"]], list[tuple[float, str]])
        [(1.0, 'a')]
    """
    origin, args = get_origin(form) or form, get_args(form)
    if origin in (Union, types.UnionType):
        return made(value, next(kind for kind in args if next(faults(value, kind), None) is None))
    if is_dataclass(form):
        hints = _hints(origin)
        return origin(**{name: made(item, hints[name]) for name, item in value.items() if name in hints})
    if origin is tuple:
        kinds = repeat(args[0]) if args[-1] is Ellipsis else args
        return tuple(made(item, kind) for item, kind in zip(value, kinds))
    return [made(item, args[0]) for item in value] if origin is list else value


def _is_a(value: Any, kind: Any) -> bool:
    if kind is float:
        most = sys.float_info.max
        return isinstance(value, (int, float)) and not isinstance(value, bool) and -most <= value <= most
    return type(value) is (list if kind is tuple else kind)


def _entries(value: Any, form: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where or 'content'}: expected named entries, got {shown(value)}"
        return
    hints = _hints(form)
    for name, hint in hints.items():
        if name in value:
            yield from faults(value[name], hint, _inside(where, name))
        elif name not in _optional(form):
            yield f"{_inside(where, name)}: not there{suggest(name, [n for n in value if n not in hints])}"
    if is_dataclass(form) and not issubclass(form, Open):  # type: ignore[arg-type]
        yield from (f"{_inside(where, name)}: unexpected" for name in value if name not in hints)


@cache
def _hints(form: Any) -> dict[str, Any]:
    return get_type_hints(form)


@cache
def _optional(form: Any) -> frozenset[str]:
    """The fields that an older version may not have written."""
    if is_typeddict(form):
        return form.__optional_keys__
    known = fields(form) if is_dataclass(form) else ()
    return frozenset(f.name for f in known if f.default is not MISSING or f.default_factory is not MISSING)


def _badness(found: list[str], where: str) -> tuple[bool, bool, int]:
    """Of several forms the one meant is that of the value's type, then of its kind, then with the fewest faults."""
    other_type = any(fault.startswith(f"{where or 'content'}: ") for fault in found)
    return other_type, any(fault.startswith(f"{where}.kind: ") for fault in found), len(found)


def _inside(where: str, name: str) -> str:
    name = shorten(name, 60)
    return f"{where}.{name}" if where else name


def shown(value: Any) -> str:
    """A value of JSON as a message quotes it: short, and never the inside of lists."""
    import json

    return _NAMES[type(value)] if isinstance(value, (dict, list)) else shorten(json.dumps(value), 60)


def check_unmasked(name: str, data: Any) -> None:
    """Refuse a masked array with masked entries: as a plain array it would lose its mask."""
    if not isinstance(data, np.ma.MaskedArray):
        return
    masked = np.argwhere(np.ma.getmaskarray(data))
    if len(masked):
        where = f"row {masked[0][0]}" + (f", column {masked[0][1]}" if data.ndim > 1 else "")
        raise InputError(
            f"{name}: masked at {where} ({len(masked)} in all), and a mask is nothing to train on; fill such entries, "
            f"{name}.filled(value), or leave their rows out"
        )


def refuse_missing(name: str, labels: Any) -> None:
    """Refuse labels of which some are missing, a kind of None, NA, NaT or NaN: they are no class.

    Example:
        >>> refuse_missing("y", ["a", None, "b"])
        Traceback (most recent call last):
            ...
        normax.errors.InputError: y: expected a label in each row, got None at row 1 (1 in all); leave such rows out
    """
    cells = np.asarray(labels)
    if cells.dtype.kind in "mM" and cells.ndim:
        missing = np.isnat(cells)
    elif cells.dtype.kind == "O" and cells.ndim:
        missing = np.array([_is_missing(cell) for cell in cells.ravel()], bool).reshape(cells.shape)
    else:
        return
    rows = np.argwhere(missing)
    if len(rows):
        raise InputError(
            f"{name}: expected a label in each row, got {cells[tuple(rows[0])]} at row {rows[0][0]} "
            f"({len(rows)} in all); leave such rows out"
        )


def _is_missing(cell: Any) -> bool:
    return (
        cell is None
        or type(cell).__name__ in ("NAType", "NaTType")
        or (isinstance(cell, (float, np.floating)) and bool(np.isnan(cell)))
    )
