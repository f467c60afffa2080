"""The path by working sets: solve on few coefficients, check all, add those that the check finds.

A strength starts from the solution of the one before (warm start). The model on the working set is solved
to rounding; then the gradient of every coefficient that may leave zero is at hand. Those with
|u_j| > l1 join, and when none does the same gradients give the duality gap.
"""

from __future__ import annotations

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.families import Family
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.terms import Rules
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.dual_point import WIDEST, certify, misses
from normax.linear_model.solvers.newton.likelihood import Likelihood
from normax.linear_model.solvers.newton.one_output import follow_compiled
from normax.linear_model.solvers.newton.screening import Screen
from normax.linear_model.solvers.newton.sparse import follow_sparse_family

__all__ = ["follow"]

# Gradients this share below what keeps a coefficient at zero are looked at, for rounding's sake.
MARGIN = 1e-9


def follow(
    design: Design,
    family: Family,
    y: np.ndarray,
    strengths: np.ndarray,
    l1_ratio: float,
    max_iter: int,
    rules: Rules | GroupRules,
    offset: np.ndarray | None = None,
    tol: float = 1e-6,
) -> Fit:
    """Solve a decreasing sequence of strengths, each warm from the last.

    Args:
        design: the (n, p) design; centred means that an intercept is fitted.
        y: (n, m) response.
        strengths: (k,) decreasing.
        max_iter: rounds of solving and checking for each strength.
        rules: penalty factors and bounds of the features, or groups.
        offset: (n, m) known part of the linear predictors, if there is one.
        tol: the gap over the null deviance that solvers which approach it may stop at.
    """
    k, m = len(strengths), y.shape[1]
    fit = Fit.empty(k, m, design.p)
    if m == 1 or family.coupled or isinstance(rules, GroupRules):
        _follow(fit, design, family, y, strengths, l1_ratio, max_iter, rules, offset, tol)
        return fit
    for c in range(m):  # problems of their own
        own = slice(c, c + 1)
        part = Fit(*(fit.coef[:, own], fit.intercept[:, own], np.zeros(k), np.ones(k, dtype=int)))
        known = None if offset is None else offset[:, own]
        _follow(part, design, family, y[:, own], strengths, l1_ratio, max_iter, rules, known, tol)
        fit.gap += part.gap
        fit.endless |= part.endless
        fit.n_iter = np.maximum(fit.n_iter, part.n_iter)
    return fit


def _follow(
    fit: Fit,
    design: Design,
    family: Family,
    y: np.ndarray,
    strengths: np.ndarray,
    l1_ratio: float,
    max_iter: int,
    rules: Rules | GroupRules,
    offset: np.ndarray | None,
    tol: float,
) -> None:
    """The path of outputs that belong together, written into fit."""
    m, p = y.shape[1], design.p
    grouped = isinstance(rules, GroupRules)
    smooth = Likelihood(design, family, y, offset)
    gaps, screen, every = Gaps(family, design.weights, y, fit.gap), Screen(design), np.arange(m * p)
    done = 0
    if isinstance(rules, Rules):
        done = follow_compiled(fit, smooth, strengths, l1_ratio, max_iter, rules, gaps)
        done = done or follow_sparse_family(fit, smooth, strengths, l1_ratio, max_iter, rules, gaps, tol)
    if done == len(strengths):
        return gaps.flush()
    coef, (intercept, eta) = np.zeros((m, p)), smooth.null()
    if done:
        coef, intercept = fit.coef[done - 1].copy(), fit.intercept[done - 1].copy()
        eta = design.predict(coef) + intercept + smooth.offset
    flat, at_work = coef.reshape(-1), np.zeros(m * p, dtype=bool)
    working, missed = np.flatnonzero(flat), False

    def look(i: int) -> tuple[np.ndarray, np.ndarray]:
        """The entries that matter at strength i, all of them with groups, and their gradients at the present fit."""
        nonlocal missed
        theta = smooth.residual(eta)
        missed = design.centred and misses(theta)
        if grouped:
            return every, design.gradient(theta).ravel()
        return screen.look(theta, coef, rules.terms(strengths[i], l1_ratio).l1 * (1 - MARGIN))

    found, u = look(done)
    for i, s in enumerate(strengths[done:], done):
        terms = rules.terms(s, l1_ratio)
        needed = terms.whole(working[flat[working] != 0])
        if terms.free.any():
            free = np.broadcast_to(terms.free.reshape(-1, p), (m, p))
            needed = np.union1d(needed, np.flatnonzero(free))
        at_work[working], at_work[needed], working = False, True, needed
        for fit.n_iter[i] in range(1, max_iter + 1):
            own = terms if grouped else terms.of(found, p)
            missing = found[own.beyond(u)]
            missing = missing[~at_work[missing]]
            if fit.n_iter[i] > 1 and not len(missing):
                break
            working, at_work[missing] = np.concatenate([working, missing]), True
            eta, decrement = smooth.solve(working, coef, intercept, terms)
            found, u = look(min(i + 1, len(strengths) - 1))  # what the next strength will ask for as well
        exact, bare = None, int(np.count_nonzero(terms.unpenalised))
        # Without a best fit no dual point tells how far the loss could fall.
        none = smooth.endless or smooth.edge.all()
        if not none and (bare or missed) and bare * (1 if grouped else m) <= WIDEST:
            exact = certify(design, family, y, eta, coef, terms)
        if exact is not None:
            fit.gap[i] = exact
        elif s > 0:
            gaps.fit(i, eta, flat[found], u, terms if grouped else terms.of(found, p))
            if (
                bare and not none
            ):  # the best guess where the loss tells no conjugate: what a step would still gain
                gaps.flush()
                fit.gap[i] += decrement
        else:
            fit.gap[i] = decrement
        fit.endless[i] = smooth.endless
        used = smooth.entries  # the others are zero, and are left untouched
        fit.coef[i].reshape(-1)[used], fit.intercept[i] = flat[used], intercept
    gaps.flush()
