"""Any other family on a working set: proximal Newton steps with the exact Hessian."""

from __future__ import annotations

import numpy as np

from normax.linear_model.design import Design
from normax.linear_model.families import Family
from normax.linear_model.group_quadratic import minimise_entries
from normax.linear_model.group_terms import GroupTerms
from normax.linear_model.quadratic import minimise
from normax.linear_model.terms import Terms

__all__ = ["Likelihood"]

NOTHING = Terms(*(np.zeros(0) for _ in range(4)))


class Likelihood:
    """`Σ_i ω_i loss(y_i, W x̃_i + b)` on any working set of the m × p coefficients."""

    def __init__(
        self,
        design: Design,
        family: Family,
        y: np.ndarray,
        offset: np.ndarray | None = None,
        max_steps: int = 50,
    ):
        self.design, self.family, self.y, self.max_steps = design, family, y, max_steps
        self.offset = 0.0 if offset is None else offset
        self.m = y.shape[1]
        self.zero = np.zeros(0, dtype=int)
        self.null = self.null_value()

    def null_intercept(self) -> np.ndarray:
        """(m,) intercepts of the model without features; zeros where none is fitted."""
        intercept = np.zeros(self.m)
        if self.design.centred:
            intercept += self.family.link(self.family.null_mean(self.y, self.design.weights, True))
            self.refit_intercept(np.zeros((self.m, self.design.p)), intercept)
        return intercept

    def null_value(self) -> float:
        """Loss at zero coefficients and intercepts: the scale against which progress is measured."""
        return float(self.design.weights @ self.family.loss(self.y, np.zeros_like(self.y) + self.offset))

    def theta(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """(n, m) negative gradient of the loss in the linear predictors, weights included."""
        eta = self.design.predict(coef) + intercept + self.offset
        return self.design.weights[:, None] * (self.y - self.family.mean(eta))

    def solve(
        self, entries: np.ndarray, coef: np.ndarray, intercept: np.ndarray, terms: Terms | GroupTerms
    ) -> float:
        """Minimise over the given flat entries of coef, in place; returns the last step's gain."""
        return self._steps(entries, coef, intercept, terms)

    def refit_intercept(self, coef: np.ndarray, intercept: np.ndarray) -> None:
        """The best intercepts for these coefficients, in place, if any are fitted."""
        if self.design.centred:
            self._steps(self.zero, coef, intercept, NOTHING)

    def _steps(self, entries, coef, intercept, terms) -> float:
        rows, features = np.divmod(entries, self.design.p)
        used = np.flatnonzero(coef.any(axis=0))
        others = np.setdiff1d(used, features)
        fixed = self.design.columns(others) @ coef[:, others].T + intercept * 0 + self.offset
        distinct, at = np.unique(features, return_inverse=True)
        Z = self.design.columns(distinct)
        own = terms.of(entries, self.design.p)
        w, b = coef[rows, features], intercept.copy()

        def linear(w, b):
            local = np.zeros((len(distinct), self.m))
            local[at, rows] = w
            return fixed + Z @ local + b

        def objective(eta, w):
            loss = self.design.weights @ self.family.loss(self.y, eta)
            return loss + own.value(w)

        eta, gain = linear(w, b), np.inf
        for _ in range(self.max_steps):
            mean = self.family.mean(eta)
            theta = self.design.weights[:, None] * (self.y - mean)
            u = (Z.T @ theta)[at, rows]
            H, h, hb = self._hessian(Z, at, rows, mean)
            ub = theta.sum(axis=0) if self.design.centred else np.zeros(self.m)
            inverse = np.linalg.pinv(hb, rcond=1e-13, hermitian=True)
            H -= h @ inverse @ h.T
            q = u - h @ (inverse @ ub) + H @ w
            dw = self._direction(H, q, own, w)
            db = inverse @ (ub - h.T @ dw)
            gain = float(u @ dw + ub @ db - own.change(w, dw))
            if not gain > 0:
                break
            t = self._step_length(objective, linear, eta, w, b, dw, db, gain)
            w, b = w + t * dw, b + t * db
            eta = linear(w, b)
            if gain <= 1e-16 * self.null:
                break
        coef[rows, features], intercept[:] = w, b
        return max(gain, 0.0) if np.isfinite(gain) else 0.0

    def _direction(self, H, q, own: Terms | GroupTerms, w) -> np.ndarray:
        """From w to the minimiser of the quadratic model: one solve where nothing has a kink."""
        if isinstance(own, GroupTerms):
            return minimise_entries(H, q, own, w) - w
        if own.kinked:
            return minimise(H, q, own, w) - w
        K, downhill = H + np.diag(own.l2), q - H @ w - own.l2 * w
        if own.l2.all():
            return np.linalg.solve(K, downhill)
        # The softmax is blind to a shift of all classes: the shortest of many steps.
        return np.linalg.pinv(K, rcond=1e-12, hermitian=True) @ downhill

    def _step_length(self, objective, linear, eta, w, b, dw, db, gain) -> float:
        """1, halved until the objective falls by a share of what the model promises."""
        now, t = objective(eta, w), 1.0
        if gain <= 1e-9 * abs(now):  # a Newton step this small is exact, and the difference only rounding
            return t
        while (
            t > 1e-10 and not objective(linear(w + t * dw, b + t * db), w + t * dw) <= now - 1e-4 * t * gain
        ):
            t *= 0.5
        return t

    def _hessian(self, Z, at, rows, mean):
        """Blocks of the Hessian: entries × entries, entries × intercepts, intercepts × intercepts."""
        a, m, weights = len(at), self.m, self.design.weights
        H, h, hb = np.zeros((a, a)), np.zeros((a, m)), np.zeros((m, m))
        own = [np.flatnonzero(rows == c) for c in range(m)]
        columns = [Z[:, at[o]] for o in own]
        for c in range(m):
            for d in range(c, m):
                v = weights * self.family.curvature(mean, c, d)
                scaled = v[:, None] * columns[d]
                block = columns[c].T @ scaled
                H[np.ix_(own[c], own[d])] = block
                H[np.ix_(own[d], own[c])] = block.T
                if self.design.centred:
                    h[own[d], c] = scaled.sum(axis=0)
                    h[own[c], d] = v @ columns[c]
                    hb[c, d] = hb[d, c] = v.sum()
        return H, h, hb
