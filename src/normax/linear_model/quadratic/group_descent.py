"""Descent by groups on a quadratic with a group penalty, which jumps ahead along its own trail.

Passes of descent near a minimum shrink the way that is left by much the same matrix each. From the last few steps
follows an average of the points, of weights that sum to 1, where those steps nearly cancel (Anderson); what is kept up
beside them is averaged alike, since it is affine in them. The jump is taken if it lowers the objective.

Two matrices M serve, (a, length), with a table T that is kept up as `T −= Δᵀ M`: the products of the columns, where T
holds the gradients, or the columns themselves, where T holds the residuals. The first costs less until there are more
groups at work than rows.

Source:
    Bertrand & Massias, "Anderson acceleration of coordinate descent", AISTATS 2021.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from normax.compiled import SUMS, kernel

__all__ = ["descend_ahead", "descend_groups"]

# Steps of which a jump is made.
DEPTH = 5


def descend_ahead(
    M: np.ndarray,
    T: np.ndarray,
    W: np.ndarray,
    rules: tuple[Any, ...],
    objective: Callable[[np.ndarray, np.ndarray], float],
    enough: Callable[[np.ndarray, np.ndarray], bool],
    max_passes: int,
) -> tuple[int, int]:
    """Passes with jumps, W (a, m) and T in place, until `enough(W, T)`. Returns the last pass's changes, and how many
    passes there were.

    Args:
        rules: what `descend_groups` takes between W and the passes.
        objective: of W and T.
    """
    passes = 0
    while passes < max_passes:
        passes += DEPTH
        trail = [(W.copy(), T.copy())]
        for _ in range(DEPTH):
            moved = descend_groups(*(M, T, W, *rules, 1))
            trail.append((W.copy(), T.copy()))
        if moved == 0 or enough(W, T):
            break
        share = _shares(np.diff([point.ravel() for point, _ in trail], axis=0))
        point, table = (np.tensordot(share, part[1:], 1) for part in zip(*trail))
        if objective(point, table) < objective(W, T):
            W[:], T[:] = point, table
    return moved, passes


def _shares(steps: np.ndarray) -> np.ndarray:
    """Weights of the steps (K, d), summing to 1, whose sum is short."""
    C = steps @ steps.T
    C[np.diag_indices_from(C)] += 1e-12 * np.trace(C) + np.finfo(float).tiny
    c = np.linalg.solve(C, np.ones(len(C)))
    return c / c.sum()


@kernel
def descend_groups(M, T, W, inner, starts, l1, l2, charge, lipschitz, noise, direct, passes):
    """Cyclic proximal steps of the groups, W (a, m) and T (m, length) in place. Returns the last pass's changes.

    Args:
        inner: (a, longest) products of each column with those of its group.
        direct: whether M holds the columns, so that gradients are products of its rows with T's, which they else are
            themselves.
    """
    m, longest = W.shape[1], inner.shape[1]
    new, old, slope = np.empty((longest, m)), np.empty((longest, m)), np.empty((longest, m))
    first, moved = np.empty((longest, m)), 0
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
                    first[r, c] = _dot(M[i + r], T[c]) if direct else T[c, i + r]
                    slope[r, c] = first[r, c]
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
                if d == 1 or step <= 1e-3 * size:
                    break
                for c in range(m):
                    for r in range(d):
                        total = 0.0
                        for s in range(d):
                            total += inner[i + r, s] * (new[s, c] - old[s, c])
                        slope[r, c] = first[r, c] - total
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
                    W[i + r, c] = new[r, c]
                    if new[r, c] != old[r, c]:
                        _subtract(new[r, c] - old[r, c], M[i + r], T[c])
        if moved == 0:
            break
    return moved


@kernel(fastmath=SUMS)
def _dot(x, y):
    s = 0.0
    for j in range(len(x)):
        s += x[j] * y[j]
    return s


@kernel
def _subtract(factor, x, y):
    """y −= factor·x."""
    for j in range(len(y)):
        y[j] -= factor * x[j]
