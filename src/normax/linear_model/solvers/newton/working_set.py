"""The path by working sets: solve on few coefficients, check all, add those that the check finds.

A strength starts from the solution of the one before (warm start). The model on the working set is solved
to rounding; then the gradient of every coefficient that may leave zero is at hand. Those with
|u_j| > l1 join, and when none does the same gradients give the duality gap.
"""

from __future__ import annotations

import numpy as np

from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.problem import Problem
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


def follow(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of strengths, each warm from the last; rules are of single features or of groups."""
    k, m = len(strengths), problem.y.shape[1]
    fit = Fit.empty(k, m, problem.design.p)
    if m == 1 or isinstance(problem.rules, GroupRules):
        _follow(fit, problem, strengths)
        return fit
    for own in problem.apart():
        part = Fit(*(fit.coef[:, own], fit.intercept[:, own], np.zeros(k), np.ones(k, dtype=int)))
        _follow(part, problem.part(own), strengths)
        fit.gap += part.gap
        fit.endless |= part.endless
        fit.n_iter = np.maximum(fit.n_iter, part.n_iter)
    return fit


def _follow(fit: Fit, problem: Problem, strengths: np.ndarray) -> None:
    """The path of outputs that belong together, written into fit."""
    design, family, y, rules = problem.design, problem.family, problem.y, problem.rules
    m, p = y.shape[1], design.p
    grouped = isinstance(rules, GroupRules)
    smooth = Likelihood(design, family, y, problem.offset)
    gaps, screen, every = Gaps(family, design.weights, y, fit.gap), Screen(design), np.arange(m * p)
    done = 0
    if isinstance(rules, Rules):
        done = follow_compiled(fit, smooth, problem, strengths, gaps)
        done = done or follow_sparse_family(fit, smooth, problem, strengths, gaps)
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
        return screen.look(theta, coef, rules.terms(strengths[i]).l1 * (1 - MARGIN))

    found, u = look(done)
    for i, s in enumerate(strengths[done:], done):
        terms = rules.terms(s)
        needed = terms.whole(working[flat[working] != 0])
        if terms.free.any():
            free = np.broadcast_to(terms.free.reshape(-1, p), (m, p))
            needed = np.union1d(needed, np.flatnonzero(free))
        at_work[working], at_work[needed], working = False, True, needed
        for fit.n_iter[i] in range(1, problem.max_iter + 1):
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
        if not smooth.endless and (bare or missed) and bare * (1 if grouped else m) <= WIDEST:
            exact = certify(design, family, y, eta, coef, terms)
        if exact is not None:
            fit.gap[i] = exact
        elif s > 0:
            gaps.fit(i, eta, flat[found], u, terms if grouped else terms.of(found, p))
            if bare and not smooth.endless:
                # The best guess where the loss tells no conjugate: what a step would still gain.
                gaps.flush()
                fit.gap[i] += decrement
        else:
            fit.gap[i] = decrement
        fit.endless[i] = smooth.endless
        used = smooth.entries  # the others are zero, and are left untouched
        fit.coef[i].reshape(-1)[used], fit.intercept[i] = flat[used], intercept
    gaps.flush()
