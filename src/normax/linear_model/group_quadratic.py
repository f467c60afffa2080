"""Minimise a quadratic with a group penalty: descent by groups finds those at work, Newton steps finish.

    min_W  Σ_c [½ w_cᵀHw_c − q_cᵀw_c]  +  Σ_g [l1_g ‖W_g‖₁ + l2_g/2 ‖W_g‖² + charge_g ‖W_g‖]

W is (a, m), group g its rows starts_g..starts_{g+1}. Away from zero the norm of a group is smooth, so that on the groups
and signs that descent found Newton's method converges to rounding in a few steps.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numba import njit

from normax.linear_model.active_set import solve_factored
from normax.linear_model.group_terms import GroupTerms

__all__ = ["Blocks", "minimise_entries", "minimise_groups"]

# Unknowns beyond which a Newton step costs more than it brings; of several outputs, which meet only within groups, fewer.
WIDEST, WIDEST_APART = 3000, 300


class Blocks:
    """Groups of rows laid end to end: where each starts, and its terms.

    Attributes:
        starts: (G + 1,); l1, l2, charge: (G,).
    """

    def __init__(self, starts, l1, l2, charge):
        self.starts, self.l1, self.l2, self.charge = starts, l1, l2, charge
        self.owner = np.repeat(np.arange(len(charge)), np.diff(starts))

    def terms(self, m: int) -> GroupTerms:
        """The same for the flat coefficients of m outputs."""
        owner = np.repeat(self.owner, m)
        return GroupTerms(self.l1[owner], self.l2[owner], owner, self.charge)

    def norms(self, W: np.ndarray) -> np.ndarray:
        return np.sqrt(np.bincount(self.owner, (W * W).sum(axis=1), len(self.charge)))

    def wants_to_move(self, g: np.ndarray, W: np.ndarray, noise: np.ndarray) -> bool:
        """Whether a group at zero, or a coefficient at zero in a group that is not, would leave it."""
        l1, charge = self.l1[self.owner, None], self.charge
        beyond = np.maximum(np.abs(g) - l1, 0.0)
        idle = self.norms(W) == 0
        slack = np.sqrt(np.bincount(self.owner, noise**2, len(charge)) * W.shape[1])
        if (idle & (self.norms(beyond) > charge * (1 + 1e-11) + slack)).any():
            return True
        inner = (W == 0) & ~idle[self.owner, None] & (l1 > 0)
        return bool((inner & (beyond > 1e-11 * l1 + noise[:, None])).any())


def minimise_entries(H: np.ndarray, q: np.ndarray, terms: GroupTerms, w: np.ndarray) -> np.ndarray:
    """The same for flat coefficients in any order, from w (a,); groups are labelled."""
    if not len(w):
        return w.copy()
    order = np.argsort(terms.labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(terms.labels))])
    first = order[starts[:-1]]
    blocks = Blocks(starts, terms.l1[first], terms.l2[first], terms.charge)
    solution = np.empty_like(w)
    sub = np.ascontiguousarray(H[np.ix_(order, order)])
    solution[order] = minimise_groups(sub, q[order, None], blocks, w[order, None], bounds_of(sub, starts))[
        :, 0
    ]
    return solution


def bounds_of(H: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(G,) largest eigenvalue of each diagonal block."""
    return np.array(
        [H[i, i] if j == i + 1 else np.linalg.eigvalsh(H[i:j, i:j])[-1] for i, j in pairwise(starts)]
    )


def minimise_groups(
    H: np.ndarray,
    Q: np.ndarray,
    blocks: Blocks,
    W: np.ndarray,
    lipschitz: np.ndarray,
    max_rounds: int = 200,
    enough: Callable[[np.ndarray, np.ndarray], bool] = lambda W, g: False,
) -> np.ndarray:
    """The minimiser, started from W, which is left as it is; zeros are exact.

    Args:
        H: (a, a) symmetric positive semi-definite, C-contiguous rows; Q: (a, m).
        lipschitz: (G,) largest eigenvalues of the diagonal blocks of H.
        max_rounds: of descent and Newton steps; what is left then shows in the duality gap.
        enough: whether W with g = Q − HW is good enough to stop short of rounding, asked where descent is alone.
    """
    W = np.ascontiguousarray(W).copy()
    diagonal = np.sqrt(np.maximum(np.diag(H), 0.0))
    scaled = np.divide(np.abs(Q).max(axis=1), diagonal, out=np.zeros(len(Q)), where=diagonal > 0)
    noise = 1e-14 * diagonal * scaled.max(initial=0.0)
    g = Q - H @ W
    passes = 2
    for _ in range(max_rounds):
        changed = descend_groups(
            H, g, W, blocks.starts, blocks.l1, blocks.l2, blocks.charge, lipschitz, noise, passes
        )
        settled = _newton(H, Q, g, W, blocks)
        g = Q - H @ W
        if settled is None and enough(W, g):
            break
        if (settled or changed == 0) and not blocks.wants_to_move(g, W, noise):
            break
        passes = min(2 * passes, 64)
    return W


@njit(cache=True, nogil=True)
def descend_groups(H, g, W, starts, l1, l2, charge, lipschitz, noise, passes):
    """Cyclic proximal steps of the groups in place; g = Q − HW is kept up to date. Returns the last pass's changes."""
    m, longest = W.shape[1], 0
    for k in range(len(charge)):
        longest = max(longest, starts[k + 1] - starts[k])
    new, old, slope = np.empty((longest, m)), np.empty((longest, m)), np.empty((longest, m))
    moved, apart = 0, g.T.copy()  # outputs lie apart, so that a row of H meets each in one piece
    for _ in range(passes):
        moved = 0
        for k in range(len(charge)):
            i, d = starts[k], starts[k + 1] - starts[k]
            L = lipschitz[k] + l2[k]
            if L <= 0.0:
                continue
            for r in range(d):
                for c in range(m):
                    old[r, c] = W[i + r, c]
                    new[r, c] = old[r, c]
                    slope[r, c] = apart[c, i + r]
            for _inner in range(1 if d == 1 else 8):
                total = 0.0
                for r in range(d):
                    for c in range(m):
                        z = slope[r, c] - l2[k] * new[r, c] + L * new[r, c]
                        z = np.sign(z) * max(abs(z) - l1[k] - noise[i + r] * (new[r, c] == 0.0), 0.0)
                        total += z * z
                norm = np.sqrt(total)
                factor = 0.0 if norm <= charge[k] else (1.0 - charge[k] / norm) / L
                step, size = 0.0, 0.0
                for r in range(d):
                    for c in range(m):
                        before = new[r, c]
                        z = slope[r, c] - l2[k] * before + L * before
                        z = np.sign(z) * max(abs(z) - l1[k] - noise[i + r] * (before == 0.0), 0.0)
                        new[r, c] = z * factor
                        step = max(step, abs(new[r, c] - before))
                        size = max(size, abs(new[r, c]))
                if step == 0.0:
                    break
                for c in range(m):
                    for r in range(d):
                        total = 0.0
                        for s in range(d):
                            total += H[i + r, i + s] * (new[s, c] - old[s, c])
                        slope[r, c] = apart[c, i + r] - total
                if step <= 1e-3 * size:
                    break
            change, size = 0.0, 0.0
            for r in range(d):
                for c in range(m):
                    change = max(change, abs(new[r, c] - old[r, c]))
                    size = max(size, abs(new[r, c]))
            if change == 0.0:
                continue
            if change > 1e-14 * size:
                moved += 1
            for r in range(d):
                for c in range(m):
                    old[r, c] = new[r, c] - old[r, c]
                    W[i + r, c] = new[r, c]
                for c in range(m):
                    if old[r, c] != 0.0:
                        subtract_scaled(old[r, c], H[i + r], apart[c])
        if moved == 0:
            break
    g[:] = apart.T
    return moved


@njit(cache=True, nogil=True)
def subtract_scaled(factor, x, y):
    """y −= factor·x."""
    for j in range(len(y)):
        y[j] -= factor * x[j]


def _newton(H, Q, g, W, blocks: Blocks, max_steps: int = 12) -> bool | None:
    """Newton steps on the coefficients at work, W in place; True once a step no longer gains, None for too many of them."""
    m = W.shape[1]
    free = (blocks.l1 == 0) & (blocks.norms(W) + (blocks.charge == 0) > 0)
    rows, cols = np.nonzero((W != 0) | free[blocks.owner, None])
    if not len(rows):
        return True
    if len(rows) > (WIDEST if m == 1 else WIDEST_APART):
        return None
    owner = blocks.owner[rows]
    alone = np.diff(blocks.starts)[owner] * m == 1  # the norm of one number is its size
    l2, charge = blocks.l2[owner], np.where(alone, 0.0, blocks.charge[owner])
    l1 = blocks.l1[owner] + np.where(alone, blocks.charge[owner], 0.0)
    by_owner = np.argsort(owner, kind="stable")
    parts = np.split(by_owner, np.flatnonzero(np.diff(owner[by_owner])) + 1)
    K0 = H[np.ix_(rows, rows)]
    K0 = K0 * (cols[:, None] == cols) if m > 1 else K0
    w, q = W[rows, cols], Q[rows, cols]

    def norm(v):
        return np.sqrt(np.bincount(owner, v * v, len(blocks.charge)))[owner]

    scale, settled = max(float(np.abs(q) @ np.abs(w)), np.finfo(float).tiny), False
    Kw = K0 @ w
    for _ in range(max_steps):
        lengths = norm(w)
        bent = np.divide(charge, lengths, out=np.zeros_like(w), where=lengths > 0)
        downhill = q - Kw - l2 * w - l1 * np.sign(w) - bent * w
        unit = w / np.maximum(lengths, np.finfo(float).tiny)
        K = K0.copy()
        K[np.diag_indices_from(K)] += l2 + bent
        for part in parts:
            if bent[part[0]]:
                K[np.ix_(part, part)] -= bent[part[0]] * np.outer(unit[part], unit[part])
        d = _solve(K, downhill)
        gain = float(downhill @ d)
        if not gain > 0:
            settled = True
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where((l1 > 0) & (w * d < 0), -w / d, np.inf)
        first = int(np.argmin(reach))
        t = min(1.0, float(reach[first]))
        Kd, small = K0 @ d, gain <= 1e-12 * scale
        while not small and t > 1e-3:
            v = w + t * d
            after = norm(v)
            grown = charge * (t * d * (2 * w + t * d)) / np.maximum(after + lengths, np.finfo(float).tiny)
            change = t * (d @ (Kw - q)) + 0.5 * t * t * (d @ Kd) + grown.sum()
            change += l1 @ (np.abs(v) - np.abs(w)) + 0.5 * t * (l2 * d) @ (2 * w + t * d)
            if change <= -1e-4 * t * gain:
                break
            t *= 0.5
        if t <= 1e-3:
            break
        w, Kw = w + t * d, Kw + t * Kd
        if t == reach[first]:
            w[first] = 0.0
            break
        if gain <= 1e-18 * scale or (small and gain <= 1e-15 * scale):
            settled = True
            break
    W[rows, cols] = w
    return settled and bool(np.abs(downhill).max() <= 1e-8 * (l1 + charge).max() or not (l1 + charge).any())


def _solve(K: np.ndarray, r: np.ndarray) -> np.ndarray:
    """`K⁻¹r`; where columns repeat each other K is lifted a little, and directions that it does not see get long."""
    root = np.sqrt(np.maximum(np.diag(K), np.finfo(float).tiny))
    K = K / np.outer(root, root)
    for lift in (0.0, 1e-10, 1e-6):
        K[np.diag_indices_from(K)] += lift
        try:
            L = np.linalg.cholesky(K)
        except np.linalg.LinAlgError:
            continue
        if lift or np.diag(L).min() ** 2 > 1e-12:
            rhs = r / root
            solve_factored(L, len(r), rhs)
            return rhs / root
    return np.zeros_like(r)
