"""Training mode for the length of a training: a network that was left in evaluation mode learns like any other."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from normax.nn.module import Module

__all__ = ["in_training_mode"]

P = ParamSpec("P")
R = TypeVar("R")


def in_training_mode(function: Callable[P, R]) -> Callable[P, R]:
    """The function, called with its first argument, a network, in training mode if all of it is in evaluation mode.

    Where some module trains, the others were put in evaluation mode on purpose, and stay there. Afterwards
    all modes are what they were.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        net = kwargs.get("net", args[0] if args else None)
        if not isinstance(net, Module) or any(module.training for module in net.modules()):
            return function(*args, **kwargs)
        net.train()
        try:
            return function(*args, **kwargs)
        finally:
            net.eval()

    return call
