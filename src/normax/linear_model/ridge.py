"""Squared error with an L2 penalty: one factorisation serves every strength and every output."""

from __future__ import annotations

import numpy as np
from scipy.linalg import svd

from normax.linear_model.design import Design

__all__ = ["Spectrum"]


class Spectrum:
    """The weighted, centred design as `Z = diag(√ω) X̃ = U diag(σ) Vᵀ`, with k = rank columns.

    Minimising `½ Σ_i ω_i (y_i − x̃_i·w)² + (s/2)‖w‖²` then is `w(s) = V diag(σ/(σ² + s)) Uᵀ √ω y`, at a
    cost of O(p·k) for each strength. Strength 0 gives the least squares solution of the smallest norm.
    """

    def __init__(self, design: Design):
        self.design = design
        self.Z = design.centred_matrix() * np.sqrt(design.weights)[:, None]
        self.U, self.sigma, Vt = svd(self.Z, full_matrices=False, check_finite=False)
        largest = self.sigma.max(initial=0.0)
        rank = int((self.sigma > largest * max(self.Z.shape) * np.finfo(float).eps).sum())
        self.U, self.sigma, self.V = self.U[:, :rank], self.sigma[:rank], Vt[:rank].T

    def solve(self, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
        """(k, m, p) coefficients of (n, m) centred responses at (k,) strengths >= 0."""
        projected = self.U.T @ (np.sqrt(self.design.weights)[:, None] * y)
        shrink = self.sigma / (self.sigma**2 + np.asarray(strengths, float)[:, None])
        coef = np.einsum("ks,sm,ps->kmp", shrink, projected, self.V, optimize=True)
        coef[:, :, self.design.constant] = 0.0
        return coef

    def gain(self, theta: np.ndarray) -> float:
        """How much the squared error could still fall: half the squared norm of what X explains of θ/√ω."""
        explained = self.U.T @ (theta / np.sqrt(self.design.weights)[:, None])
        return 0.5 * float((explained**2).sum())

    def leverage(self, strengths: np.ndarray) -> np.ndarray:
        """(k, n) diagonal of the hat matrix, the intercept included: how much each row fits itself."""
        share = self.sigma**2 / (self.sigma**2 + np.asarray(strengths, float)[:, None])
        return share @ (self.U**2).T + self.design.centred * self.design.weights
