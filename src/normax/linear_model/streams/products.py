"""Weighted products of the columns at work, added up block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.compiled import kernel

__all__ = ["add_dense_products", "add_sparse_products"]


def add_dense_products(Z: np.ndarray, d: np.ndarray, first: int, G: np.ndarray, h: np.ndarray) -> None:
    """G += `Zᵀ_{first:} diag(d) Z` (b, a) and h += `Zᵀd` (a,), for centred columns Z (r, a)."""
    h += d @ Z
    if first == 0 and (d >= 0).all():  # a product with itself costs half
        B = Z * np.sqrt(d)[:, None]
        G += B.T @ B
    elif first < Z.shape[1]:
        G += (Z[:, first:] * d[:, None]).T @ Z


def add_sparse_products(
    X: Any, features: np.ndarray, d: np.ndarray, first: int, G: np.ndarray, h: np.ndarray
) -> None:
    """The same from compressed rows X (r, p) as they come, not centred; of the square of new columns the lower half."""
    place = np.full(X.shape[1], -1, dtype=np.intp)
    place[features] = np.arange(len(features))
    _add(X.indptr, X.indices, X.data, place, d, first, G, h)


@kernel
def _add(indptr, indices, data, place, d, first, G, h):
    """Row by row: `at` and `x` are the entries of a row whose columns are at work."""
    at, x = np.empty(len(h), dtype=np.intp), np.empty(len(h))
    for i in range(len(d)):
        if d[i] == 0.0:
            continue
        count = 0
        for t in range(indptr[i], indptr[i + 1]):
            j = place[indices[t]]
            if j >= 0:
                at[count], x[count] = j, data[t]
                count += 1
        for s in range(count):
            v, j = d[i] * x[s], at[s]
            h[j] += v
            if j < first:
                continue
            for t in range(count):
                if at[t] <= j:
                    G[j - first, at[t]] += v * x[t]
