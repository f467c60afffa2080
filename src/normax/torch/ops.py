"""How a function on arrays becomes PyTorch's: tensors in and out, `out=`, and a method of `Tensor` by the same name."""

from __future__ import annotations

import collections
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np

from normax.torch.layout import lay
from normax.torch.tensor import Methods, has, raw, wrap

__all__ = ["alias", "elementwise", "function", "into", "keeping", "method", "op", "returned"]

_F = TypeVar("_F", bound=Callable[..., Any])
_NUMPY = {"axis": "dim", "axes": "dim", "keepdims": "keepdim"}  # NumPy's words, which PyTorch takes too


def function(compute: Callable[..., Any]) -> Callable[..., Any]:
    """`torch.NAME` of a function on arrays.

    What is called on tensors gives tensors; what is called on arrays alone gives arrays.
    """
    names = inspect.signature(compute).parameters
    renamed = {theirs: ours for theirs, ours in _NUMPY.items() if theirs not in names and ours in names}

    @functools.wraps(compute)
    def call(*args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        result = compute(*map(raw, args), **{renamed.get(k, k): raw(v) for k, v in kwargs.items()})
        if out is not None:
            return into(out, result)
        return result if _of_arrays(args, kwargs) else wrap(result)

    return call


def method(compute: _F) -> _F:
    """A method of `Tensor` alone, which takes the tensor itself."""
    setattr(Methods, compute.__name__, compute)
    return compute


def op(compute: Callable[..., Any]) -> Callable[..., Any]:
    """`torch.NAME` and `Tensor.NAME` at once."""
    call = function(compute)
    setattr(Methods, compute.__name__, call)
    return call


def keeping(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function of each element by itself, whose result lies as its operands do, unless a memory format is named."""

    @functools.wraps(call)
    def laid(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        apart = "out" in kwargs or kwargs.get("memory_format") is not None or not isinstance(result, Methods)
        return result if apart else lay(result, (*args, *kwargs.values()))

    return laid


def elementwise(compute: Callable[..., Any]) -> Callable[..., Any]:
    """`op` of a function of each element by itself."""
    call = keeping(function(compute))
    setattr(Methods, compute.__name__, call)
    return call


def alias(call: Callable[..., Any], *names: str) -> tuple[Callable[..., Any], ...]:
    """More names for a method."""
    for name in names:
        setattr(Methods, name, call)
    return (call,) * len(names)


def returned(name: str, fields: str) -> Any:
    """A named tuple of results, PyTorch's `torch.return_types`."""
    return collections.namedtuple(name, fields, module=__name__)


def into(out: Any, result: Any) -> Any:
    """Write results into `out=`, which takes their shape."""
    if isinstance(out, (tuple, list)):
        for place, part in zip(out, result):
            into(place, part)
        return out
    if out._array.shape == result.shape:
        return out._assign(result)
    out._array, out._strides = result.astype(out._array.dtype), None
    return out


def _of_arrays(args: tuple, kwargs: dict) -> bool:
    if args and isinstance(args[0], Methods):
        return False
    given = (args, kwargs)
    return has(given, (jax.Array, np.ndarray)) and not has(given, Methods)
