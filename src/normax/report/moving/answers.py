"""What each row was and what was predicted of it, at every strength, by the fold that did not see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from normax.report.moving.packing import packed, strided
from normax.report.moving.table import Tabled
from normax.report.strength_axis import StrengthAxis, has_choice

__all__ = ["answers"]

MOST = 400_000
"""Numbers that a page holds; of more rows some are drawn, and the page says how many."""

CLASSES = ("cross_entropy", "binary_cross_entropy", "ordinal")


def answers(
    path: Any, axis: StrengthAxis, details: Mapping[str, Any], table: Tabled | None
) -> dict[str, Any] | None:
    """Truth and held-out predictions: numbers in the target's own units, or probabilities of classes.

    None where no row was held out, or the truth is not a number or a class for each row.
    """
    truth: Any = getattr(path, "targets", None)
    held_out: Any = getattr(path, "held_out_outputs", None)
    if np.ndim(truth) == 2 and np.shape(truth)[1] == 1:
        truth = np.asarray(truth)[:, 0]
    if truth is None or held_out is None or not has_choice(path) or np.ndim(truth) != 1 or path.loss == "cox":
        return None
    outputs = np.asarray(held_out, float)
    outputs = outputs.reshape(*outputs.shape[:2], -1)
    predicted = np.flatnonzero(~np.isnan(outputs).any(axis=(0, 2)))
    k, _, m = outputs.shape
    rows = predicted[strided(len(predicted), MOST // max(k * m, 1))]
    truth, outputs = np.asarray(truth)[rows], outputs[:, rows][axis.order]
    told: dict[str, Any] = {"rows": packed(rows, "i4"), "of": len(predicted)}
    weight = getattr(path, "row_weight", None)
    if weight is not None and np.ptp(weight) != 0:
        told["weight"] = packed(np.asarray(weight)[rows], "f4")
    if path.loss in CLASSES and np.array_equal(truth, np.round(truth)):
        ordinal = path.loss == "ordinal"
        p = _levels(outputs) if ordinal else _probabilities(outputs)
        labels = details.get("labels") or range(p.shape[-1] if ordinal else max(m, 2))
        told |= {"kind": "classes", "labels": [str(label) for label in labels]}
        return told | {"truth": packed(truth, "i4"), "p": packed(p)}
    if m != 1:
        return None
    number = (lambda values: values) if table is None else table.target.predict
    flat = np.asarray(number(outputs.reshape(-1)), float).reshape(k, -1)
    own = np.exp(truth) if details.get("log_target") else truth
    return told | {"kind": "numbers", "truth": packed(own, "f8"), "p": packed(flat)}


def _levels(outputs: np.ndarray) -> np.ndarray:
    """`(k, rows, levels)`, from logits of lying above each level but the last."""
    from normax.linear_model.families.ordinal import level_probabilities

    k, n, m = outputs.shape
    flat = -outputs.reshape(-1, m)
    return level_probabilities(np.zeros(len(flat)), flat).reshape(k, n, m + 1)


def _probabilities(outputs: np.ndarray) -> np.ndarray:
    """`(k, rows)` of the second of two classes, or `(k, rows, classes)`, from logits."""
    if outputs.shape[2] == 1:
        return 0.5 * (1 + np.tanh(0.5 * outputs[..., 0]))
    odds = np.exp(outputs - outputs.max(axis=2, keepdims=True))
    return odds / odds.sum(axis=2, keepdims=True)
