"""Metrics by name: `(output, target) -> (batch,)`, whose means a fit reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from normax.errors import InputError, suggest
from normax.training.losses import LOSSES

__all__ = ["find_metrics"]

Metric = Callable[[Any, Any], Any]


def accuracy(output, target):
    """Whether the class is right: the largest logit of several, the sign of a single one."""
    if output.ndim == 2 and output.shape[1] > 1 and target.ndim == 1:
        return (jnp.argmax(output, axis=1) == target).astype(output.dtype)
    output = output.reshape(len(output), -1)
    return ((output > 0) == (target.reshape(output.shape) > 0.5)).mean(1, dtype=output.dtype)


def error(output, target):
    """1 − accuracy."""
    return 1 - accuracy(output, target)


METRICS: dict[str, Metric] = {"accuracy": accuracy, "error": error} | LOSSES


@dataclass(frozen=True)
class _ByRow:
    """A user's metric, refused where it is traced if it does not give one value a row."""

    name: str
    function: Metric

    def __call__(self, output, target):
        values = jnp.asarray(self.function(output, target))
        if values.shape != (len(output),):
            raise InputError(
                f"metrics: {self.name}: expected one value a row, (batch,), got shape {values.shape} for a batch of "
                f"{len(output)}; leave the mean to the fit"
            )
        return values


def find_metrics(metrics: Iterable[Any]) -> dict[str, Metric]:
    """Name -> function of the metrics asked for by name or given as functions.

    Example:
        >>> list(find_metrics(["accuracy", lambda output, target: abs(output - target)[:, 0]]))
        ['accuracy', 'metric_2']
    """
    found: dict[str, Metric] = {}
    for number, metric in enumerate([metrics] if isinstance(metrics, str) else metrics, 1):
        if isinstance(metric, str):
            if metric not in METRICS:
                raise InputError(
                    f"metrics: unknown {metric!r}{suggest(metric, METRICS)}; one of {', '.join(METRICS)}, or a "
                    "function (output, target) -> (batch,)"
                )
            found[metric] = METRICS[metric]
        elif callable(metric):
            name = getattr(metric, "__name__", "<lambda>")
            name = f"metric_{number}" if name == "<lambda>" else name
            found[name] = _ByRow(name, metric)
        else:
            raise InputError(f"metrics: expected names or functions, got {metric!r}")
    return found
