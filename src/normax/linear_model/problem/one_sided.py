"""A norm on coefficients that may not be negative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.penalties import Penalty

__all__ = ["OneSided"]


@dataclass(frozen=True)
class OneSided(Penalty):
    """`Ω(w)` where w >= 0 and infinite elsewhere, for a norm that depends on |w| and grows with each of its entries.

    Along negative entries of u nothing can be gained, so that `max_{v >= 0} <u, v>/Ω(v)` is the norm's own polar at
    `max(u, 0)`; and its prox is the norm's at `max(w, 0)`.

    Args:
        norm: at its strength; whole: from u to the polar of the norm at strength 1.
        factor: by which the strength has been multiplied since.
    """

    norm: Penalty
    whole: Callable[[np.ndarray], float]
    factor: float = 1.0

    def value(self, w: Any) -> Any:
        return self.norm.value(w)

    def prox(self, w: Any, step: Any) -> Any:
        return self.norm.prox(np.maximum(w, 0.0), step)

    def polar(self, u: Any) -> float:
        return self.whole(np.maximum(u, 0.0)) / self.factor if self.factor else np.inf

    def face(self, w: Any) -> Any:
        return self.norm.face(w)

    def scaled(self, factor: Any) -> OneSided:
        return replace(self, norm=self.norm.scaled(factor), factor=self.factor * factor)
