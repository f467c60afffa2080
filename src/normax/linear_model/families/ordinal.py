"""Classes in an order, by cumulative logits with common coefficients: proportional odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.special import expit, logit

from normax.compiled import kernel
from normax.errors import InputError
from normax.linear_model.families.base import EDGE, Family

__all__ = ["Ordinal", "level_log_probability", "level_probabilities"]

# Newton steps on the thresholds, and the share of their weight to which their slopes must vanish.
STEPS, FLAT = 200, 1e-15
# The least curvature of a threshold, over the weight of the rows: those far from every row have none of their own.
LEVEL = 1e-14


@dataclass(frozen=True)
class Ordinal(Family):
    """Levels 0 < 1 < … < K−1 with `P(y <= k) = 1/(1 + e^(η − θ_k))`: `−log P(y)` a row, with thresholds
    θ_0 < … < θ_(K−2) that are free and at their best for η.

    With the best thresholds put in, the loss is convex in η, ties rows together, and does not see a shift of all η, so
    that the intercept falls out, as of Cox's: `fit_path` gives the one that makes the predictor of the average row 0.
    A row's loss is two logistic losses and what keeps its thresholds apart,

        log(1 + e^(η − θ_y)) + log(1 + e^(θ_(y−1) − η)) − log(1 − e^(θ_(y−1) − θ_y)),

    each with a conjugate of its own, which gives the duality gap. y is (n,) whole numbers 0..K−1, each of them taken.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 2])
        >>> path = fit_path(X, y, family="ordinal", strengths=[0.1])
        >>> Ordinal().thresholds(y, path.predict(X)[0]).round(3).tolist()
        [-0.193, 1.291]

    Source:
        McCullagh, "Regression models for ordinal data", JRSS B 1980; Pratt, "Concavity of the log likelihood", JASA
        1981.
    """

    name = "ordinal"
    rows_apart = False
    ties_weighted = True

    def response(self, y, n):
        y = super().response(y, n)
        if y.shape[1] != 1:
            raise InputError(f"y: ordinal expects one level a row, ({n},), got shape {y.shape}")
        wrong = np.flatnonzero((y[:, 0] < 0) | (y[:, 0] != np.floor(y[:, 0])))
        if len(wrong):
            told = ", ".join(f"{y[i, 0]:g} at row {i}" for i in wrong[:5])
            raise InputError(f"y: ordinal expects levels that are whole numbers 0..K-1, got {told}")
        gaps = np.setdiff1d(np.arange(y.max() + 1), y)
        if len(gaps):
            told = ", ".join(f"{gap:g}" for gap in gaps[:5])
            raise InputError(
                f"y: ordinal expects every level from 0 to {y.max():g}, and none of the rows is {told}; number those "
                "that there are: np.unique(y, return_inverse=True)[1]"
            )
        return y

    def refuse_edge(self, y):
        if (y == y[0]).all():
            raise InputError(f"y: ordinal expects at least two levels, got {y[0, 0]:g} in every row")

    def suited(self, y, weights, offset):
        return _Bound.of(y, weights * len(y))

    def bound(self, y: np.ndarray) -> _Bound:
        """The same for these rows, of equal weight."""
        return _Bound.of(y, np.ones(len(y)))

    def thresholds(self, y: Any, eta: Any, sample_weight: Any = None) -> np.ndarray:
        """(K−1,) thresholds that are best for linear predictors.

        Args:
            y: (n,) levels; eta: (n,) or (n, 1); sample_weight: (n,) weights >= 0.
        """
        y = np.asarray(y, dtype=float).reshape(-1, 1)
        weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        return _Bound.of(y, weights).best(np.ravel(eta))

    def mean(self, eta):
        return eta

    def link(self, mean):
        return np.zeros_like(mean)  # a shift of all does not show in the likelihood

    def constant(self, y, weights, offset):
        return np.zeros(y.shape[1])

    def loss(self, y, eta):
        return self.fenchel(y, eta, 0.0)

    def residual(self, y, eta):
        above, below, _ = self.bound(y).pieces(eta[:, 0])
        return (expit(below) - expit(above))[:, None]

    def curvature(self, y, eta):
        above, below, _ = self.bound(y).pieces(eta[:, 0])
        return (_bend(above) + _bend(below))[:, None]  # a bound: `joint` without its BᵀB

    def joint(self, y, eta):
        return self.bound(y).second(eta[:, 0])

    def deviance(self, y, eta):
        return self.fenchel(y, eta, 0.0)

    def fenchel(self, y, eta, c):
        above, below, odds = self.bound(y).pieces(eta[:, 0])
        c = float(np.ravel(c)[0])
        with np.errstate(divide="ignore"):
            rest, entropy = np.log(1 - c), c * np.log(c) if c else 0.0
        apart = odds * entropy - (1 + c * odds) * np.log1p((c - 1) * odds / (1 + odds))
        for t in (above, below):
            share = expit(t)
            apart += share * entropy + (1 - c * share) * np.logaddexp(0.0, rest + t)
        return np.maximum(apart, 0.0)


@dataclass(frozen=True)
class _Bound(Ordinal):
    """The same for the rows of one fit.

    Attributes:
        level: (n,) numbers of the levels that are taken; weights: (n,) of mean 1; counts: (K,) of the levels.
        last: the linear predictors that were last asked about, and their thresholds; the next are near.
    """

    level: Any = None
    weights: Any = None
    counts: Any = None
    last: Any = None

    @classmethod
    def of(cls, y: np.ndarray, weights: np.ndarray) -> _Bound:
        level = np.unique(y[:, 0], return_inverse=True)[1].ravel()
        counts = np.bincount(level, weights)
        share = np.cumsum(counts)[:-1] / counts.sum()
        start = logit(np.clip(share, EDGE, 1 - EDGE))
        return cls(level, np.asarray(weights, dtype=float), counts, [np.zeros(len(y)), start, False])

    def plain(self):
        return Ordinal()

    def bound(self, y):
        return self

    def suited(self, y, weights, offset):
        return self

    def best(self, eta: np.ndarray) -> np.ndarray:
        """The thresholds that are best for η, by Newton steps on a tridiagonal system."""
        before, start, known = self.last
        if known and np.array_equal(eta, before):
            return start
        total = float(self.weights.sum())
        theta, seen = (
            start + float(self.weights @ (eta - before)) / total,
            (self.level, self.weights, self.counts, eta),
        )
        now, slope, bands = _sums(*seen, theta)
        for _ in range(STEPS):
            if np.abs(slope).max() <= FLAT * total:
                break
            bands[1] += LEVEL * total
            step = cho_solve_banded((cholesky_banded(bands), False), slope)
            gain, t = float(slope @ step), 1.0
            if not gain > 0:
                break
            small = gain <= 1e-9 * abs(
                now
            )  # what it gains is exact, and the difference of two losses rounding
            while t > 1e-10:  # no step that lets thresholds meet or the loss rise
                new = theta + t * step
                if (np.diff(new) > 0).all():
                    value, *rest = _sums(*seen, new)
                    if small or value <= now - 1e-4 * t * gain:
                        break
                t *= 0.5
            else:
                break
            theta, now, (slope, bands) = new, value, rest
            if gain <= 1e-20 * total:
                break
        self.last[:] = eta.copy(), theta, True
        return theta

    def pieces(self, eta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) `η − θ_y` and `θ_(y−1) − η`, −∞ at the ends, and `1/(e^gap − 1)` of the gap between both thresholds."""
        ends = np.concatenate([[-np.inf], self.best(eta), [np.inf]])
        upper, lower = ends[self.level + 1], ends[self.level]
        return eta - upper, lower - eta, np.exp(lower - upper) / -np.expm1(lower - upper)

    def second(self, eta: np.ndarray) -> tuple[np.ndarray, Any]:
        """`Family.joint` of linear predictors (n,)."""
        theta, level, n = self.best(eta), self.level, len(eta)
        _, _, bands = _sums(level, self.weights, self.counts, eta, theta)
        bands[1] += LEVEL * float(self.weights.sum())
        root = cholesky_banded(bands)
        bent = np.array([_bend(eta - t) * ((level == j) | (level == j + 1)) for j, t in enumerate(theta)])
        bent *= self.weights
        B = _solve_lower(root, bent) / np.sqrt(n)
        return (np.sum(bent, axis=0) / n)[:, None], lambda Z: B @ Z


def level_probabilities(eta: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """(n, K) probabilities of the levels, from linear predictors (n,) and thresholds (K−1,), or (n, K−1) of each row,
    without cancellation.

    Example:
        >>> level_probabilities(np.array([0.0]), np.array([0.0, np.log(3)])).round(4).tolist()
        [[0.5, 0.25, 0.25]]
    """
    off = thresholds - eta[:, None]
    between = expit(off[:, 1:]) * expit(-off[:, :-1]) * -np.expm1(-np.diff(thresholds))
    return np.column_stack([expit(off[:, 0]), between, expit(-off[:, -1])])


def level_log_probability(level: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """(n,) `log P(y = level)` from cumulative logits `η − θ`, (n, K−1), which fall along a row; finite where the
    probability underflows.

    Example:
        >>> level_log_probability(np.array([1, 0]), np.array([[0.0, -np.log(3)], [800.0, 799.0]])).round(4).tolist()
        [-1.3863, -800.0]
    """
    ends = np.pad(logits, ((0, 0), (1, 1)), constant_values=((0, 0), (np.inf, -np.inf)))
    rows = np.arange(len(logits))
    above, below = ends[rows, level], ends[rows, level + 1]
    return np.log(-np.expm1(below - above)) - np.logaddexp(0.0, -above) - np.logaddexp(0.0, below)


def _bend(t: np.ndarray) -> np.ndarray:
    """The logistic loss's second derivative."""
    return expit(t) * expit(-t)


def _solve_lower(root: np.ndarray, B: np.ndarray) -> np.ndarray:
    """`L⁻¹ B` for the banded upper factor Lᵀ of a tridiagonal matrix."""
    out = np.empty_like(B)
    for j in range(len(B)):
        out[j] = (B[j] - (root[0, j] * out[j - 1] if j else 0.0)) / root[1, j]
    return out


@kernel
def _sums(level, weights, counts, eta, theta):
    """The loss of all rows, its negative gradient in the thresholds (k,), and its second derivative as (2, k) bands."""
    k = len(theta)
    value, slope, bands = 0.0, np.zeros(k), np.zeros((2, k))
    for j in range(1, k):
        gap = theta[j] - theta[j - 1]
        odds, count = 1.0 / np.expm1(gap), counts[j]
        value -= count * np.log(-np.expm1(-gap))
        slope[j] += count * odds
        slope[j - 1] -= count * odds
        bend = count * odds * (1.0 + odds)
        bands[1, j] += bend
        bands[1, j - 1] += bend
        bands[0, j] = -bend
    for i in range(len(level)):
        for j in (level[i] - 1, level[i]):
            if 0 <= j < k:
                t = eta[i] - theta[j] if j == level[i] else theta[j] - eta[i]
                e = np.exp(-abs(t))
                s = 1.0 / (1.0 + e) if t >= 0.0 else e / (1.0 + e)
                value += weights[i] * (max(t, 0.0) + np.log1p(e))
                slope[j] += weights[i] * (s if j == level[i] else -s)
                bands[1, j] += weights[i] * e / (1.0 + e) ** 2
    return value, slope, bands
