"""Minimise a quadratic with a group penalty: descent by groups finds those at work, Newton steps finish.

    min_W  Σ_c [½ w_cᵀHw_c − q_cᵀw_c]  +  Σ_g [l1_g ‖W_g‖₁ + l2_g/2 ‖W_g‖² + charge_g ‖W_g‖]

W is (a, m), group g its rows starts_g..starts_{g+1}. Away from zero the norm of a group is smooth, so that on the
groups and signs that descent found Newton's method converges to rounding in a few steps. Where too many are at work
for it, descent goes on by itself, with jumps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.quadratic.active_set import solve_factored
from normax.linear_model.quadratic.group_descent import descend_ahead, descend_groups
from normax.linear_model.quadratic.group_smoothing import minimise_smoothed
from normax.linear_model.quadratic.line_search import armijo, parabola

__all__ = ["RowBlocks", "minimise_columns", "minimise_entries", "minimise_groups", "newton_serves"]

# Unknowns beyond which a Newton step costs more than it brings; of several outputs, which meet only within groups,
# fewer.
WIDEST, WIDEST_APART = 3000, 300
# Rounds after which descent has not found what is at work, and unknowns up to which it is then found without descent.
PATIENT, SMOOTHED = 10, 1000
# Passes of descent between two looks at what rounding left of the gradients.
LONG = 500
# Part of a Newton step below which descent does better.
SHORTEST = 1e-3


class RowBlocks:
    """Groups of rows laid end to end: where each starts, its terms, and its own curvature.

    Attributes:
        starts: (G + 1,); l1, l2, charge: (G,).
        lipschitz: (G,) largest eigenvalues of the diagonal blocks of H.
        inner: (a, longest) products of each row with those of its group.
    """

    def __init__(self, starts, l1, l2, charge, lipschitz, inner):
        self.starts, self.l1, self.l2, self.charge = starts, l1, l2, charge
        self.lipschitz, self.inner = lipschitz, inner
        self.owner = np.repeat(np.arange(len(charge)), np.diff(starts))

    def rules(self, noise: np.ndarray, direct: bool = False) -> tuple[Any, ...]:
        """What descent takes; noise (a,) is how far rounding may lift a gradient."""
        return self.inner, self.starts, self.l1, self.l2, self.charge, self.lipschitz, noise, direct

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


def newton_serves(unknowns: int, m: int) -> bool:
    """Whether Newton steps on so many coefficients of m outputs are worth their price."""
    return unknowns <= (WIDEST if m == 1 else WIDEST_APART)


def minimise_entries(H: np.ndarray, q: np.ndarray, terms: GroupTerms, w: np.ndarray) -> np.ndarray:
    """The same for flat coefficients in any order, from w (a,); groups are labelled."""
    if not len(w):
        return w.copy()
    order = np.argsort(terms.labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(terms.labels))])
    first = order[starts[:-1]]
    solution = np.empty_like(w)
    sub = np.ascontiguousarray(H[np.ix_(order, order)])
    own = bounds_of(sub, starts), inner_products(sub, np.arange(len(w)), starts)
    blocks = RowBlocks(starts, terms.l1[first], terms.l2[first], terms.charge, *own)
    solution[order] = minimise_groups(sub, q[order, None], blocks, w[order, None])[0][:, 0]
    return solution


def bounds_of(H: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(G,) largest eigenvalue of each diagonal block."""
    return np.array(
        [H[i, i] if j == i + 1 else np.linalg.eigvalsh(H[i:j, i:j])[-1] for i, j in pairwise(starts)]
    )


def inner_products(H: np.ndarray, rows: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(a, longest) products of some rows of H, groups end to end, with those of their own group."""
    sizes = np.diff(starts)
    along = np.repeat(starts[:-1], sizes)[:, None] + np.arange(sizes.max(initial=0))
    return H[rows[:, None], rows[np.minimum(along, len(rows) - 1)]]


def minimise_columns(
    M: np.ndarray,
    Y: np.ndarray,
    blocks: RowBlocks,
    W: np.ndarray,
    enough: Callable[[np.ndarray, np.ndarray], bool],
    max_rounds: int,
) -> tuple[np.ndarray, int]:
    """The same with H = MMᵀ and Q = MY, until W with the gradients g is `enough`, without H.

    Args:
        M: (a, n) columns, one a row; Y: (n, m) responses; max_rounds: of `LONG` passes, 20 at most.
    """
    W = np.ascontiguousarray(W).copy()
    T = np.ascontiguousarray((Y - M.T @ W).T)
    value = blocks.terms(W.shape[1]).value
    _, passes = descend_ahead(
        M,
        T,
        W,
        blocks.rules(np.zeros(len(W)), direct=True),
        lambda W, T: value(W.ravel()) + 0.5 * float(np.vdot(T, T)),
        lambda W, T: enough(W, M @ T.T),
        LONG * min(20, max_rounds),
    )
    return W, -(-passes // LONG)


def minimise_groups(
    H: np.ndarray,
    Q: np.ndarray,
    blocks: RowBlocks,
    W: np.ndarray,
    max_rounds: int = 200,
    enough: Callable[[np.ndarray, np.ndarray], bool] = lambda W, g: False,
) -> tuple[np.ndarray, int]:
    """The minimiser, started from W, which is left as it is; zeros are exact.

    Args:
        H: (a, a) symmetric positive semi-definite, C-contiguous rows; Q: (a, m).
        max_rounds: of descent and Newton steps; what is left then shows in the duality gap.
        enough: whether W with g = Q − HW is good enough to stop short of rounding, asked where descent is alone.

    Returns:
        W, NaN where the quadratic falls for ever, and how many rounds there were.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        W, rounds = _alternate(H, Q, blocks, W, max_rounds, enough)
    return W if np.isfinite(W).all() else np.full_like(W, np.nan), rounds


def _alternate(H, Q, blocks: RowBlocks, W, max_rounds, enough) -> tuple[np.ndarray, int]:
    """Rounds of descent and of Newton steps, until neither gains."""
    W = np.ascontiguousarray(W).copy()
    diagonal = np.sqrt(np.maximum(np.diag(H), 0.0))
    scaled = np.divide(np.abs(Q).max(axis=1), diagonal, out=np.zeros(len(Q)), where=diagonal > 0)
    noise = 1e-14 * diagonal * scaled.max(initial=0.0)
    T = np.ascontiguousarray((Q - H @ W).T)
    rules, value, passes = blocks.rules(noise), blocks.terms(W.shape[1]).value, 2
    for k in range(max_rounds):
        if k == PATIENT and newton_serves(W.size, W.shape[1]) and W.size <= SMOOTHED:
            W[:] = _smoothed(H, Q, blocks, W)
            T[:] = (Q - H @ W).T
        changed = descend_groups(*(H, T, W, *rules, passes))
        settled = _newton(H, Q, T.T, W, blocks)
        if settled is None:
            changed, _ = descend_ahead(
                H,
                T,
                W,
                rules,
                lambda W, T: value(W.ravel()) - 0.5 * float(np.vdot(W, Q + T.T)),
                lambda W, T: enough(W, T.T),
                LONG,
            )
        g = Q - H @ W
        if settled is None and enough(W, g):
            break
        if ((settled or changed == 0) and not blocks.wants_to_move(g, W, noise)) or not np.isfinite(g).all():
            break
        T[:] = g.T
        passes = min(2 * passes, 64)
    return W, k + 1


def _smoothed(H: np.ndarray, Q: np.ndarray, blocks: RowBlocks, W: np.ndarray) -> np.ndarray:
    """The minimiser, nearly, by the solver that does not mind how the columns are conditioned."""
    m, owner = W.shape[1], blocks.owner
    K = np.kron(H, np.eye(m)) if m > 1 else H.copy()
    K[np.diag_indices_from(K)] += np.repeat(blocks.l2[owner], m)
    l1, own = (np.repeat(part[owner], m) for part in (blocks.l1, np.arange(len(blocks.charge))))
    with np.errstate(all="ignore"):  # columns without curvature have no size, and W then stays
        found = minimise_smoothed(K, Q.ravel(), l1, blocks.charge, own, W.ravel()).reshape(W.shape)
    return found if np.isfinite(found).all() else W


def _newton(H, Q, g, W, blocks: RowBlocks, max_steps: int = 12) -> bool | None:
    """Newton steps on the coefficients at work, W in place; True once a step no longer gains, None for too many of
    them."""
    m = W.shape[1]
    free = (blocks.l1 == 0) & (blocks.norms(W) + (blocks.charge == 0) > 0)
    rows, cols = np.nonzero((W != 0) | free[blocks.owner, None])
    if not len(rows):
        return True
    if not newton_serves(len(rows), m):
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

    def charged(w, d, t):
        grown = (
            charge * (t * d * (2 * w + t * d)) / np.maximum(norm(w + t * d) + norm(w), np.finfo(float).tiny)
        )
        return grown.sum() + l1 @ (np.abs(w + t * d) - np.abs(w)) + 0.5 * t * (l2 * d) @ (2 * w + t * d)

    scale, settled = max(float(np.abs(q) @ np.abs(w)), np.finfo(float).tiny), False
    Kw = K0 @ w
    for _ in range(max_steps):
        lengths = norm(w)
        bent = np.divide(charge, lengths, out=np.zeros_like(w), where=lengths > 0)
        downhill = q - Kw - l2 * w - l1 * np.sign(w) - bent * w
        unit = w / np.maximum(lengths, np.finfo(float).tiny)
        d = _solve(_bent(K0, l2, bent, unit, parts), downhill)
        gain = float(downhill @ d)
        if not gain > 0:
            settled = True
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where((l1 > 0) & (w * d < 0), -w / d, np.inf)
        first = int(np.argmin(reach))
        t = min(1.0, float(reach[first]))
        Kd, small = K0 @ d, gain <= 1e-12 * scale
        if not small:
            loss = partial(parabola, d @ (Kw - q), d @ Kd)
            t, _ = armijo(loss, partial(charged, w, d), 0.0, gain, shortest=SHORTEST, first=t)
        if t <= SHORTEST:
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


def _bent(K, l2, bent, unit, parts) -> np.ndarray:
    """K with the curvature of L2 and of the norms, `bent` across the unit vector of each part."""
    K = K.copy()
    K[np.diag_indices_from(K)] += l2 + bent
    for part in parts:
        if bent[part[0]]:
            K[np.ix_(part, part)] -= bent[part[0]] * np.outer(unit[part], unit[part])
    return K


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
