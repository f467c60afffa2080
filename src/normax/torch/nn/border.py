"""The border between user code, which sees tensors, and normax's own, which sees arrays."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from normax.nn.cells import Cell
from normax.torch.tensor import Methods, has, of_user, raw, taken, wrap

__all__ = ["bordered", "called", "crossing"]


def crossing(compute: Callable[..., Any]) -> Callable[..., Any]:
    """A function of normax's for user code: tensors go in as arrays and come out as tensors; `inplace=True` writes to
    the first argument. On arrays it is what it was."""
    names = list(inspect.signature(compute).parameters)
    inplace = names.index("inplace") if "inplace" in names else None

    @functools.wraps(compute)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not of_user((args, kwargs)):
            return compute(*args, **kwargs)
        result = compute(*map(raw, args), **{name: raw(value) for name, value in kwargs.items()})
        if inplace is not None and (kwargs.get("inplace") or (len(args) > inplace and args[inplace])):
            return (args[0] if args else kwargs[names[0]])._assign(result)
        return wrap(result)

    return call


def bordered(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a method of a layer, whose own `inplace` counts."""

    @functools.wraps(forward)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not of_user((args, kwargs)):
            return forward(self, *args, **kwargs)
        result = forward(self, *map(raw, args), **{name: raw(value) for name, value in kwargs.items()})
        if args and getattr(self, "inplace", False) is True and isinstance(args[0], Methods):
            return args[0]._assign(result)
        return wrap(result)

    return call


def called(call: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """A user's function, called from either side: it sees tensors, and who gave arrays gets arrays."""
    given = (args, kwargs)
    if of_user(given) or not has(given, (jax.Array, np.ndarray, Cell)):
        return call(*args, **kwargs)
    args, kwargs = taken(given)
    return raw(call(*args, **kwargs))
