"""What else of torch's names model files mention: checks, kinds of memory."""

from __future__ import annotations

from typing import Any

import jax

from normax.torch.corners import absent, autocast

__all__ = ["autocast", "is_autocast_enabled", "load", "memory_format", "save"]


def _assert(condition: Any, message: str) -> None:
    """An assertion; one that depends on traced numbers is left out of the compiled program."""
    if not isinstance(getattr(condition, "_array", condition), jax.core.Tracer):
        assert condition, message


def _assert_async(condition: Any, message: str = "") -> None:
    """The same."""
    _assert(condition, message)


class memory_format:
    """How PyTorch lays an array in memory, which XLA decides by itself: a name."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


FORMATS = {
    name: memory_format(name)
    for name in ("contiguous_format", "channels_last", "channels_last_3d", "preserve_format", "strided")
}


def is_autocast_enabled(*args: Any) -> bool:
    return False


save = absent("torch.save", "write nx.save(net, 'net.safetensors')")
load = absent("torch.load", "write nx.load(net, file), which reads PyTorch's state dicts")
