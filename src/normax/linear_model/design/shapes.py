"""Which products and factorisations are worth their price for n rows of p columns.

For folds the products of columns pay from n >= p on, since one pass over X serves them all; otherwise folds are masks
of rows. The numbers were measured on two cores; nothing but speed depends on them.
"""

from __future__ import annotations

from typing import Any

from scipy.sparse import issparse

__all__ = ["descent_pays", "factorises", "gram_pays", "gram_pays_for_folds"]

# All products of columns are worth their price where the rows are this many times the columns: then they cost
# less than the gradients of a path.
TALL = 4
# Beyond this many rows and columns a square matrix of them itself gets in the way.
WIDEST = 3000
# Columns with more than this share of entries are multiplied faster as dense ones.
SPARSE = 0.1


def gram_pays(n: int, p: int) -> bool:
    """Whether all products of n rows of p columns are worth their price for one path."""
    return n >= TALL * p and p <= WIDEST


def gram_pays_for_folds(n: int, p: int) -> bool:
    """The same for cross-validation, where one pass over X serves all folds."""
    return n >= p and p <= WIDEST


def descent_pays(X: Any) -> bool:
    """Whether a family's Newton steps on X are solved by descent on residuals, column by column."""
    return issparse(X) and X.nnz <= SPARSE * X.shape[0] * X.shape[1]


def factorises(shape: tuple[int, int], sparse: bool) -> bool:
    """Whether ridge takes a factorisation of n rows of p columns, `shape`."""
    return not sparse or min(shape) <= WIDEST
