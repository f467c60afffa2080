"""A family of one's own, by its link and its variance: quasi-likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import EDGE, Family

__all__ = ["Quasi"]

Curve = Callable[[np.ndarray], np.ndarray]

# Nodes of the integral of a unit deviance, and the power that draws them to an end where variances vanish.
NODES, DRAWN = 64, 4
# Means that checks look at, and how far they lie from a typical one where the range has no end.
LOOKED, FAR = 201, 1e3
# How far link, inverse and derivative may disagree, and what counts as rounding in a curvature.
SLACK, ROUNDING = 1e-5, 1e-6
# Half the width of a difference of slopes, and the least curvature over that of Fisher's scoring.
WIDTH, LEAST = 1e-5, 1e-3


class Quasi(Family):
    """Half the unit deviance `Σ ∫_y^μ (t − y)/V(t) dt` a row, with mean `μ = g⁻¹(η)` and variance V(μ) times any number.

    Its derivative in η is `(μ − y) μ'(η)/V(μ)`, all that quasi-likelihood asks of a distribution. Where `μ' = V`, the
    canonical link, and wherever else the second derivative is not negative at the smallest and the largest y, the loss
    is convex and the duality gap true; where it is not, fits are stationary points, `stationary` says so, and the gap
    tells only how far they are from one.

    Args:
        link: g, from means to linear predictors; inverse: g⁻¹; derivative: `dμ/dη` as a function of η; variance: V, as a
            function of means. Each takes an array and returns one of its shape.
        deviance: `d(y, μ)`, the unit deviance of arrays, twice the integral above; None (default) integrates.
        range: where means lie, (0, ∞) for a logarithm, (0, 1) for a logit, all numbers (default).
        name: what it is called in messages.

    Raises:
        InputError: where the inverse does not undo the link, the derivative is not the inverse's, or a variance is not
            positive inside the range; and for y outside of it.

    Example:
        >>> from normax.linear_model import fit_path
        >>> family = Quasi(np.log, np.exp, np.exp, lambda m: m**1.5, range=(0, np.inf))
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.5, 2.0, 3.0, 9.0])
        >>> path = fit_path(X, y, family=family, strengths=[0.1])
        >>> other = fit_path(X, y, family="tweedie", strengths=[0.1])
        >>> bool(abs(path.coef - other.coef).max() < 1e-6), bool(path.gap[0] < 1e-9), path.stationary
        (True, True, False)

    Source:
        Wedderburn, "Quasi-likelihood functions, generalized linear models, and the Gauss–Newton method", Biometrika
        1974.
    """

    name = "quasi"
    likelihood = False

    def __init__(
        self,
        link: Curve,
        inverse: Curve,
        derivative: Curve,
        variance: Curve,
        *,
        deviance: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
        range: tuple[float, float] = (-np.inf, np.inf),
        name: str = "quasi",
    ):
        self._link, self._inverse, self._derivative, self._variance = link, inverse, derivative, variance
        self._deviance, self.name = deviance, name
        low, high = (float(end) for end in range)
        if not low < high:
            raise InputError(f"range: expected a lower and a higher end, got {range!r}")
        self.edges = (low, high)
        self._check()

    def _means(self, typical: float = 1.0) -> np.ndarray:
        """Means all over the range, about a typical one where it has no end."""
        low, high = self.edges
        far = typical * np.geomspace(1 / FAR, FAR, LOOKED)
        if np.isfinite(low) and np.isfinite(high):
            t = np.linspace(-12, 12, LOOKED)
            return low + (high - low) / (1 + np.exp(-t))
        if np.isfinite(low):
            return low + far
        return high - far if np.isfinite(high) else np.concatenate([-far[::-1], far])

    def _check(self) -> None:
        """Refuse functions that do not belong together, all faults at once."""
        m = self._means()
        with np.errstate(all="ignore"):
            eta = np.asarray(self._link(m), dtype=float)
            back = np.asarray(self._inverse(eta), dtype=float)
            slope = np.asarray(self._derivative(eta), dtype=float)
            h = WIDTH * np.maximum(1.0, np.abs(eta))
            seen = (self._inverse(eta + h) - self._inverse(eta - h)) / (2 * h)
            spread = np.asarray(self._variance(m), dtype=float)
        if eta.shape != m.shape or slope.shape != m.shape or spread.shape != m.shape:
            raise InputError(
                "link, derivative, variance: expected functions of arrays that return one of the same shape, got "
                f"{eta.shape}, {slope.shape} and {spread.shape} for {m.shape}"
            )
        faults = [
            (np.abs(back - m) > SLACK * np.maximum(np.abs(m), EDGE), "inverse: expected link's", back),
            (
                np.abs(slope - seen) > 1e-3 * np.abs(seen) + EDGE,
                "derivative: expected inverse's, by η,",
                slope,
            ),
            (~(np.isfinite(spread) & (spread > 0)), "variance: expected numbers > 0,", spread),
            (~(np.isfinite(slope) & (slope != 0)), "derivative: expected numbers that are not 0,", slope),
        ]
        told = [
            f"{what} got {got[i]:.6g} at mean {m[i]:.6g}"
            for bad, what, got in faults
            for i in np.flatnonzero(bad)[:1]
        ]
        if told:
            raise InputError(f"{self.name}: {'; '.join(told)}")

    def response(self, y, n):
        y = super().response(y, n)
        low, high = self.edges
        rows = np.flatnonzero(((y < low) | (y > high)).any(axis=1))
        if len(rows):
            told = ", ".join(f"{y[i].min():g} at row {i}" for i in rows[:5])
            raise InputError(f"y: {self.name} expects numbers from {low:g} to {high:g}, got {told}")
        return y

    def convex_at(self, y):
        eta = self._link(self._means(float(np.abs(y).mean()) or 1.0))[:, None]
        with np.errstate(all="ignore"):
            fisher = self._derivative(eta) ** 2 / self._variance(self.mean(eta))
            worst = np.minimum(*(self._second(np.full_like(eta, end), eta) for end in (y.min(), y.max())))
        known = np.isfinite(worst) & np.isfinite(fisher)
        return bool((worst[known] >= -ROUNDING * fisher[known]).all())

    def mean(self, eta):
        with np.errstate(over="ignore"):
            return np.asarray(self._inverse(eta), dtype=float)

    def link(self, mean):
        low, high = self.edges
        inside = np.clip(
            mean, low + EDGE if np.isfinite(low) else None, high - EDGE if np.isfinite(high) else None
        )
        return np.asarray(self._link(inside), dtype=float)

    def loss(self, y, eta):
        return self.deviance(y, eta)

    def _pull(self, eta: np.ndarray) -> np.ndarray:
        """`μ'(η)/V(μ)`."""
        return self._derivative(eta) / self._variance(self.mean(eta))

    def residual(self, y, eta):
        return (y - self.mean(eta)) * self._pull(eta)

    def _second(self, y: np.ndarray, eta: np.ndarray) -> np.ndarray:
        """The second derivative of the loss in η, to the digits of a difference."""
        bend = (self._pull(eta + WIDTH) - self._pull(eta - WIDTH)) / (2 * WIDTH)
        return self._derivative(eta) * self._pull(eta) + (self.mean(eta) - y) * bend

    def curvature(self, y, eta):
        return np.maximum(self._second(y, eta), LEAST * self._derivative(eta) * self._pull(eta))

    def deviance(self, y, eta):
        if self._deviance is not None:
            return 0.5 * np.asarray(self._deviance(y, self.mean(eta)), dtype=float).sum(axis=1)
        x, share = np.polynomial.legendre.leggauss(NODES)
        x, share, mean = (x + 1) / 2, share / 2, self.mean(eta)
        inside = (y > self.edges[0]) & (y < self.edges[1])
        start = np.where(inside, self.link(y), 0.0)
        total = np.zeros_like(eta)
        with np.errstate(all="ignore"):
            for at, part in zip(x, share):
                # Along η from that of y, or, where y is at an end, along means that lie close there.
                between = np.where(inside, start + at * (eta - start), eta)
                t = np.where(inside, self.mean(between), y + (mean - y) * at**DRAWN)
                pace = np.where(
                    inside,
                    self._derivative(between) * (eta - start),
                    (mean - y) * DRAWN * at ** (DRAWN - 1),
                )
                total += part * (t - y) / self._variance(t) * pace
        return np.maximum(np.where(y == mean, 0.0, total), 0.0).sum(axis=1)
