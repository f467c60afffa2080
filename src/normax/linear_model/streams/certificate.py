"""The duality gap of squared error from the residuals of all rows, by one more pass over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.linear_model.design.factors import thin_svd
from normax.linear_model.design.products import times, transposed_times
from normax.linear_model.problem.group_terms import GroupRules, GroupTerms
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.certificate import duality_gap, group_gap
from normax.linear_model.solvers.dual_point import FLAT, is_free
from normax.linear_model.sources.source import Block, Source, rows_in

__all__ = ["true_gaps"]

# Bytes of residuals that are looked at together.
RESIDUALS = 32 << 20


def true_gaps(
    source: Source,
    problem: Problem,
    total: float,
    strengths: np.ndarray,
    coef: np.ndarray,
    intercept: np.ndarray,
) -> np.ndarray:
    """Duality gaps in units of the objective from the residuals of a pass in double precision: (k, m) of each output, or
    (k, 1) where a penalty ties them.

    Args:
        problem: of a few rows that are as all rows of the source; total: Σω of these.
        strengths: (k,) of the path; coef: (k, m, p); intercept: (k, m), of X as it is.
    """
    design = problem.design
    found = source.gather(lambda start, rows: _Residuals(coef, intercept, design.means))
    (k, m, p), gaps = coef.shape, []
    squares, sums = found.squares / total, found.sums / total
    U = found.products.reshape(k, m, p) / total
    if design.centred:  # the best intercept leaves residuals that add up to 0
        squares = np.maximum(squares - sums**2, 0.0)
        U -= sums[:, :, None] * (found.x / total)
        U[:, :, design.constant] = 0.0
    root = np.sqrt(design.weights)[:, None] * design.columns(np.arange(p))
    for i, s in enumerate(strengths):
        terms, tied = problem.rules.terms(s * problem.unit), isinstance(problem.rules, GroupRules)
        some = [slice(0, m)] if tied else [slice(j, j + 1) for j in range(m)]
        gaps.append([squares_gap(squares[i, j], coef[i, j], U[i, j], terms, root) for j in some])
    return np.array(gaps)


def squares_gap(squares: np.ndarray, w: np.ndarray, u: np.ndarray, terms: Any, root: np.ndarray) -> float:
    """The gap of one fit.

    What nothing keeps at zero asks `u = 0`, and residuals move to r − Zd, where `ZᵀZ d = u` on the free columns Z, which
    leaves squares `‖r‖² − d·u` of which a dual point cr is `½(1 − c)²` away, and d·u are lost.

    Args:
        squares: (m,) Σ ω r² of each output; w, u: (m, p) coefficients and gradients; root: (r, p) with
            `rootᵀroot` the products of all columns.
    """
    free = is_free(terms, u)
    lost = np.zeros(len(w))
    for j in np.flatnonzero(free.any(axis=1)):
        Z = root[:, free[j]]
        lengths = np.sqrt(np.einsum("ij,ij->j", Z, Z))
        unit = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        _, sigma, Vt = thin_svd(Z * unit)
        kept = sigma > FLAT * sigma.max(initial=0.0)
        inside = Vt[kept] @ (unit * u[j, free[j]]) / sigma[kept]
        lost[j] = inside @ inside
        u[j] -= (Z @ (unit * ((inside / sigma[kept]) @ Vt[kept]))) @ root
        u[j, free[j]] = 0.0
    kept_squares = np.maximum(squares - lost, 0.0).sum()

    def divergence(c: Any) -> Any:
        return 0.5 * ((1 - c) ** 2 * kept_squares + lost.sum())

    if isinstance(terms, GroupTerms):
        return group_gap(divergence, w.ravel(), u.ravel(), terms)
    rows = (np.broadcast_to(part, w.shape).reshape(1, -1) for part in terms.charges)
    return float(duality_gap(divergence, w.reshape(1, -1), u.reshape(1, -1), *rows)[0])


class _Residuals:
    """Sums over rows of ω r², ω r, and ω r x, for k fits at once."""

    def __init__(self, coef: np.ndarray, intercept: np.ndarray, means: np.ndarray):
        (k, m, p) = coef.shape
        self.used = np.flatnonzero(coef.any(axis=(0, 1)))
        self.W, self.means = coef.reshape(k * m, p)[:, self.used], means
        self.level = intercept + coef @ means  # at the means
        self.squares, self.sums = np.zeros((k, m)), np.zeros((k, m))
        self.products, self.x = np.zeros((k * m, p)), np.zeros(p)

    def add(self, block: Block) -> None:
        step = rows_in(RESIDUALS, len(self.W))
        for start in range(0, block.rows, step):
            rows = slice(start, start + step)
            self._take(
                block.X[rows], block.outputs()[rows], None if block.weights is None else block.weights[rows]
            )

    def _take(self, X: Any, y: np.ndarray, weights: np.ndarray | None) -> None:
        r, (k, m) = len(y), self.level.shape
        if issparse(X):
            eta = times(X[:, self.used], self.W.T) - self.W @ self.means[self.used]
        else:
            X = X - self.means if self.means.any() else X
            eta = X[:, self.used] @ self.W.T
        residual = y[:, None] - eta.reshape(r, k, m) - self.level
        theta = residual if weights is None else weights[:, None, None] * residual
        self.squares += np.einsum("rkm,rkm->km", theta, residual)
        sums, flat = theta.sum(axis=0), theta.reshape(r, k * m)
        self.sums += sums
        weighed = (np.ones(r) if weights is None else weights)[:, None]
        if issparse(X):
            self.products += transposed_times(X, flat) - np.outer(sums, self.means)
            self.x += transposed_times(X, weighed)[0] - weighed.sum() * self.means
        else:
            self.products += flat.T @ X
            self.x += weighed[:, 0] @ X

    def join(self, other: Any) -> None:
        self.squares += other.squares
        self.sums += other.sums
        self.products += other.products
        self.x += other.x
