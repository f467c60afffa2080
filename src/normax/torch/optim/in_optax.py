"""An optimiser in optax's words, where optax has the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normax.torch.optim.optimizer import Optimizer

__all__ = ["in_optax"]


def in_optax(optimizer: Optimizer) -> str | None:
    """optax's own, where it has the same numbers."""
    names: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any] | None]]] = {
        "SGD": ("sgd", lambda h: None if h["dampening"] or h["weight_decay"] else _sgd(h)),
        "Adam": ("adam", lambda h: None if h["weight_decay"] or h["amsgrad"] else _adam(h)),
        "AdamW": (
            "adamw",
            lambda h: None if h["amsgrad"] else _adam(h) | {"weight_decay": h["weight_decay"]},
        ),
    }
    h, known = optimizer.param_groups[0], names.get(type(optimizer).__name__)
    if known is None or len(optimizer.param_groups) > 1 or optimizer.schedulers or h["maximize"]:
        return None
    settings = known[1](h)
    if settings is None:
        return None
    return f"optax.{known[0]}({', '.join([repr(h['lr']), *(f'{k}={v!r}' for k, v in settings.items())])})"


def _sgd(h: dict[str, Any]) -> dict[str, Any]:
    return ({"momentum": h["momentum"]} if h["momentum"] else {}) | (
        {"nesterov": True} if h["nesterov"] else {}
    )


def _adam(h: dict[str, Any]) -> dict[str, Any]:
    usual = {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
    given = {"b1": h["betas"][0], "b2": h["betas"][1], "eps": h["eps"]}
    return {key: value for key, value in given.items() if value != usual[key]}
