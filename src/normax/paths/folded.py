"""Data in folds, each with the preprocessing that its own training rows teach, and the best constant of each."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.selection import folds as make_folds
from normax.selection import set_aside

__all__ = ["FoldedData", "Split", "null_output", "standardises", "target_scale"]


@dataclass(frozen=True)
class Split:
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


@dataclass(frozen=True)
class FoldedData:
    """Data, folds and preprocessing of one path.

    Attributes:
        X, y: n rows of each.
        weight: `(n,)` weights of the rows, or None.
        folds: pairs (training rows, held-out rows).
        labels: the classes to spread evenly, or None.
        groups, time, seed: of the draw of folds.
        transform, scale_target: what the training rows of each fold teach.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    folds: list[tuple[np.ndarray, np.ndarray]]
    labels: np.ndarray | None
    groups: Any
    time: Any
    seed: int
    transform: Any = None
    scale_target: bool = False

    @staticmethod
    def of(
        X: Any,
        y: np.ndarray,
        cv: Any,
        *,
        stratify: bool,
        ordered: bool = False,
        weight: Any,
        groups: Any,
        time: Any,
        seed: int,
        **taught: Any,
    ) -> FoldedData:
        """The folds that `cv` asks for; rows that a fold cannot judge stay out of its error, with a notice, unless
        classes have an order, of which none may be missing."""
        by_count = isinstance(cv, (int, np.integer))
        spread = stratify and by_count and time is None
        folds = make_folds(cv, len(y), y if spread or not by_count else None, groups, time, spread, seed)
        if stratify and not ordered:
            folds = _that_judge(folds, y, np.ones(len(y)) if weight is None else weight)
        for number, (_, test) in enumerate(folds):
            if weight is not None and weight[test].sum() == 0:
                raise InputError(f"cv: fold {number} holds out only rows of weight 0")
        return FoldedData(X, y, weight, folds, y if stratify else None, groups, time, seed, **taught)

    def all_rows(self) -> Split:
        return self.split(np.arange(len(self.y)), np.arange(0))

    def watched(self, train: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        """Training rows parted into those that train and those that early stopping watches."""
        groups, time = (None if a is None else np.asarray(a) for a in (self.groups, self.time))
        return set_aside(train, share, self.seed, self.labels, groups, time)

    def split(self, train: np.ndarray, test: np.ndarray) -> Split:
        """The rows that a fit sees and those that score it, with what the former teach."""
        X, transform, scale = self.X, None, 1.0
        centre: Any = 0.0
        weight = None if self.weight is None else self.weight[train]
        if self.transform is not None:
            transform = _fitted(self.transform, X[train], weight)
            X = np.asarray(transform.transform(X))
        if self.scale_target:
            centre, scale = target_scale(self.y[train], weight)
        return Split(train, test, X, transform, centre, scale)

    def row_weights(self, rows: np.ndarray) -> np.ndarray:
        """Weights of some rows; ones where there are none."""
        return np.ones(len(rows)) if self.weight is None else self.weight[rows]

    @property
    def fold_sizes(self) -> np.ndarray:
        """Weight of the held-out rows of each fold."""
        return np.array([self.row_weights(test).sum() for _, test in self.folds])


def _that_judge(folds: list, labels: np.ndarray, weights: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """A fold's held-out rows of a class that it does not train on have an infinite loss at every strength: they say
    nothing about it, and stay out of the fold's error with a notice."""
    classes, codes = np.unique(labels, return_inverse=True)
    counts = [np.bincount(codes[train], weights[train], len(classes)) for train, _ in folds]
    if all(count.all() for count in counts):
        return folds
    from normax.linear_model.cross_validation.scopes import scopes_of_classes

    scopes = scopes_of_classes(np.eye(len(classes))[codes], weights, folds, classes)
    return [(train, scope.test) for (train, _), scope in zip(folds, scopes)]


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
        The share of a column's mean below which its deviation counts as rounding, or None. A transformer of another
        make than scikit-learn's tells it by a method `standardises(X, sample_weight)`.
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
