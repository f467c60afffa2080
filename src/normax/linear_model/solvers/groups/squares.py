"""The path of squared error under a group penalty of whole features, for one response or several at once."""

from __future__ import annotations

from functools import partial

import numpy as np

from normax.linear_model.design.shapes import gram_pays
from normax.linear_model.design.threads import one_thread
from normax.linear_model.families import Gaussian
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.problem.problem import TIGHT, Problem
from normax.linear_model.quadratic.group_products import AtWork, GroupProducts
from normax.linear_model.quadratic.group_quadratic import minimise_columns, minimise_groups, newton_serves
from normax.linear_model.solvers.certificate import group_gap
from normax.linear_model.solvers.dual_point import certify

__all__ = ["follow_groups"]

# A group is at work if its norm lies within this share of the step in strength below the charge.
LOOK = 0.5
# The share of the gap asked for at which a strength is left to the check.
WELL = 0.3
# Rounds of descent and Newton steps for one strength, at most.
ROUNDS = 200
# Strengths that are checked together where rows are many, at most; elsewhere reading X costs less than the groups that
# several strengths have at work.
LONGEST = 5


def follow_groups(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of k strengths > 0, each from where the last two point to.

    Strengths are solved in blocks on the groups at work; one product with all of X then gives the gradients of the
    block, hence the groups that are missing and the gaps, which are of true residuals. The block is
    accepted up to the first strength that misses a group.
    """
    path = _GroupPath(problem, strengths)
    while path.at < len(strengths):
        path.go_on()
    return path.fit


class _GroupPath:
    """What is kept from block to block.

    Attributes:
        at: strengths that are done; block: how many the next block takes.
        u: gradients at the last fit; trail: the last two, as (strength, coefficients on the columns known then).
        needed: (G,) groups at work whatever u says: the unpenalised, and those that the next strength missed.
        retried: where the next strength ended when it missed some.
    """

    def __init__(self, problem: Problem, strengths: np.ndarray):
        design, rules, (centre, y) = problem.design, problem.rules, problem.centred()
        assert rules.members is not None
        self.design, self.y, self.strengths, self.rules = design, y, strengths, rules
        self.complete = gram_pays(design.n, design.p)
        self.max_iter, self.tol = problem.max_iter, min(problem.tol, TIGHT)
        self.owner, self.m, groups = rules.members, y.shape[1], len(rules.charge)
        self.fit = Fit.empty(len(strengths), self.m, design.p)
        self.fit.intercept[:] = centre
        self.products = GroupProducts(design, rules)
        self.gram = self.products.gram
        if self.complete:
            self.products.add(np.arange(groups))
        self.u = self.c = design.gradient(design.weighted(y))
        self.square = float((design.weights @ y**2).sum())
        self.at, self.block = 0, 1
        self.trail = [(strengths[0], np.zeros((0, self.m)))]
        self.free = np.zeros(groups, dtype=bool)
        self.free[self.owner[rules.terms(1.0).free[: design.p]]] = True
        self.needed = self.free
        self.retried: np.ndarray | None = None
        self.fit.n_iter[:] = 0
        if (begin := problem.begin()) is not None:
            self.needed = self.free.copy()
            self.needed[self.owner[begin[0].any(axis=0)]] = True
            self.products.add(np.flatnonzero(self.needed))
            self.retried = begin[0].T[self.gram.features]

    def go_on(self) -> None:
        """Solve a block of strengths, and keep those before the first that misses a group."""
        strengths = self.strengths[self.at : self.at + self.block]
        near = self._near(strengths[-1])
        self.products.add(np.flatnonzero(near))
        start = self._start(strengths[0])
        near[self.owner[self.gram.features[start.any(axis=1)]]] = True
        solved, rounds = self._solve(strengths, AtWork(self.products, near), start)
        U, squares = self._check(solved)
        begin, missing = self.at, np.zeros(0, dtype=np.intp)
        for s, W, u, square, more in zip(strengths, solved, U, squares, rounds):
            terms = self.rules.terms(s)
            self.fit.n_iter[self.at] += more
            missing = self._missing(terms, u, near)
            if len(missing):
                break
            coef = self.fit.coef[self.at]
            coef[:, self.gram.features] = W.T
            self.fit.gap[self.at] = self._gap(coef, u, square, terms)
            self.u, self.trail, self.needed = u, [*self.trail, (s, W)][-2:], self.free
            self.at += 1
        if len(missing):
            good = self.at - begin
            self.retried, self.block, self.needed = solved[good], max(1, good), self.needed.copy()
            self.needed[missing] = True
        else:
            self.retried, self.block = None, min(2 * self.block, LONGEST if self.complete else 1)

    def _gap(self, coef: np.ndarray, u: np.ndarray, square: float, terms: GroupTerms) -> float:
        if self.free.any():
            exact = certify(self.design, Gaussian(), self.y, self.design.predict(coef), coef, terms)
            assert exact is not None
            return exact
        return group_gap(partial(_shrunk, square), coef.ravel(), u.ravel(), terms)

    def _near(self, edge: float) -> np.ndarray:
        """(G,) groups that may be at work down to a strength."""
        reach = max(edge - LOOK * (self.trail[-1][0] - edge), 0.0)
        return self.needed | (self.rules.terms(reach).excess(self.u.ravel()) > 0)

    def _start(self, strength: float) -> np.ndarray:
        if self.retried is not None:
            return _padded(self.retried, self.gram.size)
        return _straight_on(self.trail, strength, self.gram.size)

    def _solve(
        self, strengths: np.ndarray, work: AtWork, start: np.ndarray
    ) -> tuple[list[np.ndarray], list[int]]:
        """Minimise on the groups at work, each strength but the first from where the last two point to; and in how many
        rounds."""
        Q = self.c[:, work.features].T
        direct = len(work.rows) > self.design.n and not newton_serves(int(np.count_nonzero(start)), self.m)
        if direct:
            root = np.sqrt(self.design.weights)[:, None]
            M = np.ascontiguousarray((root * self.gram.Z[:, work.rows]).T)
            solve = partial(minimise_columns, M, root * self.y)
        else:
            solve = partial(minimise_groups, work.products(), Q)
        line = list(self.trail)
        solved: list[np.ndarray] = []
        rounds: list[int] = []
        left = self.max_iter - self.fit.n_iter[self.at]  # of the first, which may have been solved before
        with one_thread():  # systems of the groups at work are small, and threads that wait cost more
            for s in strengths:
                if solved:
                    start = _straight_on(line, s, self.gram.size)
                blocks, W = work.blocks(s), np.zeros((self.gram.size, self.m))
                close = partial(_close, blocks.terms(self.m), Q, self.square, WELL * self.tol)
                most = min(ROUNDS, left) if not direct else left
                W[work.rows], more = solve(blocks, start[work.rows], enough=close, max_rounds=most)
                rounds.append(more)
                left = self.max_iter
                line.append((s, W))
                solved.append(W)
        return solved, rounds

    def _check(self, solved: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Gradients (K, m, p) and squared residuals (K,) at each of K points, from one reading of X."""
        K = len(solved)
        flat = np.array(solved).transpose(0, 2, 1).reshape(K * self.m, self.gram.size)
        U, squares = self.gram.check(self.c, np.tile(self.y, K), flat)
        return U.reshape(K, self.m, -1), squares.reshape(K, self.m).sum(axis=1)

    def _missing(self, terms: GroupTerms, u: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Groups that should be at work and were not, as long as the strength may be solved again."""
        if self.fit.n_iter[self.at] >= self.max_iter:
            return np.zeros(0, dtype=np.intp)
        groups = self.owner[terms.beyond(u) % self.design.p]  # groups take features whole
        return groups[~near[groups]]


def _straight_on(line: list[tuple[float, np.ndarray]], strength: float, size: int) -> np.ndarray:
    """(size, m) coefficients where the last two fits point to; what was zero in either is as in the last."""
    s, W = line[-1][0], _padded(line[-1][1], size)
    if len(line) < 2 or not line[-2][0] > s:
        return W
    before = _padded(line[-2][1], size)
    share = min((s - strength) / (line[-2][0] - s), 1.0)
    both = W.any(axis=1, keepdims=True) & before.any(axis=1, keepdims=True)
    return np.where(both, W + share * (W - before), W)


def _padded(W: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([W, np.zeros((size - len(W), W.shape[1]))])


def _close(terms: GroupTerms, Q, square: float, share: float, W, g) -> bool:
    """Whether the gap of the groups at work is a small share of the null deviance."""
    left = max(square - float((W * (Q + g)).sum()), 0.0)
    return group_gap(partial(_shrunk, left), W.ravel(), g.ravel(), terms) <= share * 0.5 * square


def _shrunk(square: float, c: float) -> float:
    """Half the squared distance between cθ and θ: what shrinking the dual point costs."""
    return 0.5 * (1 - c) ** 2 * square
