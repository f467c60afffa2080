"""Containers of parameters: a list and a dict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from normax.nn.cells import Parameter
from normax.nn.module import Module

__all__ = ["ParameterDict", "ParameterList"]


class _Held(Module):
    """Values under attribute names, in their order; arrays become parameters, as in PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()

    def _put(self, name: str, value: Any) -> None:
        array = isinstance(value, (jax.Array, np.ndarray)) or hasattr(value, "detach")
        if array and not isinstance(value, Parameter):
            value = Parameter(value)
        setattr(self, name, value)
        if name not in self._names:
            self._names = (*self._names, name)

    def _drop(self, name: str) -> Any:
        value = getattr(self, name)
        delattr(self, name)
        self._names = tuple(n for n in self._names if n != name)
        return value

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        lines = []
        for name in self._names:
            value = getattr(self, name)
            if isinstance(value, Parameter):
                text = f"Parameter containing: [{value.dtype} of shape {'x'.join(map(str, value.shape))}]"
            else:
                text = f"Object of type: {type(value).__name__}"
            lines.append(f"  ({name}): {text}")
        return f"{type(self).__name__}(" + ("\n" + "\n".join(lines) + "\n" if lines else "") + ")"


class ParameterList(_Held):
    """Parameters in a list, registered under their positions; arrays in it become parameters.

    Args:
        values: an iterable of parameters, arrays or anything else, which is kept as it is.

    Example:
        >>> import jax.numpy as jnp
        >>> weights = ParameterList([jnp.ones(2), jnp.ones(3)])
        >>> [name for name, _ in weights.named_parameters()], len(weights), weights[-1].shape
        (['0', '1'], 2, (3,))
    """

    def __init__(self, values: Iterable[Any] | None = None):
        super().__init__()
        self.extend(values or ())

    def _name(self, index: Any) -> str:
        i, n = operator.index(index), len(self)
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of range for ParameterList of length {n}")
        return str(i % n)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return getattr(self, self._name(index))

    def __setitem__(self, index: int, value: Any) -> None:
        self._put(self._name(index), value)

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, name) for name in self._names)

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end; returns the list."""
        self._put(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add values at the end; returns the list."""
        for value in list(values):
            self.append(value)
        return self

    def pop(self, index: int = -1) -> Any:
        """Remove a value and return it."""
        values, i = list(self), int(self._name(index))
        for name in self._names:
            self._drop(name)
        self.extend(v for j, v in enumerate(values) if j != i)
        return values[i]


class ParameterDict(_Held):
    """Parameters in a dict, registered under their keys; arrays in it become parameters.

    Args:
        parameters: a mapping, pairs of key and value, or keys alone (None each).

    Example:
        >>> import jax.numpy as jnp
        >>> weights = ParameterDict({"left": jnp.ones(2), "right": jnp.ones(3)})
        >>> list(weights), weights["left"].shape, "up" in weights
        (['left', 'right'], (2,), False)
    """

    def __init__(self, parameters: Any = None):
        super().__init__()
        self.update(parameters or {})

    def __getitem__(self, key: str) -> Any:
        if key not in self._names:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"expected a string as key, got {type(key).__name__}")
        if key not in self._names:
            self._check_name(key, {}, "parameter")
        self._put(key, value)

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._names)

    def __or__(self, other: Any) -> ParameterDict:
        union = self.copy()
        union.update(other)
        return union

    def __ior__(self, other: Any) -> ParameterDict:
        self.update(other)
        return self

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters."""
        return ParameterDict(self.items())

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """Another dict, of these keys with one value."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> Iterable[str]:
        return self._names

    def values(self) -> Iterable[Any]:
        return [self[key] for key in self._names]

    def items(self) -> Iterable[tuple[str, Any]]:
        return [(key, self[key]) for key in self._names]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return getattr(self, key) if key in self._names else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, set to the default if there is none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Remove a key and return its value."""
        self[key]
        return self._drop(key)

    def popitem(self) -> tuple[str, Any]:
        """Remove the last key and return it with its value."""
        if not self._names:
            raise KeyError("popitem(): dictionary is empty")
        key = self._names[-1]
        return key, self._drop(key)

    def clear(self) -> None:
        """Remove every key."""
        for key in self._names:
            self._drop(key)

    def update(self, parameters: Any) -> None:
        """Add or replace values from a mapping or pairs; a plain dict's in the order of its keys, as PyTorch's."""
        pairs = parameters.items() if hasattr(parameters, "items") else parameters
        plain = isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict)
        for key, value in sorted(pairs, key=lambda pair: pair[0]) if plain else pairs:
            self[key] = value
