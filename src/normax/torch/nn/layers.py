"""PyTorch's layers: each of normax's with a subclass of the same name, which user code may call on tensors and
derive from."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from normax import nn
from normax.nn.layers import containers, dropout, piecewise, smooth
from normax.torch.devices import device
from normax.torch.dtypes import dtype, native
from normax.torch.nn.border import bordered
from normax.torch.nn.module import Module
from normax.torch.ops import keeping
from normax.torch.tensor import wrap

__all__ = ["layer"]

# What hands its input on to other modules as it is.
_CONTAINERS = (containers.Sequential, containers.ModuleList, containers.ModuleDict)
# Methods beside `forward` that user code calls on tensors.
_METHODS = (
    *("forward", "_conv_forward", "log_prob", "predict", "_in_projection", "from_pretrained"),
    "generate_square_subsequent_mask",
)
_layers: dict[type, type] = {nn.Module: Module}


def layer(kind: type) -> type:
    """The class for user code of one of normax's."""
    if kind not in _layers:
        bases = tuple(layer(base) for base in kind.__bases__ if issubclass(base, nn.Module))
        own = {name: vars(kind)[name] for name in _METHODS if name in vars(kind)}
        body: dict[str, Any] = {
            "__doc__": (kind.__doc__ or "").partition("Example:")[0],
            "__module__": "normax.torch.nn",
        }
        if not issubclass(kind, _CONTAINERS):
            body |= {name: _bordered(method) for name, method in own.items()}
        if "forward" in body and kind.__module__ in _APART and kind not in _TOGETHER:
            body["forward"] = keeping(body["forward"])
        if "__init__" in vars(kind):
            body["__init__"] = _plain_options(vars(kind)["__init__"])
        if "cls_to_become" in vars(kind):
            body["cls_to_become"] = layer(vars(kind)["cls_to_become"])
        _layers[kind] = type(kind.__name__, (*bases, kind), body)
    return _layers[kind]


# Layers of each element by itself, whose results lie as their inputs do, and what stands among them without being one.
_APART = tuple(room.__name__ for room in (dropout, piecewise, smooth))
_TOGETHER = (dropout.DropConnect, piecewise.RReLU, smooth.LogSigmoid)


def _bordered(method: Any) -> Any:
    if isinstance(method, staticmethod):
        plain = _plain_options(method.__func__)
        return staticmethod(functools.wraps(method)(lambda *args, **kwargs: wrap(plain(*args, **kwargs))))
    return method if isinstance(method, classmethod) else bordered(method)


def _plain_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """An `__init__`, or another function, that takes PyTorch's dtypes and devices."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})

    return call


def _plain(value: Any) -> Any:
    if isinstance(value, dtype):
        return native(value)
    return str(value) if isinstance(value, device) else value
