"""Squared error at any strengths, by the solvers that `strategy` names."""

from __future__ import annotations

import numpy as np
from scipy.sparse import vstack

from normax.linear_model.design.design import Design
from normax.linear_model.design.moments import Moments
from normax.linear_model.families import Gaussian
from normax.linear_model.families.base import weighted_mean
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.terms import Rules, check_rules
from normax.linear_model.quadratic.gram import CompleteGram, GrowingGram
from normax.linear_model.solvers.certificate import duality_gap, family_gap
from normax.linear_model.solvers.groups.squares import follow_groups
from normax.linear_model.solvers.ridge.cholesky import FEW, Cholesky
from normax.linear_model.solvers.ridge.krylov import Krylov
from normax.linear_model.solvers.ridge.spectrum import SAFE, Spectrum
from normax.linear_model.solvers.squares.descent import follow_squares
from normax.linear_model.solvers.squares.sparse import follow_sparse
from normax.linear_model.solvers.strategy import factorises, gram_pays

__all__ = ["clear_constant", "fit_gaussian", "fit_groups", "ridge_solver"]

# Strengths of ridge that are certified together.
TOGETHER = 16
# Agreement, over the null deviance, of a gap from the Gram matrix with the same gap from residuals.
AGREE = 1e-9

GAUSSIAN = Gaussian()


def fit_gaussian(
    design: Design,
    y: np.ndarray,
    strengths: np.ndarray,
    l1_ratio: float,
    max_iter: int,
    rules: Rules | None = None,
    sparse_coef: bool = False,
    tol: float = 1e-6,
) -> Fit:
    """Outputs one by one where an L1 part acts; all at once from one factorisation where none does.

    Args:
        design: (n, p) design; y: (n, m) responses.
        strengths: (k,) decreasing.
        rules: penalty factors and bounds of the features of a sparse design; None for none.
        sparse_coef: whether coefficients should stay sparse where the solver's are.
        tol: the gap over the null deviance that solvers which approach it may stop at.
    """
    m, k = y.shape[1], len(strengths)
    fit = Fit.empty(k, m, design.p)
    centre = weighted_mean(y, design.weights) if design.centred else np.zeros(m)
    fit.intercept[:] = centre
    y = y - centre
    plain = rules is None or rules.plain
    sparse = (strengths * l1_ratio > 0) | (not plain)
    if sparse.any():
        s, parts = strengths[sparse], None
        if plain and gram_pays(design.n, design.p):
            parts = _complete(design, y, s, l1_ratio, max_iter)
        if parts is None and design.sparse:
            rules = check_rules(design.p, None, None, None) if rules is None else rules
            kept = sparse_coef and bool(sparse.all())
            parts = [
                follow_sparse(design, y[:, [j]], s, l1_ratio, rules, max_iter, kept, tol) for j in range(m)
            ]
            if kept:
                fit.coef = tuple(vstack(rows, format="csr") for rows in zip(*(part.coef for part in parts)))
        if parts is None:
            gram, c = GrowingGram(design), design.gradient(design.weighted(y))
            lengths = np.sqrt(design.weights @ y**2)
            parts = [
                follow_squares(gram, c[j], y[:, [j]], lengths[j], s * l1_ratio, s * (1 - l1_ratio), max_iter)
                for j in range(m)
            ]
        if m == 1 and sparse.all():
            parts[0].intercept = fit.intercept
            return parts[0]
        for j, part in enumerate(parts):
            if not isinstance(fit.coef, tuple):
                fit.coef[sparse, j] = part.coef[:, 0]
            fit.gap[sparse] += part.gap
            fit.n_iter[sparse] = np.maximum(fit.n_iter[sparse], part.n_iter)
    if not sparse.all():
        dense = np.flatnonzero(~sparse)
        spectrum = ridge_solver(design, strengths[dense])
        for start in range(0, len(dense), TOGETHER):
            some = dense[start : start + TOGETHER]
            fit.coef[some] = spectrum.solve(y, strengths[some])
            fit.gap[some] = _ridge_gaps(design, y, fit.coef[some], strengths[some], spectrum)
    return fit


def ridge_solver(design: Design, strengths: np.ndarray) -> Spectrum | Cholesky | Krylov:
    """What solves ridge at decreasing strengths; a sparse X is never made dense for the weakest ones."""
    if not factorises((design.n, design.p), design.sparse):
        return Krylov(design)
    smallest = strengths[-1]
    if len(strengths) <= FEW:
        factors = Cholesky(design, smallest)
        if factors.safe:
            return factors
    if not design.sparse:
        return Spectrum(design, smallest)
    spectrum = Spectrum(design, np.inf)
    weak = smallest + spectrum.values[0] <= SAFE * spectrum.values[-1]
    return Krylov(design) if weak else spectrum


def fit_groups(
    design: Design, y: np.ndarray, strengths: np.ndarray, rules: GroupRules, max_iter: int, tol: float
) -> Fit:
    """Groups of whole features: all outputs at once; at strength 0 least squares.

    Args: as of `fit_gaussian`.
    """
    centre = weighted_mean(y, design.weights) if design.centred else np.zeros(y.shape[1])
    positive = strengths > 0
    fit = Fit.empty(len(strengths), y.shape[1], design.p)
    fit.intercept[:] = centre
    solvers = (
        (
            positive,
            lambda s: follow_groups(
                design, y - centre, s, rules, gram_pays(design.n, design.p), max_iter, tol
            ),
        ),
        (~positive, lambda s: fit_gaussian(design, y, s, 0.0, max_iter)),
    )
    for at, solve in solvers:
        if at.any():
            part = solve(strengths[at])
            fit.coef[at], fit.gap[at], fit.n_iter[at] = part.coef, part.gap, part.n_iter
    return fit


def _ridge_gaps(
    design: Design, y: np.ndarray, coef: np.ndarray, strengths: np.ndarray, spectrum
) -> np.ndarray:
    """(k,) gaps of (k, m, p) coefficients from residuals; at strength 0 what a further step would gain."""
    k, m, p = coef.shape
    residual = np.tile(y, k) - design.predict(coef.reshape(k * m, p))
    u = design.gradient(design.weighted(residual)).reshape(k, m * p)
    squares = (design.weights @ residual**2).reshape(k, m).sum(axis=1)
    l2 = strengths[:, None]
    gaps = duality_gap(lambda c: 0.5 * (1 - c) ** 2 * squares, coef.reshape(k, m * p), u, 0.0 * l2, l2)
    for i in np.flatnonzero(strengths == 0):
        gaps[i] = spectrum.gain(design.weighted(residual[:, i * m : (i + 1) * m]))
    return gaps


def _complete(
    design: Design, y: np.ndarray, strengths: np.ndarray, l1_ratio: float, max_iter: int
) -> list[Fit] | None:
    """The path from second moments; None if rounding in them shows.

    The gaps come from the Gram matrix, in float64. The weakest strength, where rounding is the largest, is
    certified from residuals as well, and the two must agree.
    """
    moments = Moments.of(design.X, design.spread(y), design.spread(design.weights))
    G, c, squares, _, _ = moments.centred(design.centred)
    clear_constant(G, c, design.constant)
    design.gram = G
    gram, l1, l2 = CompleteGram(G), strengths * l1_ratio, strengths * (1 - l1_ratio)
    null, plain = 0.5 * squares.sum(), check_rules(design.p, None, None, None)
    parts = []
    for j in range(y.shape[1]):
        part = follow_squares(gram, c[:, j], squares[j], float(np.sqrt(squares[j])), l1, l2, max_iter)
        mean = design.predict(part.coef[-1])
        u = design.gradient(design.weighted(y[:, [j]] - mean))
        gap = family_gap(
            GAUSSIAN, design.weights, y[:, [j]], mean, part.coef[-1], u, plain.terms(strengths[-1], l1_ratio)
        )
        if not abs(gap - part.gap[-1]) <= AGREE * null:
            return None
        part.gap[-1] = gap
        parts.append(part)
    return parts


def clear_constant(G: np.ndarray, c: np.ndarray, constant: np.ndarray) -> None:
    """Constant columns are zero when centred; what rounding left of them must not look like a column."""
    G[constant], G[:, constant], c[constant] = 0.0, 0.0, 0.0
