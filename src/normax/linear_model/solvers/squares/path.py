"""Squared error with an L1 part, output by output: the three ways to the products it is solved with."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import vstack

from normax.linear_model.design.moments import Moments
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.quadratic.gram import CompleteGram, GrowingGram
from normax.linear_model.solvers.certificate import family_gap
from normax.linear_model.solvers.squares.descent import follow_squares
from normax.linear_model.solvers.squares.sparse import follow_sparse

__all__ = ["clear_constant", "follow_complete", "follow_growing", "follow_residuals"]

# Agreement, over the null deviance, of a gap from the Gram matrix with the same gap from residuals.
AGREE = 1e-9


def follow_complete(problem: Problem, strengths: np.ndarray) -> Fit | None:
    """k decreasing strengths > 0 from second moments; None if rounding in them shows.

    The gaps come from the Gram matrix, in float64. The weakest strength, where rounding is the largest, is
    certified from residuals as well, and the two must agree.
    """
    design, (centre, y) = problem.design, problem.centred()
    known: dict[str, Any] = {}
    if not design.centred:  # about zero as they are
        known = {"x0": np.zeros(design.p), "y0": np.zeros(y.shape[1])}
    moments = Moments.of(
        design.X, design.spread(y), design.spread(design.weights), **known, means=design.means
    )
    G, c, squares, _, _ = moments.centred(design.centred)
    clear_constant(G, c, design.constant)
    design.gram = G
    gram, (l1, l2), parts, begin = CompleteGram(G), _parts(problem, strengths), [], problem.begin()
    null, weakest = 0.5 * squares.sum(), problem.rules.terms(strengths[-1])
    for j in range(y.shape[1]):
        length = float(np.sqrt(squares[j]))
        own = None if begin is None else begin[0][j]
        part = follow_squares(gram, c[:, j], squares[j], length, l1, l2, problem.max_iter, own)
        mean = design.predict(part.coef[-1])
        u = design.gradient(design.weighted(y[:, [j]] - mean))
        gap = family_gap(problem.family, design.weights, y[:, [j]], mean, part.coef[-1], u, weakest)
        if not abs(gap - part.gap[-1]) <= AGREE * null:
            return None
        part.gap[-1] = gap
        parts.append(part)
    return _together(parts, centre)


def follow_growing(problem: Problem, strengths: np.ndarray) -> Fit:
    """The same from the products of the columns at work."""
    design, (centre, y) = problem.design, problem.centred()
    gram, c, (l1, l2) = GrowingGram(design), design.gradient(design.weighted(y)), _parts(problem, strengths)
    lengths, begin = np.sqrt(design.weights @ y**2), problem.begin()
    each = zip(c, y.T[:, :, None], lengths, [None] * len(c) if begin is None else begin[0])
    limits = l1, l2, problem.max_iter
    parts = [follow_squares(gram, u, one, length, *limits, own) for u, one, length, own in each]
    return _together(parts, centre)


def follow_residuals(problem: Problem, strengths: np.ndarray) -> Fit:
    """A sparse X, from residuals, without a product of two columns; factors and bounds of the features are allowed."""
    centre, y = problem.centred()
    return _together([follow_sparse(problem, y[:, [j]], strengths) for j in range(y.shape[1])], centre)


def _parts(problem: Problem, strengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strengths of L1 and of L2."""
    return strengths * problem.rules.l1_ratio, strengths * (1 - problem.rules.l1_ratio)


def _together(parts: list[Fit], centre: np.ndarray) -> Fit:
    """Fits of one output each, beside each other, with their intercepts (m,)."""
    fit = parts[0]
    if len(parts) > 1:
        coef: Any = [part.coef for part in parts]
        together = isinstance(fit.coef, tuple)
        fit = Fit(
            tuple(vstack(rows, format="csr") for rows in zip(*coef))
            if together
            else np.concatenate(coef, axis=1),
            fit.intercept,
            np.sum([part.gap for part in parts], axis=0),
            np.max([part.n_iter for part in parts], axis=0),
        )
    fit.intercept = np.tile(centre, (len(fit.gap), 1))
    return fit


def clear_constant(G: np.ndarray, c: np.ndarray, constant: np.ndarray) -> None:
    """Constant columns are zero when centred; what rounding left of them must not look like a column."""
    G[constant], G[:, constant], c[constant] = 0.0, 0.0, 0.0
