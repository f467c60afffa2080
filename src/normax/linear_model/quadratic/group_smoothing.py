"""A quadratic with a group penalty on badly conditioned columns: Newton's method on norms that are rounded off less
and less.

Descent finds which groups are at work in time that grows with the condition of the columns. Here each norm is rounded
off, `‖w‖ -> √(‖w‖² + μ²)`, and the minimum is followed as μ falls, by some Newton steps for each. What makes few
steps do, however small μ is, are duals `z = w/√(‖w‖² + μ²)` of their own, kept within the unit ball, in which the
conditions of the minimum are nearly bilinear.

Source: Chan, Golub & Mulet, "A nonlinear primal-dual method for total variation-based image restoration", SIAM J.
Scientific Computing 1999; Andersen, Christiansen, Conn & Overton, "An efficient primal-dual interior-point method for
minimizing a sum of Euclidean norms", SIAM J. Scientific Computing 2000.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from normax.linear_model.quadratic.line_search import armijo, parabola

__all__ = ["minimise_smoothed"]

# Where μ begins and ends, in units of the coefficients, and what it falls by; Newton steps for each.
FIRST, LAST, FALL, STEPS = 1e-1, 1e-13, 0.1, 8
# Decrement of the last of them, over all that μ rounds off.
ENOUGH = 1e-3
# The largest norm of a dual, and its norm below which a group is taken to be zero.
INSIDE, ZERO = 1 - 1e-9, 0.99


def minimise_smoothed(
    K: np.ndarray, q: np.ndarray, l1: np.ndarray, charge: np.ndarray, owner: np.ndarray, w: np.ndarray
) -> np.ndarray:
    """Near the minimiser of `½ wᵀKw − qᵀw + Σ_j l1_j |w_j| + Σ_g charge_g ‖w_g‖`, with zeros where it has them.

    Args:
        K: (d, d) symmetric positive semi-definite, the L2 part included; q, l1, w: (d,); w is the start.
        charge: (G,); owner: (d,) group of each coefficient.
    """
    d, root = len(w), np.sqrt(np.maximum(np.diag(K), 0.0))
    # A norm for each group and each |w_j|: which coefficients it takes, and what it charges.
    at = np.concatenate([np.arange(d), np.flatnonzero(l1)])
    term = np.concatenate([owner, len(charge) + np.arange(len(at) - d)])
    price = np.concatenate([charge, l1[at[d:]]])
    groups = [np.flatnonzero(owner == g) for g in np.flatnonzero(charge)]
    if not root.any():
        return np.zeros(d)
    unit = np.full(len(price), np.inf)
    np.minimum.at(unit, term, _reach(q, root)[at])
    unit[~np.isfinite(unit) | (unit == 0)] = 1.0

    def lengths(v: np.ndarray, mu: float) -> np.ndarray:
        return np.sqrt(np.bincount(term, v[at] ** 2, len(price)) + (mu * unit) ** 2)

    def charged(w: np.ndarray, step: np.ndarray, mu: float, t: float) -> float:
        moved = np.bincount(term, (t * step * (2 * w + t * step))[at], len(price))
        return float(price @ (moved / (lengths(w + t * step, mu) + lengths(w, mu))))

    w, mu, jitter = w.copy(), FIRST, 1e-15
    z = w[at] / lengths(w, mu)[term]
    while mu > LAST:
        for _ in range(STEPS):
            phi = lengths(w, mu)
            v, bent = w[at], (price / phi)[term]
            downhill = q - K @ w - np.bincount(at, bent * v, d)
            S = K.copy()
            S[np.diag_indices_from(S)] += np.bincount(at, bent, d) - np.bincount(
                at[d:], (bent * z * v / phi[term])[d:], d
            )
            for some in groups:
                g = owner[some[0]]
                across = np.outer(z[some], w[some])
                S[np.ix_(some, some)] -= price[g] / phi[g] ** 2 * 0.5 * (across + across.T)
            scale = np.sqrt(np.maximum(np.diag(S), np.finfo(float).tiny))
            S /= np.outer(scale, scale)
            S[np.diag_indices_from(S)] += jitter
            try:
                step = cho_solve(cho_factor(S, check_finite=False), downhill / scale) / scale
            except LinAlgError:
                jitter *= 100
                continue
            gain = float(downhill @ step)
            if not gain > 0:
                break
            slope, curve = -float(step @ (q - K @ w)), float(step @ K @ step)
            t, _ = armijo(partial(parabola, slope, curve), partial(charged, w, step, mu), 0.0, gain)
            if t == 0:
                break
            ahead = step[at]
            along = np.bincount(term, v * ahead, len(price))[term]
            z = z + t * (v / phi[term] - z + (ahead - z * along / phi[term]) / phi[term])
            z /= np.maximum(np.sqrt(np.bincount(term, z**2, len(price))) / INSIDE, 1.0)[term]
            w = w + t * step
            if gain <= ENOUGH * mu * float(price @ unit):
                break
        mu *= FALL
    zero = np.sqrt(np.bincount(term, w[at] ** 2, len(price))) < ZERO * lengths(w, mu / FALL)
    w[at[(zero & (price > 0))[term]]] = 0.0
    return w


def _reach(q: np.ndarray, root: np.ndarray) -> np.ndarray:
    """(d,) sizes that coefficients may have: what the largest gradient brings along a column alone."""
    live = root > 0
    return (np.abs(q[live]) / root[live]).max() / np.where(live, root, root[live].min())
