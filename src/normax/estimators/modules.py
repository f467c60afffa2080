"""The network that an estimator's `module` stands for, with sizes from the data."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from normax.binding import evaluating, functional_call
from normax.errors import InputError
from normax.estimators.defaults import mlp, width_for
from normax.nn.module import Module
from normax.paths.ensemble import rows_for

__all__ = ["make"]


def make(module: Any, X: np.ndarray, outputs: Sequence[int]) -> tuple[Module, int]:
    """A network of one's own, lazy layers filled, and its number of outputs.

    Args:
        module: None for a multilayer perceptron; an instance, which is copied with its weights; or what makes one:
            called with (in_features, out_features) if it takes these names or needs two arguments, else with none.
        X: `(n, ...)` rows; in_features is `X.shape[1]`.
        outputs: the numbers of outputs that will do, the preferred one first.

    Raises:
        InputError: if it cannot be made, cannot be called on rows of X, or has another number of outputs.

    Example:
        >>> from normax import nn
        >>> make(nn.Linear, np.zeros((5, 3), np.float32), [2])
        (Linear(in_features=3, out_features=2, bias=True), 2)
        >>> make(lambda: nn.Sequential(nn.LazyLinear(1)), np.zeros((5, 3), np.float32), [1])[0][0]
        Linear(in_features=3, out_features=1, bias=True)
    """
    features = X.shape[1]
    if module is None:
        if X.ndim != 2:
            raise InputError(
                f"module: rows of shape {X.shape[1:]} need a network that takes them; give one, e.g. "
                "module=lambda: nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))"
            )
        net = mlp(features, outputs[0], width_for(len(X), features))
    elif isinstance(module, Module):
        net = copy.deepcopy(module)
    elif callable(module):
        net = _called(module, features, outputs[0])
    else:
        raise InputError(
            f"module: expected an nn.Module, a class or function that makes one, or None, got {module!r}"
        )
    two = rows_for(net, X[:2])
    try:
        with evaluating(net):
            if any(cell.uninitialized for cell in (*net.parameters(), *net.buffers())):
                net(two)  # lazy layers learn their shapes
            shape = jax.eval_shape(lambda x: functional_call(net, {}, x), two).shape
    except Exception as error:
        raise InputError(
            f"module: {type(net).__name__} cannot be called on 2 rows of shape {X.shape[1:]}: "
            f"{type(error).__name__}: {error}"
        ) from error
    for count in outputs:
        if shape == (2, count) or (shape == (2,) and count == 1):
            return net, count
    expected = " or ".join(f"(rows, {count})" for count in outputs)
    raise InputError(
        f"module: expected {expected} as the shape of the outputs, got {shape} for 2 rows; a factory is told: "
        "module=lambda in_features, out_features: ..."
    )


def _called(factory: Any, features: int, outputs: int) -> Module:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        parameters = ()  # type: ignore[assignment]
    sizes = {"in_features": features, "out_features": outputs}
    named = {p.name: sizes[p.name] for p in parameters if p.name in sizes}
    needed = [
        p
        for p in parameters
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    rest = [p.name for p in needed if p.name not in named]
    if not rest:
        arguments: tuple[tuple, dict] = ((), named)
    elif len(needed) == 2:
        arguments = ((features, outputs), {})
    else:
        raise InputError(
            f"module: expected a factory of (in_features, out_features) or of nothing, and {factory!r} also needs "
            f"{', '.join(rest)}; fill those in with functools.partial"
        )
    net = factory(*arguments[0], **arguments[1])
    if not isinstance(net, Module):
        raise InputError(f"module: expected an nn.Module from {factory!r}, got {type(net).__name__}")
    return net
