"""The products that squared error is solved with: complete from moments, or growing with the columns at work."""

from __future__ import annotations

import numpy as np

from normax.linear_model.design.columns import Columns, wider
from normax.linear_model.design.design import Design

__all__ = ["CompleteGram", "GrowingGram"]


class GrowingGram(Columns):
    """`G = Z̃ᵀ diag(ω) Z̃` for a growing list of centred columns Z̃, for p too large to multiply all by all.

    Attributes:
        full: G with the room around it, so that kernels see contiguous rows; `G` is its used part.
    """

    def __init__(self, design: Design):
        super().__init__(design)
        self.full = np.zeros((0, 0))

    @property
    def G(self) -> np.ndarray:
        return self.full[: self.size, : self.size]

    def add(self, features: np.ndarray) -> int:
        """Admit columns that are not yet known, and their products."""
        old, count = self.size, super().add(features)
        if count:
            self.full = wider(self.full, old, self.size, self.design.p, axes=[0, 1])
            cross = self.design.weighted(self.Z[:, old:]).T @ self.Z
            self.G[old:] = cross
            self.G[:old, old:] = cross[:, :old].T
        return count

    def check(self, c: np.ndarray, y: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (k, p) at coefficients W (k, a) and squared lengths (k,) of their residuals, from X itself."""
        used = np.flatnonzero(W.any(axis=0))
        residual = y - self._Z[:, used] @ W[:, used].T
        theta = self.design.weighted(residual)
        return self.design.gradient(theta), np.einsum("ik,ik->k", residual, theta)


class CompleteGram:
    """G of all columns at once, for n much larger than p: X is not needed again."""

    def __init__(self, G: np.ndarray):
        self.full = self.G = np.ascontiguousarray(G)
        self.size = len(G)
        self.features = np.arange(self.size)
        self.known = np.ones(self.size, dtype=bool)

    def add(self, features: np.ndarray) -> None:
        """All columns are known."""

    def check(self, c: np.ndarray, y: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (k, p) and squared lengths (k,) of the residuals; `y` is the squared length of y here."""
        used = np.flatnonzero(W.any(axis=0))
        U = c - W[:, used] @ self.G[used]
        return U, np.maximum(y - np.einsum("kj,kj->k", W, c + U), 0.0)
