"""The path of squared error under a group penalty of whole features, for one response or several at once."""

from __future__ import annotations

from functools import partial

import numpy as np

from normax.linear_model.certificate import group_gap
from normax.linear_model.design import Design
from normax.linear_model.fit import Fit
from normax.linear_model.gram import GrowingGram
from normax.linear_model.group_quadratic import Blocks, bounds_of, minimise_groups
from normax.linear_model.group_terms import GroupRules, GroupTerms
from normax.linear_model.threads import one_thread

__all__ = ["follow_groups"]

# A group joins ahead of time if its norm lies within this share of the step in strength below the charge.
LOOK = 0.5
# The share of the gap asked for at which a strength is left to the check.
WELL = 0.3
# Strengths that are checked together, at most.
LONGEST = 5


def follow_groups(
    design: Design,
    y: np.ndarray,
    strengths: np.ndarray,
    rules: GroupRules,
    complete: bool,
    max_iter: int,
    tol: float,
) -> Fit:
    """Solve a decreasing sequence of k strengths > 0.

    Strengths are solved in blocks on the groups at work; one product with all of X then gives the gradients of the
    block, hence the groups that are missing and the gaps, which are of true residuals. The block is
    accepted up to the first strength that misses a group.

    Args:
        design: the (n, p) design; y: (n, m) centred responses.
        complete: whether all products of columns are formed at once.
        tol: the gap over the null deviance that is asked for.
    """
    k, m, p = len(strengths), y.shape[1], design.p
    owner = rules.members
    assert owner is not None
    fit, gram = Fit.empty(k, m, p), GrowingGram(design)
    order = np.argsort(owner, kind="stable")
    edges = np.concatenate([[0], np.cumsum(np.bincount(owner))])
    l1, l2 = rules.l1[:p], rules.l2[:p]
    at_work, known = np.zeros(0, dtype=int), np.zeros(len(rules.charge), dtype=bool)
    lipschitz = np.zeros(0)
    c, square = design.gradient(design.weighted(y)), float((design.weights @ y**2).sum())
    W, u, before = np.zeros((0, m)), c, strengths[0]
    at, block = 0, 1
    groups = np.arange(len(known)) if complete else np.unique(owner[rules.terms(1.0).free[:p]])
    while at < k:
        ahead = slice(at, min(at + block, k))
        edge = strengths[ahead.stop - 1]
        near = rules.terms(max(edge - LOOK * (before - edge), 0.0)).excess(u.ravel()) > 0
        near[groups] = True
        new = np.flatnonzero(near & ~known)
        if len(new):
            features = np.concatenate([order[edges[g] : edges[g + 1]] for g in new])
            old = gram.size
            gram.add(features)
            known[new] = True
            at_work = np.concatenate([at_work, new])
            sizes = np.diff(edges)[new]
            starts = old + np.concatenate([[0], np.cumsum(sizes)])
            lipschitz = np.concatenate([lipschitz, bounds_of(gram.G, starts)])
            W = np.concatenate([W, np.zeros((gram.size - old, m))])
        starts = np.concatenate([[0], np.cumsum(np.diff(edges)[at_work])])
        first = order[edges[at_work]]
        H, Q = np.ascontiguousarray(gram.G), c[:, gram.features].T
        solved = []
        with one_thread():  # systems of the groups at work are small, and threads that wait cost more
            for s in strengths[ahead]:
                blocks = Blocks(starts, s * l1[first], s * l2[first], s * rules.charge[at_work])
                close = partial(_close, blocks.terms(m), Q, square, WELL * tol)
                W = minimise_groups(H, Q, blocks, W, lipschitz, enough=close)
                solved.append(W)
        flat = np.array(solved).transpose(0, 2, 1).reshape(len(solved) * m, gram.size)
        U, squares = gram.check(c, np.tile(y, len(solved)), flat)
        U, squares = U.reshape(len(solved), m, p), squares.reshape(-1, m).sum(axis=1)
        good = 0
        for i, s in enumerate(strengths[ahead]):
            terms = rules.terms(s)
            missing = terms.beyond(U[i]) % p  # groups take features whole
            missing = missing[~gram.known[missing]]
            if len(missing) and fit.n_iter[at + i] < max_iter:
                fit.n_iter[at + i] += 1
                break
            coef = fit.coef[at + i]
            coef[:, gram.features] = solved[i].T
            divergence = partial(_shrunk, float(squares[i]))
            fit.gap[at + i] = group_gap(divergence, coef.ravel(), U[i].ravel(), terms)
            good += 1
        if good:
            u, before, W = U[good - 1], strengths[at + good - 1], solved[good - 1]
        groups = np.zeros(0, dtype=int)
        if good < len(solved):
            W = solved[good]
            groups = np.unique(owner[missing])
        block = min(2 * block, LONGEST) if good == len(solved) else max(1, good)
        at += good
    return fit


def _close(terms: GroupTerms, Q, square: float, share: float, W, g) -> bool:
    """Whether the gap of the groups at work is a small share of the null deviance."""
    left = max(square - float((W * (Q + g)).sum()), 0.0)
    return group_gap(partial(_shrunk, left), W.ravel(), g.ravel(), terms) <= share * 0.5 * square


def _shrunk(square: float, c: float) -> float:
    """Half the squared distance between cθ and θ: what shrinking the dual point costs."""
    return 0.5 * (1 - c) ** 2 * square
