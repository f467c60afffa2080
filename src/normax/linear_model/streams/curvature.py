"""The Hessians that passes have formed, and the one that a strength takes its step with.

Squared error has one for all strengths, which only grows with the columns at work. Any other loss has one for each
fit, of the columns that it needs; where all of them would cost too much, neighbours share one, since they differ little.
Folds share them too: the sum over a fold's training rows is that over all rows less the fold's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from normax.linear_model.streams.products import Products

__all__ = ["Anchor", "System"]

# As `newton.hessian.PIN`: a share of the curvature in the direction that the softmax does not see.
PIN = 1e-8
# What a sample must have of a column's square, over what it has of all rows', to say how that goes along with others.
SEEN = 0.1


@dataclass(frozen=True)
class Anchor:
    """Sums over rows of the second derivatives at one point.

    Attributes:
        output: whose; number: of the strength that the point was at.
        features: (a,) the columns. sums: of their products, for each part of the rows.
    """

    output: int
    number: int
    features: np.ndarray
    sums: Products

    def grown(self, features: np.ndarray, new: Products) -> Anchor:
        """With the rows of columns that joined."""
        old, a = len(self.features), len(features)
        whole = np.empty((*new.D.shape, a, a))
        whole[..., :old, :old] = self.sums.G
        whole[..., old:, :] = new.G
        whole[..., :old, old:] = np.swapaxes(new.G[..., :old], -1, -2)
        return replace(self, features=features, sums=replace(new, G=whole))


@dataclass(frozen=True)
class System:
    """What a Newton step solves: K (q a, q a) with the intercepts eliminated, h (q a, q) and `inverse` (q, q) of the
    intercepts, zeros without; all per unit of weight."""

    K: np.ndarray
    h: np.ndarray
    inverse: np.ndarray

    @classmethod
    def of(cls, anchor: Anchor, fold: int, weight: float, centred: bool, live: np.ndarray) -> System:
        """Of the rows, of some weight, that a fold trains on, −1 for all; columns that are not live (a,) count as zeros.

        What a sample of the rows says of how columns go along is brought to the sizes that all rows give them; columns
        of which it says nothing stand alone.
        """
        sums = anchor.sums.of_parts([part for part in range(len(anchor.sums.D)) if part != fold])
        q, a = sums.h.shape[0], len(anchor.features)
        dead = ~np.tile(live, q)

        def flat(h: np.ndarray) -> np.ndarray:
            out = h.transpose(0, 2, 1).reshape(q * a, q) / weight
            out[dead] = 0.0
            return out

        h, inverse = flat(sums.all_h), _inverse(sums.all_D / weight, centred)
        K = sums.G.transpose(0, 2, 1, 3).reshape(q * a, q * a) / weight
        if q > 1:  # the softmax does not see a shift of all outputs alike
            K += PIN * np.kron(np.ones((q, q)), sums.G[range(q), range(q)].sum(axis=0) / weight)
        own = flat(sums.h)
        K -= (own @ _inverse(sums.D / weight, centred)) @ own.T
        K[dead], K[:, dead] = 0.0, 0.0
        diagonal = np.maximum(np.diag(K), 0.0)
        if not np.array_equal(sums.D, sums.all_D):
            wanted = sums.squares[range(q), range(q)].ravel() / weight - np.einsum("ij,ij->i", h @ inverse, h)
            wanted = np.where(dead, 0.0, np.maximum(wanted, 0.0))
            share = float(np.trace(sums.D) / max(np.trace(sums.all_D), 1e-300))
            known = diagonal > SEEN * share * wanted
            ratio = np.sqrt(np.divide(wanted, diagonal, out=np.zeros_like(wanted), where=known))
            K *= np.outer(ratio, ratio)
            diagonal = wanted
        np.fill_diagonal(K, diagonal)
        return cls(np.ascontiguousarray(K), h, inverse)


def _inverse(D: np.ndarray, centred: bool) -> np.ndarray:
    """(q, q) inverse of the curvature in the intercepts; of coupled ones a shift of all is left alone."""
    q = len(D)
    if not centred:
        return np.zeros((q, q))
    if q > 1:
        return np.linalg.pinv(D + np.trace(D) / q, rcond=1e-13, hermitian=True)
    return np.array([[1 / D[0, 0] if D[0, 0] > 0 else 0.0]])
