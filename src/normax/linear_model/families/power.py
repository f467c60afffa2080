"""Tweedie's powers and links under which the loss is not convex, or has a mean that not every predictor reaches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import EDGE
from normax.linear_model.families.quasi import Quasi

__all__ = ["PowerVariance"]


@dataclass(frozen=True)
class PowerVariance(Quasi):
    """Variance μ^p and mean `e^η` or η: half the unit deviance, `Σ ∫_y^μ (t − y) t^−p dt` a row.

    For the logarithm and p in [1, 2] it is `Tweedie`, which is convex and certified; elsewhere it is not, and fits are
    the stationary points that Newton steps from the constant model reach. Under the identity the loss is
    infinite where a linear predictor is not positive, so that those of the fitted rows all are.

    Args:
        power: p, at most 0 or at least 1; by: the link, "log" (default) or "identity".

    Example:
        >>> from normax.linear_model import fit_path
        >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.exp([1.0, 1.5, 2.0])
        >>> path = fit_path(X, y, family=PowerVariance(3.0), strengths=[0.0])
        >>> path.coef.ravel().round(6).tolist(), path.stationary
        ([0.5], True)

    Source:
        Jørgensen, "Exponential dispersion models", JRSS B 1987.
    """

    power: float
    by: str = "log"

    name = "tweedie"
    edges = (0.0, np.inf)

    def response(self, y, n):
        y = super(Quasi, self).response(y, n)
        out = y <= 0 if self.power >= 2 else (y < 0) & (self.power > 0)
        rows = np.flatnonzero(out.any(axis=1))
        if len(rows):
            told = ", ".join(f"{y[i].min():g} at row {i}" for i in rows[:5])
            raise InputError(
                f"y: {self.name} expects amounts {'>' if self.power >= 2 else '>='} 0, got {told}. Some value(s) of y "
                "are out of the valid range of the loss"
            )
        return y

    def _link(self, mean):
        return np.log(mean) if self.by == "log" else mean

    def _inverse(self, eta):
        return np.exp(eta) if self.by == "log" else eta

    def _derivative(self, eta):
        return np.exp(eta) if self.by == "log" else np.ones_like(eta)

    def _variance(self, mean):
        return mean**self.power

    def _second(self, y, eta):
        with np.errstate(all="ignore"):
            p, mean = self.power, self._inverse(eta)
            if self.by == "log":
                return mean ** (1 - p) * ((2 - p) * mean - (1 - p) * y)
            return mean ** (-p - 1) * ((1 - p) * mean + p * y)

    def _deviance(self, y, mean):
        """Twice `y^(2−p) (h(x, 2 − p) − h(x, 1 − p))` with `x = log(μ/y)` and `h(x, a) = (e^(ax) − 1)/a`, which keeps
        its digits where μ is close to y; the integral itself where y is not positive."""
        p = self.power
        if p == 0:
            return (y - mean) ** 2
        some = np.where(y > 0, y, 1.0)
        with np.errstate(all="ignore"):
            x = np.log(mean / some)
            near = some ** (2 - p) * (_h(x, 2 - p) - _h(x, 1 - p))
            far = (
                mean ** (2 - p) / (2 - p) - y * mean ** (1 - p) / (1 - p) if p < 2 and p != 1 else mean
            )  # y = 0 at p = 1
        found = np.where(y > 0, near, far)
        return 2 * np.where(mean > 0, np.maximum(found, 0.0), np.inf)

    def link(self, mean):
        return self._link(np.maximum(mean, EDGE))


def _h(x: np.ndarray, a: float) -> np.ndarray:
    return np.expm1(a * x) / a if a else x
