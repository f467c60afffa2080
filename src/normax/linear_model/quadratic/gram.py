"""The products that squared error is solved with: complete from moments, or growing with the columns at work."""

from __future__ import annotations

import numpy as np

from normax.linear_model.design.design import Design

__all__ = ["CompleteGram", "GrowingGram"]


class GrowingGram:
    """`G = Z̃ᵀ diag(ω) Z̃` for a growing list of centred columns Z̃, for p too large to multiply all by all.

    Attributes:
        features: (a,) column numbers, in the order of arrival.
        known: (p,) flags of the columns that are among them.
        full: G with the room around it, so that kernels see contiguous rows; `G` is its used part.
    """

    def __init__(self, design: Design):
        self.design, self.size = design, 0
        self._features = np.zeros(0, dtype=np.intp)
        self._Z = np.zeros((design.n, 0), order="F")
        self.full = np.zeros((0, 0))
        self.known = np.zeros(design.p, dtype=bool)

    @property
    def features(self) -> np.ndarray:
        return self._features[: self.size]

    @property
    def G(self) -> np.ndarray:
        return self.full[: self.size, : self.size]

    def add(self, features: np.ndarray) -> None:
        """Admit columns that are not yet known."""
        new = features[~self.known[features]]
        if not len(new):
            return
        old, a = self.size, self.size + len(new)
        self._reserve(a)
        columns = self.design.columns(new)
        self._features[old:a], self._Z[:, old:a] = new, columns
        cross = self.design.weighted(columns).T @ self._Z[:, :a]
        self.full[old:a, :a] = cross
        self.full[:old, old:a] = cross[:, :old].T
        self.known[new] = True
        self.size = a

    def columns(self, some: np.ndarray) -> np.ndarray:
        """(n, len(some)) centred columns by their place in `features`."""
        return self._Z[:, some]

    def check(self, c: np.ndarray, y: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (k, p) at coefficients W (k, a) and squared lengths (k,) of their residuals, from X itself."""
        used = np.flatnonzero(W.any(axis=0))
        residual = y - self._Z[:, used] @ W[:, used].T
        theta = self.design.weighted(residual)
        return self.design.gradient(theta), np.einsum("ik,ik->k", residual, theta)

    def _reserve(self, a: int) -> None:
        """Room for a columns; it doubles, so that all growth together costs two copies."""
        room = len(self.full)
        if a <= room:
            return
        room, old = min(self.design.p, max(a, 2 * room, 32)), self.size
        features, Z, G = self._features, self._Z, self.full
        self._features = np.zeros(room, dtype=np.intp)
        self._Z = np.empty((self.design.n, room), order="F")
        self.full = np.empty((room, room))
        self._features[:old], self._Z[:, :old], self.full[:old, :old] = (
            features[:old],
            Z[:, :old],
            G[:old, :old],
        )


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
