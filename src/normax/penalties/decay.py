"""Weight decay, coupled to the gradient or decoupled from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from normax.penalties.base import WithStrength
from normax.penalties.separable import L2

__all__ = ["WeightDecay"]


@dataclass(frozen=True)
class WeightDecay(WithStrength):
    """Weight decay: decoupled, `w ← (1 − η·s)·w + step of the optimiser`, or coupled, which is `L2(s)`.

    Decoupled decay bypasses the optimiser's scaling of the gradient, as AdamW does, while coupled decay passes s·w
    through it. For plain SGD the two are one; under Adam they are not. η is the learning rate of the moment, read
    off the optimiser itself: how far it moves a weight whose gradient has always been 1, so schedules and rates by
    group count. Under heavy-ball momentum β that is lr/(1 − β), the rate at which a coupled decay of the same
    strength would act.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        decoupled: False for coupled decay. Decoupled decay minimises no objective, so its `value` is 0 and its prox
            leaves the weights alone.

    Raises:
        InputError: if the strength is negative or not finite.

    Example:
        >>> import numpy as np
        >>> w = np.array([1.0, 2.0])
        >>> WeightDecay(0.1).decoupled_strength, WeightDecay(0.1).value(w), WeightDecay(0.1, decoupled=False).value(w)
        (0.1, np.float64(0.0), np.float64(0.25))

    Source:
        Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    decoupled: bool = True

    def value(self, w):
        return (0 * w).sum() if self.decoupled else L2(self.strength).value(w)

    def prox(self, w, step):
        return w if self.decoupled else L2(self.strength).prox(w, step)

    @property
    def smooth(self):
        return None if self.decoupled else L2(self.strength)

    @property
    def nonsmooth(self):
        return None

    @property
    def decoupled_strength(self) -> Any:
        return self.strength if self.decoupled else None
