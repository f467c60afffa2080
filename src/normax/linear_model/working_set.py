"""The path by working sets: solve on few coefficients, check all, add those that the check finds.

A strength starts from the solution of the one before (warm start). The model on the working set is solved
to rounding; then one product with all of X gives the gradient of every coefficient. Those with
|u_j| > l1 join, and when none does the gradient is at hand for the duality gap.
"""

from __future__ import annotations

import numpy as np

from normax.linear_model.certificate import family_gap
from normax.linear_model.design import Design
from normax.linear_model.families import Family
from normax.linear_model.fit import Fit
from normax.linear_model.group_terms import GroupRules
from normax.linear_model.newton import Likelihood
from normax.linear_model.terms import Rules

__all__ = ["follow"]


def follow(
    design: Design,
    family: Family,
    y: np.ndarray,
    strengths: np.ndarray,
    l1_ratio: float,
    max_iter: int,
    rules: Rules | GroupRules,
    offset: np.ndarray | None = None,
) -> Fit:
    """Solve a decreasing sequence of strengths, each warm from the last.

    Args:
        design: the (n, p) design; centred means that an intercept is fitted.
        y: (n, m) response.
        strengths: (k,) decreasing.
        max_iter: rounds of solving and checking for each strength.
        rules: penalty factors and bounds of the features, or groups.
        offset: (n, m) known part of the linear predictors, if there is one.
    """
    m, p, k = y.shape[1], design.p, len(strengths)
    fit, smooth = Fit.empty(k, m, p), Likelihood(design, family, y, offset)
    coef, (intercept, eta) = np.zeros((m, p)), smooth.null()
    u = design.gradient(smooth.residual(eta))
    flat, working = coef.reshape(-1), np.zeros(0, dtype=np.intp)
    for i, s in enumerate(strengths):
        terms = rules.terms(s, l1_ratio)
        working = terms.whole(working[flat[working] != 0])
        if terms.free.any():
            free = np.broadcast_to(terms.free.reshape(-1, p), (m, p))
            working = np.union1d(working, np.flatnonzero(free))
        for fit.n_iter[i] in range(1, max_iter + 1):
            missing = np.setdiff1d(terms.beyond(u), working, assume_unique=True)
            if fit.n_iter[i] > 1 and not len(missing):
                break
            working = np.union1d(working, missing)
            eta, decrement = smooth.solve(working, coef, intercept, terms)
            u = design.gradient(smooth.residual(eta))
        if s > 0:
            fit.gap[i] = family_gap(family, design.weights, y, eta, coef, u, terms)
        else:
            fit.gap[i] = decrement
        used = smooth.entries  # the others are zero, and are left untouched
        fit.coef[i].reshape(-1)[used], fit.intercept[i] = flat[used], intercept
    return fit
