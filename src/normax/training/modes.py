"""What holds for the length of a training: its network is in training mode, and nobody else trains it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from normax.errors import InputError
from normax.nn.cells import Cell
from normax.nn.module import Module

__all__ = ["in_training_mode"]

P = ParamSpec("P")
R = TypeVar("R")


def in_training_mode(function: Callable[P, R]) -> Callable[P, R]:
    """The function, called with its first argument, a network, in training mode if all of it is in evaluation mode.

    Where some module trains, the others were put in evaluation mode on purpose, and stay there. Afterwards
    all modes are what they were. While it runs, no other thread may train the network or one that shares weights with it.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        net = kwargs.get("net", args[0] if args else None)
        if not isinstance(net, Module):
            return function(*args, **kwargs)
        with _alone(net):
            if any(module.training for module in net.modules()):
                return function(*args, **kwargs)
            net.train()
            try:
                return function(*args, **kwargs)
            finally:
                net.eval()

    return call


_lock = threading.Lock()
_held: dict[Cell, int] = {}
"""Cells that are being trained, and by which thread."""


@contextmanager
def _alone(net: Module) -> Iterator[None]:
    cells, me = [*net.parameters(), *net.buffers()], threading.get_ident()
    with _lock:
        if any(_held.get(cell, me) != me for cell in cells):
            raise InputError(
                f"{type(net).__name__} is being trained in another thread, and both would write its weights; train "
                "a copy, copy.deepcopy(net), or one after the other"
            )
        mine = [cell for cell in cells if cell not in _held]
        _held.update(dict.fromkeys(mine, me))
    try:
        yield
    finally:
        with _lock:
            for cell in mine:
                del _held[cell]
