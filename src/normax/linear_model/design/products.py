"""Products of a matrix as it came, dense or sparse, in single or double precision, with vectors in double precision.

No product makes a copy of X. A dense matrix in single precision is widened a block at a time, small enough to
stay in the cache; compressed columns and rows (CSC, CSR) are read by two kernels, since the transpose of one is the
other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.compiled import SUMS, kernel

__all__ = [
    "COPIED",
    "add_transposed_times",
    "centred_squares",
    "dense_columns",
    "dot",
    "largest_sizes",
    "mean_squares",
    "products",
    "products_of_columns",
    "subtract",
    "times",
    "transposed_times",
]

# Entries that are widened to double precision at a time.
BLOCK = 1 << 17
# Entries of a sparse matrix that may be copied: 50 MB.
COPIED = 4_000_000


def transposed_times(X: Any, T: np.ndarray) -> np.ndarray:
    """`Tᵀ X` as (k, p) for T (n, k)."""
    if issparse(X):
        by_columns = X.format == "csc"
        T = np.ascontiguousarray(T, dtype=np.float64)
        out = np.zeros((X.shape[1], T.shape[1]))
        (_gather if by_columns else _scatter)(X.indptr, X.indices, X.data, T, out)
        return out.T
    if X.dtype == np.float64:
        return T.T @ X
    out, (n, p) = np.zeros((T.shape[1], X.shape[1])), X.shape
    if X.flags.f_contiguous:
        for part in _blocks(p, n):
            out[:, part] = T.T @ X[:, part].astype(np.float64)
    else:
        for part in _blocks(n, p):
            out += T[part].T @ X[part].astype(np.float64)
    return out


def add_transposed_times(X: Any, T: np.ndarray, out: np.ndarray) -> None:
    """out += `Tᵀ X` for T (n, k) and out (k, p), the transpose of a contiguous array where X is sparse."""
    if issparse(X):
        T = np.ascontiguousarray(T)
        (_gather if X.format == "csc" else _scatter)(X.indptr, X.indices, X.data, T, out.T)
    else:
        out += T.T @ X


def times(X: Any, B: np.ndarray) -> np.ndarray:
    """`X B` as (n, k) for B (p, k)."""
    if issparse(X):
        by_columns = X.format == "csc"
        B = np.ascontiguousarray(B, dtype=np.float64)
        out = np.zeros((X.shape[0], B.shape[1]))
        (_scatter if by_columns else _gather)(X.indptr, X.indices, X.data, B, out)
        return out
    if X.dtype == np.float64:
        return X @ B
    out, (n, p) = np.zeros((X.shape[0], B.shape[1])), X.shape
    if X.flags.f_contiguous:
        for part in _blocks(p, n):
            out += X[:, part].astype(np.float64) @ B[part]
    else:
        for part in _blocks(n, p):
            out[part] = X[part].astype(np.float64) @ B
    return out


def dense_columns(X: Any, features: Any, rows: Any = None) -> np.ndarray:
    """Some columns (of some rows) as a fresh (n, a) array in double precision and Fortran order."""
    part = X[:, features].toarray(order="F").T if issparse(X) else X.T[features]
    part = part if rows is None else part.take(rows, axis=1)
    return np.ascontiguousarray(part, dtype=np.float64).T


def largest_sizes(X: Any) -> np.ndarray:
    """(p,) the largest |x_ij| of each column."""
    low, high = X.min(axis=0), X.max(axis=0)
    if issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    return np.maximum(high, -low).astype(np.float64)


def mean_squares(X: Any, weights: np.ndarray) -> np.ndarray:
    """(p,) `Σ_i ω_i x_ij²` of a sparse X for weights (n,)."""
    out = np.zeros(X.shape[1])
    _squares(X.indptr, X.indices, X.data, weights, X.format == "csc", out)
    return out


def products_of_columns(X: Any, weights: np.ndarray) -> np.ndarray:
    """`Xᵀ diag(ω) X` as a dense (p, p) array, of a sparse X: row by row, since rows hold few entries."""
    (n, p), by_columns = X.shape, X.format == "csc"
    G = np.zeros((p, p))
    length = p if by_columns else n
    width = -(-length // min(4, 1 + X.nnz // COPIED))
    for start in range(
        0, length, width
    ):  # both orders are needed: a copy of X if it is small, else a part at a time
        part = X[:, start : start + width].tocsr() if by_columns else X[start : start + width]
        lines, own = (X, weights) if by_columns else (part.tocsc(), weights[start : start + width])
        _add_products(
            *(lines.indptr, lines.indices, lines.data, part.indptr, part.indices, part.data),
            *(own, start if by_columns else 0, G),
        )
    return G


def _blocks(count: int, length: int) -> list[slice]:
    width = max(1, BLOCK // max(length, 1))
    return [slice(start, start + width) for start in range(0, count, width)]


@kernel
def dot(indices, data, start, end, v):
    """Σ over the entries (i, x) from `start` to `end` of x v[i].

    Four sums side by side, since an addition waits for the one before; indices without a sign, since numba would look
    for negative ones. Both together are three times as fast, and twice as fast as vector instructions, which gather
    slowly.
    """
    a = b = c = d = 0.0
    t = start
    while t + 4 <= end:
        a += data[t] * v[np.uintp(indices[t])]
        b += data[t + 1] * v[np.uintp(indices[t + 1])]
        c += data[t + 2] * v[np.uintp(indices[t + 2])]
        d += data[t + 3] * v[np.uintp(indices[t + 3])]
        t += 4
    while t < end:
        a += data[t] * v[np.uintp(indices[t])]
        t += 1
    return (a + b) + (c + d)


@kernel
def products(indptr, indices, data, at, v):
    """`Σ_i x_ij v_i` of some columns."""
    out = np.empty(len(at))
    for c in range(len(at)):
        out[c] = dot(indices, data, indptr[at[c]], indptr[at[c] + 1], v)
    return out


@kernel
def subtract(indptr, indices, data, at, w, r):
    """r ← r − X w, of some columns."""
    for c in range(len(at)):
        if w[c] != 0.0:
            for t in range(indptr[at[c]], indptr[at[c] + 1]):
                r[np.uintp(indices[t])] -= w[c] * data[t]


@kernel
def _gather(indptr, indices, data, T, out):
    """out[j] = Σ over the entries (i, x) of line j of x T[i]."""
    k, first = T.shape[1], T[:, 0].copy()  # whose numbers the compiler then knows to lie side by side
    for j in range(len(indptr) - 1):
        if k == 1:
            out[j, 0] = dot(indices, data, indptr[j], indptr[j + 1], first)
        else:
            for t in range(indptr[j], indptr[j + 1]):
                x, i = data[t], indices[t]
                for c in range(k):
                    out[j, c] += x * T[i, c]


@kernel(fastmath=SUMS)
def centred_squares(columns, means, rows):
    """(p,) `Σ_i (x_ij − mean_j)²` over some rows of columns (p, N)."""
    out = np.empty(len(columns))
    for j in range(len(columns)):
        s = 0.0
        for i in rows:
            s += (columns[j, i] - means[j]) ** 2
        out[j] = s
    return out


@kernel
def _scatter(indptr, indices, data, B, out):
    """out[i] += x B[j] for every entry (i, x) of every line j that B uses."""
    k = B.shape[1]
    for j in range(len(indptr) - 1):
        used = False
        for c in range(k):
            used |= B[j, c] != 0.0
        if not used:
            continue
        for t in range(indptr[j], indptr[j + 1]):
            x, i = data[t], indices[t]
            for c in range(k):
                out[i, c] += x * B[j, c]


@kernel
def _squares(indptr, indices, data, weights, by_columns, out):
    for line in range(len(indptr) - 1):
        for t in range(indptr[line], indptr[line + 1]):
            i, j = (indices[t], line) if by_columns else (line, indices[t])
            out[j] += weights[i] * data[t] * data[t]


@kernel
def _add_products(indptr, indices, data, row_starts, columns, entries, weights, first, G):
    """G[j, first + k] += Σ_i ω_i x_ij z_ik for columns j of X and rows of Z."""
    for j in range(len(indptr) - 1):
        for t in range(indptr[j], indptr[j + 1]):
            i = indices[t]
            x = weights[i] * data[t]
            for s in range(row_starts[i], row_starts[i + 1]):
                G[j, first + columns[s]] += x * entries[s]
