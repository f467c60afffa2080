"""The lasso of every column on all others, from their products alone: rows of an approximate inverse.

For a matrix H, (p, p), with a unit diagonal, node j minimises `½ wᵀHw − H_jᵀw + λ‖w‖₁` with w_j = 0. The direction
`c = e_j − w` then is all but orthogonal to the other columns, `|(Hc)_k| <= λ`, and `c / (Hc)_j` stands for row j of
the inverse.
"""

from __future__ import annotations

import math

import numpy as np

from normax.compiled import kernel
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.active_set import DONE, solve_active
from normax.linear_model.quadratic.quadratic import minimise

__all__ = ["DEARER", "directions"]

# Zhang & Zhang's defaults: by what share of the standard error less bias is bought, and how much more than the least
# bias is allowed where their bound is out of reach.
DEARER, LOOSER = 0.25, 0.5
STEPS, WEAKEST = 80, 1e-3  # of the grid of strengths of a node, evenly spaced in the logarithm
TINY_PIVOT = 1e-10


def directions(
    H: np.ndarray, rows: float, wanted: np.ndarray, strength: float | None = None, dearer: float = DEARER
) -> tuple[np.ndarray, np.ndarray]:
    """Directions c_j for the wanted nodes, all nodes side by side in threads.

    The strength of each node is chosen without folds and without the response (Zhang & Zhang 2014, table 2). With
    the bias factor `η = √rows · max_k |(Hc)_k| / √(cᵀHc)` and the noise factor `τ = √(cᵀHc) / (Hc)_j`, it is first
    the largest with η <= √(2 log p), or 1.5 times the least η where none has; then the smallest at which τ is at
    most 1 + dearer times what it was. Where H is regular, that may be 0, the exact inverse and no bias at all.

    Args:
        H: (p, p) with a unit diagonal; rows: that it is a mean over.
        wanted: (t,) numbers of nodes.
        strength: λ of all nodes instead; 0 needs a regular H.
        dearer: share of the standard error that is paid for less bias.

    Returns:
        c: (t, p), and strengths (t,).
    """
    p = len(H)
    inverse = _inverse(H) if (strength is None or strength == 0) and rows > p else None
    if strength == 0:
        if inverse is None:
            raise np.linalg.LinAlgError
        return inverse[wanted] / np.diag(inverse)[wanted, None], np.zeros(len(wanted))

    def one(i: int) -> tuple[np.ndarray, float]:
        j = int(wanted[i])
        largest = np.abs(np.delete(H[j], j)).max(initial=0.0)
        if largest == 0.0:
            return np.eye(1, p, j)[0], 0.0
        if strength is None:
            grid = np.geomspace(largest, WEAKEST * largest, STEPS)
            bound = math.sqrt(2 * math.log(max(p, 2)) / rows)
        else:
            grid, bound = np.array([strength]), math.inf
        W, bias, noise = _follow_all(H, j, grid, bound, dearer)
        at = 0 if strength is not None else _chosen(bias, noise, bound, dearer)
        if inverse is not None and math.sqrt(inverse[j, j]) <= (1 + dearer) * noise[_first(bias, bound)]:
            return inverse[j] / inverse[j, j], 0.0
        c = -W[at]
        c[j] = 1.0
        return c, float(grid[at])

    found = side_by_side(one, len(wanted), what="column")
    return np.array([c for c, _ in found]).reshape(-1, p), np.array([s for _, s in found])


def _first(bias: np.ndarray, bound: float) -> int:
    bound = bound if (bias <= bound).any() else (1 + LOOSER) * bias.min()
    return int(np.argmax(bias <= bound))


def _chosen(bias: np.ndarray, noise: np.ndarray, bound: float, dearer: float) -> int:
    first = _first(bias, bound)
    return int(np.flatnonzero(noise <= (1 + dearer) * noise[first])[-1])


def _inverse(H: np.ndarray) -> np.ndarray | None:
    """The inverse of H, or None where a column repeats others to rounding."""
    try:
        L = np.linalg.cholesky(H)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.inv(H) if np.diag(L).min() ** 2 > TINY_PIVOT else None


def _follow_all(
    H: np.ndarray, j: int, grid: np.ndarray, bound: float, dearer: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients (k, p) and both factors (k,), η without √rows, down a grid until more noise is not worth it."""
    k, p = len(grid), len(H)
    W = np.zeros((k, p))
    bias, noise = np.full(k, np.inf), np.full(k, np.inf)
    done = _follow(H, j, grid, bound, dearer, W, bias, noise)
    for i in range(max(-done - 1, 0), k) if done < 0 else ():  # columns that repeat others
        l1 = np.full(p, grid[i])
        l1[j] = np.inf
        open_ = np.full(p, np.inf)
        W[i] = minimise(H, H[j].copy(), Terms(l1, np.zeros(p), -open_, open_), W[max(i - 1, 0)])
        bias[i], noise[i] = _factors(H, j, W[i], grid[i])
        done = i + 1
    return W[:done], bias[:done], noise[:done]


@kernel
def _factors(H, j, w, strength):
    """By the conditions of optimality the other columns' products are at most the strength, and cᵀHc follows."""
    own, size = H[j, j], 0.0
    for k in range(len(w)):
        if w[k] != 0.0:
            own -= H[j, k] * w[k]
            size += abs(w[k])
    length = math.sqrt(max(own - strength * size, 1e-300))
    return strength / length, length / own


@kernel
def _follow(H, j, grid, bound, dearer, W, bias, noise):
    """How many strengths are done; −1 − i where the exact solver met columns that repeat others at the i-th."""
    p = len(H)
    L, S = np.empty((p, p)), np.empty(p, dtype=np.intp)
    inside = np.zeros(p, dtype=np.bool_)
    w, l1, l2, slack = np.zeros(p), np.empty(p), np.zeros(p), np.empty(p)
    size, most = 0, np.inf
    for i in range(len(grid)):
        l1[:] = grid[i]
        l1[j] = np.inf
        slack[:] = 1e-13 * grid[i] + 1e-15
        status, size, _ = solve_active(H, H[j], w, L, S, inside, size, l1, l2, slack, 20 + 2 * p)
        if status != DONE:
            return -1 - i
        W[i] = w
        bias[i], noise[i] = _factors(H, j, w, grid[i])
        if most == np.inf and bias[i] <= bound:
            most = (1.0 + dearer) * noise[i]
        if noise[i] > most:
            return i + 1
    return len(grid)
