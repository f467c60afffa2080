"""The fused lasso: stretches that grow finer where the dual says so, and Newton steps on their values.

On given stretches of equal coefficients the columns of a stretch add up to one, and the problem is one of the same
kind with few unknowns, which Newton steps solve, each a quadratic that `chain_quadratic` minimises exactly. Then the
gradient of every coefficient is at hand. Its part beyond the polar ball of the penalty, which is a prox away, has
edges where stretches must be cut; where there are none, the optimality conditions hold.

Source: Tibshirani et al., "Sparsity and smoothness via the fused lasso", JRSS B 2005; Tibshirani & Taylor, "The
solution path of the generalized lasso", Annals of Statistics 2011.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array

from normax.linear_model.design.design import Design
from normax.linear_model.problem.chain_terms import FusedRules
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.quadratic.chain_quadratic import worst_interval
from normax.linear_model.solvers.dual_point import moved_residuals
from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["follow_fused", "largest_fused"]

# Coefficients up to which no stretches are formed beforehand: each starts as its own.
FEW = 200
# Fits of equal coefficients, which an L2 part makes depend on the strength, that the largest strength may take.
ROUNDS = 100
# What the dual point exceeds the polar ball by less than this share is rounding.
SLACK = 1e-10
# Share of the gap asked for down to which Newton's method is started again with a new Hessian, and of the gap before,
# above which that is of no use.
ENOUGH, STUCK = 1e-3, 0.9
# Neighbours that differ by less than this share of their size are equal but for the rounding of steps.
EQUAL = 1e-13


def follow_fused(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of positive strengths, each warm from the last."""
    fit = Fit.empty(len(strengths), problem.y.shape[1], problem.design.p)
    for own in problem.apart():
        chain = Chain(problem.part(own))
        for i, s in enumerate(strengths):
            gap, rounds = chain.solve(float(s))
            fit.coef[i, own], fit.intercept[i, own] = chain.coef, chain.intercept
            fit.gap[i] += gap
            fit.endless[i] |= chain.endless
            fit.n_iter[i] = max(fit.n_iter[i], rounds)
    return fit


def largest_fused(problem: Problem) -> float:
    """The smallest strength at which the coefficients are all zero, or, without an L1 part, all equal for each
    output."""
    design, rules = problem.design, problem.rules
    chain, strength = Chain(problem), 0.0
    chain.cut(np.zeros(design.p, dtype=bool))
    noise = 1e-15 * np.abs(problem.y).max() * design.lengths()
    for _ in range(ROUNDS):
        V = chain.dual(strength)
        V -= rules.centred(V)
        V[np.abs(V) <= noise] = 0.0  # rounding is no correlation
        before, strength = strength, polar(rules, V)
        if rules.l1 > 0 or abs(strength - before) <= 1e-12 * strength:
            break
        chain.fit(strength)
    return strength


def polar(rules: FusedRules, V: np.ndarray) -> float:
    """`max_w <V, w>/Ω(w)` without the L2 part at strength 1, over the w of V's own outputs, (m, p).

    The most that an interval's sum of V is beyond t times its charge is convex and falls with t; Newton's method
    finds its root from below.
    """
    t, V = 0.0, V - rules.centred(V)
    for row in V:
        unit = rules.terms(1.0, 1, np.ones(len(row)))
        while True:
            excess, at, to, _ = worst_interval(row, t * unit.edge, t * unit.l1, rules.positive)
            charge = unit.edge[at] + unit.edge[to] + unit.l1[at:to].sum()
            if excess <= 1e-14 * t * charge or charge == 0:
                break
            t, before = abs(float(row[at:to].sum())) / charge, t
            if t <= before:
                break
    return float(t)


class Chain:
    """The present fit of outputs that belong together, on the stretches that have been needed so far."""

    def __init__(self, problem: Problem):
        design, family, y = problem.design, problem.family, problem.y
        self.design, self.family, self.y, self.rules = design, family, y, problem.rules
        self.whole = Likelihood(design, family, y, problem.offset)
        self.coef = np.zeros((y.shape[1], design.p))
        self.intercept, self.eta = self.whole.null()
        null = float(design.weights @ family.deviance(y, self.eta))
        self.max_iter, self.enough = problem.max_iter, ENOUGH * problem.tol * null
        self.all = Design(_sums(design, np.zeros(1, dtype=np.intp)), design.weights, design.centred)
        self.endless = False
        if not (self.rules.l1 or self.rules.l2):
            # Only what all coefficients have in common may grow for ever.
            m = y.shape[1]
            one, terms = (
                Likelihood(self.all, family, y, problem.offset),
                self.rules.terms(1.0, m, np.array([design.p])),
            )
            one.solve(np.arange(m), np.zeros((m, 1)), self.intercept.copy(), terms)
            self.endless = one.endless
        self.cut(np.full(design.p, design.p <= FEW))

    def cut(self, begins: np.ndarray) -> None:
        """Let stretches begin at these features, (p,), too."""
        begins[:1] = True
        self.begins, self.starts = begins, np.flatnonzero(begins)
        self.sizes = np.diff(np.append(self.starts, len(begins)))
        design = self.design
        if not begins.all():
            design = Design(_sums(design, self.starts), design.weights, design.centred)
        self.short = Likelihood(design, self.family, self.y, self.whole.offset + 0 * self.y)

    def fit(self, strength: float) -> None:
        """The best values of the stretches as they are."""
        terms = self.rules.terms(strength, len(self.coef), self.sizes)
        short = np.ascontiguousarray(self.coef[:, self.starts])
        if self.family.coupled and not (self.rules.l1 or self.rules.l2 or self.rules.positive):
            # The loss does not see what all classes have in common: the least differences have a median of 0.
            middle = np.sort(np.diff(short, axis=1), axis=0)[len(short) // 2]
            short[:, 1:] -= np.cumsum(middle)
        self.short.solve(np.arange(short.size), short, self.intercept, terms)
        self.coef = np.repeat(_level(short), self.sizes, axis=1)
        eta = self.design.predict(self.coef) + self.intercept + self.whole.offset
        self.eta = self.whole.balance(eta, self.intercept)

    def dual(self, strength: float) -> np.ndarray:
        """(m, p) gradients less that of the L2 part."""
        return self.design.gradient(self.whole.residual(self.eta)) - strength * self.rules.l2 * self.coef

    def solve(self, strength: float) -> tuple[float, int]:
        """The fit of one strength: its gap, and the rounds it took."""
        gap, rounds = np.inf, 0
        while rounds < self.max_iter:
            rounds += 1
            self.fit(strength)
            before, (gap, late) = gap, self.judge(strength)
            begins = self.begins.copy()
            begins[1:] |= np.diff(late, axis=1).any(axis=0)
            if (begins != self.begins).any():
                self.cut(begins)
            elif gap <= self.enough or not gap < STUCK * before:
                break
            else:
                self.short.hessian = None
        return gap, rounds

    def judge(self, strength: float) -> tuple[float, np.ndarray]:
        """The duality gap in units of the objective, and what of the dual point is beyond the ball by more than
        rounding, (m, p).

        With θ the residual, u = X̃ᵀθ splits into p in the ball and q for the L2 part, whose conjugate is ‖q‖²/(2 l2);
        then

            gap(c) = Σ_i ω_i D(y_i − c(y_i − μ_i), μ_i)  +  Ω(w) − <p, w>  +  ‖q − l2 w‖²/(2 l2),   p + q = c u,

        of which no term is negative. Without an L2 part q = 0 and c p shrinks into the ball; with one, either c
        shrinks or q takes what is beyond.
        """
        W, rules, l2, design = self.coef, self.rules, strength * self.rules.l2, self.design
        v, known, settled = self.family.residual(self.y, self.eta), False, True
        if rules.l1 == 0 and l2 == 0:  # what is free must not move along with a dual point
            known = self.family.young(self.y, self.eta, v) is not None
            free, left = np.zeros((len(W), 1), dtype=bool), v
            while known:
                more = (rules.centred(design.gradient(design.weighted(v))) != 0) & ~free
                if not more.any():
                    break
                free |= more
                v, settled = moved_residuals(self.all, self.family, self.y, self.eta, left, free)
        u = design.gradient(design.weighted(v)) - l2 * W
        free = rules.centred(u)
        p = u - free
        size = polar(rules, p) / strength
        own = rules.terms(strength, len(W), np.ones(W.shape[1])).value(W.ravel()) - 0.5 * l2 * float(
            (W * W).sum()
        )

        def lost(c: float) -> float:
            if known:
                return float(design.weights @ self.family.young(self.y, self.eta, c * v))
            return float(design.weights @ self.family.fenchel(self.y, self.eta, c)) if c < 1 else 0.0

        def gap(c: float, p: np.ndarray, q: np.ndarray) -> float:
            split = float(((q - l2 * W) ** 2).sum()) / (2 * l2) if l2 > 0 else 0.0
            return lost(c) + max(own - _inner(p, W), 0.0) + split

        c = min(1.0, 1.0 / size) if size > 0 else 1.0
        best = gap(c, c * p, c * (l2 * W + free))
        late = rules.beyond(p, strength) if size > 1 + SLACK else np.zeros_like(p)
        if l2 > 0 and late.any():
            best = min(best, gap(1.0, p - late, l2 * W + free + late))
        if not (
            settled and best == best
        ):  # the loss itself, whose least value is no less than 0 once that of each row is
            return own + float(design.weights @ self.family.deviance(self.y, self.eta)), late
        return max(best, 0.0) if known or l2 > 0 else best + self.loose(free[:, 0] * W.shape[1]), late

    def loose(self, lack: np.ndarray) -> float:
        """What the gradients along what is free, (m,), may cost a loss that knows no conjugate: over the size of the
        coefficients, and over the step that they promise."""
        if not lack.any():
            return 0.0
        z = self.all.columns(np.zeros(1, dtype=np.intp))
        bent = (self.design.weights[:, None] * self.family.curvature(self.y, self.eta) * z**2).sum(axis=0)
        step = np.divide(np.abs(lack), bent, out=np.zeros_like(lack), where=bent > 0)
        return float(np.abs(lack) @ (np.abs(self.coef).max(axis=1) + step))


def _inner(p: np.ndarray, W: np.ndarray) -> float:
    """<p, W>, summed by parts, since differences of neighbours are often 0."""
    sums = np.cumsum(p, axis=1)
    return float(sums[:, -1] @ W[:, -1] - (sums[:, :-1] * np.diff(W, axis=1)).sum())


def _level(V: np.ndarray) -> np.ndarray:
    """Neighbours that only rounding tells apart, made equal."""
    for row in V:
        size = np.abs(row)
        new = np.abs(np.diff(row)) > EQUAL * np.maximum(size[1:], size[:-1])
        first = np.flatnonzero(np.concatenate([[True], new]))
        row[:] = np.repeat(row[first], np.diff(np.append(first, len(row))))
    return V


def _sums(design: Design, starts: np.ndarray) -> np.ndarray:
    """(n, g) sums of the columns of each stretch."""
    X = design.X if design.rows is None else design.X[design.rows]
    if not design.sparse:
        return np.asfortranarray(np.add.reduceat(X, starts, axis=1, dtype=np.float64))
    owner = np.zeros(design.p, dtype=np.intp)
    owner[starts[1:]] = 1
    member = csc_array((np.ones(design.p), (np.arange(design.p), np.cumsum(owner))))
    return (X @ member).toarray()
