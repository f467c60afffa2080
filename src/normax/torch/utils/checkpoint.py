"""`torch.utils.checkpoint`: inner results computed again in the backward pass instead of kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normax.binding.remat import remat
from normax.torch.tensor import raw, wrap

__all__ = ["checkpoint", "checkpoint_sequential"]


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`function(*args)`, rematerialised as by `nx.remat`; PyTorch's own options are not needed.

    Example:
        >>> from normax import torch
        >>> from normax.torch.utils.checkpoint import checkpoint
        >>> checkpoint(torch.nn.ReLU(), torch.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    given = {name: value for name, value in kwargs.items() if name not in _OPTIONS}
    return wrap(remat(lambda *a, **k: raw(function(*a, **k)))(*args, **given))


_OPTIONS = ("use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug", "early_stop")


def checkpoint_sequential(functions: Any, segments: int, input: Any, **kwargs: Any) -> Any:
    """The functions one after another, each segment rematerialised."""
    functions = list(functions)
    size = -(-len(functions) // segments)

    def run(part: list[Callable[..., Any]], x: Any) -> Any:
        for function in part:
            x = function(x)
        return x

    for start in range(0, len(functions), size):
        part = functions[start : start + size]
        input = checkpoint(lambda x, part=part: run(part, x), input)
    return input
