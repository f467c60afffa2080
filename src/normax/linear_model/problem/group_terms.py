"""A group penalty at one strength, and what of it stays the same along a path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.problem.terms import growth
from normax.penalties.groups import group_labels

__all__ = ["GroupRules", "GroupTerms", "group_rules"]

# A group violates where its norm exceeds its charge by more than rounding can.
SLACK = 1e-10


@dataclass(frozen=True)
class GroupTerms:
    """`Σ_j l1_j |w_j| + ½ Σ_j l2_j w_j² + Σ_g charge_g ‖w_g‖₂` over flat coefficients; it has the face of `Terms`.

    Attributes:
        l1, l2: (d,), alike within a group.
        labels: (d,) group of each coefficient, 0..G−1.
        charge: (G,).
    """

    l1: np.ndarray
    l2: np.ndarray
    labels: np.ndarray
    charge: np.ndarray

    bounded = False

    @property
    def free(self) -> np.ndarray:
        """(d,) coefficients that nothing keeps at zero."""
        return (self.l1 == 0) & (self.charge[self.labels] == 0)

    @property
    def unpenalised(self) -> np.ndarray:
        """(d,) coefficients that no strength of any part acts on."""
        return self.free & (self.l2 == 0)

    def of(self, entries: np.ndarray, p: int) -> GroupTerms:
        """The same for some flat entries, which hold whole groups."""
        kept, labels = np.unique(self.labels[entries], return_inverse=True)
        return GroupTerms(self.l1[entries], self.l2[entries], labels, self.charge[kept])

    def norms(self, v: np.ndarray) -> np.ndarray:
        """(G,) Euclidean norms of the groups of flat v."""
        return np.sqrt(np.bincount(self.labels, v * v, len(self.charge)))

    def value(self, w: np.ndarray) -> float:
        return float(self.l1 @ np.abs(w) + 0.5 * self.l2 @ w**2 + self.charge @ self.norms(w))

    def change(self, w: np.ndarray, d: np.ndarray) -> float:
        """value(w + d) − value(w), where small differences do not cancel."""
        lengths = self.norms(w + d) + self.norms(w)
        moved = np.bincount(self.labels, d * (2 * w + d), len(self.charge))
        grown = np.divide(moved, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return float(self.l1 @ growth(w, d) + 0.5 * (self.l2 * d) @ (2 * w + d) + self.charge @ grown)

    def excess(self, u: np.ndarray) -> np.ndarray:
        """(G,) how far the thresholded negative gradient of each group, flat (d,), exceeds its charge."""
        return self.norms(np.maximum(np.abs(u) - self.l1, 0.0)) - self.charge

    def whole(self, entries: np.ndarray) -> np.ndarray:
        """Some flat entries, and all else in their groups."""
        used = np.zeros(len(self.charge), dtype=bool)
        used[self.labels[entries]] = True
        return np.flatnonzero(used[self.labels])

    def beyond(self, u: np.ndarray) -> np.ndarray:
        """Flat entries of groups that would leave zero under the negative gradient u, (m, p)."""
        size = self.charge + self.norms(self.l1)
        return np.flatnonzero((self.excess(u.ravel()) > SLACK * size)[self.labels])


@dataclass(frozen=True)
class GroupRules:
    """The penalty at strength 1.

    Attributes:
        l1, l2: (m·p,) flat.
        labels: (m·p,); charge: (G,), the roots of the sizes included.
        members: whether every group takes features whole, with all their outputs, and then their groups (p,).
    """

    l1: np.ndarray
    l2: np.ndarray
    labels: np.ndarray
    charge: np.ndarray
    members: np.ndarray | None

    plain = False
    bounded = False

    def terms(self, strength: float) -> GroupTerms:
        return GroupTerms(strength * self.l1, strength * self.l2, self.labels, strength * self.charge)

    def largest(self, u: np.ndarray) -> float:
        """The smallest strength that keeps every penalised group at zero under the negative gradient u, (m, p)."""
        unit, v = self.terms(1.0), u.ravel().copy()
        v[unit.free] = 0.0
        if not v.any():
            return 0.0
        l1, low = self.l1, 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            by_norm = np.nanmax(np.where(self.charge > 0, unit.norms(v) / self.charge, np.nan), initial=0.0)
            by_size = np.nanmax(np.where(l1 > 0, np.abs(v) / l1, np.nan), initial=0.0)
        if not l1.any():
            return float(by_norm)
        high = float(max(by_norm, by_size))
        while high - low > 1e-15 * high:
            middle = 0.5 * (low + high)
            if middle in (low, high):
                break
            fits = (self.terms(middle).excess(v) <= 0).all()
            low, high = (low, middle) if fits else (middle, high)
        return high


def group_rules(
    m: int, p: int, l1: float, l2: float, groups: tuple[float, Any], factor: np.ndarray
) -> GroupRules:
    """Rules of m × p coefficients from the strengths of the parts and the factors (p,) of the features."""
    strength, spec = groups
    shape = (p,) if m == 1 and spec != "out" else (m, p)
    labels = np.broadcast_to(group_labels(spec, shape), (m, p))
    flat, factors = labels.ravel(), np.tile(factor, m)
    count = np.bincount(flat)
    mean = np.bincount(flat, factors) / count
    if not np.allclose(factors, mean[flat], rtol=1e-12):
        raise InputError(
            "penalty_factor: expected the same factor for all features of a group, got several in one"
        )
    whole = bool((labels == labels[0]).all())
    return GroupRules(
        l1 * factors,
        l2 * factors,
        flat,
        strength * mean * np.sqrt(count),
        labels[0].copy() if whole else None,
    )
