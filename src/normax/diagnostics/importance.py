"""Permutation importance: how much worse a model predicts where one column is shuffled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax

from normax.diagnostics.columns import feature_names
from normax.errors import InputError, suggest
from normax.rows import PrintedTable

__all__ = ["Importance", "permutation_importance"]


@dataclass(frozen=True, repr=False)
class Importance:
    """What shuffling each column costs, the costliest first.

    Attributes:
        names: `(g,)` columns, or groups of them.
        estimate: `(g,)` mean rise of the loss.
        low, high: `(g,)` one standard deviation over the repeats below and above it.
        loss: of the model on the rows as they are.

    Made by `permutation_importance`.
    """

    names: tuple[str, ...]
    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    loss: float

    def table(self) -> PrintedTable:
        """One row a column."""
        return PrintedTable(
            {"feature": name, "rise": float(self.estimate[i]), "sd": float(self.high[i] - self.estimate[i])}
            for i, name in enumerate(self.names)
        )

    def __repr__(self) -> str:
        return f"Importance({len(self.names)} columns, first {self.names[0]!r}, loss={self.loss:.4g})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def _cross_entropy(y: np.ndarray, logits: np.ndarray) -> float:
    return float(-log_softmax(logits, axis=1)[np.arange(len(y)), y.astype(int)].mean())


LOSSES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "squared": lambda y, f: float(0.5 * np.mean((y - f) ** 2) * (y.shape[1] if y.ndim > 1 else 1)),
    "mse": lambda y, f: float(np.mean((y - f) ** 2)),
    "absolute": lambda y, f: float(np.mean(np.abs(y - f))),
    "error": lambda y, f: float(np.mean(y != f)),
    "binary_cross_entropy": lambda y, f: float(np.mean(np.logaddexp(0, f) - y * f)),
    "cross_entropy": _cross_entropy,
    "poisson": lambda y, f: float(np.mean(np.exp(f) - y * f)),
}


def permutation_importance(
    model: Any,
    X: Any,
    y: Any,
    *,
    loss: str | Callable[[np.ndarray, np.ndarray], float] | None = None,
    repeats: int = 10,
    feature_names: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[int]] | None = None,
    seed: int = 0,
) -> Importance:
    """The rise of the mean loss where one column's values change rows: `mean loss(y, f(X permuted)) − loss(y, f(X))`.

    Columns that tell of each other share what they are worth, and each looks as if it could go: give them as one group.

    Args:
        model: what predicts: a `Path`, an estimator with `predict`, or a function of X.
        X: `(n, p)` rows as the model takes them, best such as it was not fitted to; an array or a pandas data frame.
        y: `(n,)` the truth.
        loss: a function `(y, outputs) -> number`, or "squared", "mse", "absolute", "error" (share of wrong classes),
            "binary_cross_entropy", "cross_entropy", "poisson" (all three of logits and log rates). None takes a path's
            own, "error" for a classifier, else "squared".
        repeats: shuffles of each column.
        feature_names: names of the columns; of a data frame its own, of a path the path's.
        groups: name -> numbers of columns that are shuffled together, as those of one categorical column. Others stay.
        seed: of the shuffles, the same for every column.

    Returns:
        An `Importance`; `nx.plot.forest` draws it.

    Raises:
        InputError: for unknown losses and columns that there are not.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> found = permutation_importance(lambda X: 3 * X[:, 0], X, 3 * X[:, 0])
        >>> found.names, bool(found.estimate[0] > 5), float(found.estimate[1])
        (('x0', 'x1'), True, 0.0)

    Source:
        Breiman, "Random forests", Machine Learning 2001; Fisher, Rudin & Dominici, "All models are wrong, but many are
        useful", JMLR 2019.
    """
    y, measure, predict = np.asarray(y), _measure(model, loss), getattr(model, "predict", model)
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 1:
        raise InputError(f"repeats: expected a whole number >= 1, got {repeats!r}")
    if len(X) != len(y):
        raise InputError(f"X and y: expected as many rows in both, got {len(X)} and {len(y)}")
    parts = _parts(groups, _names(model, feature_names, X), X.shape[1] if hasattr(X, "shape") else len(X[0]))
    base, orders = measure(y, np.asarray(predict(X))), np.random.default_rng(seed)
    shuffles = [orders.permutation(len(y)) for _ in range(repeats)]
    rises = np.array(
        [
            [measure(y, np.asarray(predict(_shuffled(X, columns, rows)))) for rows in shuffles]
            for _, columns in parts
        ]
    )
    mean, sd = rises.mean(axis=1) - base, rises.std(axis=1, ddof=1 if repeats > 1 else 0)
    order = np.argsort(-mean, kind="stable")
    names = tuple(parts[i][0] for i in order)
    return Importance(names, mean[order], (mean - sd)[order], (mean + sd)[order], base)


def _measure(model: Any, loss: Any) -> Callable[[np.ndarray, np.ndarray], float]:
    if callable(loss):
        return loss
    if loss is None:
        own = getattr(model, "loss", None) if hasattr(model, "strengths") else None
        loss = own or ("error" if hasattr(model, "classes_") else "squared")
    if loss not in LOSSES:
        raise InputError(
            f"loss: no {loss!r}{suggest(str(loss), LOSSES)}; expected one of {', '.join(LOSSES)}, or a function"
        )
    return LOSSES[loss]


def _names(model: Any, names: Any, X: Any) -> Any:
    own = getattr(model, "feature_names", None)
    columns = np.shape(X)[1]
    if names is None and getattr(X, "columns", None) is None and own is not None and len(own) == columns:
        names = own
    return feature_names(names, X, columns)


def _parts(groups: Any, names: tuple[str, ...], p: int) -> list[tuple[str, list[int]]]:
    if groups is None:
        return [(name, [j]) for j, name in enumerate(names)]
    wrong = {name: j for name, js in groups.items() for j in js if not 0 <= j < p}
    if wrong:
        raise InputError(f"groups: X has {p} columns, from 0; got {wrong}")
    return [(str(name), list(columns)) for name, columns in groups.items()]


def _shuffled(X: Any, columns: list[int], rows: np.ndarray) -> Any:
    if hasattr(X, "iloc"):
        X = X.copy()
        for j in columns:
            X.isetitem(j, X.iloc[rows, j].array)
        return X
    X = np.array(X)
    X[:, columns] = X[rows][:, columns]
    return X
