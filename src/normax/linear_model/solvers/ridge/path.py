"""Squared error with an L2 penalty alone at any strengths, 0 included: all outputs at once from one factorisation."""

from __future__ import annotations

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.design.shapes import factorises
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.certificate import duality_gap
from normax.linear_model.solvers.ridge.cholesky import FEW, Cholesky
from normax.linear_model.solvers.ridge.krylov import Krylov
from normax.linear_model.solvers.ridge.spectrum import SAFE, Spectrum

__all__ = ["follow_ridge", "ridge_solver"]

# Strengths that are certified together.
TOGETHER = 16


def follow_ridge(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve k decreasing strengths."""
    design, (centre, y) = problem.design, problem.centred()
    fit = Fit.empty(len(strengths), y.shape[1], design.p)
    fit.intercept[:] = centre
    factors = ridge_solver(design, strengths)
    for start in range(0, len(strengths), TOGETHER):
        some = slice(start, start + TOGETHER)
        fit.coef[some] = factors.solve(y, strengths[some])
        fit.gap[some] = _gaps(design, y, fit.coef[some], strengths[some], factors)
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


def _gaps(design: Design, y: np.ndarray, coef: np.ndarray, strengths: np.ndarray, factors) -> np.ndarray:
    """(k,) gaps of (k, m, p) coefficients from residuals; at strength 0 what a further step would gain."""
    k, m, p = coef.shape
    residual = np.tile(y, k) - design.predict(coef.reshape(k * m, p))
    u = design.gradient(design.weighted(residual)).reshape(k, m * p)
    squares = (design.weights @ residual**2).reshape(k, m).sum(axis=1)
    l2 = strengths[:, None]
    gaps = duality_gap(lambda c: 0.5 * (1 - c) ** 2 * squares, coef.reshape(k, m * p), u, 0.0 * l2, l2)
    for i in np.flatnonzero(strengths == 0):
        gaps[i] = factors.gain(design.weighted(residual[:, i * m : (i + 1) * m]))
    return gaps
