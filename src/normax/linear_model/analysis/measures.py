"""How far predictions are from what happened, in the measures that a family has: those of glmnet's `type.measure`."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.linear_model.analysis.concordance import concordance
from normax.linear_model.families import Family
from normax.linear_model.families.cox import Cox, survival_columns
from normax.linear_model.families.ordinal import Ordinal, level_probabilities

__all__ = [
    "LARGER_IS_BETTER",
    "MEASURES",
    "check_measure",
    "cox_deviance",
    "measures_of",
    "of_rows",
    "order",
    "thresholds_of",
]

MEASURES = ("deviance", "mse", "mae", "class", "auc", "C")
LARGER_IS_BETTER = ("auc", "C")


def measures_of(family: Family, outputs: int) -> tuple[str, ...]:
    """The measures that make sense for a family and so many outputs."""
    if family.name == "cox":
        return "deviance", "C"
    if family.name == "ordinal":
        return "deviance", "mse", "mae", "class", "C"
    if family.coupled:
        return "deviance", "mse", "mae", "class"
    if outputs > 1:
        return "deviance", "mse", "mae"
    return MEASURES if family.classes else ("deviance", "mse", "mae", "C")


def check_measure(measure: str, family: Family, outputs: int) -> None:
    """An InputError for a measure that the family has not."""
    known = measures_of(family, outputs)
    if measure not in known:
        raise InputError(
            f"measure: expected one of {', '.join(known)} for {family.name} with {outputs} "
            f"output{'s' * (outputs != 1)}, got {measure!r}{suggest(str(measure), known)}"
        )


def of_rows(
    measure: str, family: Family, Y: np.ndarray, eta: np.ndarray, thresholds: np.ndarray | None = None
) -> np.ndarray:
    """(n,) what each row adds to a weighted mean: any measure but those of an order, and cox's.

    Args:
        Y: (n, m) response of the family; eta: (n, m) linear predictors; thresholds: (K−1,) of an ordinal response.
    """
    if measure == "deviance" and thresholds is None:
        return 2 * family.deviance(Y, eta)
    truth, mean = (
        _shares(family, Y, eta, thresholds)
        if family.classes or thresholds is not None
        else (Y, family.mean(eta))
    )
    if measure == "deviance":
        return -2 * np.log(np.maximum((truth * mean).sum(axis=1), np.finfo(float).tiny))
    if measure == "class":
        return 1 - truth[np.arange(len(truth)), np.argmax(mean, axis=1)]
    away = truth - mean
    return (away**2).sum(axis=1) if measure == "mse" else np.abs(away).sum(axis=1)


def _shares(
    family: Family, Y: np.ndarray, eta: np.ndarray, thresholds: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """True and expected shares of the classes, both (n, C); of two classes both, as glmnet counts them."""
    if thresholds is not None:
        return np.eye(len(thresholds) + 1)[Y[:, 0].astype(int)], level_probabilities(eta[:, 0], thresholds)
    mean = family.mean(eta)
    if family.coupled:
        return Y, mean
    return np.hstack([1 - Y, Y]), np.hstack([1 - mean, mean])


def order(family: Family, Y: np.ndarray, eta: np.ndarray, weights: np.ndarray) -> float:
    """Harrell's C of linear predictors (n,), which for two classes is the area under the ROC curve; NaN where no two
    rows can be ordered.

    Args:
        Y: (n, m) response; for cox (n, 4) as of `survival_columns`.
    """
    if family.name == "cox":
        begin, time, event, stratum = survival_columns(Y, len(Y)).T
        return concordance(time, event, eta, entry=begin, strata=stratum, sample_weight=weights)
    y = Y[:, 0]
    if family.classes:  # rows that are shares of two classes are as many rows of each
        y, eta, weights = (
            np.repeat([1.0, 0.0], len(y)),
            np.tile(eta, 2),
            np.concatenate([weights * y, weights * (1 - y)]),
        )
    return concordance(y, np.ones(len(y)), -eta, sample_weight=weights)


def cox_deviance(family: Any, Y: np.ndarray, etas: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(k,) twice the log partial likelihood of the saturated model above that of linear predictors (k, n).

    Args:
        Y: (n, 4) as of `survival_columns`; weights: (n,) of the rows.
    """
    some = weights > 0
    y, own = Cox().response(Y[some], int(some.sum())), weights[some]
    bound = Cox(family.ties).suited(y, own / len(own), None)
    return np.array([2 * own @ bound.deviance(y, eta[some, None]) for eta in etas])


def thresholds_of(family: Family, Y: np.ndarray, eta: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """(K−1,) best thresholds of training rows for an ordinal response, None for any other."""
    return Ordinal().thresholds(Y[:, 0], eta[:, 0], weights) if family.name == "ordinal" else None
