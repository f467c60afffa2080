"""The faces of `active_set` where more columns are at work than there are rows, by a factor of the rows.

With `A = diag(ω)^½ Z̃_S` and an L2 part c, `(AᵀA + c I)⁻¹ = (I − Aᵀ M⁻¹ A) / c`, `M = A Aᵀ + c I`: n × n, however
many columns are at work. One that comes or goes changes the factor of M by a rank of one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.linalg.lapack import dpotrf

from normax.compiled import SUMS, kernel
from normax.linear_model.quadratic.gram import GrowingGram

__all__ = ["Rows", "go_on_rows"]

# L2 over the largest square of a column below which what cancels in the identity costs too many digits.
SMALLEST = 1e-5


class Rows:
    """Products of the rows, over the columns at work, kept from strength to strength."""

    def __init__(self, gram: GrowingGram):
        self.gram, self.root = gram, np.sqrt(gram.design.weights)
        self.held, self.products = np.zeros(0, dtype=np.intp), np.zeros((len(self.root),) * 2)

    def serve(self, size: int, l2: float, largest: float) -> bool:
        """Whether a face of so many columns, the longest of square `largest`, is better solved by its rows."""
        return size > len(self.root) and l2 > SMALLEST * largest and bool(self.root.all())

    def factor(self, support: np.ndarray, l2: float) -> Any:
        """The upper R of `M = RᵀR`; None where there is none."""
        for sign, at in ((1.0, np.setdiff1d(support, self.held)), (-1.0, np.setdiff1d(self.held, support))):
            if len(at):
                A = self.root[:, None] * self.gram.Z[:, at]
                self.products += sign * (A @ A.T)
        self.held, R = support, self.products.copy()
        R[np.diag_indices_from(R)] += l2
        return None if dpotrf(R.T, lower=True, clean=False, overwrite_a=True)[1] else R


@kernel(fastmath=SUMS)
def go_on_rows(Z, G, root, g, w, R, S, inside, size, l1, l2, noise, max_rounds):
    """`active_set.go_on_active` for one l1 and one l2 > 0, by the factor of the rows.

    Args:
        Z: (a, n) centred columns, one after the other; root: (n,) √ω; R: (n, n) of `Rows.factor`; the rest as there.

    Returns:
        (whether it ended, size, rounds).
    """
    a, n = len(w), len(root)
    d, x = np.empty(a), np.empty(n)
    rounds = 0
    while True:
        entered = left = False
        while size > 0:
            for i in range(size):
                j = S[i]
                d[i] = g[j] - l1 * np.sign(w[j]) - l2 * w[j]
            _combine(Z, S, size, d, root, x)
            _solve(R, x)
            for k in range(n):
                x[k] *= root[k]
            t, leaving = 1.0, -1
            for i in range(size):
                j, s = S[i], 0.0
                for k in range(n):
                    s += Z[j, k] * x[k]
                d[i] = (d[i] - s) / l2
                if w[j] * d[i] < 0.0 and -w[j] / d[i] < t:
                    t, leaving = -w[j] / d[i], i
            for i in range(size):
                w[S[i]] += t * d[i]
            _combine(Z, S, size, d, root, x)
            for k in range(n):
                x[k] *= t * root[k]
            for j in range(a):
                s = 0.0
                for k in range(n):
                    s += Z[j, k] * x[k]
                g[j] -= s
            if leaving < 0:
                break
            j = S[leaving]
            w[j], inside[j], left = 0.0, False, True
            if not _turn(R, root, Z[j], x, -1.0):
                return False, size, rounds
            size -= 1
            for i in range(leaving, size):
                S[i] = S[i + 1]
        for j in range(a):
            excess = abs(g[j]) - l1
            if inside[j] or excess <= noise[j]:
                continue
            if rounds == max_rounds:
                return False, size, rounds
            _turn(R, root, Z[j], x, 1.0)
            S[size] = j
            size += 1
            inside[j] = entered = True
            move = math.copysign(excess / (G[j, j] + l2), g[j])
            w[j] = move
            for k in range(a):
                g[k] -= move * G[j, k]
        rounds = min(rounds + (entered or left), max_rounds)
        if not entered:
            return True, size, rounds


@kernel(fastmath=SUMS)
def _combine(Z, S, size, d, root, x):
    """x ← root · Σ d_i Z_{S_i}."""
    x[:] = 0.0
    for i in range(size):
        for k in range(len(x)):
            x[k] += d[i] * Z[S[i], k]
    for k in range(len(x)):
        x[k] *= root[k]


@kernel(fastmath=SUMS)
def _solve(R, x):
    """x ← (RᵀR)⁻¹x, both passes along rows of R."""
    n = len(x)
    for i in range(n):
        x[i] /= R[i, i]
        for k in range(i + 1, n):
            x[k] -= R[i, k] * x[i]
    for i in range(n - 1, -1, -1):
        s = x[i]
        for k in range(i + 1, n):
            s -= R[i, k] * x[k]
        x[i] = s / R[i, i]


@kernel(fastmath=SUMS)
def _turn(R, root, z, x, sign):
    """The factor of `RᵀR + sign · aaᵀ`, a = root · z, in place; x is room for n. False if there is none."""
    n = len(x)
    for k in range(n):
        x[k] = root[k] * z[k]
    for i in range(n):
        square = R[i, i] * R[i, i] + sign * x[i] * x[i]
        if square <= 0.0:
            return False
        r = math.sqrt(square)
        cos, sin = r / R[i, i], x[i] / R[i, i]
        R[i, i] = r
        for k in range(i + 1, n):
            R[i, k] = (R[i, k] + sign * sin * x[k]) / cos
            x[k] = cos * x[k] - sin * R[i, k]
    return True
