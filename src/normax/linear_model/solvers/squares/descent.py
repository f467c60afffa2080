"""The path of squared error: an exact solver on the columns at work, and blocks of strengths checked together.

A block of strengths is solved on the working set alone. One product with all of X then checks every strength
of the block at once: it gives the gradients, hence the columns that are missing and the duality gaps. The block
is accepted up to the first strength that misses a column; those join, and the path goes on from there. X is
read once a block instead of once a strength. With a complete Gram matrix the block is the whole path.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg.lapack import dpotrf

from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.terms import Terms
from normax.linear_model.quadratic.active_rows import Rows, go_on_rows
from normax.linear_model.quadratic.active_set import DONE, TINY_PIVOT, go_on_active, independent_face, pick
from normax.linear_model.quadratic.gram import CompleteGram, GrowingGram
from normax.linear_model.quadratic.quadratic import minimise
from normax.linear_model.solvers.certificate import duality_gap

__all__ = ["follow_squares"]

# |u_j| beyond l1 by more than this share is a violation and not rounding.
SLACK = 1e-10
# Columns are taken on ahead of time if |u_j| lies within this share of the step in l1 below it; at 1 this is the
# sequential strong rule.
LOOK = 0.1
# Strengths that are checked together, at most.
LONGEST = 5

Products = GrowingGram | CompleteGram


def follow_squares(
    gram: Products,
    c: np.ndarray,
    y: np.ndarray,
    length: float,
    l1: np.ndarray,
    l2: np.ndarray,
    max_iter: int,
    begin: np.ndarray | None = None,
) -> Fit:
    """Solve a decreasing sequence of k strengths for one response.

    Args:
        gram: products of the columns; a growing one is shared between responses of one design.
        c: (p,) products of all columns with y.
        y: what `gram.check` takes: (n, 1) the centred response, or its squared length.
        length: of the centred response, √(Σ ω y²).
        l1, l2: (k,) strengths of both parts, l1 > 0 and decreasing.
        max_iter: passes over the columns for each strength in which some may come or go.
        begin: (p,) coefficients that the first strength is solved from.
    """
    k, p = len(l1), len(c)
    fit, u, tries = Fit.empty(k, 1, p), c, np.ones(k, dtype=int)
    fit.n_iter[:] = 0
    face, now = _Face(gram, c.copy(), length), c  # the gradient at the face's coefficients
    if begin is not None:
        gram.add(np.flatnonzero(begin))
        face.start(begin[gram.features], l2[0])
        now = gram.check(c, y, face.w[None])[0][0]
    longest = k if isinstance(gram, CompleteGram) else LONGEST
    at, block, before = 0, k if longest == k else 1, max(np.abs(u).max(initial=0.0), l1[0])
    while at < k:
        ahead = slice(at, min(at + block, k))
        edge = l1[ahead.stop - 1]
        _admit(gram, np.flatnonzero(np.abs(u) >= edge - LOOK * (before - edge)), u)
        face.g = now[gram.features]
        W, passes = np.zeros((ahead.stop - at, gram.size)), fit.n_iter[ahead].copy()
        for i, (a, b) in enumerate(zip(l1[ahead], l2[ahead])):
            W[i], more = face.solve(a, b, max_iter - passes[i])
            passes[i] += more
        U, squares = gram.check(c, y, W)
        missing = (np.abs(U) > l1[ahead, None] * (1 + SLACK)) & ~gram.known
        off = _violation(W, U[:, gram.features], l1[ahead, None], l2[ahead, None])
        rough = np.any(off > 1e-12 * length * face.lengths, axis=1)
        fault = (np.any(missing, axis=1) | (rough & (tries[ahead] < 4))) & (passes < max_iter)
        good = int(np.argmax(fault)) if fault.any() else len(W)
        done = slice(at, at + good)
        fit.coef[done, 0][:, gram.features] = W[:good]
        fit.gap[done] = _gaps(squares[:good], fit.coef[done, 0], U[:good], l1[done], l2[done])
        fit.n_iter[at : min(at + good + 1, ahead.stop)] = passes[: good + 1]
        now = U[min(good, len(W) - 1)]
        if good < len(W):
            tries[at + good] += 1
            if rough[good] and not missing[good].any():
                face.c[gram.features] = U[good, gram.features] + W[good] @ gram.G
            _admit(gram, np.flatnonzero(missing[good:].any(axis=0)), U[good])
            face.start(W[good], face.l2)
        if good:
            u, before = U[good - 1], l1[at + good - 1]
        block = min(2 * block, longest) if good == len(W) else max(1, good)
        at += good
    return fit


def _admit(gram: Products, features: np.ndarray, u: np.ndarray) -> None:
    """Add columns to the products; of a wide design no more at once than its rows call for, those of largest |u|."""
    most = 1000 if isinstance(gram, CompleteGram) else max(1000, 4 * gram.design.n)
    if len(features) > most:
        features = features[np.argpartition(np.abs(u[features]), -most)[-most:]]
    gram.add(features)


def _gaps(squares, coef, U, l1, l2) -> np.ndarray:
    """Duality gaps; half the squared distance between cθ and θ is what shrinking the dual point costs."""
    return duality_gap(lambda c: 0.5 * (1 - c) ** 2 * squares, coef, U, l1[:, None], l2[:, None])


class _Face:
    """Coefficients w on the working set, their gradient g, and the factor of their support, or R of the rows
    where those are fewer, kept from strength to strength."""

    def __init__(self, gram: Products, c: np.ndarray, length: float):
        self.gram, self.c, self.length = gram, c, length
        self.L, self.g = np.zeros((0, 0)), c[gram.features]
        self.rows: Any = Rows(gram) if isinstance(gram, GrowingGram) else None
        self.start(np.zeros(0), 0.0)

    def start(self, w: np.ndarray, l2: float) -> None:
        """Take w, padded to the working set, as the present point, and factor its support afresh."""
        a, room = self.gram.size, len(self.gram.full)
        self.w, self.l2 = np.concatenate([w, np.zeros(a - len(w))]), l2
        self.inside, self.S = np.zeros(room, dtype=bool), np.zeros(room, dtype=np.intp)
        if len(self.L) < room:
            self.L = np.zeros((room, room))
        self.lengths = np.sqrt(np.diag(self.gram.G))
        support, self.R = np.flatnonzero(self.w), None
        if self.rows is not None and self.rows.serve(len(support), l2, self.lengths.max(initial=0.0) ** 2):
            self.R = self.rows.factor(support, l2)
        if self.R is not None:
            self.size, self.S[: len(support)], self.inside[support] = len(support), support, True
            return
        factor = pick(self.gram.full, support, l2)
        squares = np.diag(factor).copy()
        failed = len(factor) and dpotrf(factor.T, lower=False, clean=False, overwrite_a=True)[1]
        self.regular = not failed and bool(np.all(np.diag(factor) ** 2 > TINY_PIVOT * squares))
        self.size = len(support) if self.regular else 0
        if self.regular:
            self.L[: self.size, : self.size], self.S[: self.size] = factor, support
            self.inside[support] = True
        elif not l2:
            face = (self.L, self.S, self.inside, np.ones(a), np.zeros(a))  # strengths are all alike
            self.size = independent_face(self.gram.full, self.w, *face)
            self.regular = self.size >= 0

    def solve(self, l1: float, l2: float, most: int) -> tuple[np.ndarray, int]:
        """Minimise at a strength from where the last one ended, in so many passes at most; also how many."""
        if self.gram.size > len(self.w) or l2 != self.l2:
            self.start(self.w, l2)
        a = self.gram.size
        L1, L2, open_, passes = np.full(a, l1), np.full(a, l2), np.full(a, np.inf), 0
        noise, allowed = 1e-13 * l1 + 1e-15 * self.length * self.lengths, min(20 + 2 * a, most)
        if self.R is not None:
            state = (self.gram.full, self.rows.root, self.g, self.w, self.R, self.S, self.inside, self.size)
            ended, self.size, passes = go_on_rows(self.rows.gram.Z.T, *state, l1, l2, noise, allowed)
            if ended or passes == most:
                return self.w, passes
        elif self.regular:
            face = (self.L, self.S, self.inside, self.size)
            found = go_on_active(self.gram.full, self.g, self.w, *face, L1, L2, noise, allowed)
            status, self.size, passes = found
            if status == DONE or passes == most:
                return self.w, passes
        terms, c = Terms(L1, L2, -open_, open_), self.c[self.gram.features]
        self.start(minimise(np.ascontiguousarray(self.gram.G), c, terms, self.w, min(60, most - passes)), l2)
        self.g = c - self.w @ self.gram.G
        return self.w, passes + 1


def _violation(w, u, l1, l2) -> np.ndarray:
    """How far u lies from the subdifferential of the penalty at w."""
    return np.where(w != 0, np.abs(u - l1 * np.sign(w) - l2 * w), np.maximum(np.abs(u) - l1, 0))
