"""Which solver serves which shape of a problem: the whole rule, in one place.

| Loss | Penalty | Shape | Solver |
|-|-|-|-|
| squared | an L1 part | n >= 4p, p <= 3000 | all products of columns at once, then exact faces (`gram.CompleteGram`, `squares`) |
| squared | an L1 part | dense otherwise | the same on a growing set of columns (`gram.GrowingGram`, `squares`) |
| squared | an L1 part, bounds, factors | sparse otherwise | descent on residuals (`sparse_squares`, `sparse_descent`) |
| squared | L2 alone, at most 8 strengths | n or p <= 3000, or dense | a Cholesky factor for each, if it is accurate (`ridge_cholesky`) |
| squared | L2 alone | the same otherwise | one factorisation for all strengths (`ridge.Spectrum`) |
| squared | L2 alone | sparse, n and p > 3000 | least squares by Lanczos steps (`ridge_krylov.Krylov`) |
| squared | groups of features | any | blocks on a growing set of columns (`group_squares`) |
| any | concave in each size (MCP) | any | a sequence of lassos (`concave`) |
| smooth | Fused, and L1, L2 and Nonnegative beside it | any | Newton steps on stretches of equal coefficients (`fused`, `chain_quadratic`) |
| any | any other penalty object | any | proximal gradients (`proximal`) |
| another | L2 alone | p > n | Newton steps in the n directions that rows span (`path._rotated`) |
| another | any | otherwise | Newton steps on a working set (`working_set`, `newton`) with an old Hessian while it serves |
| another, one output | L1, L2, factors, bounds | sparse, at most a tenth of entries | Newton steps, each by descent on residuals (`sparse_newton`) |
| another, with compiled rows | L1, L2, factors | the same, one output, while the Hessian is small | the same in one compiled call, with fresh Hessians (`one_output`) |

For folds the products pay from n >= p on, since one pass over X serves them all; otherwise folds are masks of rows.
The numbers were measured on two cores; nothing but speed depends on them.
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
