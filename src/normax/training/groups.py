"""Parameter groups: masks, decays and learning rates by role, pattern or predicate, for optax."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import optax

from normax.errors import InputError, suggest
from normax.nn.cells import Parameter
from normax.nn.module import Module
from normax.training.optimizers import named

__all__ = ["decay", "grouped", "of_network", "select"]

Choice = str | Callable[[str, Parameter], bool]


def _chosen(net: Module, choice: Choice) -> set[str]:
    """Names of the parameters that a pattern or predicate means, an exact name or a pattern as in `penalize`."""
    named = list(net.named_parameters())
    if callable(choice):
        hits = {name for name, cell in named if choice(name, cell)}
    else:
        every = list(net.named_parameters(remove_duplicate=False))
        cells = {id(cell) for name, cell in every if fnmatchcase(name, choice)}
        hits = {name for name, cell in named if id(cell) in cells}
        if not hits:
            names = [name for name, _ in every]
            raise InputError(
                f"no parameter of {type(net).__name__} matches {choice!r}{suggest(choice, names)}; parameters: "
                f"{', '.join(names)}"
            )
    return hits


def select(net: Module, choice: Choice | None = None) -> Callable[[Any], dict[str, bool]]:
    """A mask for optax: which parameters of a network something is for.

    Args:
        net: the module.
        choice: a pattern (`"head.*"`), a predicate `f(name, parameter)`, or None: the weights, biases and
            norm parameters left out by role.

    Returns:
        A function from optax's dict of parameters to a dict of booleans: `optax.adamw(1e-3, mask=nx.select(net))`,
        `optax.masked(tx, nx.select(net, "head.*"))`.

    Raises:
        InputError: for a pattern that matches nothing, with the closest name.

    Example:
        >>> import normax as nx
        >>> net = nx.nn.Sequential(nx.nn.Linear(2, 2), nx.nn.BatchNorm1d(2))
        >>> nx.select(net)(dict(net.named_parameters()))
        {'0.weight': True, '0.bias': False, '1.weight': False, '1.bias': False}
    """
    hits = _chosen(net, (lambda name, cell: cell.role == "weight") if choice is None else choice)
    return lambda params: {name: name in hits for name in params}


def _by_name(net: Module, values: Mapping[Choice, float], weights_only: bool, what: str) -> dict[str, float]:
    """Name -> value; a later entry overrides an earlier one."""
    if not isinstance(values, Mapping):
        raise InputError(
            f"{what}: expected {{pattern or predicate: number}}, such as {{'head.*': 0.1}}, got {values!r}"
        )
    roles = {name: cell.role for name, cell in net.named_parameters()}
    result: dict[str, float] = {}
    for choice, value in values.items():
        if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
            raise InputError(f"{what}: expected finite numbers >= 0, got {value!r} for {choice!r}")
        hits = _chosen(net, choice)
        if weights_only and not callable(choice) and choice not in roles:
            hits = {name for name in hits if roles[name] == "weight"}
        result |= dict.fromkeys(hits, float(value))
    return result


def decay(net: Module, strength: float | Mapping[Choice, float]) -> optax.GradientTransformation:
    """Decoupled weight decay by groups, to stand in an `optax.chain` before the learning rate.

    `w ← w − η·(step + d·w)`: what AdamW does. `L2(d)` on the network is coupled decay: d·w enters the gradient.
    For plain SGD the two are one; under Adam they are not.

    Args:
        net: the module.
        strength: d for every weight, biases and norm parameters free by role; or pattern or predicate -> d,
            where a pattern reaches weights, an exact name or a predicate whatever it names; a later entry
            overrides an earlier one.

    Example:
        >>> import optax, normax as nx
        >>> net = nx.nn.Linear(3, 1)
        >>> tx = optax.chain(optax.scale_by_adam(), nx.decay(net, 0.01), optax.scale_by_learning_rate(1e-3))

    Source:
        Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """
    spec: Mapping[Choice, float] = strength if isinstance(strength, Mapping) else {"*": strength}
    by_name = _by_name(net, spec, True, "decay")

    def update(updates, state, params):
        return {n: u + by_name[n] * params[n] if n in by_name else u for n, u in updates.items()}, state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def of_network(net: Module, optimizer: Any) -> Any:
    """The transformation of the network's weights by name, of an optimiser that was made with its parameters, or of
    the name of one."""
    if isinstance(optimizer, str):
        return named(optimizer)
    return optimizer.for_module(net) if hasattr(optimizer, "for_module") else optimizer


def grouped(net: Module, optimizer: Any, clip: float | None, rates: Mapping[Choice, float] | None) -> Any:
    """The optimiser with clipping before it and factors on its learning rate after it."""
    optimizer = of_network(net, optimizer)
    parts = [optimizer]
    if clip is not None:
        if not (isinstance(clip, (int, float)) and clip > 0):
            raise InputError(f"clip: expected a norm > 0, got {clip!r}")
        parts.insert(0, optax.clip_by_global_norm(clip))
    if rates is not None:
        factors = _by_name(net, rates, False, "rates")

        def update(updates, state, params=None):
            return {name: factors.get(name, 1.0) * u for name, u in updates.items()}, state

        parts.append(optax.GradientTransformation(lambda params: optax.EmptyState(), update))
    if len(parts) == 1 or not hasattr(optimizer, "update"):
        return optimizer
    return optax.chain(*parts)
