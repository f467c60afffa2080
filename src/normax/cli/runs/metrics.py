"""The measures that people use, from raw outputs: R², RMSE, AUC, accuracy, deviance, confusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from normax.tables import Target

__all__ = ["TEXTS", "confusion", "errors", "measures", "null_outputs", "rmse"]

TEXTS = {
    "R²": "share of the target's variance that is explained",
    "R² (log scale)": "the same for log(target), which was fitted",
    "RMSE": "root of the mean squared error, in the target's units",
    "AUC": "chance that a case of a class is ranked above one that is not; over folds their mean",
    "accuracy": "share of rows whose likeliest class is the true one",
    "base rate": "accuracy of always answering the commonest class",
    "deviance": "twice the negative log-likelihood per row",
}


def errors(target: Target, y: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Each row's loss, as the path counts it: ½(y − f)², or the negative log-likelihood."""
    if target.task == "regression":
        return 0.5 * (y - outputs.reshape(-1)) ** 2
    logits = outputs.reshape(len(y), -1)
    if target.outputs == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
    return np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]


def measures(
    target: Target, y: np.ndarray, outputs: np.ndarray, parts: Sequence[np.ndarray] | None = None
) -> dict[str, float | None]:
    """The measures of a task over the rows that have an output; None where one is not defined.

    Args:
        target: the target.
        y: (n,) as `target.encode` gives it.
        outputs: (n,) or (n, classes) raw outputs; rows of NaN were never predicted and do not count.
        parts: the rows that one model predicted, for each of several; None is one model for all. What compares rows
            with each other is taken within a part and averaged: models of different folds have different base rates.
    """
    there = ~np.isnan(outputs.reshape(len(y), -1)).any(axis=1)
    judged = [np.arange(len(y))] if parts is None else parts
    auc = None if target.task == "regression" else _auc(target, y, outputs, [r[there[r]] for r in judged])
    y, outputs = y[there], outputs[there]
    if target.task == "regression":
        fitted = outputs.reshape(-1)
        if not target.log:
            return {"R²": _r2(y, fitted), "RMSE": rmse(target, y, fitted)}
        units, answers = np.exp(y), np.exp(fitted)
        return {
            "R²": _r2(units, answers),
            "R² (log scale)": _r2(y, fitted),
            "RMSE": rmse(target, y, fitted),
        }
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


def null_outputs(target: Target, y: np.ndarray, weight: np.ndarray | None, rows: int) -> np.ndarray:
    """Raw outputs of the model that knows no feature: the mean of the training target, or its class shares."""
    if target.task == "regression":
        return np.full(rows, np.average(y, weights=weight))
    share = np.bincount(y, weights=weight, minlength=len(target.labels))
    logits = np.log(np.maximum(share / share.sum(), 1e-300))
    return np.full(rows, logits[1] - logits[0]) if target.outputs == 1 else np.tile(logits, (rows, 1))


def rmse(target: Target, y: np.ndarray, outputs: np.ndarray) -> float | None:
    """Root of the mean squared error in the target's units, over the rows that have an output; None for classes."""
    if target.task == "classification":
        return None
    answers = target.predict(outputs)
    return float(np.sqrt(np.nanmean(((np.exp(y) if target.log else y) - answers) ** 2)))


def _r2(y: np.ndarray, fitted: np.ndarray) -> float | None:
    spread = np.sum((y - y.mean()) ** 2)
    return float(1 - np.sum((y - fitted) ** 2) / spread) if spread > 0 else None


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
