"""Modes for the length of a trace, unseen by bindings, so that nothing recompiles for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from normax.nn.module import Module

__all__ = ["evaluating", "training_where"]


@contextlib.contextmanager
def training_where(net: Module, trains: Callable[[Module], bool]) -> Iterator[None]:
    """Training mode where `trains(module)`, evaluation mode elsewhere; every module gets its own mode back."""
    before = [(module, module.training) for module in net.modules()]
    for module, _ in before:
        object.__setattr__(module, "training", trains(module))
    try:
        yield
    finally:
        for module, mode in before:
            object.__setattr__(module, "training", mode)


def evaluating(net: Module) -> contextlib.AbstractContextManager[None]:
    """Evaluation mode throughout."""
    return training_where(net, lambda module: False)
