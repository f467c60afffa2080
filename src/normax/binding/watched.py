"""Plain attributes that can change without an assignment, watched."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from normax.binding.signature import REGISTRIES, static
from normax.nn.attributes import remembered
from normax.nn.cells import is_boxed
from normax.nn.fixed import faces, is_fixed
from normax.nn.module import Module

__all__ = ["Watched"]


class Watched:
    """The lists, dicts, sets and tensors among plain attributes, which can change without an assignment."""

    def __init__(self, modules: Iterable[Module]):
        self._held = [
            (f"{type(module).__name__}.{name}", part, static(part), copy.copy(part))
            for module in modules
            for name, value in (module.__dict__ | remembered(module, exact=True)).items()
            if name not in REGISTRIES
            for part in _containers(value)
        ]

    def is_current(self) -> bool:
        return not self._held or all(static(part) == before for _, part, before, _ in self._held)

    def restore(self, stayed: list[Any]) -> list[str]:
        """Put back what was there, and name the attributes to which more happened than that a dict got arrays which no
        input of a trace bears on but the network's own values, such as masks by their length or a table of biases.

        Such a table is made anew in each call, so that one of weights is never of those before they changed.

        Args:
            stayed: the values of the network's cells that the call did not change.
        """
        wrong: list[str] = []
        for label, part, before, old in self._held:
            if static(part) == before:
                continue
            known = set().union(*map(faces, stayed))
            new = [part[key] for key in part if key not in old] if isinstance(part, dict) else []
            if not isinstance(part, dict) or not (
                all(part.get(key, part) is value for key, value in old.items())
                and all(is_fixed(value, known) for value in new)
            ):
                wrong.append(label)
            part.clear()
            part.extend(old) if isinstance(part, list) else part.update(old)
        return wrong


def _containers(value: Any) -> Iterator[Any]:
    """The lists, dicts, sets and tensors of a value, itself and within."""
    if isinstance(value, (list, dict, set)) or is_boxed(value):
        yield value
    if isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _containers(part)
