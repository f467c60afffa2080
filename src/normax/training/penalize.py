"""Penalties on the parameters of a network: where they sit and what they add up to."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from normax.binding.signature import REGISTRIES
from normax.errors import InputError
from normax.nn.cells import Parameter
from normax.nn.module import Module
from normax.nn.patterns import check_found, named
from normax.penalties import Penalty

__all__ = ["penalize", "penalty", "resolve", "untrainable"]


def penalize(net: Module, penalties: Penalty | Mapping[str, Penalty | None] | None) -> Module:
    """Put penalties on the parameters of a network; training steps apply them from then on.

    Args:
        net: the module.
        penalties: one penalty for every weight, biases and norm parameters exempt by role; or a dict from
            path or pattern (`"head.*"`) to penalty, where an exact path reaches a bias too and a later
            entry overrides an earlier one; None takes penalties away. A strength may be a function of the number
            of steps done, such as an optax schedule.

    Returns:
        The module.

    Raises:
        InputError: for a pattern that matches no parameter (all such at once, with the closest paths), or
            a value that is no penalty.

    Example:
        >>> import normax as nx
        >>> from normax.penalties import L1
        >>> net = nx.penalize(nx.nn.Linear(2, 1), L1(0.1))
        >>> net.weight.penalty, net.bias.penalty
        (L1(strength=0.1), None)
    """
    for cell, penalty in resolve(net, penalties).items():
        cell.penalty = penalty
    return net


def resolve(net: Module, penalties: Any) -> dict[Parameter, Penalty | None]:
    """Parameter -> penalty that a specification as in `penalize` means for this network."""
    if not isinstance(net, Module):
        raise InputError(f"penalize: expected a normax Module, got {type(net).__name__}")
    parameters = list(net.named_parameters(remove_duplicate=False))
    if not isinstance(penalties, Mapping):
        penalties = {"*": penalties}
    chosen: dict[Parameter, Penalty | None] = {}
    lost = []
    for pattern, penalty in penalties.items():
        if penalty is not None and not isinstance(penalty, Penalty):
            raise InputError(f"penalty for {pattern!r}: expected a Penalty such as L1(1e-3), got {penalty!r}")
        hits = named(parameters, pattern)
        if not hits:
            lost.append(pattern)
        if penalty is not None:
            _as_pytree(type(penalty))
        ready = _scheduled(penalty)
        chosen.update((cell, None if ready is None else ready.anchored(cell.value)) for cell in hits)
    if lost and not parameters:
        raise InputError(untrainable(net))
    check_found(net, parameters, lost)
    return chosen


def _scheduled(penalty: Penalty | None) -> Penalty | None:
    """Schedules as part of the kind, by identity: in a compiled program they are code, and numbers are data."""

    leaves, tree = jax.tree.flatten(penalty, is_leaf=callable)
    if not any(map(callable, leaves)):
        return penalty
    return jax.tree.unflatten(
        tree, [jax.tree_util.Partial(leaf) if callable(leaf) else leaf for leaf in leaves]
    )


def untrainable(net: Module) -> str:
    """Why a network has nothing to train: parameters that are frozen, or arrays and modules that nobody registered."""
    said = f"{type(net).__name__} has no trainable parameter"
    if any(True for _ in net.parameters()):
        return f"{said}; thaw one: `net.requires_grad_(True)`"
    faults = []
    for path, module in net.named_modules():
        for name, value in vars(module).items():
            if name not in REGISTRIES and (cure := _unregistered(name, value)):
                faults.append(f"{path}.{name} {cure}".lstrip("."))
    hint = "; ".join(faults) or "give it layers, or `self.weight = nn.Parameter(array)`"
    return f"{said}: {hint}"


def _unregistered(name: str, value: Any) -> str:
    """What a plain attribute should have been."""
    if isinstance(value, (np.ndarray, jax.Array)):
        return f"is a plain array; write `self.{name} = nn.Parameter(array)`"
    if not isinstance(value, (list, tuple, dict)) or not value:
        return ""
    held, kind = list(value.values() if isinstance(value, dict) else value), type(value).__name__
    for one, what in ((Module, "Module"), (Parameter, "Parameter")):
        if all(isinstance(v, one) for v in held):
            words = "modules" if one is Module else "parameters"
            container = f"nn.{what}{'Dict' if isinstance(value, dict) else 'List'}"
            return f"is a plain {kind} of {words}; write `self.{name} = {container}(...)`"
    if all(isinstance(v, (np.ndarray, jax.Array)) for v in held):
        return (
            f"is a plain {kind} of arrays; write `self.{name} = nn.ParameterList(map(nn.Parameter, arrays))`"
        )
    return ""


def penalty(net: Module, step: int = 0) -> jax.Array:
    """Ω(w), the sum of all penalties on the trainable parameters of a network: a scalar.

    Args:
        net: the module.
        step: the number of steps done, for strengths that are schedules.

    Example:
        >>> import normax as nx
        >>> from normax.penalties import L1
        >>> net = nx.penalize(nx.nn.Linear(2, 1), L1(0.5))
        >>> bool(nx.penalty(net) == 0.5 * abs(net.weight).sum())
        True
    """
    cells = [cell for cell in net.parameters() if cell.penalty is not None and cell.requires_grad]
    return sum((cell.penalty.at(step).value(cell.value) for cell in cells), jnp.zeros(()))


def _as_pytree(kind: type) -> None:
    """Let JAX see a kind of penalty: its strength (parts, start) is data, everything else static."""
    if kind in _registered or not (issubclass(kind, Penalty) and dataclasses.is_dataclass(kind)):
        return
    names = [field.name for field in dataclasses.fields(kind)]
    data = [name for name in names if name in ("strength", "parts", "start")]
    jax.tree_util.register_dataclass(kind, data, [name for name in names if name not in data])
    _registered.add(kind)


_registered: set[type] = set()


def _register_known() -> None:
    from normax import penalties

    for name in penalties.__all__:
        kind = getattr(penalties, name)
        if isinstance(kind, type):
            _as_pytree(kind)


_register_known()
