"""Any other family on a working set: proximal Newton steps whose Hessian is renewed when they slow down.

Between neighbouring strengths the Hessian hardly changes, and a step with an old one costs two thin products and two
triangular solves. It is computed anew where a step gains more than a share of what the step before it gained, or had
to be shortened. Whatever the Hessian, a step of no length means that the optimality conditions hold.

No step raises the loss: one that would is halved, and where no part of it is of use the curvature is damped. Where
nothing is the best, as for separable classes without a penalty, every step moves some rows by about 1 and gains a
share of what the one before gained; that is told from a minimum, where steps and gains shrink together, and ends with
finite numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.columns import Columns
from normax.linear_model.design.design import Design
from normax.linear_model.families import Family
from normax.linear_model.problem.chain_terms import ChainTerms
from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.gram import GrowingGram
from normax.linear_model.quadratic.line_search import armijo
from normax.linear_model.solvers.newton.hessian import Hessian, bend, intercept_inverse

__all__ = ["Likelihood"]

# Share of the last step's gain above which the Hessian is renewed.
SLOW = 1e-2
# Coefficients that have come and gone are dropped from the Hessian when there are so many times those asked for.
CROWDED = 1.5
# Gain over the null deviance that is no longer worth a step; the second where a new Hessian helps as little as an old
# one, the third where steps lead to infinity.
SETTLED, CRAWL, ENDLESS = 1e-20, 1e-16, 3e-9
# How far a step that gains next to nothing must move a row to count as one to infinity, and how far a step may move a
# row if its gain is to be trusted unseen.
FAR, UNSEEN = 0.1, 1.0
# Rounding in the loss.
NOISE = 4e-16
# Damping over the mean curvature: the least, and the one at which nothing is left to try.
LEAST, MOST = 1e-9, 1e3


class Likelihood:
    """`Σ_i ω_i loss(y_i, W x̃_i + b)` on any working set of the m × p coefficients."""

    exact = 1e-9  # gain of a step over the loss up to which it is taken unseen
    most = MOST

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
        self.m, self.share, self.endless = y.shape[1], 0.0, False
        self.left: float = np.inf  # steps that `solve` may still take
        self.columns = GrowingGram(design) if family.coupled else Columns(design)
        self.hessian: Hessian | None = None
        eta = np.zeros_like(y) + self.offset
        self.start = np.zeros(self.m)
        if design.centred:
            self.start = family.constant(self.y, design.weights, eta)
        with np.errstate(over="ignore", invalid="ignore"):
            first = self._loss(eta + self.start)
            deviance = float(design.weights @ family.deviance(self.y, eta + self.start))
        if not np.isfinite(first):
            raise InputError(
                f"offset: {family.name} expects linear predictors whose means are finite numbers, and these reach "
                f"{float(np.abs(eta).max()):g}; fit an intercept, or take a constant off the offset"
            )
        self.scale = max(deviance, 1e-14 * abs(first)) or 1.0

    def _loss(self, eta: np.ndarray) -> float:
        return float(self.design.weights @ self.family.loss(self.y, eta))

    def null(self) -> tuple[np.ndarray, np.ndarray]:
        """The model without features: (m,) intercepts, zeros where none is fitted, and (n, m) linear predictors."""
        intercept = self.start.copy()
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
        H, renew, self.endless = self.hessian, False, False
        before = 0.0 if H is None else np.inf  # far from the minimum a first Hessian serves one step
        if H is None or len(H.entries) > CROWDED * len(entries) + 8:
            eta = self.design.predict(coef) + b + self.offset
            H, fresh = self._hessian(eta, entries, None), True
            self.hessian = H
        else:
            fresh = False
            H.add(np.setdiff1d(entries, H.entries, assume_unique=True))
        own, w = terms.of(H.entries, self.design.p), flat[H.entries]
        eta = H.predict(w) + b + self.offset
        loose, now, gain, t = own.unpenalised.any(), self._loss(eta), 0.0, 1.0
        for _ in range(self.max_steps):
            if not self.left:
                break
            if renew:
                H, fresh = self._hessian(eta, H.entries, t), True
                self.hessian = H
            dw, db, gain = H.step(self.residual(eta), w, own)
            if gain <= 0:
                break
            t = 0.0
            if np.isfinite(gain):  # else nothing stops the quadratic model, and it is damped
                deta = H.predict(dw) + db
                t, now = self.length(eta, deta, now, gain, own, w, dw)
            if t == 0:
                if fresh and self.share >= self.most:
                    break
                renew = True
                continue
            w, b, eta = w + t * dw, b + t * db, eta + t * deta
            self.left -= int(gain > SETTLED * self.scale)  # a smaller step polishes what is solved
            crawling = fresh and gain > 0.1 * before  # though the Hessian is new
            if crawling and loose and gain <= ENDLESS * self.scale and _moves(t * deta, FAR):
                self.endless = True
                break
            if gain <= (CRAWL if crawling else SETTLED) * self.scale:
                break
            renew, fresh, before = t < 1 or gain > SLOW * before, False, gain
        flat[H.entries], intercept[:] = w, b
        eta = H.predict(w) + b + self.offset
        if self.left:  # else the next step is the next fit's
            eta = self.balance(eta, intercept)
        return eta, float(np.nan_to_num(max(gain, 0.0), nan=np.inf))

    def _hessian(self, eta: np.ndarray, entries: np.ndarray, length: float | None) -> Hessian:
        return Hessian(self.columns, self.family, self.y, eta, entries, self.damping(eta, length))

    def damping(self, eta: np.ndarray, length: float | None) -> float:
        """Curvature that every column is given on top of its own, per unit of its variance, after a step of some
        length, or before the first."""
        if length == 0:
            self.share = max(100 * self.share, LEAST)
        elif self.share:
            self.share = 0.1 * self.share if self.share > LEAST else 0.0
        bent = self.share and float(self.design.weights @ self.family.curvature(self.y, eta).sum(axis=1))
        return self.share * bent

    def length(
        self,
        eta: np.ndarray,
        step: np.ndarray,
        now: float,
        gain: float,
        own: Terms | GroupTerms | ChainTerms | None = None,
        w: Any = 0.0,
        dw: Any = 0.0,
    ) -> tuple[float, float]:
        """How much of a step to take, and the loss there: all of it unless the loss and what `own` charges for the step
        from w say otherwise, and nothing where no part of it gains."""
        if gain <= self.exact * abs(now) and not _moves(step, UNSEEN):
            return 1.0, now  # so small a step is exact, and the difference only rounding
        return armijo(
            lambda t: self._loss(eta + t * step),
            lambda t: own.change(w, t * dw) if own else 0.0,
            now,
            gain,
            NOISE * abs(now),
        )

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
            if not gain > 0 or (gain <= SETTLED * self.scale and size >= 0.5 * last):
                break
            if gain > 1e-9 * self.scale or _moves(db, UNSEEN):
                t, _ = self.length(eta, db, self._loss(eta), gain)
                if t == 0:
                    break
            eta = eta + t * db
            intercept += t * db
            last = size
        return eta


def _moves(step: np.ndarray, far: float) -> bool:
    """Whether a step moves some linear predictor further than this."""
    return bool(step.max() > far or step.min() < -far)
