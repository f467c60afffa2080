"""Stability selection: features that a sparse model keeps choosing on halves of the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.design.validation import Sound, check_design, column_names, plain_weights
from normax.linear_model.families import family_of
from normax.linear_model.grid import grid_of
from normax.linear_model.path import fit_path
from normax.rows import PrintedTable
from normax.text import folded, markup

__all__ = ["Stability", "error_bound", "stability_selection"]


@dataclass(frozen=True, repr=False)
class Stability:
    """How often each feature was chosen.

    Attributes:
        strengths: (k,) decreasing.
        frequency: (k, p) share of halves that chose a feature at this strength or a larger one.
        selected: (s,) indices of the features with a frequency >= threshold, most frequent first.
        threshold: in (0.5, 1].
        most: features that a half may choose before its path is cut, q.
        mean_selected: features that a half chose on average, at most q.
        bound: expected number of falsely selected features is at most this, without assumptions on the shape
            of the frequencies (Meinshausen & Bühlmann).
        unimodal_bound: the sharper bound for complementary pairs and unimodal frequencies (Shah & Samworth), NaN
            without pairs.
        halves: how many halves were fitted.
        feature_names: (p,) names, or None.
    """

    strengths: np.ndarray
    frequency: np.ndarray
    selected: np.ndarray
    threshold: float
    most: int
    mean_selected: float
    bound: float
    unimodal_bound: float
    halves: int
    feature_names: tuple[str, ...] | None = None

    def table(self) -> PrintedTable:
        """One row a feature that was ever chosen, most frequent first."""
        names = self.feature_names or [f"x{j}" for j in range(self.frequency.shape[1])]
        top = self.frequency[-1]
        return PrintedTable(
            {
                "feature": names[j],
                "frequency": float(top[j]),
                "selected": "x" if top[j] >= self.threshold else "",
            }
            for j in np.argsort(-top, kind="stable")
            if top[j] > 0
        )

    def frame(self) -> Any:
        """The rows of `table()` as a pandas data frame."""
        return self.table().frame()

    def _repr_html_(self) -> str:
        return folded(markup(repr(self)), self.table().html())

    def plot(self) -> Any:
        """The frequencies against the strength, and the threshold: a matplotlib Figure."""
        from normax.report.after_fit import stability_figure

        return stability_figure(self)

    def __repr__(self) -> str:
        return (
            f"Stability({len(self.selected)} of {self.frequency.shape[1]} features selected in {self.halves} halves, "
            f"expected false ones <= {self.bound:.3g})"
        )


def stability_selection(
    X: Any,
    y: Any,
    *,
    halves: int = 100,
    threshold: float = 0.75,
    false_selections: float = 1.0,
    most: int | None = None,
    strengths: Any = 50,
    complementary: bool = True,
    seed: int = 0,
    family: Any = "gaussian",
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    **options: Any,
) -> Stability:
    """Fit the path on many random halves of the rows and keep the features that are chosen again and again.

    A half chooses the first q features that enter its path. Of the features whose share of halves reaches the
    threshold π, the expected number of false ones is at most `q² / ((2π − 1) p)`.

    Args:
        X, y, family, l1_ratio, fit_intercept, sample_weight, options: as of `fit_path`. Standardise X if its
            columns have different units.
        halves: number of halves; even for complementary pairs. The default 100 is that of the paper.
        threshold: π in (0.5, 1]; 0.6 to 0.9 give similar results.
        false_selections: E[V], the bound that q is made for; the default 1 expects at most one false feature.
        most: q itself, instead of `false_selections`.
        strengths: a count (default 50, down to 1/20 of the largest useful one), or the values.
        complementary: take halves in pairs that share no row, which halves the noise of the shares.
        seed: of the random halves.

    Returns:
        A `Stability`.

    Raises:
        InputError: for data or arguments that cannot be used.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(100, 30))
        >>> found = stability_selection(X, X[:, 3] - X[:, 7] + rng.normal(size=100), halves=20)
        >>> sorted(found.selected.tolist()), bool(found.bound <= 1)
        ([3, 7], True)

    Source:
        Meinshausen & Bühlmann, "Stability selection", JRSS B 2010; Shah & Samworth, "Variable selection with error
        control: another look at stability selection", JRSS B 2013.
    """
    names, X = column_names(X), check_design(X)
    n, p = X.shape
    if n < 4:
        raise InputError(f"stability_selection: expected at least 4 rows to halve, got {n}")
    if not 0.5 < threshold <= 1:
        raise InputError(f"threshold: expected a number > 0.5 and <= 1, got {threshold!r}")
    if int(halves) != halves or halves < 2 or (complementary and halves % 2):
        raise InputError(
            f"halves: expected an even number >= 2 (any with complementary=False), got {halves!r}"
        )
    if most is None:
        if not false_selections > 0:
            raise InputError(f"false_selections: expected a number > 0, got {false_selections!r}")
        most = max(1, min(p, math.floor(math.sqrt(false_selections * (2 * threshold - 1) * p) + 1e-9)))
    if int(most) != most or not 1 <= most <= p:
        raise InputError(f"most: expected a whole number from 1 to {p} features, got {most!r}")
    loss, weights = family_of(family), plain_weights(sample_weight, n)
    Y = loss.response(y, n)
    rules: dict[str, Any] = {
        "family": family,
        "l1_ratio": l1_ratio,
        "fit_intercept": fit_intercept,
        **options,
    }
    limits = ("tol", "max_iter")
    shape = {k: v for k, v in rules.items() if k not in limits}
    grid = np.sort(grid_of(strengths, Sound(X), y, 0.05, sample_weight=sample_weight, **shape))[::-1]
    rows = _halves(n, int(halves), complementary, seed)

    def one(k: int) -> np.ndarray:
        if fit_intercept and loss.at_edge(Y[rows[k]][weights[rows[k]] > 0]).all():
            return np.zeros((len(grid), p), dtype=bool)  # rows that are all alike need no feature
        path = fit_path(
            Sound(X[rows[k]]), Y[rows[k]], strengths=grid, sample_weight=weights[rows[k]], **rules
        )
        return _first(np.abs(path.coef).sum(axis=1), int(most))

    chosen = np.array(side_by_side(one, len(rows), what="half"))
    frequency, mean = chosen.mean(axis=0), float(chosen[:, -1].sum(axis=1).mean())
    top = frequency[-1]
    selected = np.argsort(-top, kind="stable")[: int((top >= threshold).sum())]
    pairs = int(halves) // 2 if complementary else 0
    bound, sharper = error_bound(mean, p, threshold, pairs)
    return Stability(
        grid, frequency, selected, threshold, int(most), mean, bound, sharper, int(halves), names
    )


def error_bound(selected: float, p: int, threshold: float, pairs: int) -> tuple[float, float]:
    """Bounds on the expected number of selected features that chance alone would choose as seldom.

    Args:
        selected: mean number of features a half chose, q; p: number of features; threshold: π.
        pairs: number of complementary pairs B; 0 for none.

    Returns:
        `q² / ((2π − 1) p)`, and for B pairs and unimodal frequencies `C(π, B) q² / p` (NaN where it does not hold).

    Example:
        >>> [round(b, 3) for b in error_bound(10, 1000, 0.9, 50)]
        [0.125, 0.043]

    Source:
        Meinshausen & Bühlmann 2010, theorem 1; Shah & Samworth 2013, theorem 2.
    """
    share = selected / p
    plain = selected * share / (2 * threshold - 1)
    if not pairs or share > 1 / math.sqrt(3):
        return plain, math.nan
    low = min(0.5 + share**2, 0.5 + 1 / (2 * pairs) + 0.75 * share**2)
    if threshold <= low:
        return plain, math.nan
    if threshold <= 0.75:
        factor = 1 / (2 * (2 * threshold - 1 - 1 / (2 * pairs)))
    else:
        factor = 4 * (1 - threshold + 1 / (2 * pairs)) / (1 + 1 / pairs)
    return plain, factor * selected * share


def _halves(n: int, count: int, complementary: bool, seed: int) -> list[np.ndarray]:
    """Sorted row numbers of random halves, ⌊n/2⌋ each; in pairs without a common row if complementary."""
    rng, size = np.random.default_rng(seed), n // 2
    rows: list[np.ndarray] = []
    while len(rows) < count:
        order = rng.permutation(n)
        rows.append(np.sort(order[:size]))
        if complementary:
            rows.append(np.sort(order[size : 2 * size]))
    return rows


def _first(size: np.ndarray, most: int) -> np.ndarray:
    """(k, p) flags of the features that have entered by each strength, until `most` have.

    Where several enter at one strength and not all fit, the larger coefficients come first.
    """
    inside = np.zeros(size.shape, dtype=bool)
    now = np.zeros(size.shape[1], dtype=bool)
    for i, w in enumerate(size):
        new = np.flatnonzero((w > 0) & ~now)
        new = new[np.argsort(-w[new], kind="stable")][: most - int(now.sum())]
        now[new] = True
        inside[i] = now
    return inside
