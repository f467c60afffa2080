"""The path of squared error for a sparse X: working sets, each solved by descent, each strength checked on all columns."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from normax.linear_model.certificate import duality_gap
from normax.linear_model.design import Design
from normax.linear_model.fit import Fit
from normax.linear_model.sparse_descent import SparseColumns
from normax.linear_model.terms import Rules, Terms

__all__ = ["follow_sparse"]

# Columns join ahead of time if |u_j| lies within this share of the step in l1 below it.
LOOK = 0.5


def follow_sparse(
    design: Design,
    y: np.ndarray,
    strengths: np.ndarray,
    l1_ratio: float,
    rules: Rules,
    max_iter: int,
    held_out: np.ndarray | None = None,
    sparse_coef: bool = False,
) -> Fit:
    """Solve a decreasing sequence of k strengths for one response.

    Args:
        design: sparse; y: (n, 1) centred response.
        strengths: (k,); rules: penalty factors and bounds of the features.
        max_iter: rounds of solving and checking for each strength.
        held_out: (n,) weights of rows that count for errors alone; the design's weights are 0 there.
        sparse_coef: whether the coefficients are k sparse rows.
    """
    k, p = len(strengths), design.p
    fit = Fit.empty(k, 1, 0 if sparse_coef else p)
    rows = []
    target, weights, squares = design.spread(y)[:, 0], design.spread(design.weights), design.squares()
    squares[design.constant] = 0.0
    w, u = np.zeros(p), design.gradient(design.weighted(y))[0]
    scale, before = float(np.abs(u).max(initial=0.0)), strengths[0]
    residual = target
    for i, s in enumerate(strengths):
        terms = rules.terms(s, l1_ratio)
        ahead = rules.terms(max(s - LOOK * (before - s), 0.0) if i else s, l1_ratio)
        working = (w != 0) | (terms.free & ~design.constant) | (ahead.pull(u) > 0)
        for fit.n_iter[i] in range(1, max_iter + 1):
            features = np.flatnonzero(working)
            columns = _compressed(design, features, weights, squares)
            inside = w[features]
            residual = (
                columns.minimise(target, inside, terms.at(features), scale) + design.means[features] @ inside
            )
            w[features] = inside
            own = residual if design.rows is None else residual[design.rows]
            u = design.gradient(design.weighted(own[:, None]))[0]
            beyond = terms.beyond(u)
            if working[beyond].all():
                break
            working[beyond] = True
        fit.gap[i] = _gap(float(design.weights @ own**2), w, u, terms)
        if sparse_coef:
            at = np.flatnonzero(w)
            rows.append(csr_array((w[at], at, [0, len(at)]), shape=(1, p)))
        else:
            fit.coef[i, 0, features] = inside
        if held_out is not None:
            fit.outside[i] = held_out @ own**2
        before = s
    if sparse_coef:
        fit.coef = tuple(rows)
    return fit


def _gap(square: float, w: np.ndarray, u: np.ndarray, terms: Terms) -> float:
    """The gap from the columns that have a say in it: the others are zero and stay zero."""
    some = np.flatnonzero((w != 0) | (np.abs(u) > terms.l1))
    at = terms.at(some)
    bounds = (part[None] for part in (at.l1, at.l2, at.lower, at.upper))
    return float(duality_gap(lambda c: 0.5 * (1 - c) ** 2 * square, w[None, some], u[None, some], *bounds)[0])


def _compressed(
    design: Design, features: np.ndarray, weights: np.ndarray, squares: np.ndarray
) -> SparseColumns:
    """The columns where they are in compressed columns; picked out of compressed rows."""
    X, at = design.X, features
    if X.format != "csc":
        X, at = X[:, features].tocsc(), np.arange(len(features))
    return SparseColumns(X.indptr, X.indices, X.data, at, weights, design.means[features], squares[features])
