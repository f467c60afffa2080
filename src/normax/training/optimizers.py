"""Optimisers by name: optax's own, at one learning rate, the same object each time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import optax

from normax.errors import InputError, suggest

__all__ = ["RATE", "maker", "named"]

RATE = 1e-3
_USUAL = ("adam", "adamw", "sgd", "rmsprop", "adagrad", "nadam", "adamax", "yogi")


def maker(name: str) -> Callable[..., Any]:
    """optax's function of that name, in any case, which makes an optimiser of a learning rate.

    Raises:
        InputError: for a name that optax has not, or that makes no optimiser.

    Example:
        >>> maker("AdamW") is optax.adamw
        True
        >>> maker("adm")
        Traceback (most recent call last):
            ...
        normax.errors.InputError: optimizer: optax has no 'adm'; did you mean 'adam'?; one of adam, ...
    """
    found = getattr(optax, name.casefold(), None)
    if not inspect.isfunction(found) or "learning_rate" not in inspect.signature(found).parameters:
        raise InputError(
            f"optimizer: optax has no {name!r}{suggest(name, _USUAL)}; one of {', '.join(_USUAL)}, or any of its "
            "transformations, such as optax.adam(1e-3)"
        )
    return found


def named(name: str, over: Iterable[str] = ()) -> Any:
    """The optimiser of that name with learning rate 1e-3; its hyper-parameters are data where `over` names one.

    It is the same object each time, since compiled programs are known by their optimiser.

    Example:
        >>> named("sgd") is named("SGD")
        True
    """
    as_data = _made(name.casefold(), True) if over else None
    if as_data is not None and set(over) & set(as_data.init({}).hyperparams):
        return as_data
    return _made(name.casefold(), False)


@cache
def _made(name: str, as_data: bool) -> Any:
    make = maker(name)
    return optax.inject_hyperparams(make)(learning_rate=RATE) if as_data else make(RATE)
