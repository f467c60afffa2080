"""`torch.compile`: a module whose eager calls are compiled by `nx.jit`."""

from __future__ import annotations

import copy
from typing import Any

import jax

from normax.binding.compiled import jit
from normax.nn.frames import current_frame
from normax.torch.nn.module import Module

__all__ = ["OptimizedModule", "compile"]


class OptimizedModule(Module):
    """What `torch.compile(net)` returns: a module around `net`, whose calls are `nx.jit(net)`'s.

    Attributes are the network's own, keys of its state begin with `_orig_mod.`, as in PyTorch.
    """

    def __init__(self, net: Any):
        super().__init__()
        self._orig_mod = net

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        net = self._orig_mod
        traced = any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((args, kwargs)))
        if traced or current_frame() is not None:
            return net(*args, **kwargs)
        if "_jitted" not in self.__dict__:
            object.__setattr__(self, "_jitted", jit(net))
        return self._jitted(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__.get("_modules", {})
        if name == "_orig_mod" or "_orig_mod" not in own:
            return super().__getattr__(name)
        return getattr(own["_orig_mod"], name)

    def __deepcopy__(self, memo: dict) -> OptimizedModule:
        return OptimizedModule(copy.deepcopy(self._orig_mod, memo))


def compile(model: Any = None, **options: Any) -> Any:
    """A module whose eager calls are compiled; functions stay as they are: what calls them is compiled as a whole.

    Args:
        model: a module or a function; without it, a decorator.
        options: PyTorch's own, which XLA does not need.

    Example:
        >>> from normax import torch
        >>> net = torch.compile(torch.nn.Linear(3, 2))
        >>> net(torch.ones(4, 3)).shape, net.in_features
        (torch.Size([4, 2]), 3)
    """
    if model is None:
        return lambda function: compile(function, **options)
    return OptimizedModule(model) if isinstance(model, Module) else model
