"""What a path solver hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Fit"]


@dataclass
class Fit:
    """Solutions of k strengths: coefficients (k, m, p) or k sparse (m, p), intercepts (k, m) of the centred design,
    gaps (k,), rounds (k,), whether the loss falls for ever and the fit is only where that no longer gains (k,), and
    whether the gaps tell of stationary points alone."""

    coef: Any
    intercept: np.ndarray
    gap: np.ndarray
    n_iter: np.ndarray
    endless: np.ndarray = field(init=False)
    stationary: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.endless = np.zeros(len(self.gap), dtype=bool)

    @classmethod
    def empty(cls, k: int, m: int, p: int) -> Fit:
        return cls(np.zeros((k, m, p)), np.zeros((k, m)), np.zeros(k), np.ones(k, dtype=int))

    def then(self, other: Fit) -> Fit:
        """These strengths and after them those of another."""
        pairs = zip(*((fit.coef, fit.intercept, fit.gap, fit.n_iter, fit.endless) for fit in (self, other)))
        *parts, endless = map(np.concatenate, pairs)
        whole = Fit(*parts)
        whole.endless, whole.stationary = endless, self.stationary or other.stationary
        return whole
