"""The Hessians that passes have formed, and the one that a strength takes its step with.

Squared error has one for all strengths, which only grows with the columns at work. Any other loss has one for each
fit, of the columns that it needs; where all of them would cost too much, neighbours share one, since they differ little.
Folds share them too: the sum over a fold's training rows is that over all rows less the fold's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Anchor", "System"]

# As `newton.hessian.PIN`: a share of the curvature in the direction that the softmax does not see.
PIN = 1e-8


@dataclass(frozen=True)
class Anchor:
    """Sums over rows of the second derivatives at one point.

    Attributes:
        output: whose; number: of the strength that the point was at.
        features: (a,) the columns. G: (parts, q, q, a, a); h: (parts, q, q, a); D: (parts, q, q), as of `Look`.
    """

    output: int
    number: int
    features: np.ndarray
    G: np.ndarray
    h: np.ndarray
    D: np.ndarray

    def training(self, fold: int) -> Anchor:
        """The sums over the rows that a fold trains on, −1 for all rows, as one part."""
        kept = [part for part in range(len(self.D)) if part != fold]
        return replace(self, G=self.G[kept].sum(0), h=self.h[kept].sum(0), D=self.D[kept].sum(0))

    def grown(self, features: np.ndarray, G: np.ndarray, h: np.ndarray, D: np.ndarray) -> Anchor:
        """With the rows (parts, q, q, b, a) of b columns that joined."""
        old, a = len(self.features), len(features)
        whole = np.empty((*G.shape[:3], a, a))
        whole[..., :old, :old] = self.G
        whole[..., old:, :] = G
        whole[..., :old, old:] = np.swapaxes(G[..., :old], -1, -2)
        return replace(self, features=features, G=whole, h=h, D=D)


@dataclass(frozen=True)
class System:
    """What a Newton step solves: K (q a, q a) with the intercepts eliminated, h (q a, q) and `inverse` (q, q) of the
    intercepts, zeros without; all per unit of weight."""

    K: np.ndarray
    h: np.ndarray
    inverse: np.ndarray

    @classmethod
    def of(cls, anchor: Anchor, weight: float, centred: bool, live: np.ndarray) -> System:
        """Of the sums over training rows of some weight; columns that are not live (a,) count as zeros."""
        (q, _, a), D = anchor.h.shape, anchor.D / weight
        K = anchor.G.transpose(0, 2, 1, 3).reshape(q * a, q * a) / weight
        h = anchor.h.transpose(0, 2, 1).reshape(q * a, q) / weight
        if q > 1:  # a shift of all outputs alike is not seen, and left alone
            inverse = np.linalg.pinv(D + np.trace(D) / q, rcond=1e-13, hermitian=True)
            K += PIN * np.kron(np.ones((q, q)), anchor.G[range(q), range(q)].sum(axis=0) / weight)
        else:
            inverse = np.array([[1 / D[0, 0] if D[0, 0] > 0 else 0.0]])
        inverse = inverse if centred else np.zeros((q, q))
        dead = ~np.tile(live, q)
        h[dead] = 0.0
        K -= (h @ inverse) @ h.T
        K[dead], K[:, dead] = 0.0, 0.0
        np.fill_diagonal(K, np.maximum(np.diag(K), 0.0))
        return cls(np.ascontiguousarray(K), h, inverse)
