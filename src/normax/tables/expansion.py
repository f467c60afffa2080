"""Curves and products: spline bases of the numbers of a design matrix, and products of its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from normax.errors import InputError
from normax.tables.limits import MAX_FEATURES

__all__ = ["Expansion"]

#: Knots of a curve, where they begin among the quantiles of the training rows and end as far from the other end, and
#: its degree. With the outermost rows beyond the knots their slope is that of many rows and not of the last.
KNOTS, MARGIN, DEGREE = 5, 0.05, 3
#: A number with fewer different values than this has no curve.
DISTINCT = 2 * KNOTS
#: Functions of a curve: the first B-spline follows from the others beside an intercept.
FUNCTIONS = KNOTS + DEGREE - 2


@dataclass(frozen=True)
class Expansion:
    """What a linear model sees beside its p features: curves of numbers, and products.

    A curve of a feature is a cubic spline by its `FUNCTIONS` basis functions, straight beyond the outermost knots. A
    product is one of two features of different columns, or a number's square; numbers stand in it as deviations from
    their means, so that the effects of the two alone keep their meaning.

    Args:
        numbers: features that are not 0 and 1 throughout.
        curves: those with a curve.
        products: pairs of features.
        knots: of each curve, increasing; none before `fitted`. Where quantiles coincide there are fewer than
            `KNOTS`, and the functions that are then missing are 0.

    Source:
        The places of the knots: Harrell, "Regression Modeling Strategies", 2015, section 2.4.6.

    Example:
        >>> X = np.column_stack([np.arange(20.0), np.arange(20) % 2])
        >>> expansion = Expansion.learn(X, owners=[0, 1], curves=True, products=True).fitted(X)
        >>> expansion.curves, expansion.products
        ((0,), ((0, 1),))
        >>> expansion.names(["age", "city=Bern"])[2:4], expansion.names(["age", "city=Bern"])[-1]
        (['age (curve at 0.95)', 'age (curve at 5.225)'], 'age × city=Bern')
        >>> expansion.apply(X, X.mean(axis=0)).shape
        (20, 9)
    """

    numbers: tuple[int, ...]
    curves: tuple[int, ...]
    products: tuple[tuple[int, int], ...]
    knots: tuple[tuple[float, ...], ...] = ()

    @classmethod
    def learn(cls, X: np.ndarray, owners: Sequence[int], curves: bool, products: bool) -> Expansion:
        """Which features have curves and which are multiplied, from all rows and never from the target.

        Args:
            X: (n, p) with NaN for what is missing.
            owners: (p,) the column of the table that each feature comes from; features of one are not multiplied.
            curves: give every number with `DISTINCT` different values a curve.
            products: multiply every pair; without curves, square the numbers too.

        Raises:
            InputError: for more than `MAX_FEATURES` features.
        """
        distinct = [np.unique(x[~np.isnan(x)]) for x in X.T]
        numbers = tuple(j for j, values in enumerate(distinct) if not np.isin(values, (0, 1)).all())
        curved = tuple(j for j in numbers if curves and len(distinct[j]) >= DISTINCT)
        squared = {j for j in numbers if j not in curved and len(distinct[j]) > 2}
        pairs = tuple(
            (i, j)
            for i, j in combinations_with_replacement(range(X.shape[1]) if products else (), 2)
            if owners[i] != owners[j] or (i == j and i in squared)
        )
        count = X.shape[1] + FUNCTIONS * len(curved) + len(pairs)
        if count > MAX_FEATURES:
            raise InputError(
                f"--interactions: {count:,} features, expected at most {MAX_FEATURES:,}; leave columns out, --drop"
            )
        return cls(numbers, curved, pairs)

    def fitted(self, X: np.ndarray) -> Expansion:
        """The same with knots at the quantiles of these rows (n, p)."""
        at = np.linspace(MARGIN, 1 - MARGIN, KNOTS)
        found = (X[~np.isnan(X[:, j]), j] for j in self.curves)
        knots = tuple(tuple(np.unique(np.quantile(x, at)).tolist()) if len(x) else () for x in found)
        return replace(self, knots=knots)

    @property
    def added(self) -> int:
        """How many features there are beside the p."""
        return FUNCTIONS * len(self.curves) + len(self.products)

    def apply(self, X: np.ndarray, fill: np.ndarray) -> np.ndarray:
        """(n, p + added): X (n, p) as it is, then curves and products, with these means (p,) for what is missing."""
        from sklearn.preprocessing import SplineTransformer

        n, p = X.shape
        out = np.zeros((n, p + self.added), order="F")
        out[:, :p] = X
        X = np.where(np.isnan(X), fill, X)
        for c, (j, knots) in enumerate(zip(self.curves, self.knots)):
            if len(knots) > 1:
                own = np.array(knots)[:, None]
                curve = SplineTransformer(degree=DEGREE, knots=own, extrapolation="linear").fit(own)
                functions = curve.transform(X[:, j : j + 1])[:, 1:]
                start = p + FUNCTIONS * c
                out[:, start : start + functions.shape[1]] = functions
        if self.products:
            left, right = np.array(self.products).T
            numbers = list(self.numbers)
            X[:, numbers] -= fill[numbers]
            out[:, p + FUNCTIONS * len(self.curves) :] = X[:, left] * X[:, right]
        return out

    def names(self, features: Sequence[str]) -> list[str]:
        """The names of all features, from those of the p."""
        names = list(features)
        for j, knots in zip(self.curves, self.knots):
            places = [f"at {knot:.4g}" for knot in knots] + [f"beyond {knots[-1]:.4g}" if knots else "none"]
            spare = [f"{k}, unused" for k in range(len(places), FUNCTIONS)]
            names += [f"{features[j]} (curve {place})" for place in [*places, *spare]]
        return names + [
            f"{features[i]}²" if i == j else f"{features[i]} × {features[j]}" for i, j in self.products
        ]

    def owners(self, owners: Sequence[int]) -> list[tuple[int, ...]]:
        """The columns behind every feature, from those of the p: both of a product."""
        alone = [(owner,) for owner in owners]
        alone += [(owners[j],) for j in self.curves for _ in range(FUNCTIONS)]
        return alone + [tuple(dict.fromkeys((owners[i], owners[j]))) for i, j in self.products]

    def faults(self, features: int) -> list[str]:
        """What contradicts itself in one that was read from a file, for p features."""
        places = {*self.numbers, *self.curves, *(j for pair in self.products for j in pair)}
        faults = (
            [] if all(0 <= j < features for j in places) else [f"expected features from 0 to {features - 1}"]
        )
        if len(self.knots) != len(self.curves):
            faults.append(f"expected knots of {len(self.curves)} curves, got {len(self.knots)}")
        if any(len(knots) > KNOTS or not np.all(np.diff(knots) > 0) for knots in self.knots):
            faults.append(f"knots: expected {KNOTS} numbers at most, increasing")
        return [f"expansion: {fault}" for fault in faults]
