"""The path by working sets: solve on few coefficients, check all, add those that the check finds.

A strength starts from the solution of the one before (warm start). The model on the working set is solved
to rounding; then the gradient of every coefficient that may leave zero is at hand. Those with
|u_j| > l1 join, and when none does the same gradients give the duality gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import Rules
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.dual_point import WIDEST, certify, misses
from normax.linear_model.solvers.newton.few_rows import follow_compiled
from normax.linear_model.solvers.newton.likelihood import Likelihood
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
    smooth, gaps = Likelihood(design, family, y, problem.offset), Gaps(family, design.weights, y, fit.gap)
    done = 0
    if isinstance(rules, Rules):
        done = follow_compiled(fit, smooth, problem, strengths, gaps)
        done = done or follow_sparse_family(fit, smooth, problem, strengths, gaps)
    if done < len(strengths):
        path = _WorkingSet(fit, smooth, problem, strengths, gaps)
        path.start(done)
        for i in range(done, len(strengths)):
            decrement = path.solve(i)
            path.certify(i, decrement)
    gaps.flush()


class _WorkingSet:
    """What is kept from strength to strength.

    Attributes:
        coef: (m, p) and intercept (m,) of the present fit, eta (n, m) its linear predictors.
        working: flat entries of coef at work; at_work: (m p,) flags of them.
        found: entries that matter at the present fit, all of them with groups, and their gradients u.
        missed: whether intercepts could not be brought to their best.
    """

    def __init__(self, fit: Fit, smooth: Likelihood, problem: Problem, strengths: np.ndarray, gaps: Gaps):
        self.fit, self.smooth, self.problem, self.strengths, self.gaps = fit, smooth, problem, strengths, gaps
        self.m, self.p = problem.y.shape[1], problem.design.p
        self.grouped = isinstance(problem.rules, GroupRules)
        self.screen, self.every = Screen(problem.design), np.arange(self.m * self.p)

    def start(self, done: int) -> None:
        """From the last of the strengths that are done, or the problem's start, or the model without features."""
        design, fit = self.problem.design, self.fit
        self.coef, (self.intercept, self.eta) = np.zeros((self.m, self.p)), self.smooth.null()
        begin = (fit.coef[done - 1].copy(), fit.intercept[done - 1].copy()) if done else self.problem.begin()
        if begin is not None:
            self.coef, self.intercept = begin
            self.eta = design.predict(self.coef) + self.intercept + self.smooth.offset
        self.flat, self.at_work = self.coef.reshape(-1), np.zeros(self.m * self.p, dtype=bool)
        self.working = np.flatnonzero(self.flat)
        self.look(done)

    def look(self, i: int) -> None:
        """Find what matters at strength i."""
        theta = self.smooth.residual(self.eta)
        self.missed = self.problem.design.centred and misses(theta)
        if self.grouped:
            self.found, self.u = self.every, self.problem.design.gradient(theta).ravel()
        else:
            floor = self.problem.rules.terms(self.strengths[i]).l1 * (1 - MARGIN)
            self.found, self.u = self.screen.look(theta, self.coef, floor)

    def solve(self, i: int) -> float:
        """Minimise at strength i, until nothing that is not at work would leave zero; returns what the last step
        gained."""
        fit, at_work, terms = self.fit, self.at_work, self.problem.rules.terms(self.strengths[i])
        needed = terms.whole(self.working[self.flat[self.working] != 0])
        if terms.free.any():
            free = np.broadcast_to(terms.free.reshape(-1, self.p), (self.m, self.p))
            needed = np.union1d(needed, np.flatnonzero(free))
        at_work[self.working], at_work[needed], self.working = False, True, needed
        decrement, solved, self.smooth.left = 0.0, False, self.problem.max_iter
        while True:
            missing = self.found[self._own(terms).beyond(self.u)]
            missing = missing[~at_work[missing]]
            if solved and not (len(missing) and self.smooth.left):
                break
            self.working, at_work[missing] = np.concatenate([self.working, missing]), True
            self.eta, decrement = self.smooth.solve(self.working, self.coef, self.intercept, terms)
            self.look(min(i + 1, len(self.strengths) - 1))  # what the next strength will ask for as well
            solved = True
        fit.n_iter[i] = self.problem.max_iter - self.smooth.left
        used = self.smooth.entries  # the others are zero, and are left untouched
        fit.coef[i].reshape(-1)[used], fit.intercept[i] = self.flat[used], self.intercept
        return decrement

    def certify(self, i: int, decrement: float) -> None:
        """The gap of the fit at strength i."""
        fit, s, terms = self.fit, self.strengths[i], self.problem.rules.terms(self.strengths[i])
        endless = fit.endless[i] = self.smooth.endless
        bare = int(np.count_nonzero(terms.unpenalised))
        exact = None
        # Without a best fit no dual point tells how far the loss could fall.
        if not endless and (bare or self.missed) and bare * (1 if self.grouped else self.m) <= WIDEST:
            design, family, y = self.problem.design, self.problem.family, self.problem.y
            exact = certify(design, family, y, self.eta, self.coef, terms)
        if exact is not None or s == 0:
            fit.gap[i] = decrement if exact is None else exact
            return
        self.gaps.fit(i, self.eta, self.flat[self.found], self.u, self._own(terms))
        if bare and not endless:
            # The best guess where the loss tells no conjugate: what a step would still gain.
            self.gaps.flush()
            fit.gap[i] += decrement

    def _own(self, terms: Any) -> Any:
        """The terms of what was found."""
        return terms if self.grouped else terms.of(self.found, self.p)
