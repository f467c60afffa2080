"""Which modules run under torch's names: a user's own files, and installed packages that are built on torch."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from functools import cache
from importlib.machinery import ModuleSpec

__all__ = ["found", "is_installed", "requires_torch", "takes_torch"]


def takes_torch(name: str) -> bool:
    """Whether a module, were it imported, is to find normax under the name torch.

    That is one of the user's own, one of a distribution that requires torch, and the torch side of any other
    (`einops.layers.torch`).
    """
    top, *parts = name.split(".")
    if top in ("normax", "torch"):
        return False
    return "torch" in parts or (requires_torch(top) if is_installed(top) else _has_source(top))


@cache
def is_installed(top: str) -> bool:
    """Whether a top-level name is Python's own or of an installed distribution, and so nobody's own file."""
    return top in sys.stdlib_module_names or top in _distributions()


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


@cache
def requires_torch(top: str) -> bool:
    """Whether a top-level name is of an installed distribution that is built on torch."""
    needs = (
        need for name in _distributions().get(top, ()) for need in importlib.metadata.requires(name) or ()
    )
    return any(re.match(r"torch(?![\w-])", need) and "extra ==" not in need for need in needs)


def _has_source(top: str) -> bool:
    spec = found(top)
    return spec is not None and (spec.origin is None or spec.origin.endswith(".py"))


def found(top: str) -> ModuleSpec | None:
    """Where a top-level module lies, or None."""
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError):  # of what has no spec, as `__main__`
        return None
