"""One output on few rows: a whole proximal Newton solve on the working set in one compiled call.

With few rows the arithmetic of a step takes microseconds and what surrounds it would take most of the time. So the
Hessian is computed anew at every step, which makes the steps converge quadratically, and a handful of them suffices.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from normax.linear_model.active_set import DONE, SINGULAR_FACE, append, solve_active
from normax.linear_model.design import Design
from normax.linear_model.families import Family
from normax.linear_model.families.rows import call
from normax.linear_model.group_terms import GroupTerms
from normax.linear_model.newton import Likelihood
from normax.linear_model.terms import Terms

__all__ = ["likelihood"]

# A step that gains no more than this share of the null loss leaves the square of it, which is rounding.
SETTLED = 1e-13
# Multiplications of a Hessian up to which a fresh one at every step is cheaper than what sparing it costs.
FEW = 3_000_000
SUMS = {"reassoc", "contract"}


def likelihood(design: Design, family: Family, y: np.ndarray, offset: np.ndarray | None) -> Likelihood:
    """The likelihood by whichever solver serves it."""
    compiled = y.shape[1] == 1 and family.rows() is not None
    return (OneOutput if compiled else Likelihood)(design, family, y, offset)


class OneOutput(Likelihood):
    """`Likelihood` for a family that has compiled `rows` and a response of one output.

    What the kernel does not know, bounds, coefficients without any penalty and columns that repeat others, it leaves to the
    steps of `Likelihood`.
    """

    def __init__(self, design, family, y, offset=None, max_steps=100):
        super().__init__(design, family, y, offset, max_steps)
        self.known = np.zeros(design.n) if offset is None else np.ascontiguousarray(offset[:, 0])
        self.response = np.ascontiguousarray(y[:, 0])
        self.rows = family.rows()
        self.last = np.zeros(0, dtype=np.intp)

    def solve(self, entries: np.ndarray, coef: np.ndarray, intercept: np.ndarray, terms: Terms | GroupTerms):
        if self._serves(entries, terms):
            own = terms.of(entries, self.design.p)
            self.last = entries
            at, w, eta = self.columns.at(entries), coef[0, entries], np.empty(self.design.n)
            status, b, gain = _newton(
                *(self.rows, self.response, self.design.weights, self.known, self.columns.Z.T, at),
                *(w, intercept[0], own.l1, own.l2, self.design.centred),
                *(SETTLED * self.scale, self.max_steps, eta),
            )
            if status == DONE:
                coef[0, entries], intercept[0] = w, b
                return eta[:, None], gain
        eta, gain = super().solve(entries, coef, intercept, terms)
        self.last = super().entries
        return eta, gain

    def _serves(self, entries: np.ndarray, terms: Terms | GroupTerms) -> bool:
        if len(entries) ** 2 * self.design.n > FEW or isinstance(terms, GroupTerms) or terms.bounded:
            return False
        return bool((terms.l1[entries] + terms.l2[entries]).all())

    @property
    def entries(self) -> np.ndarray:
        return self.last


@njit(cache=True, nogil=True, fastmath=SUMS)
def _newton(rows, y, weights, known, columns, at, w, b, l1, l2, centred, settled, max_steps, eta):
    """Minimise over w, in place, and b; fills eta (n,) with the linear predictors.

    Args:
        rows: (y, η) -> loss and −first and second derivative; known: (n,) offset.
        columns: (A, n) centred columns, of which `at` (a,) are at work.
        settled: gain of a step that needs no other.

    Returns:
        Status, b and what the last step gained.
    """
    a, n = len(w), len(y)
    theta, d, trial = np.empty(n), np.empty(n), np.empty(n)
    u, h, Z, K = np.empty(a), np.empty(a), np.empty((a, n)), np.empty((a, a))
    noise, L, S = np.empty(a), np.empty((a, a)), np.empty(a, dtype=np.intp)
    inside, new, gain = np.empty(a, dtype=np.bool_), np.empty(a), 0.0
    _predict(columns, at, w, b, known, eta)
    value = _evaluate(rows, y, weights, eta, theta, d)
    for _ in range(max_steps):
        bend, slope = 0.0, 0.0
        for i in range(n):
            bend += d[i]
            slope += theta[i]
        inverse = 1.0 / bend if centred and bend > 0.0 else 0.0
        for i in range(n):
            trial[i] = math.sqrt(max(d[i], 0.0))
        for j in range(a):
            z = columns[at[j]]
            s, t = 0.0, 0.0
            for i in range(n):
                s += z[i] * theta[i]
                t += z[i] * d[i]
                Z[j, i] = z[i] * trial[i]
            u[j], h[j] = s, t
        largest = 0.0
        for j in range(a):
            q = u[j] - h[j] * slope * inverse
            for k in range(j + 1):
                s = -h[j] * h[k] * inverse
                for i in range(n):
                    s += Z[j, i] * Z[k, i]
                K[j, k] = K[k, j] = s
            K[j, j] = max(K[j, j], 0.0)
            new[j] = w[j]
            noise[j] = q  # for now
        q = noise.copy()
        for j in range(a):
            for k in range(a):
                q[j] += K[j, k] * w[k]
            if K[j, j] > 0.0:
                largest = max(largest, abs(q[j]) / math.sqrt(K[j, j]))
        size = 0
        for j in range(a):
            noise[j] = 1e-14 * largest * math.sqrt(K[j, j])
            inside[j] = (w[j] != 0.0 or l1[j] == 0.0) and K[j, j] + l2[j] > 0.0
            if inside[j]:
                if not append(L, S, size, K, j, l2[j]):
                    return SINGULAR_FACE, b, gain
                size += 1
        status, size = solve_active(K, q, new, L, S, inside, size, l1, l2, noise, 20 + 2 * a)
        if status != DONE:
            return status, b, gain
        db, gain = slope * inverse, 0.0
        for j in range(a):
            db -= h[j] * (new[j] - w[j]) * inverse
        gain = slope * db
        for j in range(a):
            gain += u[j] * (new[j] - w[j]) - _change(w[j], new[j], l1[j], l2[j])
        if not gain > 0.0:
            break
        # The way, in trial: a full step unless the loss says otherwise.
        for j in range(a):
            new[j] -= w[j]
        trial[:] = db
        for j in range(a):
            if new[j] != 0.0:
                z = columns[at[j]]
                for i in range(n):
                    trial[i] += new[j] * z[i]
        t, base = 1.0, value
        for i in range(n):
            eta[i] += trial[i]
        while True:
            value = _evaluate(rows, y, weights, eta, theta, d)
            change = 0.0
            for j in range(a):
                change += _change(w[j], w[j] + t * new[j], l1[j], l2[j])
            if gain <= 1e-9 * abs(base) or value + change <= base - 1e-4 * t * gain or t < 1e-10:
                break
            t *= 0.5
            for i in range(n):
                eta[i] -= t * trial[i]
        for j in range(a):
            w[j] += t * new[j]
        b += t * db
        if gain <= settled:
            break
    _predict(columns, at, w, b, known, eta)
    if centred:
        b = _balance(rows, y, weights, eta, theta, d, b)
    return DONE, b, max(gain, 0.0)


@njit(cache=True, nogil=True, fastmath=SUMS)
def _balance(rows, y, weights, eta, theta, d, b):
    """Newton steps on the intercept alone until Σθ = 0 to rounding."""
    last = np.inf
    for _ in range(50):
        _evaluate(rows, y, weights, eta, theta, d)
        slope, size, bend = 0.0, 0.0, 0.0
        for i in range(len(y)):
            slope += theta[i]
            size += abs(theta[i])
            bend += d[i]
        if abs(slope) <= 1e-15 * size or not bend > 0.0 or abs(slope) >= 0.5 * last:
            break
        last = abs(slope)
        b += slope / bend
        for i in range(len(y)):
            eta[i] += slope / bend
    return b


@njit(cache=True, nogil=True, fastmath=SUMS)
def _predict(columns, at, w, b, known, eta):
    for i in range(len(eta)):
        eta[i] = known[i] + b
    for j in range(len(w)):
        if w[j] != 0.0:
            z = columns[at[j]]
            for i in range(len(eta)):
                eta[i] += w[j] * z[i]


@njit(cache=True, nogil=True)
def _evaluate(rows, y, weights, eta, theta, d):
    """The loss; fills theta and d with its weighted negative gradient and its curvature."""
    value = 0.0
    for i in range(len(y)):
        loss, theta[i], d[i] = call(rows, y[i], eta[i])
        value += weights[i] * loss
        theta[i] *= weights[i]
        d[i] *= weights[i]
    return value


@njit(cache=True, nogil=True)
def _change(old, new, l1, l2):
    """How much more penalty the new coefficient pays."""
    return l1 * (abs(new) - abs(old)) + 0.5 * l2 * (new - old) * (new + old)
