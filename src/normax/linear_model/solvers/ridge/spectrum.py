"""Squared error with an L2 penalty: one factorisation serves every strength, output and fold."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import eigen, thin_svd
from normax.linear_model.design.moments import Moments

__all__ = ["SAFE", "Spectrum", "between_columns", "between_rows"]

# Strengths that lift all eigenvalues this far above rounding in the largest may be solved from the products of X with
# itself, which squares its condition number; weaker ones need X's own singular values.
SAFE = 1e-7


class Spectrum:
    """The weighted, centred design as `Z = diag(√ω) X̃ = U diag(σ) Vᵀ`.

    Minimising `½ Σ_i ω_i (y_i − x̃_i·w)² + (s/2)‖w‖²` then is a product for each strength s. Of the three
    factorisations the cheapest that is accurate is taken: eigenvectors of ZᵀZ where n >= p, of ZZᵀ where
    n < p, both without a copy of X, and a singular value decomposition for strengths near 0 where columns all but
    repeat others. Strength 0 gives the least squares solution of the smallest norm.

    Args:
        design: (n, p) design; rows of weight 0 are allowed.
        smallest: the weakest strength that will be asked for.
    """

    def __init__(self, design: Design, smallest: float):
        self.design, self.root = design, np.sqrt(design.weights)[:, None]
        self.U: Any = None  # what a factorisation does not need stays None
        self.V: Any = None
        if design.n < design.p:
            self.values, self.U = eigen(between_rows(design))
            if design.centred and design.n > 1:  # the first is √ω, in which direction no centred column lies
                self.values, self.U = self.values[1:], self.U[:, 1:]
        else:
            self.values, self.V = eigen(between_columns(design))
        if smallest + self.values[0] <= SAFE * self.values[-1]:
            Z = design.centred_matrix() * self.root
            self.U, sigma, Vt = thin_svd(Z)
            rank = int((sigma > sigma.max(initial=0.0) * max(Z.shape) * np.finfo(float).eps).sum())
            self.U, self.values, self.V = self.U[:, :rank], sigma[:rank] ** 2, Vt[:rank].T

    def solve(self, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
        """(k, m, p) coefficients of (n, m) centred responses at (k,) strengths >= `smallest`."""
        k, m, p = len(strengths), y.shape[1], self.design.p
        shrink = 1 / (self.values + np.asarray(strengths, float)[:, None])
        if self.U is None:
            inside = self.V.T @ self.design.gradient(self.design.weighted(y)).T
        else:
            inside = self.U.T @ (self.root * y)
            if self.V is not None:
                inside *= np.sqrt(self.values)[:, None]
        inside = np.einsum("kr,rm->rkm", shrink, inside).reshape(-1, k * m)
        if self.V is not None:
            coef = (self.V @ inside).T
        else:
            coef = self.design.gradient(self.root * (self.U @ inside))
        coef = coef.reshape(k, m, p)
        coef[:, :, self.design.constant] = 0.0
        return coef

    def gain(self, theta: np.ndarray) -> float:
        """How much the squared error could still fall: half the squared length of what X explains of θ/√ω."""
        if self.U is None:
            explained = (self.V.T @ self.design.gradient(theta).T) / np.sqrt(self.values)[:, None]
        else:
            explained = self.U.T @ (theta / self.root)
        return 0.5 * float((explained**2).sum())

    def leverage(self, strengths: np.ndarray, width: int = 256) -> np.ndarray:
        """(k, n) diagonal of the hat matrix, the intercept included: how much each row fits itself."""
        shrink = 1 / (self.values + np.asarray(strengths, float)[:, None])
        own = np.tile(self.design.centred * self.design.weights, (len(shrink), 1))
        if self.U is not None:
            return own + shrink @ (self.U**2 * self.values).T
        for start in range(0, len(self.values), width):  # some directions at a time
            some = slice(start, start + width)
            own += shrink[:, some] @ (self.root * self.design.predict(self.V[:, some].T)).T ** 2
        return own

    def left_out(self, rows: np.ndarray, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
        """Residuals (k, r, m) of some rows from the fits without them, for (n, m) centred responses.

        `(I − H_RR)⁻¹ e_R` in units of √ω, with the hat matrix H of the strength and the intercept. The
        strengths are those of the summed loss over Σω of all rows: leaving rows out does not change them.
        Needs U, that is n < p, and weights > 0 of the rows.
        """
        U, root, y = self.U[rows], self.root[rows], self.root * y
        inside, own = self.U.T @ y, self.design.centred * (root @ root.T)
        result = np.empty((len(strengths), len(rows), y.shape[1]))
        for i, share in enumerate(self.values / (self.values + np.asarray(strengths, float)[:, None])):
            scaled = U * share
            system = np.eye(len(rows)) - own - scaled @ U.T
            result[i] = np.linalg.solve(system, y[rows] - scaled @ inside) / root
        return result


def between_columns(design: Design) -> np.ndarray:
    """`ZᵀZ` (p, p)."""
    if design.gram is not None:
        return design.gram
    nothing = np.zeros((design.X.shape[0], 1))
    G = Moments.of(design.X, nothing, design.spread(design.weights)).centred(design.centred)[0]
    if design.scale is not None:
        G *= design.scale * design.scale[:, None]
    G[design.constant], G[:, design.constant] = 0.0, 0.0
    return G


def between_rows(design: Design, width: int = 4096) -> np.ndarray:
    """`ZZᵀ` (n, n)."""
    K, root = np.zeros((design.n, design.n)), np.sqrt(design.weights)[:, None]
    for start in range(0, design.p, width):  # some columns at a time, so that no copy of X is made
        Z = design.columns(np.arange(start, min(start + width, design.p))) * root
        K += Z @ Z.T
    return K
