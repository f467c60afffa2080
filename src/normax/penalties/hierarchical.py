"""The hierarchical penalty of LassoNet: whole features in or out, hidden weights bounded by linear ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from normax.errors import InputError
from normax.penalties.base import WithStrength

__all__ = ["Hierarchical"]

# Newton steps for the length of a feature's linear weights: each passes a breakpoint at least, most pass many.
STEPS = 10
# Beyond these a step for a coordinate stands for "left alone" and "the penalty alone decides".
SMALLEST, LARGEST = 1e-9, 1e9


@dataclass(frozen=True)
class Hierarchical(WithStrength):
    """LassoNet's penalty `Ω(w) = s·Σ_j ‖θ_j‖₂` subject to `|W_kj| ≤ M·‖θ_j‖₂` for every hidden unit k.

    The weight `(outputs + hidden, features)` holds θ, the linear part of a network, above W, its first layer:
    `nx.LassoNet` makes one of them. Where θ_j is zero the whole column is, and feature j is out.

    Its prox is exact in every diagonal metric. With t = ‖θ_j‖, clipping W at M·t leaves the multiplier
    `q(t) = s − M Σ_k (|W_kj| − M·t)₊ / step_kj`, θ becomes `θ_ij · t / (t + step_ij·q(t))`, and t makes its length t.
    That equation is concave and rises, so that Newton's steps stay below its root and reach it.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        outputs: rows of the weight that are θ; the default 1 is one output.
        M: how far a hidden weight may exceed its feature's linear ones. 0 is the linear model's group lasso, a large M
            leaves selection to the first hidden layer alone; the default 10 is the paper's.

    Raises:
        InputError: if the strength is negative or not finite, M negative or not finite, or `outputs` no count; from
            `value` and `prox` if the weight is not `(more than outputs, features)`.

    Example:
        >>> import numpy as np
        >>> w = np.array([[2.0, 0.1], [0.5, 0.1], [9.0, -0.2]])
        >>> Hierarchical(2.0, outputs=1, M=2.0).prox(w, step=1.0).round(3)
        array([[3.6, 0. ],
               [0.5, 0. ],
               [7.2, 0. ]])

    Source:
        Lemhadri, Ruan, Abraham & Tibshirani, "LassoNet: a neural network with feature sparsity", JMLR 2021, whose
        prox for one step size sorts W.
    """

    outputs: int = 1
    M: float = 10.0

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.outputs, int) or self.outputs < 1:
            raise InputError(f"outputs: expected a whole number >= 1, got {self.outputs!r}")
        if not (math.isfinite(self.M) and self.M >= 0):
            raise InputError(f"M: expected a finite number >= 0, got {self.M!r}")

    def value(self, w):
        self._check(w)
        return self.strength * ((w[: self.outputs] ** 2).sum(axis=0) ** 0.5).sum()

    def prox(self, w, step):
        self._check(w)
        xp, M = w.__array_namespace__(), self.M
        step = xp.clip(xp.broadcast_to(xp.asarray(step, dtype=w.dtype), w.shape), SMALLEST, LARGEST)
        theta, W = w[: self.outputs], w[self.outputs :]
        d, ease = step[: self.outputs], 1 / step[self.outputs :]
        size, height, one = abs(theta), abs(W), xp.ones(len(W), dtype=w.dtype)

        def line(t):
            """t + d·q(t) and its slope: what a θ of length t was before the prox, coordinate by coordinate."""
            excess = height - M * t
            pressing = xp.where(excess > 0, ease, 0)
            q = self.strength - M * (
                one @ (excess * pressing)
            )  # a sum, which XLA makes twice as fast as a product
            return t + d * q, 1 + d * (M * M * (one @ pressing))

        t = (theta * theta).sum(axis=0) ** 0.5
        for _ in range(STEPS):
            before, slope = line(t)
            # No coordinate was larger before than all are long after: each bounds the root from below, alone.
            below = ((size - before) / slope).max(axis=0)
            inside = before.min(axis=0) > 0
            share = size / xp.where(inside, before, 1)
            square = (share * share).sum(axis=0)
            fall = (share * share * slope / xp.where(inside, before, 1)).sum(axis=0)
            ahead = square * (square**0.5 - 1) / xp.where(fall > 0, fall, 1)
            t = xp.maximum(t + xp.maximum(below, xp.where(inside & (fall > 0), ahead, below)), 0)
        before, _ = line(t)
        pull = ((theta / d) ** 2).sum(axis=0) ** 0.5 + M * (height * ease).sum(axis=0)
        alive = (pull > self.strength) & (before > 0)
        theta = theta * xp.where(alive, t / xp.where(alive, before, 1), 0)
        bound = M * (theta * theta).sum(axis=0) ** 0.5
        return xp.concat([theta, xp.clip(W, -bound, bound)])

    def _check(self, w: Any) -> None:
        if w.ndim != 2 or w.shape[0] < self.outputs:
            raise InputError(
                f"Hierarchical: expected a weight (outputs + hidden, features) with {self.outputs} outputs, got shape "
                f"{tuple(w.shape)}; `nx.LassoNet(net)` makes one, and its `hierarchy()` the penalty for it"
            )
