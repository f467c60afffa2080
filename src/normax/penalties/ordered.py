"""Sorted L1: the largest weight pays the most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.penalties.base import WithStrength

__all__ = ["SLOPE"]


@dataclass(frozen=True)
class SLOPE(WithStrength):
    """Sorted L1, `Ω(w) = s·Σ_k λ_k |w|_(k)` with |w|_(1) >= |w|_(2) >= … and λ_1 >= λ_2 >= … >= 0.

    The default λ are those of Benjamini and Hochberg's procedure, `λ_k = Φ⁻¹(1 − qk/(2p))`, under which, for orthogonal
    columns and s = σ/√n on the scale of the mean loss, the share of false ones among the chosen is at most q. Weights
    of correlated columns become equal in size. Its prox sorts, subtracts, and pools neighbours that come out of order.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        q: share of false discoveries in (0, 1) that tells λ; the default is 0.1.
        weights: (p,) the λ themselves, decreasing and not all 0, instead of q. Alike ones are L1; (1, …, 1, 0, …, 0) is
            the sum of the k largest; linear ones are OSCAR.

    Raises:
        InputError: if the strength is negative or not finite, q outside (0, 1) or weights not as described; from
            `value` and `prox` if there are not as many weights as entries of w, and from `prox` for a step for each
            coordinate, under which sorting is not known to be the answer.

    Example:
        >>> import numpy as np
        >>> SLOPE(1.0, weights=[3.0, 2.0, 1.0]).prox(np.array([5.0, -4.5, 1.0]), step=1.0)
        array([ 2.25, -2.25,  0.  ])
        >>> SLOPE(0.5, q=0.2).value(np.array([1.0, -2.0])).round(4)
        np.float64(2.2856)

    Source:
        Bogdan, van den Berg, Sabatti, Su & Candès, "SLOPE: adaptive variable selection via convex optimization",
        Annals of Applied Statistics 2015.
    """

    q: float = 0.1
    weights: Any = None

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.q, (int, float, np.number)) or not 0 < self.q < 1:
            raise InputError(f"q: expected a number between 0 and 1, got {self.q!r}")
        if self.weights is None:
            return
        values = tuple(float(v) for v in self.weights)
        if (
            not values
            or not all(a >= b >= 0 for a, b in zip(values, (*values[1:], 0.0)))
            or not 0 < values[0] < np.inf
        ):
            raise InputError(
                f"weights: expected finite numbers that decrease to 0 or more, the first above 0, got {self.weights!r}"
            )
        object.__setattr__(self, "weights", values)

    def levels(self, p: int) -> np.ndarray:
        """(p,) λ for p weights."""
        if self.weights is None:
            return _benjamini_hochberg(self.q, p)
        if len(self.weights) != p:
            raise InputError(f"weights: expected one for each of {p} coefficients, got {len(self.weights)}")
        return np.array(self.weights)

    def value(self, w):
        xp, size = w.__array_namespace__(), abs(w).reshape(-1)
        levels = xp.asarray(self.levels(size.shape[0]), dtype=size.dtype)
        return self.strength * (levels * xp.sort(size)[::-1]).sum()

    def prox(self, w, step):
        if getattr(step, "ndim", 0) > 0:
            if isinstance(step, np.ndarray) and np.all(step == step.flat[0]):
                step = step.flat[0]
            else:
                raise InputError(
                    "step: SLOPE has a prox for one step for all weights alone, got one for each; use an optimiser whose "
                    "step is the same for all, such as plain SGD"
                )
        xp, size = w.__array_namespace__(), abs(w).reshape(-1)
        p = size.shape[0]
        order = xp.argsort(-size)
        level = size[order] - step * self.strength * xp.asarray(self.levels(p), dtype=size.dtype)
        if isinstance(w, np.ndarray):
            from normax.penalties.pooling import decreasing

            fitted = decreasing(level)
        else:
            fitted = xp.maximum(_by_means(xp, level), 0)
        return xp.sign(w) * fitted[xp.argsort(order)].reshape(w.shape)

    def face(self, w):
        # Weights of one size move together; what they pay is their share of the levels.
        sizes, cluster = np.unique(np.abs(w), return_inverse=True)
        clusters = np.flatnonzero(sizes > 0)[::-1]
        U = np.sign(w)[:, None] * (cluster[:, None] == clusters)
        ends = np.cumsum(np.concatenate([[0], np.abs(U).sum(axis=0)])).astype(int)
        total = np.concatenate([[0.0], np.cumsum(self.levels(len(w)))])
        return U, self.strength * np.diff(total[ends])

    def polar(self, u):
        size = np.sort(np.abs(np.ravel(u)))[::-1]
        sums = np.cumsum(self.levels(len(size))) * self.strength
        return float((np.cumsum(size) / sums).max(initial=0.0)) if self.strength else np.inf


@lru_cache(maxsize=64)
def _benjamini_hochberg(q: float, p: int) -> np.ndarray:
    from scipy.special import ndtri  # which takes longer to load than this file

    return -ndtri(q * np.arange(1, p + 1) / (2 * p))


def _by_means(xp: Any, level: Any) -> Any:
    """The nearest decreasing sequence as `min_{i <= k} max_{j >= k}` of the means of stretches i..j, in p × p numbers
    and no loops, for arrays that are traced."""
    p = level.shape[0]
    ends = xp.concat([xp.zeros(1, dtype=level.dtype), xp.cumulative_sum(level)])
    at = xp.arange(p)
    length = at[None, :] - at[:, None] + 1
    means = xp.where(length > 0, (ends[None, 1:] - ends[:-1, None]) / xp.maximum(length, 1), -xp.inf)
    highest = xp.flip(_running_max(xp, xp.flip(means, axis=1)), axis=1)  # over j >= k
    return -xp.max(xp.where(at[:, None] <= at[None, :], -highest, -xp.inf), axis=0)


def _running_max(xp: Any, a: Any) -> Any:
    """Cumulative maxima along the last axis, by doubling."""
    shift = 1
    while shift < a.shape[1]:
        a = xp.concat([a[:, :shift], xp.maximum(a[:, shift:], a[:, :-shift])], axis=1)
        shift *= 2
    return a
