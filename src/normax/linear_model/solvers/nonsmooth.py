"""Losses with kinks: the method of multipliers, each round of which is a smooth problem.

Such a loss is the largest of `v·η − …` over a dual point v for each row, its residual. Round after round the loss is
smoothed about the last residuals, solved as any smooth one, and its residuals are a dual point of the loss itself, so
that its gap is the true one. Nothing needs to become narrow for that: the width stays, and for piecewise linear
losses a finite number of rounds ends at the solution.

Source: Rockafellar, "Augmented Lagrangians and applications of the proximal point algorithm in convex programming",
Mathematics of Operations Research 1976; Li, Sun & Toh, "A highly efficient semismooth Newton augmented Lagrangian
method for solving lasso problems", SIAM J. Optimization 2018.
"""

from __future__ import annotations

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.families import Family
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.problem.problem import Problem
from normax.linear_model.solvers.certificate import family_gap, group_gap
from normax.linear_model.solvers.dual_point import certify
from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["SmoothedLikelihood", "follow_nonsmooth", "model_of"]

WIDTH = 0.01  # of the smoothing, over the null deviance
NARROWEST = 1e-100  # so that its inverse is a number
# Damping over the curvature, without which too few rows with any leave systems singular: where a round begins, and
# where full steps follow each other, which in flat directions would crawl.
DAMPING, LEAST = 1e-4, 1e-9
ENOUGH = 0.1  # of the gap asked for, at which to stop


class SmoothedLikelihood(Likelihood):
    """`Likelihood` of a loss with kinks, smoothed about residuals that `move` renews."""

    exact = 1e-15
    most = DAMPING

    def __init__(self, design: Design, family: Family, y: np.ndarray, offset: np.ndarray | None = None):
        super().__init__(design, family, y, offset)
        self.loss, self.share = family, DAMPING
        self.width = (WIDTH / family.reach**2) * (
            float(design.weights @ family.deviance(self.y, self.start + self.offset + 0 * y)) or 1.0
        )
        self.family = family.smoothed(self.width, np.zeros_like(self.y))

    def move(self, eta: np.ndarray) -> None:
        """Smooth about the residuals at these linear predictors."""
        self.family = self.loss.smoothed(self.width, self.family.residual(self.y, eta))
        self.hessian = None

    def damping(self, eta, length):
        if length is None or length < 1:
            self.share = DAMPING if length is None else min(10 * self.share, DAMPING)
        else:
            self.share = max(0.1 * self.share, LEAST)
        bent = float(self.design.weights @ self.family.curvature(self.y, eta).sum(axis=1))
        return self.share * max(bent, 1.0 / (self.design.n * self.width))

    def null(self):
        intercept, eta = super().null()
        for _ in range(self.max_steps if self.design.centred else 0):
            if self.design.weights @ self.family.fenchel(self.y, eta, 1.0) <= 1e-14 * abs(self.scale):
                break
            self.move(eta)
            eta = self.balance(eta, intercept)
        return intercept, eta

    def balance(self, eta, intercept):
        """The root of Σθ in each intercept: Newton steps, kept between what is known to lie below and above it."""
        for c in range(self.m if self.design.centred else 0):
            low, high, step, unit = -np.inf, np.inf, self.width * self.loss.reach, np.arange(self.m) == c
            for _ in range(self.max_steps):
                theta = self.residual(eta)[:, c]
                size = float(theta.sum())
                if abs(size) <= 1e-15 * np.abs(theta).sum() or low >= high:
                    break
                low, high = (0.0, high) if size > 0 else (low, 0.0)
                slope = float(self.design.weights @ self.family.curvature(self.y, eta)[:, c])
                move = size / slope if slope > 0 else np.copysign(step, size)
                if not low <= move <= high:
                    move = 0.5 * (low + high)
                eta = eta + move * unit
                intercept[c] += move
                low, high, step = low - move, high - move, 2 * step
        return eta


def model_of(problem: Problem) -> Likelihood:
    """The rows of a problem as a function of coefficients and intercepts, smoothed if the loss has kinks."""
    kind = SmoothedLikelihood if problem.family.nonsmooth else Likelihood
    return kind(problem.design, problem.family, problem.y, problem.offset)


def follow_nonsmooth(
    problem: Problem, strengths: np.ndarray, smooth: SmoothedLikelihood | None = None
) -> Fit:
    """Solve a decreasing sequence of strengths, each warm from the last, residuals included.

    Args: smooth is a model of the problem, which is left smoothed about the last residuals.
    """
    design, rules = problem.design, problem.rules
    smooth = (
        SmoothedLikelihood(design, problem.family, problem.y, problem.offset) if smooth is None else smooth
    )
    y = smooth.y
    m, p = y.shape[1], design.p
    fit, coef = Fit.empty(len(strengths), m, p), np.zeros((m, p))
    flat, (intercept, eta) = coef.reshape(-1), smooth.null()
    enough = ENOUGH * problem.tol * float(design.weights @ smooth.loss.deviance(y, eta))
    width = smooth.width
    for i, s in enumerate(strengths):
        terms, smooth.width = rules.terms(s), width
        free = np.broadcast_to(terms.free.reshape(-1, p), (m, p))
        working = np.union1d(terms.whole(np.flatnonzero(flat)), np.flatnonzero(free))
        for fit.n_iter[i] in range(1, problem.max_iter + 1):
            while True:
                eta, _ = smooth.solve(working, coef, intercept, terms)
                u = design.gradient(smooth.residual(eta))
                missing = np.setdiff1d(terms.beyond(u), smooth.entries)
                working = np.union1d(smooth.entries, missing)
                if not len(missing):
                    break
            fit.gap[i] = _gap(smooth, eta, coef, u, terms)
            if fit.gap[i] <= enough:
                break
            if fit.n_iter[i] % smooth.loss.patience == 0:
                smooth.width = max(smooth.loss.narrower * smooth.width, NARROWEST)
            smooth.move(eta)
        fit.coef[i], fit.intercept[i] = coef, intercept
    return fit


def _gap(smooth, eta, coef, u, terms) -> float:
    family, weights, y = smooth.family, smooth.design.weights, smooth.y
    if terms.unpenalised.any():
        gap = certify(smooth.design, family, y, eta, coef, terms)
        if gap is not None:
            return gap
    if isinstance(terms, GroupTerms):
        return group_gap(lambda c: float(weights @ family.fenchel(y, eta, c)), coef.ravel(), u.ravel(), terms)
    return family_gap(family, weights, y, eta, coef, u, terms)
