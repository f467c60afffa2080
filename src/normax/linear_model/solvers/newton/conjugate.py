"""L2 on all coefficients of outputs that are coupled, as the softmax's: Newton steps by conjugate gradients.

The Hessian of m outputs and p features has (m p)² entries; a product with it is two thin products with X. So steps are
solved by conjugate gradients, roughly where the fit is far and ever more exactly as it comes near, which makes them
converge faster than linearly. What they are preconditioned by has the Hessian's structure: were the second derivatives
A of all rows alike, it would be `A ⊗ X̃ᵀΩX̃`, and the eigenvectors of both factors invert it and any L2 part beside it.

Source: Dembo, Eisenstat & Steihaug, "Inexact Newton methods", SIAM J. Numer. Anal. 1982.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from normax.compiled import kernel
from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import eigen
from normax.linear_model.design.products import products_of_columns, transposed_times
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import TIGHT, Problem
from normax.linear_model.problem.terms import Terms
from normax.linear_model.solvers.certificate import Gaps
from normax.linear_model.solvers.dual_point import certify
from normax.linear_model.solvers.newton.hessian import intercept_inverse
from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["follow_conjugate"]

# Share of the gap asked for that a fit may keep, and of the gradients of the fit without features: steps gain digits so
# fast that most keep far less.
WELL, SLOPE = 1e-8, 1e-10
# What the model of a last step may leave of both.
LITTLE = 1e-1
# What a step's error may be beside the step: at most, and this power of what it promises to gain of the null deviance.
ROUGH, NEAR = 0.25, 0.5
# Steps for one strength, and products with the Hessian for one step.
STEPS, PRODUCTS = 100, 500
# Coefficients up to which their whole Hessian is at hand, and columns up to which products of all of them are.
WHOLE, WIDEST = 5000, 3000
# Coefficients up to which all are to be as sharp as this, which their whole Hessian affords.
EVERY, SHARP = 300, 1e-8
# What the factors of a preconditioner may cost in products with the Hessian, and what share of the products since they
# were made, before they are made anew; those of less than one product are made for every step.
FIRST, ANEW, CHEAP = 100, 0.5, 1.0
# Rows that are scaled and multiplied at a time, so that they stay in the cache.
ROWS = 2048


def follow_conjugate(problem: Problem, strengths: np.ndarray) -> Fit | None:
    """Solve a decreasing sequence of strengths > 0, each warm from the last; None where that took too long and whole
    Hessians are at hand."""
    if not strengths.all():
        return None
    design, family, y, rules = problem.design, problem.family, problem.y, problem.rules
    k, m, p = len(strengths), y.shape[1], design.p
    fit, smooth = Fit.empty(k, m, p), Likelihood(design, family, y, problem.offset)
    gaps, every, newton = (
        Gaps(family, design.weights, y, fit.gap),
        np.arange(m * p),
        _Newton(smooth, rules.factor),
    )
    coef, (intercept, eta) = np.zeros((m, p)), smooth.null()
    if (begin := problem.begin()) is not None:
        coef, intercept = begin
        eta = design.predict(coef) + intercept + smooth.offset
    for i, s in enumerate(strengths):
        terms = rules.terms(s)
        enough = WELL * min(problem.tol, TIGHT) * smooth.scale
        coef, eta, fit.n_iter[i] = newton.solve(
            coef, intercept, eta, terms, enough, min(problem.max_iter, STEPS)
        )
        fit.coef[i], fit.intercept[i] = coef, intercept
        exact = None
        if (
            fit.n_iter[i] >= problem.max_iter
        ):  # no more steps, and intercepts that the last one left as they are
            exact = certify(design, family, y, eta, coef, terms)
        if exact is not None:
            fit.gap[i] = exact
            continue
        u = design.gradient(smooth.residual(eta))
        gaps.fit(i, eta, coef.ravel(), u.ravel(), terms.of(every, p))
        slack = u.ravel() - np.tile(terms.l2, m) * coef.ravel()
        # Where the penalty is this little, only a factor of the whole Hessian tells one point of the valley from another.
        paid = 0.5 * float((terms.l2 * coef**2).sum())
        if (
            m * p <= EVERY
            and paid < SHARP * smooth.scale
            and np.abs(slack).max() > SHARP * np.abs(terms.l2 * coef).max()
        ):
            return None
        if m * p <= WHOLE and 0.5 * float((slack**2 / np.tile(terms.l2, m)).sum()) > enough / WELL:
            return None
    gaps.flush()
    return fit


class _Newton:
    """Newton steps of one likelihood, with the preconditioner that they keep."""

    def __init__(self, smooth: Likelihood, factor: np.ndarray):
        self.smooth, self.design, self.factor = smooth, smooth.design, factor
        self.root = np.where(self.design.constant, 0.0, 1 / np.sqrt(factor))
        self.factors: tuple[np.ndarray, np.ndarray | None] | None = None
        self.spent = 0  # products since they were made
        self.products = 0  # of one strength
        null = smooth.design.gradient(smooth.residual(smooth.null()[1]))
        self.flat = SLOPE * float(np.abs(null).max())

    def solve(
        self,
        W: np.ndarray,
        intercept: np.ndarray,
        eta: np.ndarray,
        terms: Terms,
        enough: float,
        most: int,
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """From W (m, p) and the intercepts, which are moved in place, to the minimum: W, linear predictors, steps."""
        smooth, design, l2, steps = self.smooth, self.design, terms.l2, 0
        self.products = 0
        own = terms.of(np.arange(W.size), design.p)
        now = float(design.weights @ smooth.family.loss(smooth.y, eta))
        while True:
            theta = smooth.residual(eta)
            g, b = design.gradient(theta) - l2 * W, theta.sum(axis=0) * design.centred
            if self._little(g, l2, enough):
                break
            if steps == most or self.products > 6 * PRODUCTS:
                break
            steps += 1
            mean = smooth.family.mean(eta)
            D, d, gain = self._step(mean, g, b, l2, enough)
            if not gain > 0:
                break
            deta = design.predict(D) + d
            t, now = smooth.length(eta, deta, now, gain, own, W.ravel(), D.ravel())
            if t == 0:
                break
            W, eta = W + t * D, eta + t * deta
            intercept += t * d
        eta = design.predict(W) + intercept + smooth.offset
        return W, eta if steps == most else smooth.balance(eta, intercept), steps

    def _step(self, mean, g, b, l2, enough) -> tuple[np.ndarray, np.ndarray, float]:
        """About the Newton step for the negative gradients g and b of coefficients and intercepts, and its promise; not
        much nearer to it than a gap of `enough`."""
        design = self.design
        inverse = self._preconditioner(mean, float(l2[0] / self.factor[0]))
        D, d, r, s = np.zeros_like(g), np.zeros_like(b), g.copy(), b.copy()
        q, t = inverse(r, s)
        v, w, size = q, t, float((r * q).sum() + s @ t)
        least = size * min(ROUGH, (max(size, 0.0) / self.smooth.scale) ** NEAR) ** 2
        for _ in range(PRODUCTS):
            self.spent, self.products = self.spent + 1, self.products + 1
            bent, total = _curved(mean, design.weights, design.predict(v), w)
            Hv, Hw = design.gradient(bent, total) + l2 * v, total * design.centred
            slope = float((v * Hv).sum() + w @ Hw)
            if not slope > 0:
                break
            a = size / slope
            D, d, r, s = D + a * v, d + a * w, r - a * Hv, s - a * Hw
            q, t = inverse(r, s)
            before, size = size, float((r * q).sum() + s @ t)
            if not size > least or self._little(r / LITTLE, l2, enough):
                break
            v, w = q + size / before * v, t + size / before * w
        return D, d, float((g * D).sum() + b @ d)

    def _little(self, g: np.ndarray, l2: np.ndarray, enough: float) -> bool:
        """Whether negative gradients are small enough for a gap, and beside those of the fit without features."""
        return 0.5 * float((g * g / l2).sum()) <= enough and bool(np.abs(g).max() <= self.flat)

    def _preconditioner(self, mean: np.ndarray, l2: float) -> Callable:
        """What divides coefficients (m, p) and intercepts (m,) by about their Hessian."""
        design, root = self.design, self.root
        bent = design.weights[:, None] * mean
        A = np.diag(bent.sum(axis=0)) - bent.T @ mean
        free = intercept_inverse(bent * (1 - mean), np.sqrt(design.weights)[:, None] * mean)
        rows = design.weights * (1 - (mean * mean).sum(axis=1))
        total = float(rows.sum())
        values, Q = self._columns(rows / total if total > 0 else design.weights)
        phi, U = np.linalg.eigh(A)
        divisor = np.outer(np.maximum(phi, 0.0), values) + l2
        centred = design.centred

        def inverse(r: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            turned = U.T @ (r * root)
            turned = turned / divisor if Q is None else ((turned @ Q) / divisor) @ Q.T
            return (U @ turned) * root, free @ s if centred else s

        return inverse

    def _columns(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Eigenvalues and vectors of `X̃ᵀ diag(rows) X̃` over the factors, or of a like matrix from before; where it is
        too large, of its diagonal for rows that weigh as in the fit."""
        design, m = self.design, self.smooth.m
        n, p = design.n, design.p
        price = (n * p**2 + 10 * p**3) / (2 * n * p * m)
        if p > WIDEST or (price > FIRST and not design.sparse):
            if self.factors is None:
                squares = design.squares() if design.sparse else design.variances()
                self.factors = squares * self.root**2, None
        elif self.factors is None or price <= max(ANEW * self.spent, CHEAP):
            self.spent = 0
            values, Q = eigen(_products(design, rows) * np.outer(self.root, self.root))
            self.factors = np.maximum(values, 0.0), Q
        return self.factors


def _products(design: Design, rows: np.ndarray) -> np.ndarray:
    """`X̃ᵀ diag(rows) X̃`, of a dense design some rows at a time."""
    if design.sparse:
        spread = design.spread(rows)
        cross = np.outer(transposed_times(design.X, spread[:, None])[0], design.means)
        G = products_of_columns(design.X, spread) - cross - cross.T
        return _without_constant(G + rows.sum() * np.outer(design.means, design.means), design)
    G = np.zeros((design.p, design.p))
    for start in range(0, design.n, ROWS):
        part = slice(start, start + ROWS)
        Z = design.X[design.place[part]] - design.means
        Z *= np.sqrt(rows[part])[:, None]
        G += Z.T @ Z
    G = _without_constant(G, design)
    return G if design.scale is None else G * np.outer(design.scale, design.scale)


def _without_constant(G: np.ndarray, design: Design) -> np.ndarray:
    G[design.constant] = 0.0
    G[:, design.constant] = 0.0
    return G


@kernel
def _curved(mean, weights, D, d):
    """`ω (diag(μ) − μμᵀ) (D + d)` of each row, (n, m), and the sum over rows."""
    out, sums = np.empty_like(mean), np.zeros(len(d))
    for i in range(len(mean)):
        total = 0.0
        for c in range(len(d)):
            out[i, c] = mean[i, c] * (D[i, c] + d[c])
            total += out[i, c]
        for c in range(len(d)):
            out[i, c] = weights[i] * (out[i, c] - mean[i, c] * total)
            sums[c] += out[i, c]
    return out, sums
