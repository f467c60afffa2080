"""Which coefficients may leave zero, without reading all of X each time.

Between two fits the residual hardly turns. With the gradient u⁰ at a reference θ⁰ and any α,

    |x̃_jᵀθ|  <=  |α u⁰_j| + ‖x̃_j‖ ‖θ − αθ⁰‖,

so a column whose bound stays below what keeps its coefficient at zero is settled by two numbers, and only the others
are multiplied. That is no guess: what is skipped is certified by the bound. Once the residual has turned too far, one
product with all of X makes the present fit the reference.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from normax.linear_model.design import Design

__all__ = ["Screen"]

# The reference is renewed when more than this share of the columns had to be multiplied.
SHARE = 0.1
# Rounding of u⁰, in units of ‖x̃_j‖‖θ⁰‖.
ROUNDING = 1e-12
SUMS = {"reassoc", "contract"}


class Screen:
    """Gradients of the coefficients of m outputs where they matter."""

    def __init__(self, design: Design):
        self.design, self.columns = design, design.pieces
        self.reference: np.ndarray | None = None

    def look(self, theta: np.ndarray, coef: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Every coefficient that is not zero or whose gradient exceeds `floor`.

        Args:
            theta: (n, m) weighted residuals; coef: (m, p); floor: (p,) >= 0.

        Returns:
            Flat entries, increasing, and the gradients `X̃ᵀθ` there.
        """
        if self.columns is None or self.reference is None:
            u = self.design.gradient(theta)
            if self.columns is not None:
                self.reference, self.u = theta, u
            entries = np.flatnonzero((np.abs(u) > floor) | (coef != 0))
            return entries, u.ravel()[entries]
        entries, values = np.empty(coef.size, dtype=np.intp), np.empty(coef.size)
        found, multiplied = _look(
            *(self.columns, self.design.means, self.design.norms, theta, self.design.spread(theta)),
            *(coef, floor, self.reference, self.u, entries, values),
        )
        if multiplied > SHARE * coef.size:
            self.reference = None
        return entries[:found].copy(), values[:found].copy()


@njit(cache=True, nogil=True, fastmath=SUMS)
def _look(columns, means, norms, theta, spread, coef, floor, reference, u, entries, values):
    """Fill entries and values; returns how many, and how many products that took."""
    m, p = coef.shape
    found, multiplied = 0, 0
    own = np.empty(len(spread))
    for c in range(m):
        total, along, square, apart = 0.0, 0.0, 1e-300, 0.0
        for i in range(len(theta)):
            total += theta[i, c]
            along += theta[i, c] * reference[i, c]
            square += reference[i, c] ** 2
        turn = along / square
        for i in range(len(theta)):
            apart += (theta[i, c] - turn * reference[i, c]) ** 2
        slack = math.sqrt(apart) + ROUNDING * math.sqrt(square)
        own[:] = spread[:, c]
        for j in range(p):
            if abs(turn * u[c, j]) + norms[j] * slack <= floor[j] and coef[c, j] == 0.0:
                continue
            multiplied += 1
            s = 0.0
            if norms[j] > 0.0:
                for i in range(columns.shape[1]):
                    s += columns[j, i] * own[i]
                s -= means[j] * total
            if abs(s) > floor[j] or coef[c, j] != 0.0:
                entries[found], values[found] = c * p + j, s
                found += 1
    return found, multiplied
