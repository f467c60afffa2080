"""Singular values and eigenvalues, by the second of LAPACK's ways where the first fails.

Divide and conquer, the faster way, now and then does not converge on columns that repeat others, as how BLAS rounds
decides; QR steps do.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, eigh, svd

__all__ = ["eigen", "thin_svd"]


def thin_svd(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U (n, r), σ (r,) and Vᵀ (r, p) of a finite (n, p), r = min(n, p), with `Z = U diag(σ) Vᵀ`."""
    try:
        return svd(Z, full_matrices=False, check_finite=False)
    except LinAlgError:
        return svd(Z, full_matrices=False, check_finite=False, lapack_driver="gesvd")


def eigen(K: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Increasing eigenvalues λ (p,) and eigenvectors V (p, p) of a finite symmetric matrix, `K = V diag(λ) Vᵀ`."""
    try:
        return np.linalg.eigh(K)
    except LinAlgError:
        return eigh(K, driver="ev", check_finite=False)
