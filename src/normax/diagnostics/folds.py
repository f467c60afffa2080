"""How far coefficients of a linear model differ between folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.diagnostics.columns import feature_names as named
from normax.errors import InputError
from normax.linear_model.path import fit_path
from normax.rows import PrintedTable
from normax.selection import folds

__all__ = ["FoldCoefficients", "fold_coefficients"]


@dataclass(frozen=True, repr=False)
class FoldCoefficients:
    """The coefficients of K fits, each without one fold's rows, and of the fit on all rows.

    Attributes:
        names: `(c,)` of the coefficients, "feature" or "feature (output)".
        estimate: `(c,)` of the fit on all rows.
        each: `(K, c)` of the fits.
        strength: of the penalty.

    Made by `fold_coefficients`.
    """

    names: tuple[str, ...]
    estimate: np.ndarray
    each: np.ndarray
    strength: float

    @property
    def low(self) -> np.ndarray:
        """`(c,)` the smallest of the fits."""
        return self.each.min(axis=0)

    @property
    def high(self) -> np.ndarray:
        """`(c,)` the largest of the fits."""
        return self.each.max(axis=0)

    @property
    def chosen(self) -> np.ndarray:
        """`(c,)` share of the fits in which a coefficient is not zero."""
        return (self.each != 0).mean(axis=0)

    @property
    def one_sign(self) -> np.ndarray:
        """`(c,)` whether no two fits disagree about the sign."""
        return (self.low >= 0) | (self.high <= 0)

    def table(self) -> PrintedTable:
        """One row a coefficient, the largest first."""
        order = np.argsort(-np.abs(self.estimate), kind="stable")
        columns = {name: getattr(self, name) for name in ("estimate", "low", "high", "chosen")}
        return PrintedTable(
            {"feature": self.names[i], **{name: float(values[i]) for name, values in columns.items()}}
            for i in order
        )

    def __repr__(self) -> str:
        stable = int(((self.chosen == 1) & self.one_sign).sum())
        return f"FoldCoefficients({len(self.names)} coefficients, {len(self.each)} folds, {stable} in all with one sign)"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def fold_coefficients(
    X: Any,
    y: Any,
    *,
    strength: float,
    cv: Any = 10,
    seed: int = 0,
    transform: Any = None,
    feature_names: Any = None,
    sample_weight: Any = None,
    **options: Any,
) -> FoldCoefficients:
    """Fit a linear model on the training rows of every fold, at one strength: how firm its coefficients are.

    Folds share rows, so that the spread is smaller than that of fits to fresh data; a coefficient that is unsure here is
    unsure all the more.

    Args:
        X, y, sample_weight: as of `fit_path`.
        strength: of the penalty, on the mean-loss scale: `path.best.strength`.
        cv: a count of folds, a splitter or pairs; as of `nx.path`, so that the folds are those of a path with the
            same `cv` and `seed`.
        seed: of the folds.
        transform: a scikit-learn transformer, fitted to each fold's training rows.
        feature_names: names of the columns; of a data frame its own.
        options: `family`, `l1_ratio`, `penalty` and all else that `fit_path` takes.

    Returns:
        A `FoldCoefficients`; `nx.plot.forest` draws it.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(60, 3))
        >>> found = fold_coefficients(X, 3 * X[:, 0], strength=0.1, cv=5)
        >>> found.chosen.tolist()
        [1.0, 0.0, 0.0]
    """
    from sklearn.base import clone

    y, table = np.asarray(y), np.asarray(X) if not hasattr(X, "iloc") and not hasattr(X, "tocsr") else X
    classes = options.get("family") in ("binomial", "multinomial") and y.ndim == 1
    pairs = folds(cv, len(y), y=y if classes else None, stratify=classes, seed=seed)
    if not pairs:
        raise InputError(f"cv: expected folds, got cv={cv!r}")

    def fit(rows: Any) -> np.ndarray:
        part = table.iloc[rows] if hasattr(table, "iloc") else table[rows]
        part = part if transform is None else clone(transform).fit_transform(part)
        weight = None if sample_weight is None else np.asarray(sample_weight, float)[rows]
        return fit_path(part, y[rows], strengths=[strength], sample_weight=weight, **options).coef[0]

    whole = fit(np.arange(len(y)))
    m, p = whole.shape
    names = named(feature_names, X if np.shape(X)[1] == p else None, p)
    labels = names if m == 1 else tuple(f"{name} ({output})" for output in range(m) for name in names)
    each = np.array([fit(train).ravel() for train, _ in pairs])
    return FoldCoefficients(labels, whole.ravel(), each, float(strength))
