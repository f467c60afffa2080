"""Concave penalties: as sparse as the lasso, without its bias on large weights."""

from __future__ import annotations

from dataclasses import dataclass

from normax.errors import InputError
from normax.penalties.base import WithStrength

__all__ = ["MCP", "SCAD"]


@dataclass(frozen=True)
class MCP(WithStrength):
    """The minimax concave penalty `Ω(w) = Σ_j ∫₀^|w_j| max(s − x/γ, 0) dx`: L1 near zero, flat from γs on.

    That is `s|w| − w²/(2γ)` up to |w| = γs and `γs²/2` beyond, so that large weights are not shrunk at all. Its
    prox is firm thresholding: 0 up to step·s, `sign(w)·(|w| − step·s)/(1 − step/γ)` up to γs, w beyond; for steps
    from γ on, hard thresholding at `s·√(step·γ)`. The penalty is not convex: a path has several minima, and the
    start decides between them.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        gamma: γ > 0, how far the concave part reaches; γ → ∞ is L1, γ → 0 counts the non-zeros. The default 3 is
            that of the R package ncvreg.

    Raises:
        InputError: if the strength is negative or not finite, or γ not positive.

    Example:
        >>> import numpy as np
        >>> MCP(1.0).prox(np.array([0.5, 2.0, 4.0]), step=1.0)
        array([0. , 1.5, 4. ])

    Source:
        Zhang, "Nearly unbiased variable selection under minimax concave penalty", Annals of Statistics 2010.
    """

    gamma: float = 3.0

    def __post_init__(self):
        super().__post_init__()
        if not self.gamma > 0:
            raise InputError(f"gamma: expected a number > 0, got {self.gamma!r}")

    def value(self, w):
        xp = w.__array_namespace__()
        reached = xp.minimum(abs(w), self.gamma * self.strength + 0 * w)
        return (self.strength * reached - reached**2 / (2 * self.gamma)).sum()

    def slope(self, size):
        xp = size.__array_namespace__()
        return xp.maximum(self.strength - size / self.gamma, 0 * size)

    def prox(self, w, step):
        xp, s, gamma = w.__array_namespace__(), self.strength, self.gamma
        step = step + 0 * w
        size, soft = abs(w), step < gamma
        firm = xp.sign(w) * xp.maximum(size - step * s, 0) / xp.where(soft, 1 - step / gamma, 1)
        inside = xp.where(soft, xp.where(size <= gamma * s, firm, w), 0 * w)
        free = size > s * xp.where(soft, gamma, xp.maximum(step, gamma) ** 0.5 * gamma**0.5)
        return xp.where(free, w, inside)


@dataclass(frozen=True)
class SCAD(WithStrength):
    """Smoothly clipped absolute deviation `Ω(w) = Σ_j ∫₀^|w_j| min(s, max(as − x, 0)/(a − 1)) dx`: L1 up to s, flat from
    as on.

    That is `s|w|` up to |w| = s, `(2as|w| − w² − s²)/(2(a − 1))` up to as, and `s²(a + 1)/2` beyond. Its prox is soft
    thresholding for small weights and the identity for large ones, with a stretch between. Like `MCP` it is not
    convex.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        a: > 2, where it turns flat, in units of s. The default 3.7 is Fan and Li's.

    Raises:
        InputError: if the strength is negative or not finite, or a not above 2.

    Example:
        >>> import numpy as np
        >>> SCAD(1.0).prox(np.array([0.5, 1.8, 3.0, 5.0]), step=1.0).round(3)
        array([0.   , 0.8  , 2.588, 5.   ])

    Source:
        Fan & Li, "Variable selection via nonconcave penalized likelihood and its oracle properties", JASA 2001.
    """

    a: float = 3.7

    def __post_init__(self):
        super().__post_init__()
        if not self.a > 2:
            raise InputError(f"a: expected a number > 2, got {self.a!r}")

    def value(self, w):
        return self._each(abs(w)).sum()

    def _each(self, size):
        xp, s, a = size.__array_namespace__(), self.strength, self.a
        reached = xp.minimum(size, a * s + 0 * size)
        bent = (2 * a * s * reached - reached**2 - s**2) / (2 * (a - 1))
        return xp.where(reached <= s, s * reached, bent)

    def slope(self, size):
        xp, s = size.__array_namespace__(), self.strength
        return xp.where(size <= s, s + 0 * size, xp.maximum(self.a * s - size, 0 * size) / (self.a - 1))

    def prox(self, w, step):
        # The best point of each of the three pieces, and the best of these, which serves steps of any size.
        xp, s, a, size = w.__array_namespace__(), self.strength, self.a, abs(w)
        step = step + 0 * w
        soft = xp.minimum(xp.maximum(size - step * s, 0), s + 0 * w)
        bent = xp.where(step < a - 1, a - 1 - step, 1)
        between = xp.where(step < a - 1, ((a - 1) * size - a * s * step) / bent, 0)
        between = xp.minimum(xp.maximum(between, s + 0 * w), a * s + 0 * w)
        best = soft
        for other in (between, xp.maximum(size, a * s + 0 * w)):
            best = xp.where(self._costs(other, size, step) < self._costs(best, size, step), other, best)
        return xp.sign(w) * best

    def _costs(self, v, size, step):
        return (v - size) ** 2 / 2 + step * self._each(v)
