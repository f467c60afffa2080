"""The path of squared error under a group penalty of whole features, for one response or several at once."""

from __future__ import annotations

from functools import partial

import numpy as np

from normax.linear_model.certificate import group_gap
from normax.linear_model.design import Design
from normax.linear_model.fit import Fit
from normax.linear_model.group_products import AtWork, GroupProducts
from normax.linear_model.group_quadratic import minimise_columns, minimise_groups, newton_serves
from normax.linear_model.group_terms import GroupRules, GroupTerms
from normax.linear_model.threads import one_thread

__all__ = ["follow_groups"]

# A group is at work if its norm lies within this share of the step in strength below the charge.
LOOK = 0.5
# The share of the gap asked for at which a strength is left to the check.
WELL = 0.3
# Strengths that are checked together where rows are many, at most; elsewhere reading X costs less than the groups that
# several strengths have at work.
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
    """Solve a decreasing sequence of k strengths > 0, each from where the last two point to.

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
    fit, products = Fit.empty(k, m, p), GroupProducts(design, rules)
    gram = products.gram
    if complete:
        products.add(np.arange(len(rules.charge)))
    c, square = design.gradient(design.weighted(y)), float((design.weights @ y**2).sum())
    u, at, block = c, 0, 1
    trail = [(strengths[0], np.zeros((0, m)))]  # the last two fits, on the columns known then
    retried: np.ndarray | None = None
    free = np.zeros(len(rules.charge), dtype=bool)
    free[owner[rules.terms(1.0).free[:p]]] = True
    needed = free
    while at < k:
        ahead = slice(at, min(at + block, k))
        edge = strengths[ahead.stop - 1]
        near = needed | (rules.terms(max(edge - LOOK * (trail[-1][0] - edge), 0.0)).excess(u.ravel()) > 0)
        products.add(np.flatnonzero(near))
        first = strengths[at]
        start = _padded(retried, gram.size) if retried is not None else _straight_on(trail, first, gram.size)
        near[owner[gram.features[start.any(axis=1)]]] = True
        work = AtWork(products, near)
        Q = c[:, work.features].T
        direct = len(work.rows) > design.n and not newton_serves(int(np.count_nonzero(start)), m)
        if direct:
            root = np.sqrt(design.weights)[:, None]
            M = np.ascontiguousarray((root * gram.columns(work.rows)).T)
            solve = partial(minimise_columns, M, root * y)
        else:
            solve = partial(minimise_groups, work.products(), Q)
        line = list(trail)
        with one_thread():  # systems of the groups at work are small, and threads that wait cost more
            for s in strengths[ahead]:
                if len(line) > len(trail):
                    start = _straight_on(line, s, gram.size)
                blocks, W = work.blocks(s), np.zeros((gram.size, m))
                close = partial(_close, blocks.terms(m), Q, square, WELL * tol)
                W[work.rows] = solve(blocks, start[work.rows], enough=close)
                line.append((s, W))
        solved = [W for _, W in line[len(trail) :]]
        flat = np.array(solved).transpose(0, 2, 1).reshape(len(solved) * m, gram.size)
        U, squares = gram.check(c, np.tile(y, len(solved)), flat)
        U, squares = U.reshape(len(solved), m, p), squares.reshape(-1, m).sum(axis=1)
        good, retried = 0, None
        for i, s in enumerate(strengths[ahead]):
            terms = rules.terms(s)
            missing = owner[terms.beyond(U[i]) % p]  # groups take features whole
            missing = missing[~near[missing]]
            if len(missing) and fit.n_iter[at + i] < max_iter:
                fit.n_iter[at + i] += 1
                retried = solved[i]
                break
            coef = fit.coef[at + i]
            coef[:, gram.features] = solved[i].T
            divergence = partial(_shrunk, float(squares[i]))
            fit.gap[at + i] = group_gap(divergence, coef.ravel(), U[i].ravel(), terms)
            good += 1
        if good:
            u, trail = U[good - 1], line[: len(trail) + good][-2:]
            needed = free
        if retried is not None:
            needed = needed.copy()
            needed[missing] = True
        block = min(2 * block, LONGEST if complete else 1) if retried is None else max(1, good)
        at += good
    return fit


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
