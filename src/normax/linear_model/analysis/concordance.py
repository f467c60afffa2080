"""How well predictors order times until an event, of which some are only known to be longer."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.compiled import kernel
from normax.errors import InputError
from normax.linear_model.design.validation import plain_weights

__all__ = ["concordance"]


def concordance(
    time: Any, event: Any, risk: Any, *, entry: Any = None, strata: Any = None, sample_weight: Any = None
) -> float:
    """Harrell's C: the share of pairs of rows whose order is known in which the one with the earlier event has the
    higher risk; equal risks count half.

    The order of a pair is known where one has its event before the other's time, or at it while the other was censored
    there. Rows are compared within their stratum alone, and with an event only if they had begun before it; a pair
    counts as the product of its weights.

    Args:
        time: (n,) times; event: (n,) 1 for an event then, 0 where the row was censored; risk: (n,) what grows with the
            hazard, such as linear predictors of `family="cox"`.
        entry: (n,) times at which rows come under observation; None for the beginning.
        strata: (n,) labels of the strata; None for one. sample_weight: (n,) weights >= 0; None counts rows alike.

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
    n = len(time)
    begin = np.full(n, -np.inf) if entry is None else np.asarray(entry, float).ravel()
    labels = np.zeros(n) if strata is None else np.asarray(strata).ravel()
    lengths = [len(a) for a in (time, event, risk, begin, labels)]
    if len(set(lengths)) > 1:
        raise InputError(
            "concordance: expected one time, event, risk, entry and stratum a row, got "
            f"{', '.join(map(str, lengths[:-1]))} and {lengths[-1]}"
        )
    weights, counts = plain_weights(sample_weight, n), np.zeros(2)
    for label in np.unique(labels):
        own = labels == label
        ranks = np.unique(risk[own], return_inverse=True)[1]
        counts += _count(time[own], event[own], ranks, weights[own], begin[own])
    right, pairs = counts
    return float(right / pairs) if pairs else float("nan")


@kernel
def _count(time, event, rank, weight, begin):
    """Pairs in the right order and in any, with a tree of weights by rank of those that were seen and have begun."""
    n = len(time)
    tree, seen, right, pairs, i, gone = np.zeros(n + 1), 0.0, 0.0, 0.0, 0, 0
    # Late to early, and of one time the censored first: those before a row in this order outlive its event.
    order = np.argsort(event, kind="mergesort")
    order = order[np.argsort(-time[order], kind="mergesort")]
    latest = np.argsort(-begin, kind="mergesort")
    while i < n:
        now, kind, end = time[order[i]], event[order[i]], i
        while end < n and time[order[end]] == now and event[order[end]] == kind:
            end += 1
        while gone < n and begin[latest[gone]] >= now:
            r = latest[gone]
            _add(tree, rank[r], -weight[r])
            seen -= weight[r]
            gone += 1
        if kind > 0:
            for r in order[i:end]:
                below, upto = _sum(tree, rank[r]), _sum(tree, rank[r] + 1)
                right += weight[r] * (below + 0.5 * (upto - below))
                pairs += weight[r] * seen
        for r in order[i:end]:
            _add(tree, rank[r], weight[r])
            seen += weight[r]
        i = end
    return np.array([right, pairs])


@kernel
def _add(tree, k, weight):
    k += 1
    while k < len(tree):
        tree[k] += weight
        k += k & -k


@kernel
def _sum(tree, k):
    """The weight of those with a rank below k."""
    total = 0.0
    while k > 0:
        total += tree[k]
        k -= k & -k
    return total
