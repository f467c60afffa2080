"""The fused penalty at one strength: what differences of neighbours, sizes and squares are charged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.linear_model.quadratic.chain_quadratic import minimise_chain

__all__ = ["ChainTerms"]


@dataclass(frozen=True)
class ChainTerms:
    """`Σ_k edge_k |v_k − v_{k−1}| + Σ_k l1_k |v_k| + ½ Σ_k l2_k v_k²` of d flat coefficients, output by output.

    Attributes:
        edge: (d + 1,), 0 at both ends and where an output begins; l1, l2: (d,).
        positive: whether v >= 0 is asked for.
    """

    edge: np.ndarray
    l1: np.ndarray
    l2: np.ndarray
    positive: bool = False

    @property
    def unpenalised(self) -> np.ndarray:
        """(d,) coefficients that only their neighbours hold."""
        return (self.l1 == 0) & (self.l2 == 0)

    def of(self, entries: np.ndarray, p: int) -> ChainTerms:
        """The same: a chain is solved as a whole."""
        return self

    def value(self, w: np.ndarray) -> float:
        return float(self.edge[1:-1] @ np.abs(np.diff(w)) + self.l1 @ np.abs(w) + 0.5 * self.l2 @ w**2)

    def change(self, w: np.ndarray, d: np.ndarray) -> float:
        """value(w + d) − value(w), where small differences do not cancel."""
        sizes = self.edge[1:-1] @ _growth(np.diff(w), np.diff(d)) + self.l1 @ _growth(w, d)
        return float(sizes + 0.5 * (self.l2 * d) @ (2 * w + d))

    def minimise(self, K: np.ndarray, r: np.ndarray, w: np.ndarray) -> np.ndarray:
        """The v of the least `½ (v − w)ᵀK(v − w) − rᵀ(v − w)` and the terms of v."""
        return minimise_chain(K + np.diag(self.l2), r - self.l2 * w, self.edge, self.l1, self.positive, w)


def _growth(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    """|x + d| − |x|, to rounding of d where x keeps its sign."""
    return np.where(x * (x + d) > 0, np.sign(x) * d, np.abs(x + d) - np.abs(x))
