"""Penalties that are concave in the size of each coefficient: a sequence of lassos, each with the slopes of the last
fit.

Such a penalty lies below its tangent, `Ω(v) <= Ω(w) + Σ_j slope(|w_j|) (|v_j| − |w_j|)`, so that the lasso with these
slopes as its strengths never raises the objective (local linear approximation). The gap that is told is the duality
gap of the last of these lassos with the slopes at its own solution: 0 means a stationary point, not the minimum.

Source: Zou & Li, "One-step sparse estimates in nonconcave penalized likelihood models", Annals of Statistics 2008.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from normax.linear_model.families.base import weighted_mean
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.quadratic.gram import GrowingGram
from normax.linear_model.quadratic.support import Support
from normax.linear_model.solvers.certificate import Gaps, duality_gap
from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["follow_concave"]

# Change of the slopes over the strength at which they count as those of the fit, and lassos that get there at most.
SETTLED, MOST = 1e-9, 1000


def follow_concave(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of strengths, each from the last, by working sets."""
    fit = Fit.empty(len(strengths), problem.y.shape[1], problem.design.p)
    fit.stationary = True
    solve = _squares if problem.squared else _likelihood
    for own in problem.apart():
        coef, intercept, gap, n_iter = solve(problem.part(own), strengths)
        fit.coef[:, own], fit.intercept[:, own] = coef, intercept
        fit.gap += gap
        fit.n_iter = np.maximum(fit.n_iter, n_iter)
    return fit


def _likelihood(problem: Problem, strengths: np.ndarray):
    """Coefficients (k, m, p), intercepts (k, m), gaps and rounds of outputs that belong together."""
    design, family, y, rules = problem.design, problem.family, problem.y, problem.rules
    k, m, p = len(strengths), y.shape[1], design.p
    smooth, gap, n_iter = Likelihood(design, family, y, problem.offset), np.zeros(k), np.ones(k, dtype=int)
    gaps, coefs, intercepts = Gaps(family, design.weights, y, gap), np.zeros((k, m, p)), np.zeros((k, m))
    coef, (intercept, eta) = np.zeros((m, p)), smooth.null()
    flat, u = coef.reshape(-1), design.gradient(smooth.residual(eta)).ravel()
    for i, s in enumerate(strengths):
        terms = rules.terms(s, flat)
        working = np.flatnonzero((flat != 0) | (terms.l1 == 0))
        for n_iter[i] in range(1, problem.max_iter + 1):
            missing = np.setdiff1d(terms.beyond(u), working)
            if n_iter[i] > 1 and not len(missing):
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
        coefs[i], intercepts[i] = coef, intercept
    gaps.flush()
    return coefs, intercepts, gap, n_iter


def _squares(problem: Problem, strengths: np.ndarray):
    """The same for squared error, whose lassos need no more of X than products of the columns at work."""
    design, y, rules = problem.design, problem.y, problem.rules
    k, p = len(strengths), design.p
    gap, n_iter, coefs = np.zeros(k), np.ones(k, dtype=int), np.zeros((k, 1, p))
    centre = weighted_mean(y, design.weights) if design.centred else np.zeros(1)
    r = y - centre
    gram, support, w = GrowingGram(design), Support(), np.zeros(0)
    c = u = design.gradient(design.weighted(r))[0]
    zero = np.zeros(p)
    for i, s in enumerate(strengths):
        at_zero = rules.terms(s, zero)
        for n_iter[i] in range(1, problem.max_iter + 1):
            missing = np.union1d(at_zero.beyond(u), np.flatnonzero((at_zero.l1 == 0) & ~design.constant))
            missing = missing[~gram.known[missing]]
            if n_iter[i] > 1 and not len(missing):
                break
            gram.add(missing)
            at, w = gram.features, np.concatenate([w, np.zeros(gram.size - len(w))])
            q, root, terms = c[at], np.sqrt(np.diag(gram.G)), rules.terms(s, w, at)
            for _ in range(MOST):
                w = support.solve(gram.full, root, q, w, terms)
                before, terms = terms, rules.terms(s, w, at)
                if np.abs(terms.l1 - before.l1).max(initial=0.0) <= SETTLED * s:
                    break
            U, squares = gram.check(c[None], r, w[None])
            u = U[0]
        coefs[i, 0, at] = w
        whole = rules.terms(s, coefs[i, 0])
        some = np.flatnonzero((coefs[i, 0] != 0) | (np.abs(u) > whole.l1))
        own = whole.at(some)
        parts = (coefs[i, 0, some], u[some], own.l1, own.l2, own.lower, own.upper)
        half = 0.5 * float(squares[0])
        gap[i] = duality_gap(partial(_shrunk, half), *(part[None] for part in parts))[0]
    return coefs, np.tile(centre, (k, 1)), gap, n_iter


def _shrunk(half: float, c: np.ndarray) -> np.ndarray:
    return (1 - c) ** 2 * half
