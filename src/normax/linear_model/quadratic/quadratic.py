"""Minimise a penalised quadratic: coordinate descent finds the signs, a linear solve finishes exactly.

    min_w  ½ wᵀHw − qᵀw + Σ_j l1_j |w_j| + ½ Σ_j l2_j w_j²    with  lower_j <= w_j <= upper_j

Every solver here comes down to this problem on its working set: once for squared error, where H is the Gram
matrix, and once a Newton step for the other families.
"""

from __future__ import annotations

import numpy as np

from normax.compiled import kernel
from normax.linear_model.design.factors import eigen
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.active_set import solve_factored

__all__ = ["minimise"]

# Pivots this small against the diagonal mean that a column repeats others to rounding.
SINGULAR = 1e-12


def minimise(H: np.ndarray, q: np.ndarray, terms: Terms, w: np.ndarray, max_rounds: int = 60) -> np.ndarray:
    """The minimiser, started from w.

    Rounds of coordinate descent alternate with an exact step on the face that the signs of w span and the bounds
    leave open. The step stops where a coefficient would change its sign or leave its bounds, so the objective never
    grows, and the first step that meets nothing and leaves no violation outside the face is the answer to rounding.

    Args:
        H: (a, a) symmetric positive semi-definite, C-contiguous rows.
        q: (a,) linear term.
        terms: of the a coordinates; one with l1 = 0 may take any sign.
        w: (a,) start within the bounds, which is left as it is.
        max_rounds: of descent and face step; more are never needed in practice, and what is left
            then shows in the duality gap.

    Returns:
        (a,) minimiser; zeros and bounds are exact.
    """
    w = w.copy()
    if not len(w):
        return w
    smooth = terms.l1 == 0
    direct = smooth.all() and not terms.bounded
    g = q - H @ w
    # Rounding in g_j grows with the length of column j and with the longest step of the others.
    noise = 1e-14 * np.sqrt(np.diag(H)) * np.abs(_over_root(q, H)).max()
    passes = 1
    for _ in range(max_rounds):
        if not direct:
            descend(H, g, w, *terms.charges, noise, passes)
            passes = min(2 * passes, 64)
        face = np.flatnonzero(((w != 0) | smooth) & (terms.lower < w) & (w < terms.upper))
        if not _face_step(H, g, w, terms, face):
            g = q - H @ w
            if not np.any(_wants_to_move(H, g, w, terms, noise, face)):
                break
    return w


@kernel
def descend(H, g, w, l1, l2, lower, upper, noise, passes):
    """Cyclic coordinate descent in place; g is the negative gradient q − Hw and is kept up to date.

    A zero coefficient moves only if its gradient exceeds l1 by more than rounding.
    """
    a = w.size
    for _ in range(passes):
        moved = False
        for j in range(a):
            h = H[j, j] + l2[j]
            if h <= 0.0:
                continue
            z = g[j] + H[j, j] * w[j]
            if w[j] == 0.0 and abs(z) <= l1[j] + noise[j]:
                continue
            new = 0.0
            if z > l1[j]:
                new = min((z - l1[j]) / h, upper[j])
            elif z < -l1[j]:
                new = max((z + l1[j]) / h, lower[j])
            d = new - w[j]
            if d != 0.0:
                if abs(d) > 1e-14 * abs(new):
                    moved = True
                w[j] = new
                for k in range(a):
                    g[k] -= d * H[j, k]
        if not moved:
            break


def _wants_to_move(H, g, w, terms, noise, face) -> np.ndarray:
    """Which coordinates outside the face, at zero or at a bound, a coordinate step would move."""
    out = np.ones(len(w), dtype=bool)
    out[face] = False
    rise = g - terms.l2 * w - terms.l1 * np.where(w >= 0, 1.0, -1.0)  # slope towards larger w
    fall = terms.l2 * w - g - terms.l1 * np.where(w <= 0, 1.0, -1.0)  # and towards smaller
    return out & (((w < terms.upper) & (rise > noise)) | ((w > terms.lower) & (fall > noise)))


def _face_step(H, g, w, terms, face) -> bool:
    """Move w to the minimum on its face, or to the first sign change or bound; True if it met one."""
    if not len(face):
        return False
    at, v = terms.at(face), w[face]
    residual = g[face] - at.l1 * np.sign(v) - at.l2 * v
    K = H[np.ix_(face, face)]
    K[np.diag_indices_from(K)] += at.l2
    d, flat = _directions(K, residual)
    # Along a direction that H does not see the objective is linear: follow it until a coefficient vanishes.
    slope, kinks = np.linalg.norm(flat * np.sqrt(np.diag(K))), np.linalg.norm(_over_root(at.l1, K))
    straight = bool(kinks > 0 and slope > 1e-8 * kinks)
    if straight:
        d = flat
    stop = np.where(d > 0, at.upper, at.lower)
    stop = np.where((at.l1 > 0) & (v * d < 0), 0.0, stop)  # zero lies before any bound
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where((d != 0) & np.isfinite(stop), (stop - v) / d, np.inf)
    first = int(np.argmin(reach))
    if straight and not np.isfinite(reach[first]):
        return False
    t = reach[first] if straight else min(1.0, reach[first])
    w[face] += t * d
    met = straight or t < 1.0
    if met:
        w[face[first]] = stop[first]
    g -= H[:, face] @ (t * d)
    return met


def _directions(K: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`K⁺r`, and the direction of steepest descent among those with Kd = 0 (zeros if K is regular).

    K is scaled to a unit diagonal first, so that the verdict does not depend on the columns' units.
    """
    inverse = _over_root(np.ones(len(r)), K)
    K = K * np.outer(inverse, inverse)
    rhs = inverse * r
    try:
        L = np.linalg.cholesky(K)
        if np.diag(L).min() ** 2 > SINGULAR:
            solve_factored(L, len(r), rhs)
            return inverse * rhs, np.zeros_like(r)
    except np.linalg.LinAlgError:
        pass
    values, vectors = eigen(K)
    keep = values > SINGULAR * values[-1]
    inside = vectors[:, keep].T @ rhs
    return inverse * (vectors[:, keep] @ (inside / values[keep])), inverse * (rhs - vectors[:, keep] @ inside)


def _over_root(v: np.ndarray, K: np.ndarray) -> np.ndarray:
    """`v_j / √K_jj`, 0 where the diagonal is 0."""
    diagonal = np.sqrt(np.diag(K))
    return np.divide(v, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
