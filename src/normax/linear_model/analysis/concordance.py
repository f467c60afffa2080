"""How well predictors order times until an event, of which some are only known to be longer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from normax.errors import InputError

__all__ = ["concordance"]


def concordance(time: Any, event: Any, risk: Any) -> float:
    """Harrell's C: the share of pairs of rows whose order is known in which the one with the earlier event has the higher
    risk; equal risks count half.

    The order of a pair is known where one has its event before the other's time, or at it while the other was censored
    there.

    Args:
        time: (n,) times; event: (n,) 1 for an event then, 0 where the row was censored; risk: (n,) what grows with the
            hazard, such as linear predictors of `family="cox"`.

    Returns:
        A number in [0, 1]: 0.5 for no better than chance; NaN where no pair's order is known.

    Raises:
        InputError: for arrays of different lengths.

    Example:
        >>> concordance([1, 2, 3], [1, 0, 1], [0.5, 0.9, 0.1])
        0.5

    Source:
        Harrell et al., "Evaluating the yield of medical tests", JAMA 1982.
    """
    time, event, risk = (np.asarray(a, float).ravel() for a in (time, event, risk))
    if not len(time) == len(event) == len(risk):
        raise InputError(
            f"concordance: expected one time, event and risk a row, got {len(time)}, {len(event)} and {len(risk)}"
        )
    # Late to early, and of one time the censored first: those before a row in this order outlive its event.
    order = np.lexsort((event, -time))
    ranks = np.unique(risk, return_inverse=True)[1]
    right, pairs = _count(time[order], event[order], ranks[order])
    return right / pairs if pairs else float("nan")


@njit(cache=True, nogil=True)
def _count(time, event, rank):
    """Pairs in the right order and in any, with a tree of counts by rank of those that were seen."""
    n = len(time)
    tree, seen, right, pairs, i = np.zeros(n + 1), 0, 0.0, 0.0, 0
    while i < n:
        end = i
        while end < n and time[end] == time[i] and event[end] == event[i]:
            end += 1
        if event[i] > 0:
            for r in range(i, end):
                below, upto = _sum(tree, rank[r]), _sum(tree, rank[r] + 1)
                right += below + 0.5 * (upto - below)
                pairs += seen
        for r in range(i, end):
            k = rank[r] + 1
            while k <= n:
                tree[k] += 1.0
                k += k & -k
        seen += end - i
        i = end
    return right, pairs


@njit(cache=True, nogil=True)
def _sum(tree, k):
    """How many have a rank below k."""
    total = 0.0
    while k > 0:
        total += tree[k]
        k -= k & -k
    return total
