"""What a trace through a module depends on beside arrays, in a form that compares: for this network, or for any built alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from normax.nn.attributes import is_fixed, remembered
from normax.nn.cells import Cell
from normax.nn.module import Module

__all__ = ["REGISTRIES", "ById", "Watched", "architecture", "attributes", "plain_attributes"]


def attributes(
    module: Module, places: Mapping[int, Any] = MappingProxyType({}), exact: bool = False
) -> tuple:
    """All that a trace through a module depends on beside arrays: its cells, its children, plain attributes.

    Of those that its forward changes, `exact` counts arrays by themselves.
    """
    held = {name: value for name, value in module.__dict__.items() if name not in _OWN}
    if module._kept:
        held |= remembered(module, exact)
    return tuple((name, _static(value, places)) for name, value in held.items())


def architecture(net: Module) -> tuple:
    """All that a trace depends on beside arrays, for any network built alike: a tie or a child counts by its place.

    Two networks of one architecture run the same programs, each with its own arrays in the order of its binding. What an
    attribute holds beside plain values, cells and modules counts by identity.
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
    return {name: _static(value) for name, value in module.__dict__.items() if name not in REGISTRIES}


class Watched:
    """The lists, dicts and sets among plain attributes, which can change without an assignment."""

    def __init__(self, modules: Iterable[Module]):
        self._held = [
            (f"{type(module).__name__}.{name}", part, _static(part), part.copy())
            for module in modules
            for name, value in (module.__dict__ | remembered(module, exact=True)).items()
            if name not in REGISTRIES
            for part in _containers(value)
        ]

    def is_current(self) -> bool:
        return not self._held or all(_static(part) == before for _, part, before, _ in self._held)

    def restore(self) -> list[str]:
        """Put back what was there, and name the attributes to which more happened than that a dict got arrays which no
        input of a trace bears on, such as masks by their length."""
        wrong = []
        for label, part, before, copy in self._held:
            if _static(part) == before:
                continue
            new = [part[key] for key in part if key not in copy] if isinstance(part, dict) else []
            if not isinstance(part, dict) or not (
                all(part.get(key, part) is value for key, value in copy.items()) and all(map(is_fixed, new))
            ):
                wrong.append(label)
            part.clear()
            part.extend(copy) if isinstance(part, list) else part.update(copy)
        return wrong


_OWN = {"_version", "_kept"}
REGISTRIES = {"_parameters", "_buffers", "_modules", "_hooks", "_computed", *_OWN}


def _containers(value: Any) -> Iterator[Any]:
    """The lists, dicts and sets of a value, itself and within."""
    if isinstance(value, (list, dict, set)):
        yield value
    if isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _containers(part)


def _static(value: Any, places: Mapping[int, Any] = MappingProxyType({})) -> Any:
    """A hashable stand-in for a plain attribute: equal values compile to equal programs.

    `places`: the id of an object -> what stands for it instead of its identity.
    """
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return type(value), value
    if isinstance(value, (tuple, list)):
        return type(value), tuple(_static(v, places) for v in value)
    if isinstance(value, dict):
        return dict, tuple((k, _static(v, places)) for k, v in value.items())
    if isinstance(value, (set, frozenset)):
        return type(value), frozenset(_static(v, places) for v in value)
    return places[id(value)] if id(value) in places else ById(value)


class ById:
    """Compares by identity and keeps its object alive, so that an id is never taken over by another."""

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ById) and self.value is other.value
