"""One output of any family on a sparse X: proximal Newton steps, each a weighted squared error solved by descent.

A step of Newton's method minimises `½ Σ_i d_i (z_i − x_i·w − b)²` and the penalty, with the curvature d of each row
and the response z that its slope asks for. `SparseColumns` solves that without a product of two columns, so that
neither thousands of columns at work nor many more rows become dense. Columns are checked as for squared error, by a
bound on their gradients.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from normax.compiled import kernel
from normax.linear_model.design.products import subtract
from normax.linear_model.design.shapes import descent_pays
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import TIGHT, Problem
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.sparse_descent import SparseColumns
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.dual_point import certify
from normax.linear_model.solvers.newton.likelihood import Likelihood
from normax.linear_model.solvers.squares.sparse import EXACT, EXACTEST, LOOK, WELL, Check, compressed

__all__ = ["follow_sparse_family"]

# Share of the gap asked for that a last step may gain, and steps at most.
LAST, STEPS = 1e-2, 50
# Each step is solved to this share of the violations that the one before it left, down to what is asked.
ROUGH = 1e-2
# Rows that are all but certain keep this share of the largest curvature: their response would be infinite.
FLOOR = 1e-9


def follow_sparse_family(
    fit: Fit, smooth: Likelihood, problem: Problem, strengths: np.ndarray, gaps: Gaps
) -> int:
    """Write the fits of all strengths > 0 of a path into fit, if it suits this solver; returns how many.

    Args: gaps takes what certifies each fit.
    """
    design, family, rules = smooth.design, smooth.family, problem.rules
    apart = family.rows_apart  # else what ties rows is no part of a weighted squared error
    if smooth.m > 1 or not apart or not descent_pays(design.X):
        return 0
    squares = design.squares()
    squares[design.constant] = 0.0
    (intercept, eta), w = smooth.null(), np.zeros(design.p)
    check = Check(design, squares, family.residual(smooth.y, eta)[:, 0])
    u, scale = check.u0, float(np.abs(check.u0).max(initial=0.0))
    enough = WELL * min(problem.tol, TIGHT) * float(design.weights @ family.deviance(smooth.y, eta))
    if (begin := problem.begin()) is not None:
        w, eta = begin[0][0], design.predict(begin[0]) + begin[1] + smooth.offset
        u = design.gradient(smooth.residual(eta))[0]
    positive, before = strengths[strengths > 0], strengths[0]
    for i, s in enumerate(positive):
        terms = rules.terms(s)
        ahead = rules.terms(max(s - LOOK * (before - s), 0.0) if i else s)
        working = (w != 0) | (terms.free & ~design.constant) | (ahead.pull(u) > 0)
        exact, columns, before, left = EXACT, None, s, problem.max_iter
        for _ in range(problem.max_iter):
            if columns is None:
                features = np.flatnonzero(working)
                columns = compressed(design, features, squares[:1], squares)
            inside, own = w[features], terms.at(features)
            last = LAST * enough * (exact / EXACT) ** 2
            eta, steps = _newton(smooth, columns, inside, eta, own, scale, exact, last, min(left, STEPS))
            left -= steps
            intercept[:] = 0.0
            eta = smooth.balance(eta, intercept)
            w[features] = inside
            residual = family.residual(smooth.y, eta)[:, 0]
            u = check.gradient(residual, terms.l1, working)
            missing = terms.beyond(u)
            missing = missing[~working[missing]]
            if len(missing) and left:
                working[missing], columns = True, None
                continue
            gap = certify(design, family, smooth.y, eta, w[None], terms) if terms.unpenalised.any() else None
            if gap is None:
                found = np.flatnonzero((w != 0) | (np.abs(u) > terms.l1))
                gaps.fit(i, eta, w[found], u[found], terms.at(found))
                gaps.flush()
            else:
                fit.gap[i] = gap
            if fit.gap[i] <= enough or exact <= EXACTEST or not left:
                break
            exact *= 0.1
        fit.n_iter[i], fit.coef[i, 0] = problem.max_iter - left, w
        if design.centred:  # what the linear predictors are beyond the columns
            known = np.zeros(design.n) + np.ravel(smooth.offset)
            fit.intercept[i] = design.weights @ (eta[:, 0] - known)
    return len(positive)


def _newton(
    smooth: Likelihood,
    columns: SparseColumns,
    w: np.ndarray,
    eta: np.ndarray,
    terms: Terms,
    scale: float,
    exact: float,
    last: float,
    most: int,
) -> tuple[np.ndarray, int]:
    """Minimise over w, in place, and the intercept, from linear predictors eta (n, 1) on, in `most` steps; returns
    those at the minimum, and the steps."""
    design, family, y = smooth.design, smooth.family, smooth.y
    value = float(design.weights @ family.loss(y, eta))
    steps = 0
    for k in range(most):
        rough = max(exact, ROUGH ** (k + 1))
        theta = smooth.residual(eta)[:, 0]
        d = design.weights * family.curvature(y, eta)[:, 0]
        d = np.maximum(d, FLOOR * d.max())
        total = d.sum()
        weights = design.spread((d / total)[:, None])[:, 0]
        means, squares = _moments(*columns.matrix, columns.at, weights, design.centred)
        target = (eta - smooth.offset)[:, 0] + theta / d
        centre = float(d @ target) / total if design.centred else 0.0
        new = w.copy()
        replace(columns, weights=weights, means=means, squares=squares).minimise(
            design.spread((target - centre)[:, None])[:, 0],
            new,
            Terms(terms.l1 / total, terms.l2 / total, terms.lower, terms.upper, terms.boxed),
            scale / total,
            rough,
        )
        step = np.zeros(design.X.shape[0])
        subtract(*columns.matrix, columns.at, w - new, step)
        step = step if design.rows is None else step[design.rows]
        if design.centred:
            step += (theta.sum() - d @ step) / total
        gain = float(theta @ step) - terms.change(w, new - w)
        if not gain > 0:
            if rough > exact:
                continue
            break
        t, value = smooth.length(eta, step[:, None], value, gain, terms, w, new - w)
        eta = eta + t * step[:, None]
        w += t * (new - w)
        steps += t > 0
        if t == 0 or (gain <= last and rough <= exact):
            break
    return eta, steps


@kernel
def _moments(indptr, indices, data, at, weights, centred):
    """Weighted means of some columns, zeros if they are not centred, and squared lengths of the centred columns."""
    means, squares = np.zeros(len(at)), np.zeros(len(at))
    for c in range(len(at)):
        for t in range(indptr[at[c]], indptr[at[c] + 1]):
            v = weights[np.uintp(indices[t])] * data[t]
            squares[c] += v * data[t]
            if centred:
                means[c] += v
        squares[c] = max(squares[c] - means[c] * means[c], 0.0)
    return means, squares
