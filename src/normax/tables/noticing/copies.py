"""Rows that stand in the table twice, and would be trained on and judged by at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from normax.tables.noticing.seen import Seen
from normax.tables.wording import many

__all__ = ["copied_rows"]


def copied_rows(seen: Seen) -> Iterator[str]:
    """Copies that chance does not explain: rows of few categories repeat by themselves."""
    if seen.grouped:
        return
    X, n = seen.X, len(seen.X)
    # By sums with random weights, which only rows alike in every cell share.
    random = np.random.default_rng(0)
    y = np.nan_to_num(seen.y.reshape(n, -1).astype(float), neginf=-1.5)  # no start, of times with strata
    keys = y @ random.normal(size=y.shape[1])
    for column, weight in zip(X.T, random.normal(size=(X.shape[1],)).tolist()):
        keys += weight * np.nan_to_num(column, nan=-1.5)
    order = np.argsort(keys, kind="stable")
    same = np.zeros(n, bool)
    same[1:] = np.diff(keys[order]) == 0
    if not same.any():
        return
    at = np.flatnonzero(same)
    Z = np.column_stack([np.nan_to_num(X, nan=-1.5), seen.y])
    same[at] = (Z[order[at]] == Z[order[at - 1]]).all(axis=1)
    copies = int(same.sum())
    if not copies or _by_chance(Z) > 0.1 * copies:
        return
    k = int(np.argmax(same))
    first, second = sorted((order[k - 1] + 1, order[k] + 1))
    yield (
        f"{many(copies, 'row')} of {n} {'is a copy' if copies == 1 else 'are copies'} of another (as row {second} of row"
        f" {first}); copies in two folds make errors look smaller: leave them out, or say --group with what they share"
    )


def _by_chance(Z: np.ndarray) -> float:
    """Pairs of rows expected to be alike if columns had nothing to do with each other."""
    n, pairs = len(Z), 0.5 * len(Z) * (len(Z) - 1)
    for column in Z.T:
        counts = np.unique(column, return_counts=True)[1]
        pairs *= max(float((counts / n) @ (counts / n)), 1 / n)
        if pairs < 1e-9:
            break
    return pairs
