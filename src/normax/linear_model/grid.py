"""The strength at which nothing is left, `max_strength`, and grids of strengths down from it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from normax.linear_model.design.validation import check_strengths, check_weights
from normax.linear_model.families import family_of
from normax.linear_model.problem.chain_terms import FusedRules
from normax.linear_model.problem.free_columns import basis_of
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import Rules
from normax.linear_model.solvers.fused import largest_fused
from normax.linear_model.solvers.nonsmooth import SmoothedLikelihood, follow_nonsmooth, model_of
from normax.linear_model.solvers.strategy import solve
from normax.penalties.mixture import l1_l2, parts_of
from normax.selection import strength_grid

__all__ = ["grid_for", "grid_of", "is_ridge", "largest_of", "max_strength", "mixture_in_units", "reaching"]

# For pure ridge no strength gives all zeros; its largest lets the features explain this share of the null deviance.
EXPLAINED = 1e-3
# Smallest over largest strength of automatic grids: with an L1 part, and of ridge, which shrinks over more decades.
RATIO, RIDGE_RATIO = 1e-3, 1e-7


def max_strength(
    X: Any,
    y: Any,
    *,
    family: Any = "gaussian",
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    penalty_factor: Any = None,
    exclude: Any = None,
    lower: Any = None,
    upper: Any = None,
    penalty: Any = None,
    offset: Any = None,
) -> float:
    """The smallest strength at which every coefficient is zero, by the KKT conditions:
    `max_j g_j / (r f_j)` with the gradient `g_j = |Σ_i ω_i x_ij (y_i − μ_i)|` at the null model, as far as bounds let a
    coefficient follow it, and the penalty factors f.

    No strength of pure ridge gives all zeros. For it the result is the strength at which the features explain about a
    thousandth of the null deviance D, `Σ_j g_j² / (2 f_j) / (D/1000)`. Like the penalty it has the unit of the loss
    over that of w², so that for squared error it does not change with the unit of y.

    Args: as of `fit_path`.

    Returns:
        The strength; 0.0 where no feature correlates with y (a constant y, say).

    Example:
        >>> import numpy as np
        >>> X, y = np.array([[0.0], [1.0], [2.0]]), np.array([0.0, 1.0, 2.0])
        >>> max_strength(X, y)
        0.6666666666666666
        >>> round(max_strength(X, y, l1_ratio=0), 6), round(max_strength(X, 1000 * y, l1_ratio=0), 6)
        (666.666667, 666.666667)
    """
    options: dict[str, Any] = {"family": family, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    options |= {"penalty_factor": penalty_factor, "exclude": exclude}
    options |= {"lower": lower, "upper": upper, "penalty": penalty}
    return largest_of(Problem.of(X, y, sample_weight=sample_weight, offset=offset, **options))


def largest_of(problem: Problem) -> float:
    """`max_strength` of a problem that is made."""
    basis = basis_of(problem.design, problem.single)
    problem = problem if basis is None else replace(problem, design=basis.design)
    design, y, rules, single = problem.design, problem.y, problem.rules, problem.single
    if isinstance(rules, FusedRules):
        return largest_fused(problem)
    model = model_of(problem)
    eta = model.null()[1]
    if not single.factor.all():  # the features without a penalty are in the model at any strength
        closed = single.factor > 0
        lower, upper = (np.where(closed, 0.0, bound) for bound in (single.lower, single.upper))
        kept = replace(problem, rules=Rules(single.factor, lower, upper), tol=1e-9, max_iter=1000)
        fit = (
            follow_nonsmooth(kept, np.ones(1), model)
            if isinstance(model, SmoothedLikelihood)
            else solve(kept, np.ones(1))
        )
        eta = design.predict(fit.coef[0]) + fit.intercept[0]
        eta = eta if problem.offset is None else eta + problem.offset
    u = design.gradient(model.residual(eta))
    if not isinstance(rules, Rules):
        u[np.abs(u) <= 1e-15 * np.abs(y).max() * design.lengths()] = 0.0
        return rules.largest(u)
    pull = np.maximum(rules.terms(0.0).pull(u), 0.0)
    pull[pull <= 1e-15 * np.abs(y).max() * design.lengths()] = 0.0  # rounding is no correlation
    charge = np.where(rules.factor > 0, rules.factor, np.inf)
    if rules.l1_ratio > 0:
        return float((pull / charge).max()) / rules.l1_ratio / problem.unit
    null = float(design.weights @ problem.family.deviance(y, eta))
    if not pull.any() or null <= 0:
        return 0.0
    return float((pull * (pull / charge)).sum()) / (2 * EXPLAINED * null) / problem.unit


def grid_of(strengths: Any, X: Any, y: Any, ratio: float | None = None, **options: Any) -> np.ndarray:
    """The strengths as given, or for a count `grid_for`."""
    if np.ndim(strengths):
        return check_strengths(strengths)
    return grid_for(Problem.of(X, y, **options), strengths, ratio)


def grid_for(problem: Problem, count: int, ratio: float | None = None) -> np.ndarray:
    """A grid from the largest useful strength down to `ratio` of it, by default 1e-3, and 1e-7 for ridge."""
    largest = largest_of(problem)
    if largest == 0:  # nothing explains y, and any strength above rounding gives the same model
        largest = float(problem.design.lengths().max() * np.abs(problem.y).max()) or 1.0
    ridge = isinstance(problem.rules, Rules) and problem.rules.l1_ratio == 0
    return strength_grid(largest, count, ratio or (RIDGE_RATIO if ridge else RATIO))


def reaching(grid: np.ndarray, problems: list[Problem], unit: float = 1.0) -> np.ndarray:
    """A grid whose ends are fixed numbers, and on in its own steps to the middle third of `grid_for` of every problem:
    in another unit of X all of it may lie where every coefficient is zero, or where no strength matters.

    Args:
        grid: (k,) decreasing, evenly spaced in the logarithm; unit: of its strengths, in those of the mean loss.
    """
    if len(grid) < 2:
        return grid
    middles = [unit * grid_for(problem, 4)[1:3] for problem in problems if largest_of(problem) > 0]
    if not middles:
        return grid
    step = grid[0] / grid[1]
    strong, weak = np.max(middles, axis=0)[1], np.min(middles, axis=0)[0]
    above, below = (
        max(0, math.ceil(math.log(r) / math.log(step))) for r in (strong / grid[0], grid[-1] / weak)
    )
    return np.concatenate(
        [grid[0] * step ** np.arange(above, 0, -1), grid, grid[-1] / step ** np.arange(1, below + 1)]
    )


def is_ridge(l1_ratio: float = 1.0, penalty: Any = None, **_: Any) -> bool:
    """Whether a penalty is L2 alone, under which no strength leaves all coefficients at zero."""
    if penalty is None:
        return l1_ratio == 0
    parts = [l1_l2(part) for part in parts_of(penalty() if isinstance(penalty, type) else penalty)]
    return all(part is not None and part[0] == 0 < part[1] for part in parts)


def mixture_in_units(
    l1_ratio: float, y: np.ndarray, family: Any = "gaussian", sample_weight: Any = None
) -> float:
    """The l1_ratio for y as it is that says what `l1_ratio` says for y of unit variance, `r / (r + (1 − r)/sd(y))`.

    Where the linear predictor has the unit of y, an L1 strength has it too and an L2 strength has not, so that a
    mixture of the two would mean something else in every unit.

    Args:
        y: (n, m) response of the family.

    Example:
        >>> mixture_in_units(0.5, np.array([[-3.0], [3.0]]))
        0.75

    Source:
        glmnet standardises y for the same reason: Friedman, Hastie & Tibshirani, JSS 2010.
    """
    if not family_of(family).identity or not 0 < l1_ratio < 1:
        return l1_ratio
    weights = check_weights(sample_weight, len(y))
    sd = float(np.sqrt((weights @ (y - weights @ y) ** 2).mean()))
    return float(l1_ratio / (l1_ratio + (1 - l1_ratio) / sd)) if sd > 0 else l1_ratio
