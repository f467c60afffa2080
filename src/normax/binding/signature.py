"""What a trace through a module depends on beside arrays, for this network or for any built alike, to compare by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from normax.nn.attributes import remembered
from normax.nn.cells import Cell, is_boxed
from normax.nn.module import Module

__all__ = ["REGISTRIES", "ById", "architecture", "attributes", "plain_attributes", "static"]


def attributes(
    module: Module, places: Mapping[int, Any] = MappingProxyType({}), exact: bool = False
) -> tuple:
    """All that a trace through a module depends on beside arrays: its cells, its children, plain attributes.

    Of those that its forward changes, `exact` counts arrays by themselves.
    """
    held = {name: value for name, value in module.__dict__.items() if name not in _OWN}
    if module._kept:
        held |= remembered(module, exact)
    return tuple((name, static(value, places)) for name, value in held.items())


def architecture(net: Module) -> tuple:
    """All that a trace depends on beside arrays, for any network built alike.

    A tie or a child counts by its place. Two networks of one architecture run the same programs, each with its own
    arrays in the order of its binding. What an attribute holds beside plain values, cells and modules counts by
    identity.
    """
    modules = list(net.modules())
    cells = [*net.parameters(), *net.buffers()]
    places: dict[int, Any] = {id(module): (Module, i) for i, module in enumerate(modules)}
    places |= {id(cell): (Cell, i) for i, cell in enumerate(cells)}
    facts = [
        (tuple(c._value.shape), c._value.dtype, getattr(c, "requires_grad", None), getattr(c, "role", None))
        for c in cells
    ]
    return tuple((type(module), attributes(module, places, exact=True)) for module in modules), tuple(facts)


def plain_attributes(module: Module) -> dict[str, Any]:
    """What a module is set to, apart from its cells and children, in hashable form."""
    return {name: static(value) for name, value in module.__dict__.items() if name not in REGISTRIES}


_OWN = {"_version", "_kept"}
REGISTRIES = {"_parameters", "_buffers", "_modules", "_hooks", "_computed", *_OWN}


def static(value: Any, places: Mapping[int, Any] = MappingProxyType({})) -> Any:
    """A hashable stand-in for a plain attribute: equal values compile to equal programs.

    `places`: the id of an object -> what stands for it instead of its identity.
    """
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return type(value), value
    if isinstance(value, (tuple, list)):
        return type(value), tuple(static(v, places) for v in value)
    if isinstance(value, dict):
        return dict, tuple((k, static(v, places)) for k, v in value.items())
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(static(v, places) for v in value)
    if id(value) in places:
        return places[id(value)]
    return (type(value), ById(value.__jax_array__())) if is_boxed(value) else ById(value)


class ById:
    """Compares by identity and keeps its object alive, so that an id is never taken over by another."""

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.value is other.value
