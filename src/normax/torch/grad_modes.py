"""`no_grad` and its kin: results inside them pass no gradient on."""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
]


class _Mode(threading.local):
    enabled = True


_mode = _Mode()


def is_grad_enabled() -> bool:
    """Whether results pass gradients on."""
    return _mode.enabled


def is_inference_mode_enabled() -> bool:
    """As `not is_grad_enabled()`: inference mode is `no_grad` here."""
    return not _mode.enabled


class set_grad_enabled:
    """Whether gradients pass, from now on, in a `with` block, or in a decorated function.

    Example:
        >>> from normax import torch
        >>> with torch.set_grad_enabled(False):
        ...     torch.is_grad_enabled()
        False
    """

    def __init__(self, mode: bool):
        self._before, self._wanted = _mode.enabled, bool(mode)
        _mode.enabled = self._wanted

    def __enter__(self) -> None:
        _mode.enabled = self._wanted

    def __exit__(self, *exception: Any) -> None:
        _mode.enabled = self._before

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        _mode.enabled = self._before  # a decorator changes nothing by itself
        return _decorated(function, self._wanted)


@contextlib.contextmanager
def _switched(enabled: bool) -> Iterator[None]:
    before, _mode.enabled = _mode.enabled, enabled
    try:
        yield
    finally:
        _mode.enabled = before


def _decorated(function: Callable[..., Any], enabled: bool) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
            items = function(*args, **kwargs)
            while True:
                with _switched(enabled):
                    try:
                        item = next(items)
                    except StopIteration:
                        return
                yield item

        return generate

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _switched(enabled):
            return function(*args, **kwargs)

    return call


class _Switch:
    enabled = False

    def __new__(cls, function: Any = None, *args: Any, **kwargs: Any) -> Any:
        if callable(function):  # @torch.no_grad without parentheses
            return _decorated(function, cls.enabled)
        made = object.__new__(cls)
        made._wanted = cls.enabled if function in (None, True) else not cls.enabled
        made._open = []
        return made

    _wanted: bool
    _open: list[bool]

    def __enter__(self) -> None:
        self._open.append(_mode.enabled)
        _mode.enabled = self._wanted

    def __exit__(self, *exception: Any) -> None:
        _mode.enabled = self._open.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _decorated(function, self._wanted)


class no_grad(_Switch):
    """No result in this `with` block, or of this decorated function, passes a gradient on.

    Example:
        >>> import jax
        >>> from normax import torch
        >>> def f(a):
        ...     x = torch.tensor(a)
        ...     with torch.no_grad():
        ...         y = x * 3
        ...     return (x * y).__jax_array__()
        >>> float(jax.grad(f)(2.0))
        6.0
    """


class inference_mode(_Switch):
    """`no_grad`; `inference_mode(False)` lets gradients pass."""


class enable_grad(_Switch):
    """Let gradients pass again inside a `no_grad`."""

    enabled = True
