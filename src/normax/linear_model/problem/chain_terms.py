"""The fused penalty at one strength: what differences of neighbours, sizes and squares are charged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.linear_model.problem.terms import Rules, growth
from normax.penalties import L1, Fused

__all__ = ["ChainTerms", "FusedRules"]


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
        sizes = self.edge[1:-1] @ growth(np.diff(w), np.diff(d)) + self.l1 @ growth(w, d)
        return float(sizes + 0.5 * (self.l2 * d) @ (2 * w + d))


@dataclass(frozen=True)
class FusedRules:
    """Strengths of the differences, of L1 and of L2 at strength 1; whether w >= 0 is asked for; and what is left at
    strength 0."""

    fused: float
    l1: float
    l2: float
    positive: bool
    single: Rules

    plain = False

    def terms(self, strength: float, m: int, sizes: np.ndarray) -> ChainTerms:
        """For m outputs of stretches of these sizes."""
        edge = np.full(m * len(sizes) + 1, strength * self.fused)
        edge[:: len(sizes)] = 0.0
        l1, l2 = (strength * part * np.tile(sizes, m) for part in (self.l1, self.l2))
        return ChainTerms(edge, l1, l2, self.positive)

    def centred(self, V: np.ndarray) -> np.ndarray:
        """(m, 1) what a dual point V, (m, p), must have taken away from each of its entries for what is free not to
        gain."""
        mean = V.mean(axis=1, keepdims=True) * (self.l1 == 0)
        return np.maximum(mean, 0.0) if self.positive else mean

    def beyond(self, V: np.ndarray, strength: float) -> np.ndarray:
        """The part of V, (m, p), beyond the polar ball of the strength: the prox of the penalty without L2 at V."""
        part = Fused(strength * self.fused).prox(V - self.centred(V), 1.0)
        part = L1(strength * self.l1).prox(part, 1.0)
        return np.maximum(part, 0.0) if self.positive else part
