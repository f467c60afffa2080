"""Patterns of names: which parameters of a network one entry of a dict means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from normax.errors import InputError, suggest
from normax.nn.cells import Parameter

if TYPE_CHECKING:
    from normax.nn.module import Module

__all__ = ["check_found", "named"]


def named(parameters: Sequence[tuple[str, Parameter]], pattern: str) -> list[Parameter]:
    """The parameters of that very name, or else the weights whose names match the pattern (`"head.*"`): biases and norm
    parameters are meant by their names alone.

    Args:
        parameters: names and parameters, ties repeated.
        pattern: a path, or one with `*`, `?` and `[...]`.
    """
    exact = [cell for name, cell in parameters if name == pattern]
    return exact or [c for name, c in parameters if fnmatchcase(name, pattern) and c.role == "weight"]


def check_found(net: Module, parameters: Sequence[tuple[str, Parameter]], lost: Iterable[str]) -> None:
    """Refuse patterns that match nothing, all at once."""
    names = [name for name, _ in parameters]
    if faults := [f"{pattern!r}{suggest(pattern, names)}" for pattern in lost]:
        raise InputError(
            f"no weight of {type(net).__name__} matches {', '.join(faults)}; parameters: {', '.join(names)}"
        )
