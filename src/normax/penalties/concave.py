"""A concave penalty: as sparse as the lasso, without its bias on large weights."""

from __future__ import annotations

from dataclasses import dataclass

from normax.errors import InputError
from normax.penalties.base import WithStrength

__all__ = ["MCP"]


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
