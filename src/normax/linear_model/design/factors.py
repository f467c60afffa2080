"""The singular value decomposition, by the second of LAPACK's ways where the first fails."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, svd

__all__ = ["thin_svd"]


def thin_svd(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U (n, r), σ (r,) and Vᵀ (r, p) of a finite (n, p), r = min(n, p), with `Z = U diag(σ) Vᵀ`.

    Divide and conquer, the faster way, now and then does not converge on columns that repeat others, as how BLAS rounds
    decides; QR steps do.
    """
    try:
        return svd(Z, full_matrices=False, check_finite=False)
    except LinAlgError:
        return svd(Z, full_matrices=False, check_finite=False, lapack_driver="gesvd")
