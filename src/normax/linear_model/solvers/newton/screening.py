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

from normax.compiled import SUMS, kernel
from normax.linear_model.design.design import Design

__all__ = ["Screen", "look"]

# The reference is renewed when more than this share of the columns had to be multiplied.
SHARE = 0.1
# Rounding of u⁰, in units of ‖x̃_j‖‖θ⁰‖.
ROUNDING = 1e-12


class Screen:
    """Gradients of the coefficients of m outputs where they matter."""

    def __init__(self, design: Design):
        self.design = design
        self.reference: np.ndarray | None = None

    def look(self, theta: np.ndarray, coef: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Every coefficient that is not zero or whose gradient exceeds `floor`.

        Args:
            theta: (n, m) weighted residuals; coef: (m, p); floor: (p,) >= 0.

        Returns:
            Flat entries, increasing, and the gradients `X̃ᵀθ` there.
        """
        design, (m, p) = self.design, coef.shape
        if design.pieces is None or self.reference is None:
            u = design.gradient(theta)
            if design.pieces is not None:
                self.reference, self.u = theta.T.copy(), u
            entries = np.flatnonzero((np.abs(u) > floor) | (coef != 0))
            return entries, u.ravel()[entries]
        shared = (design.pieces, design.place, design.means, design.norms)
        spread, entries, values = np.zeros(design.X.shape[0]), np.empty(p, dtype=np.intp), np.empty(p)
        found, gradients, stale = [], [], False
        for c in range(m):
            own = (theta[:, c].copy(), spread, coef[c], floor, self.reference[c], self.u[c])
            count, renew = look(*shared, *own, entries, values, False)
            found.append(c * p + entries[:count])
            gradients.append(values[:count].copy())
            stale |= renew
        self.reference = None if stale else self.reference
        return np.concatenate(found), np.concatenate(gradients)


@kernel(fastmath=SUMS)
def look(pieces, place, means, norms, theta, spread, w, floor, reference, u, entries, values, renew):
    """The same for one output: fills entries and values; how many, and whether the reference wants to be renewed.

    Args:
        pieces: (p, N) columns of X, of which rows `place` (n,) count; spread: (N,) zeros, room for θ (n,) over all
            rows.
        reference, u: (n,), (p,) an earlier θ and its gradients; with `renew` all products are taken, and these are
            overwritten.
    """
    total, along, square, apart = 0.0, 0.0, 1e-300, 0.0
    for i in range(len(theta)):
        spread[place[i]] = theta[i]
        total += theta[i]
        along += theta[i] * reference[i]
        square += reference[i] ** 2
    turn = along / square
    for i in range(len(theta)):
        apart += (theta[i] - turn * reference[i]) ** 2
    slack = math.sqrt(apart) + ROUNDING * math.sqrt(square)
    found, multiplied = 0, 0
    for j in range(len(w)):
        if not renew and w[j] == 0.0 and abs(turn * u[j]) + norms[j] * slack <= floor[j]:
            continue
        multiplied += 1
        s = 0.0
        if norms[j] > 0.0:
            for i in range(len(spread)):
                s += pieces[j, i] * spread[i]
            s -= means[j] * total
        if renew:
            u[j] = s
        if abs(s) > floor[j] or w[j] != 0.0:
            entries[found], values[found] = j, s
            found += 1
    if renew:
        for i in range(len(theta)):
            reference[i] = theta[i]
    return found, not renew and multiplied > SHARE * len(w)
