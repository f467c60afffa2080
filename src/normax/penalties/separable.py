"""Penalties that act on each weight alone: L1, L2 and their mixture."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

from normax.errors import InputError
from normax.penalties.base import Sum, WithStrength

__all__ = ["L1", "L2", "ElasticNet"]


def _unlike(ratio: Any, number: float) -> bool:
    """Whether a ratio may differ from a number; one that is traced may be anything."""
    return not isinstance(ratio, Real) or ratio != number


@dataclass(frozen=True)
class L1(WithStrength):
    """The lasso penalty `Ω(w) = s·‖w‖₁`.

    Its prox is soft thresholding, `sign(w)·max(|w| − step·s, 0)`: weights that the data do not support
    become exactly zero.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.

    Raises:
        InputError: if the strength is negative or not finite.

    Example:
        >>> import numpy as np
        >>> L1(0.5).value(np.array([1.0, -2.0]))
        np.float64(1.5)
        >>> L1(0.5).prox(np.array([1.0, -0.2]), step=1.0)
        array([ 0.5, -0. ])

    Source:
        Tibshirani, "Regression shrinkage and selection via the lasso", JRSS B 1996.
    """

    def value(self, w):
        return self.strength * abs(w).sum()

    def prox(self, w, step):
        xp = w.__array_namespace__()
        return xp.sign(w) * xp.maximum(abs(w) - step * self.strength, 0)


@dataclass(frozen=True)
class L2(WithStrength):
    """The ridge penalty `Ω(w) = (s/2)·‖w‖₂²`, whose gradient is `s·w`: it *is* `weight_decay=s` of plain SGD.

    The textbook's `λ‖w‖₂²` is `L2(2λ)`. Its prox divides by `1 + step·s`: it shrinks and never zeroes.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.

    Raises:
        InputError: if the strength is negative or not finite.

    Example:
        >>> import numpy as np
        >>> L2(2.0).value(np.array([1.0, 2.0]))
        np.float64(5.0)
        >>> L2(1.0).prox(np.array([1.0, 2.0]), step=1.0)
        array([0.5, 1. ])

    Source:
        Hoerl & Kennard, "Ridge regression", Technometrics 1970.
    """

    def value(self, w):
        return self.strength / 2 * (w * w).sum()

    def prox(self, w, step):
        return w / (1 + step * self.strength)

    @property
    def smooth(self):
        return self

    @property
    def nonsmooth(self):
        return None

    @property
    def curvature(self):
        return self.strength


@dataclass(frozen=True)
class ElasticNet(WithStrength):
    """The elastic net `Ω(w) = s·(r‖w‖₁ + (1−r)/2·‖w‖₂²)`: sparse like L1, stable under correlation like L2.

    This is scikit-learn's scale; glmnet's agrees only where y has standard deviation 1.

    Args:
        strength: s >= 0. The default 1 leaves the strength to a path.
        l1_ratio: r in [0, 1]; 1 is `L1(s)`, 0 is `L2(s)`. The default 0.5 gives both an even say.

    Raises:
        InputError: if the strength is negative or not finite, or r outside [0, 1].

    Example:
        >>> import numpy as np
        >>> ElasticNet(1.0, l1_ratio=0.5).value(np.array([2.0]))
        np.float64(2.0)
        >>> ElasticNet(1.0, l1_ratio=0.5).prox(np.array([2.0]), step=1.0)
        array([1.])

    Source:
        Zou & Hastie, "Regularization and variable selection via the elastic net", JRSS B 2005.
    """

    l1_ratio: float = 0.5

    def __post_init__(self):
        super().__post_init__()
        if isinstance(self.l1_ratio, Real) and not 0 <= self.l1_ratio <= 1:
            raise InputError(f"l1_ratio: expected a number in [0, 1], got {self.l1_ratio!r}")

    @property
    def _split(self) -> Sum:
        return Sum((L1(self.strength * self.l1_ratio), L2(self.strength * (1 - self.l1_ratio))))

    def value(self, w):
        return self._split.value(w)

    def prox(self, w, step):
        return self._split.prox(w, step)

    @property
    def smooth(self):
        return L2(self.strength * (1 - self.l1_ratio)) if _unlike(self.l1_ratio, 1) else None

    @property
    def nonsmooth(self):
        return L1(self.strength * self.l1_ratio) if _unlike(self.l1_ratio, 0) else None
