"""The coefficients at work and the Cholesky factor of their curvature, kept from solve to solve."""

from __future__ import annotations

import numpy as np

from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.active_set import DONE, TINY_PIVOT, independent_face, solve_active
from normax.linear_model.quadratic.quadratic import descend, minimise

__all__ = ["Support"]

# So many coefficients that want to enter at once are sorted out by passes of descent before anything is factored.
MANY, PASSES = 16, 20


class Support:
    """Minimises `½ wᵀKw − qᵀw + Σ_j l1_j |w_j| + ½ Σ_j l2_j w_j²` for one K that may grow, warm from the last
    answer."""

    def __init__(self) -> None:
        self.w: np.ndarray | None = None
        self.L, self.l2 = np.zeros((0, 0)), np.zeros(0)
        self.size, self.regular = 0, False

    def solve(
        self, full: np.ndarray, root: np.ndarray, q: np.ndarray, w: np.ndarray, terms: Terms
    ) -> np.ndarray:
        """The minimiser, started from w (a,); K is the leading block of `full`, root that of its diagonal."""
        a = len(w)
        K, l1, l2 = full[:a, :a], terms.l1, terms.l2
        if terms.bounded:
            return minimise(np.ascontiguousarray(K), q, terms, w)
        scaled = np.divide(np.abs(q), root, out=np.zeros(a), where=root > 0)
        noise = 1e-14 * root * scaled.max(initial=0.0)
        if self.w is None or not (np.array_equal(w, self.w) and np.array_equal(l2, self.l2)):
            g = q - K @ w
            if np.count_nonzero((w == 0) & (l1 > 0) & (np.abs(g) > l1)) > MANY:
                w = w.copy()
                descend(np.ascontiguousarray(K), g, w, l1, l2, terms.lower, terms.upper, noise, PASSES)
            w = w.copy()
            self._factor(full, w, l1, l2)
        if self.regular:
            w = w.copy()
            status, self.size, _ = solve_active(
                full, q, w, self.L, self.S, self.inside, self.size, l1, l2, noise, 20 + 2 * a
            )
            if status == DONE:
                self.w, self.l2 = w, l2
                return w
        self.w = None  # the factor is of no use next time
        return minimise(np.ascontiguousarray(K), q, terms, w)

    def _factor(self, full: np.ndarray, w: np.ndarray, l1: np.ndarray, l2: np.ndarray) -> None:
        """Factor the face of w, which gives up columns that repeat others, in place."""
        room = len(full)
        self.L = self.L if len(self.L) == room else np.empty((room, room))
        self.S, self.inside = np.zeros(room, dtype=np.intp), np.zeros(room, dtype=bool)
        support = np.flatnonzero((w != 0) | ((l1 == 0) & (np.diag(full)[: len(w)] + l2 > 0)))
        K = full[np.ix_(support, support)]
        K[np.diag_indices_from(K)] += l2[support]
        self.size, self.regular = len(support), True
        if not len(support):
            return
        try:
            factor = np.linalg.cholesky(K)
            self.regular = bool(np.all(np.diag(factor) ** 2 > TINY_PIVOT * np.diag(K)))
        except np.linalg.LinAlgError:
            self.regular = False
        if self.regular:
            self.L[: self.size, : self.size], self.S[: self.size] = factor, support
            self.inside[support] = True
        else:
            self.size = independent_face(full, w, self.L, self.S, self.inside, l1, l2)
            self.regular = self.size >= 0
