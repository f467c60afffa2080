"""Limits and p-values of a normal that was seen only because it fell in some intervals, however far out these lie."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, logit, ndtr

__all__ = ["log_tails", "mean_at", "two_sided"]

ROOT_2PI = math.sqrt(2 * math.pi)
NODES, WEIGHTS = np.polynomial.legendre.leggauss(20)
FARTHEST = 1e12  # standard deviations from what was seen, beyond which a limit is infinite


def log_tails(x: float, intervals: np.ndarray, mean: float = 0.0, sd: float = 1.0) -> tuple[float, float]:
    """Logarithms of the shares of N(mean, sd²) within intervals (k, 2) that lie below and above x, itself within one.

    All masses are taken relative to the density at x, so that no tail is too far out; where the exponent hardly moves
    over an interval it is summed by quadrature, which does not cancel.

    Example:
        >>> low, high = log_tails(41.0, np.array([[40.0, np.inf]]))
        >>> abs(round(low, 12)), round(high, 6)
        (0.0, -40.524663)
    """
    at = (x - mean) / sd
    low, high = -math.inf, -math.inf
    for a, b in intervals:
        if a < x:
            low = np.logaddexp(low, _log_mass((a - x) / sd, (min(b, x) - x) / sd, at))
        if b > x:
            high = np.logaddexp(high, _log_mass((max(a, x) - x) / sd, (b - x) / sd, at))
    both = np.logaddexp(low, high)
    return float(low - both), float(high - both)


def two_sided(x: float, intervals: np.ndarray, sd: float) -> float:
    """The p-value of a mean of 0: twice the smaller tail."""
    return float(min(1.0, 2 * math.exp(min(log_tails(x, intervals, 0.0, sd)))))


def mean_at(x: float, intervals: np.ndarray, sd: float, share: float) -> float:
    """The mean under which x has this share of the truncated normal below it; infinite where it is farther than
    1e12 sd.

    Example:
        >>> round(mean_at(1.0, np.array([[-np.inf, np.inf]]), 2.0, 0.025), 6)  # 1 + 1.96 · 2
        4.919928
    """
    wanted = logit(share)

    def excess(mean: float) -> float:
        low, high = log_tails(x, intervals, mean, sd)
        if not math.isfinite(low) or not math.isfinite(high):
            return math.inf if math.isfinite(low) else -math.inf
        return low - high - wanted

    ends = []
    for sign in (-1.0, 1.0):  # the share below x falls as the mean grows
        step = sd
        while sign * excess(x + sign * step) > 0:
            step *= 2
            if step > FARTHEST * sd:
                return sign * math.inf
        ends.append(x + sign * step)
    return float(brentq(excess, *ends, xtol=1e-12 * sd, rtol=1e-13, maxiter=500))


def _log_mass(a: float, b: float, at: float) -> float:
    """`log ∫_a^b exp(−t·at − t²/2) dt`, the mass of a standard normal from at + a to at + b over its density at `at`."""
    if not b > a:
        return -math.inf
    width = b - a
    steepest = max(abs(at + a), abs(at + b)) if math.isfinite(width) else math.inf
    if width * steepest < 1 and width < 1:
        t = a + width * (NODES + 1) / 2
        return float(_peak_sum(-t * (at + t / 2), width))
    if at + a >= 0:
        return _log_tail_piece(a, b, at)
    if at + b <= 0:
        return _log_tail_piece(-b, -a, -at)
    return float(at * at / 2 + math.log(ROOT_2PI) + math.log(ndtr(at + b) - ndtr(at + a)))


def _peak_sum(exponents: np.ndarray, width: float) -> float:
    top = exponents.max()
    return float(top + math.log(width / 2 * (WEIGHTS @ np.exp(exponents - top))))


def _log_tail_piece(a: float, b: float, at: float) -> float:
    """The same where at + a >= 0, by Mills' ratio."""
    near = -a * (at + a / 2)
    first = _mills(at + a)
    if math.isinf(b):
        return near + math.log(first)
    fall = -(b - a) * (at + (a + b) / 2)
    return near + math.log(first - _mills(at + b) * math.exp(fall))


def _mills(x: float) -> float:
    return float(erfcx(x / math.sqrt(2)) * ROOT_2PI / 2)
