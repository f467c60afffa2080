"""The fits of all folds' training rows for squared error with an L1 part, which share what they can.

Where rows are at least as many as columns, one pass over X gives the second moments of every fold, those of its
training rows follow by subtraction, and the errors come from the moments too. Otherwise a fold is a list of rows that
count. Rows are never copied; columns that are standardised within each fold are so by factors of their products alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.design.moments import Moments
from normax.linear_model.design.products import times
from normax.linear_model.design.shapes import gram_pays_for_folds
from normax.linear_model.families import Gaussian
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import check_rules
from normax.linear_model.quadratic.gram import CompleteGram, GrowingGram
from normax.linear_model.solvers.ridge.path import ridge_solver
from normax.linear_model.solvers.squares.descent import follow_squares
from normax.linear_model.solvers.squares.path import clear_constant
from normax.linear_model.solvers.squares.sparse import follow_sparse

__all__ = ["LassoFold", "LassoFolds", "Pairs", "outputs"]

Pairs = list[tuple[np.ndarray, np.ndarray]]


class LassoFolds:
    """Squared error with an L1 part, to be fitted to the training rows of each fold.

    Args:
        X: (n, p); Y: (n, m); weights: (n,) of the rows; pairs: K pairs (training rows, held-out rows).
        l1_ratio: > 0; intercept: whether one is fitted; max_iter, tol: as of `fit_path`.
        rounding: None leaves the columns as they are. A number divides each, of a dense X and beside an intercept, by
            its weighted standard deviation over the training rows; a column that varies by less than this share of
            its mean counts as constant.
    """

    def __init__(
        self,
        X: Any,
        Y: np.ndarray,
        weights: np.ndarray,
        pairs: Pairs,
        l1_ratio: float,
        intercept: bool,
        max_iter: int = 1000,
        tol: float = 1e-6,
        rounding: float | None = None,
    ):
        self.X, self.Y, self.weights, self.pairs = X, Y, weights, pairs
        self.l1_ratio, self.intercept, self.rounding = l1_ratio, intercept, rounding
        self.max_iter, self.tol = max_iter, min(tol, 1e-6)
        self.every = Moments.of(X, Y, weights) if gram_pays_for_folds(*X.shape) else None

    def moments(self, rows: np.ndarray) -> Moments:
        """Of some rows, about the shift of all of them."""
        assert self.every is not None
        return Moments.of(self.X[rows], self.Y[rows], self.weights[rows], self.every.x0, self.every.y0)


class LassoFold:
    """One fold. Coefficients are (k, m, p), for the columns as they stand in X, and intercepts (k, m).

    Args:
        folds: what it shares with the others; k: its number.
    """

    def __init__(self, folds: LassoFolds, k: int):
        self.folds, (self.train, self.test) = folds, folds.pairs[k]
        rows = self.train[folds.weights[self.train] > 0]
        self.design = Design(folds.X, folds.weights[rows] / folds.weights[rows].sum(), folds.intercept, rows)
        Y = folds.Y[rows]
        self.centre = self.design.weights @ Y if folds.intercept else np.zeros(Y.shape[1])
        self.Y = Y - self.centre
        self.inside: Moments | None = None
        self.held: Moments | None = None
        if folds.every is not None:
            self.held = folds.moments(self.test)
            rest = len(np.union1d(self.train, self.test)) == folds.X.shape[0]
            self.inside = folds.every - self.held if rest else folds.moments(self.train)
            self.design.gram, self.c, _, _, _ = self.inside.centred(folds.intercept)
            clear_constant(self.design.gram, self.c, self.design.constant)
        if folds.rounding is not None:
            self._standardise(folds.rounding)

    def _standardise(self, rounding: float) -> None:
        design, G = self.design, self.design.gram
        scale = design.standardise(design.variances() if G is None else np.diag(G).copy(), rounding)
        if G is not None:
            G *= scale
            G *= scale[:, None]
            self.c *= scale[:, None]

    def fit(self, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients, intercepts, and gaps (k,) over the null deviance, at strengths (k,) >= 0 in any order.

        At 0 the solution is a direct one, whose gap is rounding and counts as 0.
        """
        coef = np.zeros((len(strengths), self.Y.shape[1], self.design.p))
        gap = np.zeros(len(strengths))
        positive = np.flatnonzero(strengths > 0)
        positive = positive[np.argsort(-strengths[positive], kind="stable")]
        for j, part in enumerate(self._follow(strengths[positive]) if len(positive) else ()):
            coef[positive, j] = part.coef[:, 0]
            gap[positive] += part.gap
        gap /= max(0.5 * float((self.design.weights @ self.Y**2).sum()), np.finfo(float).tiny)
        coef, intercept = self._as_in_X(coef)
        if len(positive) < len(strengths):
            coef[strengths == 0], intercept[strengths == 0] = self.least_squares()
        return coef, intercept, gap

    def least_squares(self) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (1, m, p) and intercepts (1, m) without a penalty, of the smallest norm where there are many."""
        return self._as_in_X(ridge_solver(self.design, np.zeros(1)).solve(self.Y, np.zeros(1)))

    def squared_errors(self, coef: np.ndarray, intercept: np.ndarray, held_out: bool) -> np.ndarray:
        """(k,) weighted sums of squared errors of the held-out or of the training rows."""
        moments = self.held if held_out else self.inside
        if moments is not None:
            return moments.squared_errors(coef, intercept)
        rows = self.test if held_out else self.train
        return ((self.folds.Y[rows] - outputs(self.folds.X, coef, intercept, rows)) ** 2).sum(
            axis=2
        ) @ self.folds.weights[rows]

    def _as_in_X(self, coef: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        coef = coef if self.design.scale is None else coef * self.design.scale
        return coef, self.centre - coef @ self.design.means

    def _follow(self, strengths: np.ndarray) -> list[Fit]:
        """The path of each output at decreasing strengths, for columns times `design.scale`."""
        design, folds = self.design, self.folds
        if design.sparse and design.gram is None:
            single = replace(check_rules(design.p, None, None, None), l1_ratio=folds.l1_ratio)
            problem = Problem(
                design, Gaussian(), self.Y, single, single, tol=folds.tol, max_iter=folds.max_iter
            )
            return [follow_sparse(problem, y[:, None], strengths) for y in self.Y.T]
        squares = design.weights @ self.Y**2
        gram: CompleteGram | GrowingGram
        if design.gram is not None:
            gram, c, targets = CompleteGram(design.gram), self.c.T, list(squares)
        else:
            gram, c = GrowingGram(design), design.gradient(design.weighted(self.Y))
            targets = [y[:, None] for y in self.Y.T]
        l1, l2 = strengths * folds.l1_ratio, strengths * (1 - folds.l1_ratio)
        return [
            follow_squares(gram, *output, l1, l2, folds.max_iter)
            for output in zip(c, targets, np.sqrt(squares))
        ]


def outputs(X: Any, coef: np.ndarray, intercept: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(k, len(rows), m) for some rows of X, reading only the columns that some fit uses where they are few."""
    (k, m, p), X = coef.shape, X[rows]
    flat = coef.reshape(k * m, p)
    used = np.flatnonzero(flat.any(axis=0))
    if 2 * len(used) < p:
        X, flat = X[:, used], flat[:, used]
    return times(X, flat.T).reshape(-1, k, m).transpose(1, 0, 2) + intercept[:, None]
