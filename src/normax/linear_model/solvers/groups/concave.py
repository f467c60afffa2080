"""Penalties that are concave in the lengths of groups: a sequence of group lassos, each with the slopes of the last fit.

As `solvers.concave` does for single coefficients; the gap that is told is the duality gap of the last group lasso.
"""

from __future__ import annotations

import numpy as np

from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.concave import MOST, SETTLED
from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["follow_concave_groups"]


def follow_concave_groups(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of strengths, each from the last, by working sets of groups."""
    design, family, y, rules = problem.design, problem.family, problem.y, problem.rules
    k, m, p = len(strengths), y.shape[1], design.p
    fit, smooth = Fit.empty(k, m, p), Likelihood(design, family, y, problem.offset)
    fit.stationary, gaps = True, Gaps(family, design.weights, y, fit.gap)
    coef, (intercept, eta) = np.zeros((m, p)), smooth.null()
    flat, u = coef.reshape(-1), design.gradient(smooth.residual(eta)).ravel()
    for i, s in enumerate(strengths):
        terms = rules.terms(s, flat)
        working = terms.whole(np.flatnonzero((flat != 0) | terms.free))
        for fit.n_iter[i] in range(1, problem.max_iter + 1):
            missing = np.setdiff1d(terms.beyond(u), working)
            if fit.n_iter[i] > 1 and not len(missing):
                break
            working = np.union1d(working, missing)
            for _ in range(MOST):
                eta, _gain = smooth.solve(working, coef, intercept, terms)
                before, terms = terms, rules.terms(s, flat)
                if np.abs(terms.charge - before.charge).max(initial=0.0) <= SETTLED * s:
                    break
            u = design.gradient(smooth.residual(eta)).ravel()
        gaps.fit(i, eta, flat, u, terms)
        fit.coef[i], fit.intercept[i] = coef, intercept
    gaps.flush()
    return fit
