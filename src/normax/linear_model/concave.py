"""Penalties that are concave in the size of each coefficient: a sequence of lassos, each with the slopes of the last fit.

Such a penalty lies below its tangent, `Ω(v) <= Ω(w) + Σ_j slope(|w_j|) (|v_j| − |w_j|)`, so that the lasso with these
slopes as its strengths never raises the objective (local linear approximation). The gap that is told is the duality
gap of the last of these lassos with the slopes at its own solution: 0 means a stationary point, not the minimum.

Source: Zou & Li, "One-step sparse estimates in nonconcave penalized likelihood models", Annals of Statistics 2008.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.linear_model.certificate import Gaps
from normax.linear_model.design import Design
from normax.linear_model.families import Family
from normax.linear_model.fit import Fit
from normax.linear_model.newton import Likelihood
from normax.linear_model.terms import Rules, Terms
from normax.penalties import Penalty

__all__ = ["ConcaveRules", "follow_concave"]

# Change of the slopes over the strength at which they count as those of the fit, and lassos that get there at most.
SETTLED, MOST = 1e-10, 300


class Entries(Terms):
    """`Terms` with numbers of their own for each of the m × p coefficients, flat."""

    def of(self, entries, p):
        return self.at(entries)


@dataclass(frozen=True)
class ConcaveRules:
    """What each coefficient is charged at strength 1: `slope` of the concave parts, l1, l2, and the box.

    Attributes:
        parts: concave penalties; l1, l2: strengths of the others; single: factors and bounds of the features.
    """

    parts: tuple[Penalty, ...]
    l1: float
    l2: float
    single: Rules

    plain = False
    stationary = True

    def terms(self, strength: float, w: np.ndarray) -> Entries:
        """The tangent at flat coefficients w, (m·p,)."""
        outputs = len(w) // len(self.single.factor)
        charge = strength * np.tile(self.single.factor, outputs)
        slopes = [part.scaled(charge).slope(np.abs(w)) for part in self.parts]
        return Entries(
            self.l1 * charge + sum(slopes),
            self.l2 * charge,
            np.tile(self.single.lower, outputs),
            np.tile(self.single.upper, outputs),
        )

    def largest(self, u: np.ndarray) -> float:
        """The smallest strength at which no coefficient wants to leave zero under the negative gradient u, (m, p)."""
        unit, v = self.terms(1.0, np.zeros(u.size)), u.ravel()
        pull = np.maximum(np.where(unit.upper > 0, v, 0.0), np.where(unit.lower < 0, -v, 0.0))
        return float(np.divide(pull, unit.l1, out=np.zeros_like(pull), where=unit.l1 > 0).max(initial=0.0))


def follow_concave(
    design: Design,
    family: Family,
    y: np.ndarray,
    strengths: np.ndarray,
    rules: ConcaveRules,
    max_iter: int,
    offset: np.ndarray | None = None,
) -> Fit:
    """Solve a decreasing sequence of strengths, each from the last, by working sets.

    Args: as of `working_set.follow`.
    """
    k, m, p = len(strengths), y.shape[1], design.p
    fit = Fit.empty(k, m, p)
    groups = [slice(0, m)] if family.coupled else [slice(c, c + 1) for c in range(m)]
    for own in groups:  # outputs that belong together
        known = None if offset is None else offset[:, own]
        smooth, gap = Likelihood(design, family, y[:, own], known), np.zeros(k)
        gaps = Gaps(family, design.weights, y[:, own], gap)
        coef, (intercept, eta) = np.zeros((own.stop - own.start, p)), smooth.null()
        flat, u = coef.reshape(-1), design.gradient(smooth.residual(eta)).ravel()
        for i, s in enumerate(strengths):
            terms = rules.terms(s, flat)
            working = np.flatnonzero((flat != 0) | (terms.l1 == 0))
            for rounds in range(1, max_iter + 1):
                missing = np.setdiff1d(terms.beyond(u), working)
                if rounds > 1 and not len(missing):
                    break
                working = np.union1d(working, missing)
                for _ in range(MOST):
                    eta, _gain = smooth.solve(working, coef, intercept, terms)
                    before, terms = terms, rules.terms(s, flat)
                    if np.abs(terms.l1 - before.l1).max() <= SETTLED * s:
                        break
                u = design.gradient(smooth.residual(eta)).ravel()
            some = np.flatnonzero((flat != 0) | (np.abs(u) > terms.l1))
            gaps.fit(i, eta, flat[some], u[some], terms.at(some))
            fit.coef[i, own], fit.intercept[i, own] = coef, intercept
            fit.n_iter[i] = max(fit.n_iter[i], rounds)
        gaps.flush()
        fit.gap += gap
    return fit
