"""Columns without a penalty, on a basis of their own.

The penalty does not see how free columns are written: any basis of what they span gives the same model. On an
orthonormal one the systems of the solvers are as regular as the loss allows, where on columns that all but repeat
each other products of them lose all digits. So a bad block is exchanged for such a basis, and the coefficients are
written back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csc_array, diags_array

from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import thin_svd
from normax.linear_model.problem.concave_terms import ConcaveRules
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.terms import Rules

__all__ = ["Basis", "basis_of", "free_features"]

# Smallest over largest singular value of columns of length 1: the block is left as it is above the first, and
# directions below the second are rounding.
WELL, RANK = 1e-2, 1e-12


class Basis:
    """A design whose free columns are orthonormal, and the way back.

    Attributes:
        design: as the one it stands for, with other columns in the places of the free ones; as many of them as there
            are directions, and zeros.
    """

    def __init__(self, design: Design, free: np.ndarray, Q: np.ndarray, back: np.ndarray, forth: np.ndarray):
        self.free, self.back, self.forth, self.given = free, back, forth, design
        inserted = np.zeros((design.n, len(free)))
        inserted[:, : Q.shape[1]] = Q
        self.design = Design(_exchanged(design, inserted, free), design.weights, design.centred, design.rows)

    def started(self, start: tuple[np.ndarray, np.ndarray] | None) -> tuple[np.ndarray, np.ndarray] | None:
        """Coefficients (m, p) and intercepts (m,) of the design as it was, on these columns."""
        if start is None:
            return None
        coef = start[0].copy()
        coef[:, self.free] = coef[:, self.free] @ self.forth.T
        return coef, start[1] + start[0] @ self.given.means - coef @ self.design.means

    def original(self, coef: Any) -> Any:
        """Coefficients (k, m, p), or k sparse (m, p), of the design as it was."""
        if isinstance(coef, tuple):
            kept = np.ones(coef[0].shape[1])
            kept[self.free] = 0.0
            return tuple(
                (w @ diags_array(kept) + _placed(w[:, self.free] @ self.back.T, self.free, len(kept))).tocsr()
                for w in coef
            )
        coef = coef.copy()
        coef[..., self.free] = coef[..., self.free] @ self.back.T
        return coef


def free_features(rules: Any, p: int) -> np.ndarray:
    """Features of which no output has a penalty or a bound at any strength."""
    if isinstance(rules, GroupRules):
        return np.flatnonzero(rules.terms(1.0).unpenalised.reshape(-1, p).all(axis=0))
    single = rules.single if isinstance(rules, ConcaveRules) else rules
    if not isinstance(single, Rules):
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero((single.factor == 0) & np.isinf(single.lower) & np.isinf(single.upper))


def basis_of(design: Design, rules: Any) -> Basis | None:
    """The design on a better basis of its free columns; None where it would not be much better."""
    free = free_features(rules, design.p)
    if len(free) < 2:
        return None
    root = np.sqrt(design.weights)[:, None]
    Z = design.columns(free) * root
    Z[:, design.constant[free]] = 0.0
    lengths = np.sqrt(np.einsum("ij,ij->j", Z, Z))
    unit = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    U, sigma, Vt = thin_svd(Z * unit)
    live = np.count_nonzero(lengths)
    if live < 2 or (live <= len(sigma) and sigma[live - 1] > WELL * sigma[0]):
        return None
    kept = sigma > RANK * sigma[0]
    back = np.zeros((len(free), len(free)))
    rank = np.count_nonzero(kept)
    back[:, :rank] = unit[:, None] * Vt[kept].T / sigma[kept]
    forth = np.zeros_like(back)
    forth[:rank] = sigma[kept, None] * Vt[kept] * lengths
    return Basis(design, free, U[:, kept] / root, back, forth)


def _exchanged(design: Design, columns: np.ndarray, at: np.ndarray) -> Any:
    """A copy of X, (N, p), with other columns, (n, a), in some places."""
    X, columns = design.X, design.spread(columns)
    if not design.sparse:
        X = np.array(X, dtype=float, order="F")
        X[:, at] = columns
        return X
    kept = np.ones(design.p)
    kept[at] = 0.0
    return (X @ diags_array(kept) + _placed(columns, at, design.p)).asformat(X.format)


def _placed(columns: Any, at: np.ndarray, p: int) -> csc_array:
    """Columns (n, a) in some places of p."""
    columns = csc_array(columns)
    indptr = np.zeros(p + 1, dtype=columns.indptr.dtype)
    indptr[at + 1] = np.diff(columns.indptr)
    return csc_array((columns.data, columns.indices, np.cumsum(indptr)), shape=(columns.shape[0], p))
