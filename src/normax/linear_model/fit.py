"""What a path solver hands back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Fit"]


@dataclass
class Fit:
    """Solutions of k strengths: coefficients (k, m, p) or k sparse (m, p), intercepts (k, m) of the centred design, gaps (k,), and
    rounds (k,)."""

    coef: Any
    intercept: np.ndarray
    gap: np.ndarray
    n_iter: np.ndarray

    @classmethod
    def empty(cls, k: int, m: int, p: int) -> Fit:
        return cls(np.zeros((k, m, p)), np.zeros((k, m)), np.zeros(k), np.ones(k, dtype=int))

    def then(self, other: Fit) -> Fit:
        """These strengths and after them those of another."""
        own, its = vars(self).values(), vars(other).values()
        return Fit(*(np.concatenate(pair) for pair in zip(own, its)))
