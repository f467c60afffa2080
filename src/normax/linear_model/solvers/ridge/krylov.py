"""Ridge and least squares for a sparse X whose rows and columns are both many: Lanczos steps, X read as it is."""

from __future__ import annotations

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr

from normax.linear_model.design.design import Design

__all__ = ["Krylov"]

EXACT, MOST = 1e-13, 10_000


class Krylov:
    """The weighted, centred design `Z = diag(√ω) X̃` as an operator; the face of `Spectrum`.

    Source:
        Fong & Saunders, "LSMR: An iterative algorithm for sparse least-squares problems", SIAM J. Sci. Comput. 2011.
    """

    def __init__(self, design: Design):
        self.design, root = design, np.sqrt(design.weights)
        self.root = root[:, None]
        self.operator = LinearOperator(
            (design.n, design.p),
            matvec=lambda w: root * design.predict(w.reshape(1, -1))[:, 0],
            rmatvec=lambda v: design.gradient((root * v.ravel())[:, None])[0],
            dtype=np.float64,
        )

    def solve(self, y: np.ndarray, strengths: np.ndarray) -> np.ndarray:
        """(k, m, p) coefficients of (n, m) centred responses, each strength warm from the one before."""
        coef = np.zeros((len(strengths), y.shape[1], self.design.p))
        for j, target in enumerate((self.root * y).T):
            w = np.zeros(self.design.p)
            for i, s in enumerate(strengths):
                # At strength 0 only a start from zero leads to the solution of the smallest norm.
                coef[i, j] = w = self._solve(target, s, w if s > 0 else None)
        coef[:, :, self.design.constant] = 0.0
        return coef

    def gain(self, theta: np.ndarray) -> float:
        """How much the squared error could still fall: half the squared length of what X explains of θ/√ω."""
        left = np.divide(theta, self.root, out=np.zeros_like(theta), where=self.root > 0)
        return sum(0.5 * float((self.operator.matvec(self._solve(r, 0.0, None)) ** 2).sum()) for r in left.T)

    def _solve(self, target: np.ndarray, strength: float, start: np.ndarray | None) -> np.ndarray:
        damp = float(np.sqrt(strength))
        if not damp:
            return lsmr(self.operator, target, 0.0, EXACT, EXACT, 0, MOST)[0]
        # A start goes with rows √s I below Z, for LSMR's own damping penalises the step and not what it leads to.
        lifted = LinearOperator(
            (self.design.n + self.design.p, self.design.p),
            matvec=lambda w: np.concatenate([self.operator.matvec(w), damp * w.ravel()]),
            rmatvec=lambda v: self.operator.rmatvec(v[: self.design.n]) + damp * v[self.design.n :],
            dtype=np.float64,
        )
        target = np.concatenate([target, np.zeros(self.design.p)])
        return lsmr(lifted, target, 0.0, EXACT, EXACT, 0, MOST, x0=start)[0]
