"""Squared error at a few strengths of an L2 penalty, 0 included: a Cholesky factor for each."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky, lapack, solve_triangular

from normax.linear_model.design.design import Design
from normax.linear_model.solvers.ridge.spectrum import SAFE, between_columns, between_rows

__all__ = ["FEW", "Cholesky"]

# An eigendecomposition, which serves all strengths, costs more than this many factors.
FEW = 8


class Cholesky:
    """The face of `Spectrum`: `(ZᵀZ + sI) w = Zᵀy` where n >= p, `w = Zᵀ (ZZᵀ + sI)⁻¹ y`, at s = 0 of the smallest
    norm, where n < p.

    Directions in which nothing can lie are lifted: constant columns, and √ω, which centring takes from the rows.

    Args:
        design: (n, p) design.
        smallest: the weakest strength that will be asked for.

    Attributes:
        safe: whether the factors are accurate down to `smallest`.
    """

    def __init__(self, design: Design, smallest: float):
        self.design, self.root = design, np.sqrt(design.weights)[:, None]
        self.rows = design.n < design.p
        self.K = between_rows(design) if self.rows else between_columns(design).copy()
        lift = np.trace(self.K) / max(len(self.K), 1)
        if not self.rows:
            self.K[design.constant, design.constant] = lift
        elif design.centred:
            self.K += lift * self.root * self.root.T
        self.last: tuple[float, np.ndarray] | None = None
        try:
            factor = self._factor(smallest)
        except np.linalg.LinAlgError:
            self.safe = False
        else:
            size = float(np.abs(self.K).sum(axis=0).max(initial=0.0)) + smallest
            self.safe = bool(lapack.dpocon(factor, size, uplo="L")[0] > SAFE)

    def _factor(self, strength: float) -> np.ndarray:
        if self.last is None or self.last[0] != strength:
            K = self.K.copy()
            K[np.diag_indices_from(K)] += strength
            self.last = strength, cholesky(K, lower=True, overwrite_a=True, check_finite=False)
        return self.last[1]

    def solve(self, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
        """(k, m, p) coefficients of (n, m) centred responses at (k,) strengths >= `smallest`."""
        right = self.root * y if self.rows else self.design.gradient(self.design.weighted(y)).T
        inside = np.array([cho_solve((self._factor(s), True), right) for s in strengths])
        if not self.rows:
            return inside.transpose(0, 2, 1)
        k, n, m = inside.shape
        theta = self.root * inside.transpose(1, 0, 2).reshape(n, k * m)
        return self.design.gradient(theta).reshape(k, m, self.design.p)

    def gain(self, theta: np.ndarray) -> float:
        """How much the squared error could still fall: half the squared length of what X explains of θ/√ω."""
        if self.rows:  # all but what the intercept explains
            explained = theta / self.root - self.design.centred * self.root * theta.sum(axis=0)
        else:
            explained = solve_triangular(self._factor(0.0), self.design.gradient(theta).T, lower=True)
        return 0.5 * float((explained**2).sum())
