"""What both engines share: folds, preprocessing inside each fold, the penalty at strength 1, baselines."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError, suggest
from normax.penalties import (
    L1,
    L2,
    L2SP,
    MCP,
    ElasticNet,
    GroupLasso,
    MaxNorm,
    Nonnegative,
    Penalty,
    SparseGroupLasso,
    Sum,
    WeightDecay,
)
from normax.selection import folds as make_folds
from normax.selection import set_aside

__all__ = [
    "Problem",
    "Rows",
    "check_strengths",
    "null_output",
    "standardises",
    "target_scale",
    "unit_penalty",
]

PENALTIES: dict[str, type[Penalty]] = {
    "l1": L1,
    "l2": L2,
    "elastic-net": ElasticNet,
    "group-lasso": GroupLasso,
    "sparse-group-lasso": SparseGroupLasso,
    "mcp": MCP,
    "l2-sp": L2SP,
    "max-norm": MaxNorm,
    "weight-decay": WeightDecay,
}

Progress = Callable[[str, int, int], None]


def unit_penalty(penalty: Any) -> Penalty:
    """The penalty that a path's strength multiplies: a class counts as strength 1, a name as its class."""
    if isinstance(penalty, str):
        if penalty not in PENALTIES:
            raise InputError(
                f"penalty: unknown {penalty!r}{suggest(penalty, PENALTIES)}; one of {', '.join(PENALTIES)}"
            )
        penalty = PENALTIES[penalty]
    if isinstance(penalty, type) and issubclass(penalty, Penalty):
        penalty = penalty()
    if not isinstance(penalty, Penalty):
        raise InputError(f"penalty: expected L1, L2, ElasticNet, an instance or a name, got {penalty!r}")
    if isinstance(penalty, Nonnegative):
        raise InputError(
            "penalty: Nonnegative has no strength for a path to vary; add it to one that has: `L1() + Nonnegative()`"
        )
    return penalty


def elastic_net_of(penalty: Penalty) -> tuple[float, float] | None:
    """(strength, l1_ratio) of a penalty that is some mixture of L1 and L2, or None."""
    parts = penalty.parts if isinstance(penalty, Sum) else (penalty,)
    l1 = l2 = 0.0
    for part in parts:
        if not isinstance(part, (L1, L2, ElasticNet)) or callable(part.strength):
            return None
        ratio = part.l1_ratio if isinstance(part, ElasticNet) else float(isinstance(part, L1))
        l1, l2 = l1 + ratio * part.strength, l2 + (1 - ratio) * part.strength
    return (l1 + l2, l1 / (l1 + l2)) if l1 + l2 > 0 else None


def check_strengths(strengths: Any) -> np.ndarray | int:
    """A count, or given strengths as a float array; negative and non-finite ones are named by position."""
    if isinstance(strengths, (int, np.integer)) and not isinstance(strengths, bool):
        if strengths < 1:
            raise InputError(f"strengths: expected a count >= 1 or the values, got {strengths}")
        return int(strengths)
    try:
        values = np.asarray(strengths, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"strengths: expected a count or a list of numbers, got {strengths!r}") from None
    if values.ndim != 1 or not len(values):
        raise InputError(f"strengths: expected a count or a list of values, got shape {values.shape}")
    wrong = [f"{values[i]} at position {i}" for i in np.flatnonzero(~(np.isfinite(values) & (values >= 0)))]
    if wrong:
        raise InputError(f"strengths: expected finite values >= 0, got {', '.join(wrong)}")
    return values


@dataclass(frozen=True)
class Rows:
    """One fit: the rows it sees and the rows that score it, on data that only the former prepared.

    Attributes:
        train: row numbers; all rows for the last fit.
        test: row numbers held out; none for the last fit.
        X: `(n, ...)` all rows, transformed by what the training rows taught.
        transform: the transformer that they taught, or None.
        centre: of the targets of the training rows, one a column, 0 if targets are left alone.
        scale: of all their columns, 1 if left alone.
    """

    train: np.ndarray
    test: np.ndarray
    X: np.ndarray
    transform: Any = None
    centre: Any = 0.0
    scale: float = 1.0


class Problem:
    """Data, folds and preprocessing of one path.

    Iterating yields `Rows` for each fold and at last for all rows.
    """

    def __init__(
        self, X: Any, y: np.ndarray, *, weight: np.ndarray | None, cv: Any, groups: Any, time: Any,
        stratify: bool, seed: int, transform: Any = None, scale_target: bool = False,
    ):  # fmt: skip
        self.X, self.y, self.weight = X, y, weight
        self.seed, self.groups, self.time = seed, groups, time
        self.labels = y if stratify else None
        self.transform, self.scale_target = transform, scale_target
        by_count = isinstance(cv, (int, np.integer))
        stratify = stratify and by_count and time is None
        self.folds = make_folds(
            cv, len(y), y if stratify or not by_count else None, groups, time, stratify, seed
        )
        if self.labels is not None:
            self._leave_out_classes_without_training(self.labels)
        for number, (_, test) in enumerate(self.folds):
            if weight is not None and weight[test].sum() == 0:
                raise InputError(f"cv: fold {number} holds out only rows of weight 0")

    def _leave_out_classes_without_training(self, labels: np.ndarray) -> None:
        """A fold's held-out rows of a class that it does not train on have an infinite loss at every strength: they say
        nothing about it, and stay out of the fold's error with a notice."""
        classes, codes = np.unique(labels, return_inverse=True)
        weights = self.row_weights(np.arange(len(codes)))
        counts = [np.bincount(codes[train], weights[train], len(classes)) for train, _ in self.folds]
        if all(count.all() for count in counts):
            return
        from normax.linear_model.cross_validation.held_out import scopes_of_classes

        scopes = scopes_of_classes(np.eye(len(classes))[codes], weights, self.folds, classes)
        self.folds = [(train, scope.test) for (train, _), scope in zip(self.folds, scopes)]

    def __iter__(self) -> Iterator[Rows]:
        for train, test in self.folds:
            yield self.rows(train, test)
        yield self.all_rows()

    def __len__(self) -> int:
        return len(self.folds) + 1

    def all_rows(self) -> Rows:
        return self.rows(np.arange(len(self.y)), np.arange(0))

    def watched(self, train: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        """Training rows parted into those that train and those that early stopping watches."""
        groups, time = (None if a is None else np.asarray(a) for a in (self.groups, self.time))
        return set_aside(train, share, self.seed, self.labels, groups, time)

    def rows(self, train: np.ndarray, test: np.ndarray) -> Rows:
        X, transform, scale = self.X, None, 1.0
        centre: Any = 0.0
        weight = None if self.weight is None else self.weight[train]
        if self.transform is not None:
            transform = _fitted(self.transform, X[train], weight)
            X = np.asarray(transform.transform(X))
        if self.scale_target:
            centre, scale = target_scale(self.y[train], weight)
        return Rows(train, test, X, transform, centre, scale)

    def row_weights(self, rows: np.ndarray) -> np.ndarray:
        """Weights of some rows; ones where there are none."""
        return np.ones(len(rows)) if self.weight is None else self.weight[rows]

    @property
    def fold_sizes(self) -> np.ndarray:
        """Weight of the held-out rows of each fold."""
        return np.array([self.row_weights(test).sum() for _, test in self.folds])


def target_scale(y: np.ndarray, weight: np.ndarray | None) -> tuple[Any, float]:
    """Mean of each column of targets and one standard deviation for all, which leaves the loss as it is, rescaled.

    Example:
        >>> target_scale(np.array([1.0, 3.0]), None)
        (2.0, 1.0)
    """
    centre = np.average(y, axis=0, weights=weight)
    spread = ((y - centre) ** 2).reshape(len(y), -1).mean(1)
    return centre if y.ndim > 1 else float(centre), math.sqrt(np.average(spread, weights=weight)) or 1.0


def _fitted(transform: Any, X: Any, weight: np.ndarray | None) -> Any:
    """A copy fitted to some rows, by their weights where it takes them."""
    from sklearn.base import clone
    from sklearn.utils.validation import has_fit_parameter

    copied = clone(transform) if hasattr(transform, "get_params") else copy.deepcopy(transform)
    if weight is not None and has_fit_parameter(copied, "sample_weight"):
        return copied.fit(X, sample_weight=weight)
    return copied.fit(X)


def standardises(transform: Any, X: Any, weight: np.ndarray | None) -> float | None:
    """Whether fitting a transformer to some rows of X does no more than divide its columns by their weighted standard
    deviations, but for a shift that an intercept takes up.

    Returns:
        The share of a column's mean below which its deviation counts as rounding, or None. A transformer of another make
        than scikit-learn's tells it by a method `standardises(X, sample_weight)`.
    """
    from sklearn.preprocessing import StandardScaler

    if not isinstance(X, np.ndarray) or X.ndim != 2:
        return None
    if type(transform) is StandardScaler:
        return len(X) * np.finfo(float).eps if transform.with_std else None
    own = getattr(transform, "standardises", None)
    return None if own is None else own(X, weight)


def null_output(loss: Any, y: np.ndarray, weight: np.ndarray, outputs: int) -> np.ndarray | None:
    """The constant output `(outputs,)` of smallest loss, or None for a loss that is not known by name."""
    if loss == "cross_entropy":
        counts = np.bincount(y.astype(int), weights=weight, minlength=outputs)
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(counts / counts.sum()), -700.0)
    if loss not in ("squared", "mse", "absolute", "binary_cross_entropy", "poisson"):
        return None
    y = y.reshape(len(y), -1)
    mean = np.average(y, axis=0, weights=weight)
    with np.errstate(divide="ignore"):
        if loss == "absolute":
            return np.array([_weighted_median(column, weight) for column in y.T])
        if loss == "binary_cross_entropy":
            return np.clip(np.log(mean) - np.log1p(-mean), -700.0, 700.0)
        return np.maximum(np.log(mean), -700.0) if loss == "poisson" else mean


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])
