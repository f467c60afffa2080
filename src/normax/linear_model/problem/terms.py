"""The penalty at one strength, feature by feature: strengths of both parts and the box that w must stay in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.validation import as_floats

__all__ = ["Rules", "Terms", "check_rules", "growth"]

# A coefficient violates where |u| exceeds l1 by more than rounding can.
SLACK = 1e-10


@dataclass(frozen=True)
class Terms:
    """`Σ_j l1_j |w_j| + ½ Σ_j l2_j w_j²` on `lower_j <= w_j <= upper_j`, all (p,)."""

    l1: np.ndarray
    l2: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    boxed: bool = True  # False where it is known beforehand that no bound is finite

    def at(self, features: np.ndarray) -> Terms:
        """The same for some features."""
        l1, l2, lower, upper = (part[features] for part in self.charges)
        return Terms(l1, l2, lower, upper, self.boxed)

    @property
    def charges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What kernels are handed: l1, l2, lower, upper."""
        return self.l1, self.l2, self.lower, self.upper

    def of(self, entries: np.ndarray, p: int) -> Terms:
        """The same for some flat entries of m × p coefficients."""
        return self.at(entries % p)

    @property
    def bounded(self) -> bool:
        return self.boxed and bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    @property
    def free(self) -> np.ndarray:
        """(p,) features that nothing keeps at zero."""
        return self.l1 == 0

    @property
    def unpenalised(self) -> np.ndarray:
        """(p,) features that no strength of any part acts on."""
        return self.free & (self.l2 == 0)

    def whole(self, entries: np.ndarray) -> np.ndarray:
        """What must be solved together with some flat entries of the coefficients: nothing else."""
        return entries

    def beyond(self, u: np.ndarray) -> np.ndarray:
        """Flat entries that would leave zero under the negative gradient u, (m, p)."""
        over = self.pull(u) > SLACK * self.l1 if self.bounded else np.abs(u) > (1 + SLACK) * self.l1
        return np.flatnonzero(over)

    def value(self, w: np.ndarray) -> float:
        """The penalty of w inside the box."""
        return float(self.l1 @ np.abs(w) + 0.5 * self.l2 @ w**2)

    def change(self, w: np.ndarray, d: np.ndarray) -> float:
        """value(w + d) − value(w), where small differences do not cancel."""
        return float(self.l1 @ growth(w, d) + 0.5 * (self.l2 * d) @ (2 * w + d))

    def pull(self, u: np.ndarray) -> np.ndarray:
        """How far the negative gradient u, (m, p), exceeds what keeps a zero coefficient at zero."""
        return np.maximum(np.where(self.upper > 0, u, 0.0), np.where(self.lower < 0, -u, 0.0)) - self.l1


def growth(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    """|x + d| − |x|, to rounding of d where x keeps its sign."""
    return np.where(x * (x + d) > 0, np.sign(x) * d, np.abs(x + d) - np.abs(x))


@dataclass(frozen=True)
class Rules:
    """What differs between features along a path: multiples of the penalty, and boxes.

    Attributes:
        factor: (p,) >= 0, multiplies the strength; 0 leaves a feature unpenalised.
        lower, upper: (p,) with lower <= 0 <= upper; infinite where there is no bound.
        l1_ratio: share of L1 in the penalty, the rest of it L2.
    """

    factor: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    l1_ratio: float = 1.0

    @property
    def plain(self) -> bool:
        """Whether all features are penalised alike and free of bounds."""
        return bool((self.factor == 1).all()) and not self.bounded

    @cached_property
    def bounded(self) -> bool:
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    @property
    def nonnegative(self) -> bool:
        """Whether no coefficient may be negative, and nothing else bounds them."""
        return bool((self.lower == 0).all() and np.isinf(self.upper).all())

    def terms(self, strength: float) -> Terms:
        l1, l2 = strength * self.l1_ratio * self.factor, strength * (1 - self.l1_ratio) * self.factor
        return Terms(l1, l2, self.lower, self.upper, self.bounded)


def check_rules(p: int, penalty_factor: Any, lower: Any, upper: Any) -> Rules:
    """Rules from arguments that are None, a number, or one number for each of p features."""

    def column(name: str, value: Any, default: float) -> np.ndarray:
        if value is None:
            return np.full(p, default)
        a = as_floats(name, value)
        if a.shape not in ((), (p,)):
            raise InputError(
                f"{name}: expected a number or one for each of {p} features, got shape {a.shape}"
            )
        if np.isnan(a).any():
            raise InputError(
                f"{name}: expected numbers, got NaN at features {np.flatnonzero(np.isnan(a)).tolist()[:5]}"
            )
        return np.array(np.broadcast_to(a, p))

    rules = Rules(
        column("penalty_factor", penalty_factor, 1.0),
        column("lower", lower, -np.inf),
        column("upper", upper, np.inf),
    )
    bad = np.flatnonzero(~((rules.factor >= 0) & np.isfinite(rules.factor)))
    if len(bad):
        raise InputError(
            f"penalty_factor: expected numbers >= 0, got {rules.factor[bad[0]]} for feature {bad[0]}"
        )
    for name, wrong in (("lower", rules.lower > 0), ("upper", rules.upper < 0)):
        if wrong.any():
            sign = "<=" if name == "lower" else ">="
            raise InputError(
                f"{name}: expected bounds {sign} 0, so that 0 is allowed, got another for feature {np.argmax(wrong)}"
            )
    return rules
