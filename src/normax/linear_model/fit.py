"""What a path solver hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Fit"]


@dataclass
class Fit:
    """Solutions of k strengths: coefficients (k, m, p) or k sparse (m, p), intercepts (k, m) of the centred design, gaps (k,),
    rounds (k,), and whether the loss falls for ever and the fit is only where that no longer gains (k,)."""

    coef: Any
    intercept: np.ndarray
    gap: np.ndarray
    n_iter: np.ndarray
    endless: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.endless = np.zeros(len(self.gap), dtype=bool)

    @classmethod
    def empty(cls, k: int, m: int, p: int) -> Fit:
        return cls(np.zeros((k, m, p)), np.zeros((k, m)), np.zeros(k), np.ones(k, dtype=int))

    def then(self, other: Fit) -> Fit:
        """These strengths and after them those of another."""
        own, its = vars(self).copy(), vars(other)
        endless = np.concatenate([own.pop("endless"), its["endless"]])
        whole = Fit(**{name: np.concatenate([part, its[name]]) for name, part in own.items()})
        whole.endless = endless
        return whole
