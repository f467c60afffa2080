"""Constraints: penalties that are 0 inside a set and infinite outside, whose prox is a projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from normax.penalties.base import Penalty
from normax.penalties.groups import STEPS, Grouped, layout_of

__all__ = ["MaxNorm", "Nonnegative"]

SLACK = 1e-6
"""Relative excess of a norm, and size of a negative weight, that `value` takes for rounding."""


@dataclass(frozen=True)
class Nonnegative(Penalty):
    """The constraint `w >= 0`: its prox is `max(w, 0)` whatever the step.

    With `L1` it is the nonnegative lasso: `L1(s) + Nonnegative()`. It has no strength, so a path leaves it as it is.

    Example:
        >>> import numpy as np
        >>> Nonnegative().prox(np.array([1.0, -2.0]), step=0.1)
        array([1., 0.])

    Source:
        Lawson & Hanson, "Solving least squares problems", 1974.
    """

    prox_order = -1  # thresholds and lengths come after: signs are settled first
    constraint = True

    def value(self, w):
        xp = w.__array_namespace__()
        return xp.where(w >= -SLACK, 0 * w, w.dtype.type("inf")).sum()

    def prox(self, w, step):
        return w.__array_namespace__().maximum(w, 0)

    def scaled(self, factor):
        return self


@dataclass(frozen=True)
class MaxNorm(Grouped):
    """The constraint `‖w_g‖₂ <= 1/s` on every group: Ω is 0 where it holds and infinite elsewhere.

    The strength is the inverse of the radius, so that 0 is no constraint, larger is tighter, and a path runs as with
    any other penalty: a max-norm of c is `MaxNorm(1 / c)`. Its prox is the projection in the metric of the step:
    `w_g·min(1, 1/(s‖w_g‖))` for one step, and for a step for each coordinate `w_j/(1 + μ·step_j)` with the μ >= 0
    that meets the radius, one equation in one unknown.

    Args:
        strength: s >= 0, 1 over the radius. The default 1 leaves the strength to a path.
        groups: as of `GroupLasso`. The default "out" bounds the weights into each unit or output channel.

    Raises:
        InputError: as of `GroupLasso`.

    Example:
        >>> import numpy as np
        >>> MaxNorm(1 / 2).prox(np.array([[3.0, 4.0], [0.6, 0.8]]), step=1.0)
        array([[1.2, 1.6],
               [0.6, 0.8]])

    Source:
        Srebro & Shraibman, "Rank, trace-norm and max-norm", COLT 2005; Srivastava et al., "Dropout", JMLR 2014.
    """

    groups: Any = "out"
    prox_order = 2  # what is shortened to its radius last keeps to it
    constraint = True

    def value(self, w):
        xp, layout = w.__array_namespace__(), layout_of(self.groups, w.shape)
        length = layout.sum(w * w) ** 0.5
        return xp.where(length * self.strength <= 1 + SLACK, 0 * length, w.dtype.type("inf")).sum()

    def prox(self, w, step):
        xp, layout, s = w.__array_namespace__(), layout_of(self.groups, w.shape), self.strength
        if getattr(step, "ndim", 0) > 0:
            # 1/‖v(μ)‖ rises and is concave, so that Newton steps from below stay below.
            outside = layout.sum(w * w) * s * s > 1
            mu, longest = 0 * layout.sum(w), layout.spread(layout.max(step + 0 * w))
            pace = step / xp.where(longest > 0, longest, 1)  # μ in units of the longest step
            v = w
            for _ in range(STEPS):
                shrink = 1 / (1 + layout.spread(mu) * pace)
                v = w * shrink
                square = layout.sum(v * v)
                slope = layout.sum(v * v * pace * shrink)
                safe = xp.where(slope > 0, slope, 1)
                move = (square**0.5 * s - 1) * square / safe
                mu = mu + xp.where(outside & (slope > 0), move, 0)
            w = w / (1 + layout.spread(mu) * pace)
        # Where no step is left to take, and to the last digit: the radius holds.
        length = layout.sum(w * w) ** 0.5
        return w / layout.spread(xp.maximum(length * s, 1))
