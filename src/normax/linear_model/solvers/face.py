"""The minimum on a face of the penalty, by Newton steps in as many unknowns as the face has dimensions.

Proximal steps find the face soon and the minimum on it late. What is found here counts only if it stays on the face and
lowers the objective; the duality gap then says whether the face was the right one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["finished"]

STEPS = 20
SETTLED = 1e-20


def finished(
    smooth: Likelihood, w: np.ndarray, intercept: np.ndarray, penalty: Any, l2: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Coefficients (p,), intercept (1,) and linear predictors (n, 1) of the minimum on the face about w, (p,); None
    where the penalty tells no face or the minimum lies beyond its edge.

    Args:
        penalty: at its strength, without L2; l2: that part's.
    """
    design, family, y = smooth.design, smooth.family, smooth.y
    face = penalty.face(w)
    if face is None or not family.rows_apart or not 0 < face[0].shape[1] <= design.n:
        return None
    U, charges = face
    used = np.flatnonzero(U.any(axis=1))
    Z, square = design.columns(used) @ U[used], np.einsum("jk,jk->k", U, U)
    z = np.abs(U[used]).T @ np.abs(w[used]) / np.abs(U[used]).sum(axis=0)
    b = intercept.copy()
    for _ in range(STEPS):
        eta = smooth.balance(smooth.offset + (Z @ z)[:, None] + b, b)
        g = Z.T @ smooth.residual(eta)[:, 0] - charges - l2 * square * z
        d = design.weights * family.curvature(y, eta)[:, 0]
        cross, total = d @ Z, d.sum()
        H = (Z * d[:, None]).T @ Z + l2 * np.diag(square)
        if design.centred and total > 0:
            H -= np.outer(cross, cross) / total
        try:
            step = np.linalg.solve(H, g)
        except np.linalg.LinAlgError:
            return None
        z = z + step
        if not (np.isfinite(z).all() and (z > 0).all() and (np.diff(z) < 0).all()):
            return None
        if float(g @ step) <= SETTLED * smooth.scale:
            break
    eta = smooth.balance(smooth.offset + (Z @ z)[:, None] + b, b)
    return U @ z, b, eta
