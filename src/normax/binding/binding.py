"""Binding: a module's tree walked once into flat lists of cells.

The next call compares one global token with `is`; only when something changed anywhere are the versions of this net's
own modules compared, and only when those differ is the tree walked again.
"""

from __future__ import annotations

import weakref
from typing import Any

from normax.binding.signature import attributes
from normax.binding.watched import Watched
from normax.errors import InputError
from normax.nn.backend import check_process
from normax.nn.cells import Cell
from normax.nn.frames import Frame, structure
from normax.nn.module import Module

__all__ = ["Binding", "bind"]


class Binding:
    """A module's cells in order, each once: `trainable`, then `frozen` parameters, then `buffers`.

    `names` maps a cell to its first path, `numbers` a module's id to its place in the tree.
    """

    def __init__(self, net: Module):
        if not isinstance(net, Module):
            raise InputError(f"expected a normax Module, got {_what(net)}")
        named = list(net.named_modules())
        empty = [name for name, cell in net._named_state() if cell.uninitialized]
        if empty:
            raise InputError(
                f"{', '.join(empty)}: no shape before a first call; call the network once on an input, `net(x)`"
            )
        self.numbers = {id(module): i for i, (_, module) in enumerate(named)}
        self._versions = [module._version for _, module in named]
        self._watched = Watched(module for _, module in named)
        parameters = list(net.named_parameters())
        self.trainable = [p for _, p in parameters if p.requires_grad]
        self.frozen = [p for _, p in parameters if not p.requires_grad]
        self.buffers = [b for _, b in net.named_buffers()]
        self.names: dict[Cell, str] = {cell: name for name, cell in (*parameters, *net.named_buffers())}
        self.token = structure.token
        self.stamp = self._stamp()
        self.signature = (
            type(net),
            tuple(id(cell) for cell in self.trainable),
            tuple(attributes(module) for _, module in named),
        )

    @property
    def parameter_names(self) -> list[str]:
        """Paths of the trainable parameters, in order."""
        return [self.names[cell] for cell in self.trainable]

    def _stamp(self) -> tuple:
        return structure.cells, [version[0] for version in self._versions]

    def is_current(self) -> bool:
        if not self._watched.is_current():
            return False
        if self.token is structure.token:
            return True
        token = structure.token
        if self.stamp != self._stamp():
            return False
        self.token = token
        return True

    def frame(self, values: dict[Cell, Any], key: Any, row_mask: Any = None, sealed: bool = True) -> Frame:
        return Frame(
            values,
            names=self.names,
            numbers=self.numbers,
            key=key,
            row_mask=row_mask,
            sealed=sealed,
            restore=self._watched.restore,
        )


def _what(given: Any) -> str:
    """What was given in a module's place: its full type, or the class that nobody has called."""
    if isinstance(given, type):
        return f"the class {given.__name__}; make one: {given.__name__}(...)"
    return f"{type(given).__module__}.{type(given).__name__}".removeprefix("builtins.")


_bindings: weakref.WeakKeyDictionary[Module, Binding] = weakref.WeakKeyDictionary()


def bind(net: Module) -> Binding:
    """The current binding of a module: the last one while nothing in its tree changed."""
    check_process()
    binding = _bindings.get(net) if isinstance(net, Module) else None
    if binding is None or not binding.is_current():
        binding = Binding(net)
        _bindings[net] = binding
    return binding
