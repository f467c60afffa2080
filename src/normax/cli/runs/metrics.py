"""The measures that people use, from raw outputs: R², RMSE, AUC, accuracy, deviance, confusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from normax.cli.runs import families
from normax.tables import Target

__all__ = ["TEXTS", "confusion", "errors", "measures", "null_outputs", "rmse"]

TEXTS = {
    "R²": "share of the target's variance that is explained",
    "R² (log scale)": "the same for log(target), which was fitted",
    "RMSE": "root of the mean squared error, in the target's units",
    "AUC": "chance that a case of a class is ranked above one that is not; over folds their mean",
    "accuracy": "share of rows whose likeliest class is the true one",
    "base rate": "accuracy of always answering the commonest class",
    "deviance": "twice the negative log-likelihood per row, above the least that any prediction could have",
    **families.TEXTS,
}


def errors(
    target: Target, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None = None
) -> np.ndarray:
    """Each row's loss, as the path counts it: ½(y − f)², the negative log-likelihood, or half of the family's
    deviance."""
    if target.family is not None:
        return families.deviances(target, y, outputs, weight)
    if target.task == "regression":
        return 0.5 * (y - outputs.reshape(-1)) ** 2
    logits = outputs.reshape(len(y), -1)
    if target.outputs == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]


def measures(
    target: Target,
    y: np.ndarray,
    outputs: np.ndarray,
    parts: Sequence[np.ndarray] | None = None,
    weight: np.ndarray | None = None,
) -> dict[str, float | None]:
    """The measures of a task over the rows that have an output; None where one is not defined.

    Args:
        target: the target.
        y: (n,) as `target.encode` gives it.
        outputs: (n,) or (n, classes) raw outputs; rows of NaN were never predicted and do not count.
        parts: the rows that one model predicted, for each of several; None is one model for all. What compares rows
            with each other is taken within a part and averaged: models of different folds have different base rates.
        weight: (n,) how much each row counts, for numbers; None is all alike.
    """
    there = ~np.isnan(outputs.reshape(len(y), -1)).any(axis=1)
    judged = [r[there[r]] for r in ([np.arange(len(y))] if parts is None else parts)]
    if target.event is not None or target.ordinal:
        return families.measures(target, y, outputs, judged, weight)
    auc = None if target.task == "regression" else _auc(target, y, outputs, judged)
    y, outputs, weight = y[there], outputs[there], None if weight is None else weight[there]
    if target.task == "regression":
        fitted = outputs.reshape(-1)
        units = np.exp(y) if target.log else y
        found = {"R²": _r2(units, target.predict(fitted), weight)}
        if target.log:
            found["R² (log scale)"] = _r2(y, fitted, weight)
        found["RMSE"] = rmse(target, y, fitted, weight)
        if target.family is None:
            return found
        if target.loss.startswith("quantile"):  # no mean, which these are about
            found = {}
        return found | families.measures(target, y, fitted, judged, weight)
    probability = target.probabilities(outputs)
    share = np.bincount(y) / len(y)
    return {
        "AUC": auc,
        "accuracy": float(np.mean(probability.argmax(axis=1) == y)),
        "base rate": float(share.max()),
        "deviance": float(2 * errors(target, y, outputs).mean()),
    }


def confusion(target: Target, y: np.ndarray, outputs: np.ndarray) -> list[list[int]]:
    """Counts of rows by true class (rows) and predicted class (columns)."""
    there = ~np.isnan(outputs.reshape(len(y), -1)).any(axis=1)
    classes = len(target.labels)
    predicted = target.probabilities(outputs[there]).argmax(axis=1)
    return (
        np.bincount(y[there] * classes + predicted, minlength=classes**2).reshape(classes, classes).tolist()
    )


def null_outputs(
    target: Target, y: np.ndarray, weight: np.ndarray | None, rows: int, offset: np.ndarray | None = None
) -> np.ndarray:
    """Raw outputs of the model that knows no feature: the mean of the training target, or its class shares.

    Args:
        y, weight, offset: of the training rows; rows: how many outputs.
    """
    if target.family is not None or (target.task == "regression" and offset is not None):
        found = families.constant(target, y, weight, offset)
        return np.tile(found, (rows, 1)) if target.outputs > 1 else np.full(rows, found[0])
    if target.task == "regression":
        return np.full(rows, np.average(y, weights=weight))
    share = np.bincount(y, weights=weight, minlength=len(target.labels))
    logits = np.log(np.maximum(share / share.sum(), 1e-300))
    return np.full(rows, logits[1] - logits[0]) if target.outputs == 1 else np.tile(logits, (rows, 1))


def rmse(
    target: Target, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None = None
) -> float | None:
    """Root of the mean squared error in the target's units, over the rows that have an output; None for classes, times
    and quantiles."""
    if target.task == "classification" or target.event is not None or target.loss.startswith("quantile"):
        return None
    errors = ((np.exp(y) if target.log else y) - target.predict(outputs)) ** 2
    there = ~np.isnan(errors)
    return float(np.sqrt(np.average(errors[there], weights=None if weight is None else weight[there])))


def _r2(y: np.ndarray, fitted: np.ndarray, weight: np.ndarray | None) -> float | None:
    weight = np.ones(len(y)) if weight is None else weight
    spread = weight @ (y - np.average(y, weights=weight)) ** 2
    return float(1 - weight @ (y - fitted) ** 2 / spread) if spread > 0 else None


def _auc(target: Target, y: np.ndarray, outputs: np.ndarray, parts: Sequence[np.ndarray]) -> float | None:
    """Area under the ROC curve, the mean over the parts that have both sides; for more than two classes the mean of
    each class against the rest."""
    from sklearn.metrics import roc_auc_score

    classes = [1] if target.outputs == 1 else range(target.outputs)
    scores = outputs.reshape(len(y), 1) if target.outputs == 1 else target.probabilities(outputs)
    areas = [
        [
            roc_auc_score(y[rows] == k, scores[rows, i])
            for rows in parts
            if 0 < np.sum(y[rows] == k) < len(rows)
        ]
        for i, k in enumerate(classes)
    ]
    return float(np.mean([np.mean(area) for area in areas])) if all(areas) else None
