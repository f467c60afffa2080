"""Amounts that are not negative, under the logarithmic link: Tweedie's family between counts and gamma, and gamma."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from normax.errors import InputError
from normax.linear_model.families.base import EDGE, Family, log_sum, relative_entropy

__all__ = ["Gamma", "Tweedie"]


@dataclass(frozen=True)
class Tweedie(Family):
    """Variance μ^p and mean μ = e^η: `Σ y h(−η, p − 1) + h(η, 2 − p)` a row, with `h(x, a) = (e^(ax) − 1)/a`, and x
    at a = 0.

    That is half the unit deviance but for a constant, so that strengths are those of scikit-learn's `TweedieRegressor`
    and `GammaRegressor`. For 1 < p < 2 it is a Poisson number of gamma amounts, a sum of claims, say, often 0. The
    link is canonical for p = 1 alone, but the loss is convex in η for every p in [1, 2], which is what solver and gap
    need; outside it is not.

    Args:
        power: p in [1, 2]; 1 is Poisson, 2 gamma. The default 1.5 lies in between.

    Raises:
        InputError: if the power is not a number in [1, 2].

    Example:
        >>> from normax.linear_model import fit_path
        >>> path = fit_path(np.zeros((3, 1)), [0.0, 1.0, 5.0], family=Tweedie(1.5), strengths=[0.1])
        >>> float(np.exp(path.intercept[0, 0]).round(9))
        2.0

    Source:
        Jørgensen, "Exponential dispersion models", JRSS B 1987.
    """

    power: float = 1.5

    name = "tweedie"
    edges = (0.0, np.inf)
    likelihood = False

    def __post_init__(self):
        if not isinstance(self.power, (int, float, np.number)) or not 1 <= self.power <= 2:
            raise InputError(
                "power: expected a number in [1, 2], where the loss is convex under the logarithmic link, "
                f'got {self.power!r}; use family="gaussian" for 0'
            )

    def response(self, y, n):
        y = super().response(y, n)
        rows = np.flatnonzero((y <= 0 if self.power == 2 else y < 0).any(axis=1))
        if len(rows):
            told = ", ".join(f"{y[i].min():g} at row {i}" for i in rows[:5])
            raise InputError(
                f"y: {self.name} expects amounts {'>' if self.power == 2 else '>='} 0, got {told}. Some value(s) of y are "
                "out of the valid range of the loss"
            )
        return y

    def link(self, mean):
        return np.log(np.maximum(mean, EDGE))

    def constant(self, y, weights, offset):
        a, some = self.power - 1, weights[:, None]
        return log_sum(-a * offset, some * y) - log_sum((1 - a) * offset, some)

    def mean(self, eta):
        return _exp(eta)

    def loss(self, y, eta):
        return (_times(y, _h(-eta, self.power - 1)) + _h(eta, 2 - self.power)).sum(axis=1)

    def residual(self, y, eta):
        return _times(y, _exp((1 - self.power) * eta)) - _exp((2 - self.power) * eta)

    def curvature(self, y, eta):
        a, b = self.power - 1, 2 - self.power
        return a * _times(y, _exp(-a * eta)) + b * _exp(b * eta)

    def deviance(self, y, eta):
        some = np.where(y > 0, y, 1.0)
        best = some * _h(-np.log(some), self.power - 1) + _h(np.log(some), 2 - self.power)
        least = np.where(y > 0, best, -1 / max(2 - self.power, EDGE)).sum(axis=1)
        return np.maximum(self.loss(y, eta) - least, 0.0)

    def residual_range(self, y):
        if self.power == 1:
            return -np.inf, y
        return (-1.0, np.inf) if self.power == 2 else (-np.inf, np.where(y > 0, np.inf, 0.0))

    def young(self, y, eta, v):
        # The Bregman distance of the loss from the linear predictor whose residual is v; a row of 0 has Poisson's.
        other, some, b = eta.copy(), y > 0, max(2 - self.power, EDGE)
        none, mean = np.where(some, 0.0, -v), _exp(b * eta)
        with np.errstate(all="ignore"):
            for _ in range(50):
                off = np.where(some, (self.residual(y, other) - v) / self.curvature(y, other), 0.0)
                if not np.any(np.abs(off) > 1e-12):
                    break
                other += np.clip(off, -1.0, 1.0)
            apart = self.loss(y, eta) - self.loss(y, other) + (v * (eta - other)).sum(axis=1)
        zeros = np.where(some, 0.0, (relative_entropy(none, mean) - none + mean) / b).sum(axis=1)
        found = (np.abs(off) <= 1e-9).all(axis=1) & np.isfinite(apart)
        return np.where(found, np.maximum(apart, 0.0) + np.maximum(zeros, 0.0), np.inf)


@dataclass(frozen=True)
class Gamma(Tweedie):
    """Amounts > 0 whose standard deviation grows as their mean: `Σ y e^−η + η` a row but for a constant, convex in η.

    Example:
        >>> from normax.linear_model import fit_path
        >>> path = fit_path(np.zeros((3, 1)), [0.5, 1.0, 4.5], family="gamma", strengths=[0.1])
        >>> float(np.exp(path.intercept[0, 0]).round(9))
        2.0
    """

    power: float = field(default=2.0, init=False, repr=False)

    name = "gamma"


def _times(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """`y x`, 0 where y is, however large x."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(y > 0, y * x, 0.0)


def _exp(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.exp(x)


def _h(x: np.ndarray, a: float) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.expm1(a * x) / a if a else x
