"""The duality gap: how far at most the objective lies above its minimum, from one feasible dual point."""

from __future__ import annotations

import numpy as np

from normax.linear_model.families import Family

__all__ = ["duality_gap"]


def duality_gap(
    family: Family,
    weights: np.ndarray,
    y: np.ndarray,
    mean: np.ndarray,
    coef: np.ndarray,
    gradient: np.ndarray,
    l1: float,
    l2: float,
) -> float:
    """An upper bound on `P(w) − min P` for `P(w) = Σ_i ω_i loss_i + l1‖w‖₁ + l2/2 ‖w‖₂²`.

    With θ_i = ω_i (y_i − μ_i) and u = Xᵀθ, every c in [0, 1] gives a dual point cθ, and the gap splits into
    terms none of which can be negative, so that nothing cancels even at 1e-16:

        gap(c) = Σ_i ω_i D(y_i − c(y_i − μ_i), μ_i)  +  Σ_j [ω(w_j) − c w_j u_j + ω*(c u_j)]

    where D is the family's divergence, ω(w) = l1|w| + l2/2 w² and ω*(v) = (|v| − l1)₊² / (2 l2). Without an
    L2 part c must shrink until |c u_j| <= l1; with one, the better of that c and 1 is taken.

    Args:
        weights: (n,) ω, summing to 1.
        y, mean: (n, m) response and fitted mean; with an intercept, Σ_i θ_i = 0 for each output, which is
            the intercept's own condition.
        coef, gradient: (m, p) coefficients w and u.
        l1, l2: strengths, not both 0.

    Returns:
        The gap in units of the objective, >= 0.

    Source:
        Fenchel–Young duality; for the lasso, Osborne, Presnell & Turlach, "On the LASSO and its dual", 2000.
    """
    u = np.abs(gradient)
    shrink = l1 + l2 * np.abs(coef)
    with np.errstate(divide="ignore", invalid="ignore"):
        feasible = min(1.0, float(np.min(np.where(u > shrink, shrink / u, 1.0), initial=1.0)))
    own = l1 * np.abs(coef) + 0.5 * l2 * coef**2
    inner = coef * gradient

    def gap(c: float) -> float:
        conjugate = np.maximum(c * u - l1, 0.0) ** 2 / (2 * l2) if l2 > 0 else 0.0
        rows = weights @ family.divergence(y - c * (y - mean), mean) if c < 1 else 0.0
        return float(rows + (own - c * inner + conjugate).sum())

    best = gap(feasible) if l2 == 0 or feasible == 1 else min(gap(feasible), gap(1.0))
    return max(best, 0.0)
