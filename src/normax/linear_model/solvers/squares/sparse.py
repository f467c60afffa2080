"""The path of squared error for a sparse X: working sets, each solved by descent, each strength checked on all columns.

A column is read for the check only where it may have a say: with residuals `r = a r₀ + d`, d orthogonal to r₀, whose
gradient u₀ is known for all columns, Cauchy and Schwarz bound `|u_j| <= |a u₀_j| + ‖x̃_j‖‖d‖`, and a zero coefficient
with |u_j| <= l1 neither joins nor enters the gap.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from normax.linear_model.design.design import Design
from normax.linear_model.design.products import COPIED
from normax.linear_model.families import Gaussian
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import TIGHT, Problem
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.sparse_descent import SparseColumns
from normax.linear_model.solvers.certificate import duality_gap
from normax.linear_model.solvers.dual_point import certify

__all__ = ["Check", "compressed", "follow_sparse"]

# Columns join ahead of time if |u_j| lies within this share of the step in l1 below it.
LOOK = 0.5
# Share of l1 to which violations are solved at first; a tenth as much follows wherever the gap is not yet met.
EXACT, EXACTEST = 1e-6, 1e-12
# Share of the gap asked for at which solving ends.
WELL = 0.2
# Columns read since the last gradient of all, over all of them, from which on a new one costs less.
SPENT = 0.5


def follow_sparse(problem: Problem, y: np.ndarray, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of k strengths for one centred response y, (n, 1), of a sparse design."""
    design, rules, sparse_coef = problem.design, problem.rules, problem.sparse_coef
    k, p = len(strengths), design.p
    fit = Fit.empty(k, 1, 0 if sparse_coef else p)
    rows = []
    target, squares = design.spread(y)[:, 0], design.squares()
    weights = design.weights[:1] if design.alike and design.rows is None else design.spread(design.weights)
    squares[design.constant] = 0.0
    w, check = np.zeros(p), Check(design, squares, y[:, 0])
    u = check.u0
    scale, before = float(np.abs(u).max(initial=0.0)), strengths[0]
    enough = WELL * min(problem.tol, TIGHT) * 0.5 * float(design.weights @ y[:, 0] ** 2)
    residual = target
    for i, s in enumerate(strengths):
        terms = rules.terms(s)
        ahead = rules.terms(max(s - LOOK * (before - s), 0.0) if i else s)
        working = (w != 0) | (terms.free & ~design.constant) | (ahead.pull(u) > 0)
        exact, columns = EXACT, None
        for fit.n_iter[i] in range(1, problem.max_iter + 1):
            if columns is None:
                features = np.flatnonzero(working)
                columns = compressed(design, features, weights, squares)
            inside = w[features]
            residual = (
                columns.minimise(target, inside, terms.at(features), scale, exact)
                + design.means[features] @ inside
            )
            w[features] = inside
            own = residual if design.rows is None else residual[design.rows]
            u = check.gradient(own, terms.l1, working)
            missing = terms.beyond(u)
            missing = missing[~working[missing]]
            if len(missing):
                working[missing], columns = True, None
                continue
            if terms.unpenalised.any():
                fit.gap[i] = certify(design, Gaussian(), y, y - own[:, None], w[None], terms)
            else:
                fit.gap[i] = _gap(float(design.weights @ own**2), w, u, terms)
            if fit.gap[i] <= enough or exact <= EXACTEST:
                break
            exact *= 0.1
        if sparse_coef:
            at = np.flatnonzero(w)
            rows.append(csr_array((w[at], at, [0, len(at)]), shape=(1, p)))
        else:
            fit.coef[i, 0, features] = inside
        before = s
    if sparse_coef:
        fit.coef = tuple(rows)
    return fit


class Check:
    """Gradients of all columns at one residual after another, read only where they may exceed l1.

    The bound is that of `newton.screening`, whose kernel multiplies dense columns one by one on the way; compressed
    ones are picked first and multiplied together, and their lengths are known with the weights of the rows.

    Attributes:
        u0: (p,) gradient at the residuals r0, (n,), for all columns.
    """

    def __init__(self, design: Design, squares: np.ndarray, r: np.ndarray):
        self.design, self.lengths = design, np.sqrt(squares)
        self._anchor(r)

    def _anchor(self, r: np.ndarray) -> None:
        self.r0, self.u0 = r, self.design.gradient(self.design.weighted(r[:, None]))[0]
        self.square, self.spent = float(self.design.weights @ r**2), 0

    def gradient(self, r: np.ndarray, l1: np.ndarray, working: np.ndarray) -> np.ndarray:
        """(p,) negative gradient at residuals r (n,), exact wherever it exceeds l1 or `working` says so."""
        theta = self.design.weighted(r[:, None])[:, 0]
        a = float(self.r0 @ theta) / self.square if self.square > 0 else 0.0
        d = np.sqrt(max(float(r @ theta) - a * a * self.square, 0.0))
        u = a * self.u0
        near = np.flatnonzero(working | (np.abs(u) + (1 + 1e-9) * d * self.lengths > l1))
        self.spent += len(near)
        if self.design.X.format != "csc" or self.spent > SPENT * len(u):
            self._anchor(r)
            return self.u0
        u[near] = self.design.gradient_of(near, theta)
        return u


def _gap(square: float, w: np.ndarray, u: np.ndarray, terms: Terms) -> float:
    """The gap from the columns that have a say in it: the others are zero and stay zero."""
    some = np.flatnonzero((w != 0) | (np.abs(u) > terms.l1))
    at = terms.at(some)
    bounds = (part[None] for part in at.charges)
    return float(duality_gap(lambda c: 0.5 * (1 - c) ** 2 * square, w[None, some], u[None, some], *bounds)[0])


def compressed(
    design: Design, features: np.ndarray, weights: np.ndarray, squares: np.ndarray
) -> SparseColumns:
    """The columns picked out side by side if they are few entries or lie in rows, else where they are."""
    X, at = design.X, features
    if X.format != "csc" or np.diff(X.indptr)[features].sum() <= COPIED:
        X, at = X[:, features].tocsc(), np.arange(len(features))
    return SparseColumns(X.indptr, X.indices, X.data, at, weights, design.means[features], squares[features])
