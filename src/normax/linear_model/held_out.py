"""Held-out errors of every fold and every strength, as one problem and not K.

Squared error with an L1 part never copies the rows of a fold. Where n is much larger than p one pass over X gives
the second moments of every fold, the training moments follow by subtraction, and the errors come from
the moments too. Otherwise a fold is a set of weights that are zero for the rows held out; their residuals come
with the products that certify the path.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.design import Design
from normax.linear_model.families import FAMILIES
from normax.linear_model.gaussian import clear_constant
from normax.linear_model.gram import CompleteGram, GrowingGram
from normax.linear_model.moments import Moments
from normax.linear_model.path import LinearPath, fit_path, response, warn_unconverged
from normax.linear_model.ridge_folds import RidgeFolds
from normax.linear_model.sparse_squares import follow_sparse
from normax.linear_model.squares import follow_squares
from normax.linear_model.strategy import gram_pays_for_folds
from normax.linear_model.terms import check_rules
from normax.linear_model.threads import side_by_side
from normax.linear_model.validation import check_design, check_offset, check_strengths, plain_weights

__all__ = ["cross_validate"]

Pairs = list[tuple[np.ndarray, np.ndarray]]


def cross_validate(
    X: np.ndarray,
    y: np.ndarray,
    pairs: Pairs,
    *,
    strengths: np.ndarray,
    family: str = "gaussian",
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    per_row: bool = True,
    penalty_factor: Any = None,
    lower: Any = None,
    upper: Any = None,
    penalty: Any = None,
    offset: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the path on the training rows of each fold and score its held-out rows.

    Args:
        X, y, strengths, family, l1_ratio, fit_intercept, sample_weight, tol, max_iter,
            penalty_factor, lower, upper, penalty, offset: as of `fit_path`; the strengths serve every fold.
        pairs: K pairs (training rows, held-out rows).
        per_row: whether the strengths are those of the mean loss (default) or of the summed loss, which
            scikit-learn's `Ridge` and `LogisticRegression` have and where fewer rows mean a stronger penalty.

    Returns:
        fold_errors (K, k), the weighted mean negative log-likelihood of the held-out rows (½ squared error
        for gaussian, summed over outputs), and fold_sizes (K,), their total weights.

    Raises:
        InputError: for data or arguments that cannot be used.

    Warns:
        ConvergenceWarning: where the gap of a training fit stayed above `tol`.

    Example:
        >>> X = np.arange(6.0)[:, None]
        >>> half = [(np.arange(3), np.arange(3, 6)), (np.arange(3, 6), np.arange(3))]
        >>> errors, sizes = cross_validate(X, X[:, 0], half, strengths=np.array([0.0]))
        >>> errors.round(9).tolist(), sizes.tolist()
        ([[0.0], [0.0]], [3.0, 3.0])

    Source:
        Moments by subtraction: Engstrøm & Jensen, "Fast partition-based cross-validation with centering and
        scaling for XᵀX and XᵀY", 2024.
    """
    X, strengths = check_design(X), check_strengths(strengths)
    weights, Y = plain_weights(sample_weight, X.shape[0]), response(y, family, X.shape[0])
    known = check_offset(offset, Y.shape)
    if known is not None and family == "gaussian":
        Y, known = Y - known, None
    grids = [strengths if per_row else strengths / weights[train].sum() for train, _ in pairs]
    sizes = np.array([weights[test].sum() for _, test in pairs])
    loss = FAMILIES[family]()
    loss.refuse_if_tied("cross-validation")

    def plain(k: int) -> tuple[np.ndarray, np.ndarray]:
        train, test = pairs[k]
        inside = np.zeros_like(weights)
        inside[train] = weights[train]
        path: LinearPath = fit_path(
            X,
            Y,
            strengths=grids[k],
            family=family,
            l1_ratio=l1_ratio,
            fit_intercept=fit_intercept,
            sample_weight=inside,
            tol=np.inf,
            max_iter=max_iter,
            penalty_factor=penalty_factor,
            lower=lower,
            upper=upper,
            penalty=penalty,
            offset=known,
        )
        etas = path.predict(X[test], None if known is None else known[test])
        rows = loss.loss(np.tile(Y[test], (len(etas), 1)), etas.reshape(-1, Y.shape[1]))
        return rows.reshape(len(etas), -1) @ (weights[test] / sizes[k]), path.gap

    one = plain
    rules = check_rules(X.shape[1], penalty_factor, lower, upper)
    if family == "gaussian" and strengths.min() > 0 and rules.plain and penalty is None and known is None:
        if l1_ratio > 0:
            order = np.argsort(-strengths, kind="stable")
            back = np.argsort(order)
            squares = _Squares(X, Y, weights, pairs, l1_ratio, fit_intercept, max_iter, min(tol, 1e-6))

            def one(k: int) -> tuple[np.ndarray, np.ndarray]:
                sums, gaps = squares.sums(k, grids[k][order])
                return 0.5 * sums[back] / sizes[k], gaps[back]

        elif RidgeFolds.serves(X, weights, pairs):
            ridge = RidgeFolds(X, Y, weights, pairs, fit_intercept)

            def one(k: int) -> tuple[np.ndarray, np.ndarray]:
                sums = ridge.sums(k, grids[k])  # a direct solution, whose gap is rounding
                return plain(k) if sums is None else (0.5 * sums / sizes[k], np.zeros(len(sums)))

    errors, gaps = zip(*side_by_side(one, len(pairs)))
    worst = np.max(gaps, axis=0)
    warn_unconverged(strengths, worst, tol)
    return np.array(errors), sizes


class _Squares:
    """All folds of squared error with an L1 part: for fold k the sums of squared errors and the relative gaps."""

    def __init__(
        self, X, Y, weights, pairs: Pairs, l1_ratio: float, intercept: bool, max_iter: int, tol: float
    ):
        self.X, self.Y, self.weights, self.pairs = X, Y, weights, pairs
        self.l1_ratio, self.intercept, self.max_iter, self.tol = l1_ratio, intercept, max_iter, tol
        self.tall = gram_pays_for_folds(*X.shape)
        if self.tall:
            self.every = Moments.of(X, Y, weights)

    def sums(self, k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(k,) sums of squared errors of fold k at decreasing strengths, and gaps over the null deviance."""
        return self._by_moments(k, strengths) if self.tall else self._by_masks(k, strengths)

    def _by_moments(self, k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        train, test = self.pairs[k]
        held, rest = self._moments(test), len(np.union1d(train, test)) == self.X.shape[0]
        inside = self.every - held if rest else self._moments(train)
        G, c, squares, x_mean, y_mean = inside.centred(self.intercept)
        if self.intercept:
            rows = train[self.weights[train] > 0]
            share = self.weights[rows] / self.weights[rows].sum()
            clear_constant(G, c, Design(self.X, share, True, rows).constant)
        gram, l1, l2 = CompleteGram(G), strengths * self.l1_ratio, strengths * (1 - self.l1_ratio)
        sums, gaps = np.zeros(len(strengths)), np.zeros(len(strengths))
        for j, square in enumerate(squares):
            fit = follow_squares(gram, c[:, j], square, float(np.sqrt(square)), l1, l2, self.max_iter)
            coef = fit.coef[:, 0]
            intercept = y_mean[j] - coef @ x_mean
            sums += held.squared_errors(coef, intercept, j)
            gaps += fit.gap
        return sums, gaps / max(0.5 * squares.sum(), np.finfo(float).tiny)

    def _moments(self, rows: np.ndarray) -> Moments:
        """Of some rows, about the shift of all of them."""
        return Moments.of(self.X[rows], self.Y[rows], self.weights[rows], self.every.x0, self.every.y0)

    def _by_masks(self, k: int, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        train, test = self.pairs[k]
        inside, held = np.zeros(self.X.shape[0]), np.zeros(self.X.shape[0])
        inside[train] = self.weights[train] / self.weights[train].sum()
        held[test] = self.weights[test]
        design = Design(self.X, inside, self.intercept)
        Y = self.Y - inside @ self.Y if self.intercept else self.Y
        if design.sparse:
            rules = check_rules(design.p, None, None, None)
            fits = [
                follow_sparse(
                    design, y[:, None], strengths, self.l1_ratio, rules, self.max_iter, held, tol=self.tol
                )
                for y in Y.T
            ]
            null = max(0.5 * float((inside @ Y**2).sum()), np.finfo(float).tiny)
            return np.sum([fit.outside for fit in fits], axis=0), np.sum(
                [fit.gap for fit in fits], axis=0
            ) / null
        gram, l1, l2 = GrowingGram(design, held), strengths * self.l1_ratio, strengths * (1 - self.l1_ratio)
        c, squares = design.gradient(design.weighted(Y)), inside @ Y**2
        sums, gaps = np.zeros(len(strengths)), np.zeros(len(strengths))
        for j, square in enumerate(squares):
            fit = follow_squares(gram, c[j], Y[:, [j]], float(np.sqrt(square)), l1, l2, self.max_iter)
            sums += fit.outside
            gaps += fit.gap
        return sums, gaps / max(0.5 * squares.sum(), np.finfo(float).tiny)
