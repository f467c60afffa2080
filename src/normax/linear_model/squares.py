"""Squared error on a working set: a Gram matrix that grows with the set and serves the whole path."""

from __future__ import annotations

import numpy as np

from normax.linear_model.design import Design
from normax.linear_model.quadratic import minimise, solve_psd

__all__ = ["Squares"]


class Squares:
    """`½ Σ_i ω_i (y_i − x̃_i·w − b)²` for one output, on any working set of features."""

    def __init__(self, design: Design, y: np.ndarray):
        self.design, self.y = design, y
        self.centre = design.weights @ y if design.centred else np.zeros(1)
        self.features = np.zeros(0, dtype=int)
        self.position = np.full(design.p, -1)
        self.Z = np.zeros((design.n, 0), order="F")
        self.G = np.zeros((0, 0))

    def null_intercept(self) -> np.ndarray:
        """(1,) intercept without any feature; with centred columns it stays the same along the path."""
        return self.centre.copy()

    def theta(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """(n, 1) weighted residuals."""
        used = np.flatnonzero(coef[0])
        self._grow(used)
        return self._theta(self.position[used], coef[0, used], intercept)

    def _theta(self, at: np.ndarray, w: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        residual = self.y - intercept - (self.Z[:, at] @ w)[:, None]
        return self.design.weights[:, None] * residual

    def solve(
        self, features: np.ndarray, coef: np.ndarray, intercept: np.ndarray, l1: float, l2: float
    ) -> float:
        """Minimise over the given coefficients in place; returns what a further step would still gain.

        The linear term is taken from true residuals each time, so a second solve repairs what squaring
        the condition number in the Gram matrix has cost the first.
        """
        self._grow(features)
        at = self.position[features]
        G, Z = np.ascontiguousarray(self.G[np.ix_(at, at)]), self.Z[:, at]
        norms = np.sqrt(np.diag(G))
        enough = 1e-14 * np.sqrt(self.design.weights @ (self.y[:, 0] - self.centre[0]) ** 2)
        ones = np.ones(len(features))
        w = coef[0, features]
        for _ in range(4):
            u = Z.T @ (self.design.weights * (self.y[:, 0] - intercept[0] - Z @ w))
            off = np.where(w != 0, np.abs(u - l1 * np.sign(w) - l2 * w), np.maximum(np.abs(u) - l1, 0))
            if np.all(off <= enough * norms):
                break
            w = minimise(G, u + G @ w, l1 * ones, l2 * ones, w)
        coef[0, features] = w
        return 0.5 * float(u @ solve_psd(G, u)) if l1 == l2 == 0 and len(u) else 0.0

    def _grow(self, features: np.ndarray) -> None:
        new = features[self.position[features] < 0]
        if not len(new):
            return
        old = len(self.features)
        columns = self.design.columns(new)
        weighted = columns * self.design.weights[:, None]
        self.position[new] = old + np.arange(len(new))
        self.features = np.concatenate([self.features, new])
        cross = weighted.T @ self.Z
        G = np.empty((old + len(new),) * 2)
        G[:old, :old], G[old:, :old], G[:old, old:], G[old:, old:] = (
            self.G,
            cross,
            cross.T,
            weighted.T @ columns,
        )
        self.G = G
        self.Z = np.asfortranarray(np.hstack([self.Z, columns]))
