"""einops on tensors: it knows arrays by their class alone, so it is given a backend for this one."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType

__all__ = ["register"]


def register(backends: ModuleType | None = None) -> None:
    """Let einops find tensors, if it is installed.

    Args:
        backends: einops' module of backends; None takes the installed one.
    """
    if backends is None:
        if find_spec("einops") is None:
            return
        backends = importlib.import_module("einops._backends")
    torchs = backends.TorchBackend

    class Backend(torchs):  # type: ignore[misc, valid-type]
        framework_name = "normax.torch"

        def __init__(self) -> None:
            self.torch = importlib.import_module("normax.torch")

    _made.append(Backend)


_made: list[type] = []  # einops finds them as subclasses, which Python keeps by weak references alone
