"""What an optimiser does, in hashable form: `optax.adam(1e-3)` made twice is one recipe, and compiles once.

An optax transformation is closures over numbers and other closures. Two of the library's functions with the same code
over equal values compute the same. A user's functions may read global names that change, so they count by identity,
as does whatever is neither a function nor a plain value.
"""

from __future__ import annotations

import types
from typing import Any

from normax.binding.signature import ById

__all__ = ["recipe"]

LIBRARIES = {"optax", "jax", "normax"}


def recipe(value: Any) -> Any:
    """A key that is equal for optimisers that do the same; it keeps alive what it knows by identity.

    Args:
        value: an optax transformation, or anything that its closures hold.

    Example:
        >>> import optax
        >>> recipe(optax.adam(1e-3)) == recipe(optax.adam(1e-3)), recipe(optax.adam(1e-3)) == recipe(optax.adam(1e-2))
        (True, False)
    """
    return _recipe(value, ())


def _recipe(value: Any, around: tuple[Any, ...]) -> Any:
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, type)):
        return type(value), value
    if any(value is outer for outer in around):  # a function that calls itself
        return "outer", next(i for i, outer in enumerate(around) if value is outer)
    inner = (*around, value)
    if isinstance(value, types.FunctionType):
        library = value.__globals__.get("__name__", "").partition(".")[0] in LIBRARIES
        if not library or set(value.__dict__) - {"__wrapped__"}:  # attributes may hold a state
            return ById(value)
        try:
            held = tuple(cell.cell_contents for cell in value.__closure__ or ())
        except ValueError:  # a variable that was not assigned yet
            return ById(value)
        parts = held, value.__defaults__, value.__kwdefaults__
        return value.__code__, value.__module__, *(_recipe(part, inner) for part in parts)
    if isinstance(value, (tuple, list)):
        return type(value), tuple(_recipe(part, inner) for part in value)
    if type(value) is dict:
        return dict, tuple((key, _recipe(part, inner)) for key, part in value.items())
    return ById(value)
