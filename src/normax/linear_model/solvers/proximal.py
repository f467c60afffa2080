"""Any penalty that tells its value and its prox: accelerated proximal gradients on all coefficients.

The slowest solver, and the one that asks least. The gap that is told is a duality gap where the penalty is a norm that
tells its polar, `max_v <u, v>/Ω(v)`, and L2 beside it; otherwise it is what one more step promises to gain,
`−min_v [<∇f(w), v − w> + L/2 ‖v − w‖² + Ω(v) − Ω(w)]`, which is 0 at stationary points alone.

Source: Beck & Teboulle, "A fast iterative shrinkage-thresholding algorithm", SIAM J. Imaging Sciences 2009;
O'Donoghue & Candès, "Adaptive restart for accelerated gradient schemes", Foundations of Computational Mathematics 2015.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from normax.errors import InputError
from normax.linear_model.design.design import Design
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.proximal_rules import as_seen
from normax.linear_model.solvers.face import finished
from normax.linear_model.solvers.newton.likelihood import Likelihood

__all__ = ["follow_proximal"]

STEPS = 10  # between two looks at the gap
DOUBLINGS = 100  # of the curvature in one step, more than any finite loss asks for
POWER = 20  # products that tell the largest curvature well enough to start from
# Shares of the gap asked for at which to stop: a duality gap bounds the error, what a step gains is far below it.
DUAL, STEP = 0.1, 1e-5


def follow_proximal(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve a decreasing sequence of strengths, each from the last; a round is a look at the gap after 10 steps."""
    design, family, y, rules = problem.design, problem.family, problem.y, problem.rules
    k, m, p = len(strengths), y.shape[1], design.p
    fit, smooth = Fit.empty(k, m, p), Likelihood(design, family, y, problem.offset)
    intercept, eta = smooth.null()
    known = 0.0 if problem.offset is None else problem.offset
    null = float(design.weights @ family.deviance(y, eta))
    enough = (STEP if rules.stationary else DUAL) * problem.tol * null
    # Without any curvature all steps will do.
    curvature = _curvature(design) * float(np.max(family.curvature(y, eta))) or 1.0
    W = np.zeros((m, p))
    for i, s in enumerate(strengths):
        penalty, norm, l2 = rules.penalty.scaled(float(s)), rules.norm.scaled(float(s)), float(s) * rules.l2
        for fit.n_iter[i] in range(1, problem.max_iter + 1):
            eta = smooth.balance(design.predict(W) + intercept + known, intercept)
            u = design.gradient(smooth.residual(eta))
            polar = norm.polar(as_seen(u - l2 * W))
            if polar is None:
                fit.stationary, fit.gap[i] = True, _promise(W, u, penalty, curvature)
            else:
                lost = partial(_divergence, smooth, eta)
                fit.gap[i] = _gap(lost, W, u, norm, l2, float(polar))
            if fit.gap[i] <= enough:
                break
            W, eta, curvature = _steps(smooth, W, eta, intercept, penalty, curvature)
            best = finished(smooth, W[0], intercept, norm, l2) if m == 1 and polar is not None else None
            if best is not None:
                best_W, best_eta = best[0][None], best[2]
                before = _objective(smooth, W, eta, norm, l2)
                if _objective(smooth, best_W, best_eta, norm, l2) <= before:
                    W, intercept[:], eta = best_W, best[1], best_eta
        fit.coef[i], fit.intercept[i] = W, intercept
    return fit


def _steps(smooth, W, eta, intercept, penalty, curvature):
    """Some accelerated steps from W; the intercept, in place, is at its best for each."""
    design, family, y = smooth.design, smooth.family, smooth.y
    before, eta_before, intercept_before, t = W, eta, intercept.copy(), 1.0
    for _ in range(STEPS):
        grown = 0.5 * (1 + math.sqrt(1 + 4 * t * t))
        beta, t = (t - 1) / grown, grown
        Y, b = W + beta * (W - before), intercept + beta * (intercept - intercept_before)
        eta_Y = smooth.balance(eta + beta * (eta - eta_before), b)
        u, now = design.gradient(smooth.residual(eta_Y)), float(design.weights @ family.loss(y, eta_Y))
        for _ in range(DOUBLINGS):
            V = as_seen(penalty.prox(as_seen(Y + u / curvature), 1 / curvature)).reshape(Y.shape)
            D = V - Y
            new = eta_Y + design.predict(D)
            model = now - float((u * D).sum()) + 0.5 * curvature * float((D * D).sum())
            if float(design.weights @ family.loss(y, new)) <= model + 1e-12 * abs(now):
                break
            curvature *= 2
        if float(((Y - V) * (V - W)).sum()) > 0:  # momentum points uphill
            t = 1.0
        before, eta_before, intercept_before = W, eta, intercept.copy()
        W, intercept[:] = V, b
        eta = smooth.balance(new, intercept)
    return W, eta, curvature


def _objective(smooth: Likelihood, W: np.ndarray, eta: np.ndarray, norm, l2: float) -> float:
    loss = float(smooth.design.weights @ smooth.family.loss(smooth.y, eta))
    return loss + float(norm.value(as_seen(W))) + 0.5 * l2 * float((W * W).sum())


def _promise(W, u, penalty, curvature) -> float:
    """What one more step promises to gain."""
    w, v = as_seen(W), as_seen(u)
    moved = penalty.prox(w + v / curvature, 1 / curvature)
    d = moved - w
    gain = float((v * d).sum()) - 0.5 * curvature * float((d * d).sum())
    return max(gain + float(penalty.value(w)) - float(penalty.value(moved)), 0.0)


def _divergence(smooth: Likelihood, eta: np.ndarray, c: float) -> float:
    """What shrinking the residuals to a share c costs."""
    return float(smooth.design.weights @ smooth.family.fenchel(smooth.y, eta, c)) if c < 1 else 0.0


def _gap(divergence, W, u, norm, l2, polar) -> float:
    """The duality gap: for p = u − l2 w, c p within the ball and c l2 w for the L2 part."""
    own, inner = float(norm.value(as_seen(W))), float(((u - l2 * W) * W).sum())
    if inner > own * polar + 1e-9 * float((np.abs(u - l2 * W) * np.abs(W)).sum()):
        raise InputError(
            f"penalty: {norm!r} has value {own:.6g} at a fit w and polar {polar:.6g} at a gradient u, "
            f"whose product must not be less than <u, w>, {inner:.6g}; leave `polar` out for what is no norm"
        )
    c = 1.0 if polar <= 1 else 1.0 / polar
    return max(divergence(c) + own - c * inner + 0.5 * l2 * (1 - c) ** 2 * float((W * W).sum()), 0.0)


def _curvature(design: Design) -> float:
    """About the largest eigenvalue of `X̃ᵀΩX̃`."""
    v = np.random.default_rng(0).normal(size=(1, design.p))
    size = 0.0
    for _ in range(POWER):
        length = np.linalg.norm(v)
        if length == 0:
            break
        v = design.gradient(design.weighted(design.predict(v / length)))
        size = float(np.linalg.norm(v))
    return size
