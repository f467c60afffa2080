"""A ridge penalty towards given weights instead of zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.errors import InputError
from normax.penalties.base import WithStrength

__all__ = ["L2SP"]


@dataclass(frozen=True, eq=False)
class L2SP(WithStrength):
    """Ridge towards the starting point, `Ω(w) = (s/2)·‖w − w⁰‖₂²`: fine-tuning that stays near what was learnt before.

    Its gradient is `s·(w − w⁰)` and its prox `(w + step·s·w⁰)/(1 + step·s)`.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        start: w⁰, an array of the weight's shape. None takes the weight as it is when `nx.penalize` puts the penalty
            on it, or when `nx.path` begins.

    Raises:
        InputError: if the strength is negative or not finite, and from `value` and `prox` without a start or with one
            of another shape.

    Example:
        >>> import numpy as np
        >>> penalty = L2SP(2.0, start=np.array([1.0, 1.0]))
        >>> penalty.value(np.array([1.0, 3.0]))
        np.float64(4.0)
        >>> penalty.prox(np.array([1.0, 4.0]), step=1.0)
        array([1., 2.])

    Source:
        Li, Grandvalet & Davoine, "Explicit inductive bias for transfer learning with convolutional networks",
        ICML 2018.
    """

    start: Any = None

    def value(self, w):
        away = w - self._start(w)
        return self.strength / 2 * (away * away).sum()

    def prox(self, w, step):
        return (w + step * self.strength * self._start(w)) / (1 + step * self.strength)

    def _start(self, w: Any) -> Any:
        if self.start is None:
            raise InputError(
                "L2SP: no starting weights; put it on a network, `nx.penalize(net, L2SP(s))`, or give them: "
                "`L2SP(s, start=array)`"
            )
        if self.start.shape != w.shape:
            raise InputError(f"L2SP: start of shape {self.start.shape} for a weight of shape {w.shape}")
        return self.start

    def anchored(self, w):
        return self if self.start is not None else replace(self, start=np.array(w))

    def restricted(self, axis, kept, shape):
        return self if self.start is None else replace(self, start=self.start.take(kept, axis=axis))

    # Equal by the array itself: comparing its elements is neither hashable nor possible while traced.
    def __eq__(self, other):
        same = isinstance(other, L2SP) and self.start is other.start
        return same and self.strength == other.strength

    def __hash__(self):
        return hash((self.strength, id(self.start)))

    @property
    def smooth(self):
        return self

    @property
    def nonsmooth(self):
        return None

    @property
    def curvature(self):
        return self.strength
