"""The path by working sets: solve on few coefficients, check all, add those that the check finds.

A strength starts from the solution of the one before (warm start). The model on the working set is solved
to rounding; then one product with all of X gives the gradient of every coefficient. Those with
|u_j| > l1 join, and when none does the gradient is at hand for the duality gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normax.linear_model.certificate import duality_gap
from normax.linear_model.design import Design
from normax.linear_model.families import Family
from normax.linear_model.newton import Likelihood
from normax.linear_model.squares import Squares

__all__ = ["Fit", "follow"]

# A coefficient violates where |u| exceeds l1 by more than rounding can.
SLACK = 1e-10


@dataclass
class Fit:
    """Solutions of k strengths: coefficients (k, m, p), intercepts (k, m) of the centred design, gaps (k,)."""

    coef: np.ndarray
    intercept: np.ndarray
    gap: np.ndarray
    n_iter: np.ndarray


def follow(
    design: Design,
    family: Family,
    y: np.ndarray,
    strengths: np.ndarray,
    l1_ratio: float,
    tol: float,
    max_iter: int,
) -> Fit:
    """Solve a decreasing sequence of strengths, each warm from the last.

    Args:
        design: the (n, p) design; centred means that an intercept is fitted.
        y: (n, m) response.
        strengths: (k,) decreasing.
        tol: gap, in units of the objective, at which rounds beyond `max_iter` are not missed.
        max_iter: rounds of solving and checking for each strength.
    """
    m, p, k = y.shape[1], design.p, len(strengths)
    fit = Fit(np.zeros((k, m, p)), np.zeros((k, m)), np.zeros(k), np.zeros(k, dtype=int))
    smooth = Squares(design, y) if family.name == "gaussian" else Likelihood(design, family, y)
    coef, intercept = np.zeros((m, p)), smooth.null_intercept()
    theta = smooth.theta(coef, intercept)
    u = design.gradient(theta)
    for i, s in enumerate(strengths):
        l1, l2 = s * l1_ratio, s * (1 - l1_ratio)
        working = coef != 0
        for fit.n_iter[i] in range(1, max_iter + 1):
            missing = (np.abs(u) > l1 * (1 + SLACK)) & ~working if l1 > 0 else ~working
            if fit.n_iter[i] > 1 and not missing.any():
                break
            working |= missing
            decrement = smooth.solve(np.flatnonzero(working), coef, intercept, l1, l2)
            theta = smooth.theta(coef, intercept)
            u = design.gradient(theta)
        if s > 0:
            mean = y - theta / design.weights[:, None]
            fit.gap[i] = duality_gap(family, design.weights, y, mean, coef, u, l1, l2)
        else:
            fit.gap[i] = decrement
        fit.coef[i], fit.intercept[i] = coef, intercept
    return fit
