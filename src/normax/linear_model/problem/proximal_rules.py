"""A penalty of which no more is known than its value and its prox."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.errors import InputError
from normax.penalties import Penalty

__all__ = ["ProximalRules", "as_seen"]


@dataclass(frozen=True)
class ProximalRules:
    """A penalty of m × p coefficients as it came; it sees (p,) of them for one output and (m, p) for more.

    Attributes:
        norm, l2: of the penalty, where that is all of it: what may tell a polar, and the strength of L2 beside it.
    """

    penalty: Penalty
    norm: Penalty
    l2: float = 0.0

    plain = False

    @property
    def stationary(self) -> bool:
        """Whether its gap tells of a stationary point alone."""
        return type(self.norm).polar is Penalty.polar

    def largest(self, u: np.ndarray) -> float:
        """The smallest strength that keeps all coefficients at zero under the negative gradient u, (m, p)."""
        u = as_seen(u)
        if not u.any():
            return 0.0
        exact = None if self.stationary else self.norm.polar(u)
        if exact is not None and np.isfinite(exact):
            return float(exact)
        high = float(np.abs(u).max())
        for _ in range(60):
            if not np.any(self.penalty.scaled(high).prox(u, 1.0)):
                break
            high *= 2
        else:
            raise InputError(
                f"strengths: no strength of {self.penalty!r} makes all coefficients zero; give the values"
            )
        low = 0.0
        while high - low > 1e-12 * high:
            middle = 0.5 * (low + high)
            still = not np.any(self.penalty.scaled(middle).prox(u, 1.0))
            low, high = (low, middle) if still else (middle, high)
        return high


def as_seen(W: np.ndarray) -> np.ndarray:
    """Coefficients (m, p) as the penalty sees them: (p,) for one output."""
    return W[0] if W.ndim == 2 and len(W) == 1 else W
