"""Any other family on a working set: proximal Newton steps whose Hessian is renewed when they slow down.

Between neighbouring strengths the Hessian hardly changes, and a step with an old one costs two thin products and two
triangular solves. It is computed anew where a step gains more than a share of what the step before it gained, or had
to be shortened. Whatever the Hessian, a step of no length means that the optimality conditions hold.
"""

from __future__ import annotations

import numpy as np

from normax.linear_model.chain_terms import ChainTerms
from normax.linear_model.design import Design
from normax.linear_model.families import Family
from normax.linear_model.group_terms import GroupTerms
from normax.linear_model.hessian import Columns, Hessian, bend, intercept_inverse
from normax.linear_model.terms import Terms

__all__ = ["Likelihood"]

# Share of the last step's gain above which the Hessian is renewed.
SLOW = 1e-2
# Coefficients that have come and gone are dropped from the Hessian when there are so many times those asked for.
CROWDED = 1.5
# Gain over the null loss that is no longer worth a step; the second where steps crawl towards infinity, as those of
# separable classes do without a penalty.
SETTLED, CRAWL = 1e-20, 1e-16


class Likelihood:
    """`Σ_i ω_i loss(y_i, W x̃_i + b)` on any working set of the m × p coefficients."""

    exact = 1e-9  # gain of a step over the loss up to which it is taken unseen

    def __init__(
        self,
        design: Design,
        family: Family,
        y: np.ndarray,
        offset: np.ndarray | None = None,
        max_steps: int = 100,
    ):
        self.design, self.family, self.max_steps = design, family, max_steps
        self.y = np.asfortranarray(y)  # outputs lie apart, so that sums over them are quick
        self.offset = 0.0 if offset is None else offset
        self.m = y.shape[1]
        self.columns = Columns(design)
        self.hessian: Hessian | None = None
        self.scale = self._loss(np.zeros_like(y) + self.offset)

    def _loss(self, eta: np.ndarray) -> float:
        return float(self.design.weights @ self.family.loss(self.y, eta))

    def null(self) -> tuple[np.ndarray, np.ndarray]:
        """The model without features: (m,) intercepts, zeros where none is fitted, and (n, m) linear predictors."""
        intercept = np.zeros(self.m)
        if self.design.centred:
            intercept += self.family.link(self.design.weights @ self.y)
        return intercept, self.balance(intercept + self.offset + np.zeros_like(self.y), intercept)

    def solve(
        self,
        entries: np.ndarray,
        coef: np.ndarray,
        intercept: np.ndarray,
        terms: Terms | GroupTerms | ChainTerms,
    ) -> tuple[np.ndarray, float]:
        """Minimise over the given flat entries of coef and the intercepts, in place.

        Args:
            entries: all that is not zero, and what may leave zero.

        Returns:
            (n, m) linear predictors at the solution, and what the last step gained.
        """
        flat, b = coef.reshape(-1), intercept.copy()
        H, renew = self.hessian, False
        if H is None or len(H.entries) > CROWDED * len(entries) + 8:
            eta = self.design.predict(coef) + b + self.offset
            H = self.hessian = self._hessian(eta, entries, None)
        else:
            H.add(np.setdiff1d(entries, H.entries, assume_unique=True))
        own, w = terms.of(H.entries, self.design.p), flat[H.entries]
        eta = H.predict(w) + b + self.offset
        now, gain, before, t = self._loss(eta), 0.0, np.inf, 1.0
        for _ in range(self.max_steps):
            if renew:
                H = self.hessian = self._hessian(eta, H.entries, t)
            dw, db, gain = H.step(self.residual(eta), w, own)
            if not gain > 0:
                break
            deta, t = H.predict(dw) + db, 1.0
            if gain > self.exact * abs(now):  # a smaller step is exact, and the difference only rounding
                base = now
                while True:
                    now = self._loss(eta + t * deta)
                    if now + own.change(w, t * dw) <= base - 1e-4 * t * gain or t < 1e-10:
                        break
                    t *= 0.5
            w, b, eta = w + t * dw, b + t * db, eta + t * deta
            crawling = renew and gain > 0.1 * before  # though the Hessian is new
            if gain <= (CRAWL if crawling else SETTLED) * self.scale:
                break
            renew, before = t < 1 or gain > SLOW * before, gain
        flat[H.entries], intercept[:] = w, b
        eta = self.balance(H.predict(w) + b + self.offset, intercept)
        return eta, max(gain, 0.0) if np.isfinite(gain) else 0.0

    def _hessian(self, eta: np.ndarray, entries: np.ndarray, length: float | None) -> Hessian:
        return Hessian(self.columns, self.family, self.y, eta, entries, self.damping(eta, length))

    def damping(self, eta: np.ndarray, length: float | None) -> float:
        """Curvature that every column is given on top of its own, per unit of its variance, after a step of some length,
        or before the first."""
        return 0.0

    @property
    def entries(self) -> np.ndarray:
        """Flat numbers of the coefficients that `solve` last wrote."""
        return np.zeros(0, dtype=np.intp) if self.hessian is None else self.hessian.entries

    def residual(self, eta: np.ndarray) -> np.ndarray:
        """(n, m) weighted negative gradient of the loss in the linear predictors."""
        return self.design.weighted(self.family.residual(self.y, eta))

    def balance(self, eta: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Newton steps on the intercepts alone, in place, until Σθ = 0 to rounding; returns the linear predictors."""
        last = np.inf
        for _ in range(self.max_steps if self.design.centred else 0):
            theta = self.residual(eta)
            ub = theta.sum(axis=0)
            size = np.abs(ub).max()
            if size <= 1e-15 * np.abs(theta).sum():
                break
            db = intercept_inverse(*bend(self.family, self.design.weights, self.y, eta)) @ ub
            gain, t = float(ub @ db), 1.0
            if not gain > 0 or (gain <= 1e-20 * self.scale and size >= 0.5 * last):
                break
            if gain > 1e-9 * self.scale:
                now = self._loss(eta)
                while t > 1e-10 and not self._loss(eta + t * db) <= now - 1e-4 * t * gain:
                    t *= 0.5
            eta = eta + t * db
            intercept += t * db
            last = size
        return eta
