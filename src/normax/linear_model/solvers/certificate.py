"""The duality gap: how far at most the objective lies above its minimum, from one feasible dual point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from normax.linear_model.families import Family
from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.problem.terms import Terms

__all__ = ["Gaps", "duality_gap", "family_gap", "group_gap"]

# Linear predictors of so many rows and outputs are judged together.
TOGETHER = 1 << 16


def duality_gap(
    divergence: Callable[[np.ndarray], Any],
    coef: np.ndarray,
    gradient: np.ndarray,
    l1: Any,
    l2: Any,
    lower: Any = -np.inf,
    upper: Any = np.inf,
) -> np.ndarray:
    """Upper bounds on `P(w) − min P` for `P(w) = Σ_i ω_i loss_i + l1‖w‖₁ + l2/2 ‖w‖₂²`, for k strengths at once.

    With θ_i = ω_i (y_i − μ_i) and u = Xᵀθ, every c in [0, 1] gives a dual point cθ, and the gap splits into
    terms none of which can be negative, so that nothing cancels even at 1e-16:

        gap(c) = Σ_i ω_i D(y_i − c(y_i − μ_i), μ_i)  +  Σ_j [ω(w_j) − c w_j u_j + ω*(c u_j)]

    where D is the family's divergence, ω(w) = l1|w| + l2/2 w² within the bounds and ω* its conjugate, which is
    (|v| − l1)₊² / (2 l2) without bounds. Without an L2 part c must shrink until |c u_j| <= l1; with one, the better
    of that c and 1 is taken. With an intercept Σ_i θ_i = 0 is required of each output, which is the intercept's own
    condition.

    Args:
        divergence: c (k,) -> the first sum for each strength, (k,).
        coef, gradient: (k, d) coefficients w and u, flat.
        l1, l2: strengths, broadcast against coef. Where both are 0 a coefficient is free, and u_j = 0 is its own
            condition, as the intercept's.
        lower, upper: bounds of w, broadcast likewise; in a direction with a bound nothing needs to shrink.

    Returns:
        (k,) gaps in units of the objective, >= 0.

    Source:
        Fenchel–Young duality; for the lasso, Osborne, Presnell & Turlach, "On the LASSO and its dual", 2000.
    """
    size, u = np.abs(coef), np.abs(gradient)
    bound = np.where(gradient > 0, upper, np.negative(lower)) if _any_bound(lower, upper) else np.inf
    open_ended = np.isinf(bound)
    free = open_ended & (l1 == 0) & (l2 == 0)
    shrink = l1 + l2 * size
    steep = (u > shrink) & open_ended & ~free
    feasible = np.divide(shrink, u, out=np.ones_like(u), where=steep).min(axis=1, initial=1.0)
    own = (l1 * size + 0.5 * l2 * coef**2).sum(axis=1)
    inner = np.einsum("ij,ij->i", coef, gradient)

    def gap(c: np.ndarray) -> np.ndarray:
        total = own - c * inner
        if np.any(l2) or not np.all(open_ended):
            beyond = np.where(free, 0.0, np.maximum(c[:, None] * u - l1, 0.0))
            # The maximiser of v·w − ω(w): beyond/l2 or the bound; 0 where c keeps v within l1.
            with np.errstate(divide="ignore", invalid="ignore"):
                smooth = np.where(l2 > 0, beyond / l2, np.where(open_ended, 0.0, bound))
            reach = np.where(beyond > 0, np.minimum(smooth, bound), 0.0)
            total += (beyond * reach - 0.5 * l2 * reach**2).sum(axis=1)
        return total + divergence(c)

    best, whole = gap(feasible), np.all((l2 > 0) | free | ~open_ended)
    if whole and (feasible < 1).any():
        best = np.minimum(best, gap(np.ones(len(best))))
    return np.maximum(best, 0.0)


class Gaps:
    """Gaps of the fits of a path, many computed at a time: `fit` is told each fit, `flush` writes what is left.

    Args:
        family, weights, y: of the (n, m) response; out: (k,) where the gaps go.
    """

    def __init__(self, family: Family, weights: np.ndarray, y: np.ndarray, out: np.ndarray):
        self.family, self.weights, self.y, self.out = family, weights, y, out
        self.waiting: list[tuple[Any, ...]] = []

    def fit(
        self,
        i: int,
        eta: np.ndarray,
        coef: np.ndarray,
        gradient: np.ndarray,
        terms: Terms | GroupTerms,
    ) -> None:
        """Fit i of the path: (n, m) linear predictors, coefficients (a,), gradients (a,) and terms of those that are
        not zero or whose gradient exceeds l1; no other adds anything. With groups, of all."""
        if isinstance(terms, GroupTerms):
            self.out[i] = group_gap(
                lambda c: float(self.weights @ self.family.fenchel(self.y, eta, c)), coef, gradient, terms
            )
            return
        self.waiting.append((i, eta, coef, gradient, *terms.charges))
        if not self.family.rows_apart or len(self.waiting) * self.y.size >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        if not self.waiting:
            return
        at, etas, *parts = zip(*self.waiting)
        if len(at) == 1:
            padded, eta, y = [some[0][None] for some in parts], etas[0], self.y
        else:
            lengths = np.array([len(part) for part in parts[0]])
            filled = np.arange(lengths.max()) < lengths[:, None]
            padded = [np.full(filled.shape, nothing) for nothing in (0.0, 0.0, 1.0, 1.0, -np.inf, np.inf)]
            for whole, some in zip(padded, parts):
                whole[filled] = np.concatenate(some)
            eta, y = np.concatenate(etas), np.tile(self.y, (len(at), 1))

        def rows(c: np.ndarray) -> np.ndarray:
            if (c == 1).all() and not self.family.nonsmooth:
                return np.zeros(len(at))
            each = self.family.fenchel(y, eta, np.repeat(c, len(self.y))[:, None])
            return each.reshape(len(at), -1) @ self.weights

        self.out[list(at)] = duality_gap(rows, *padded)
        self.waiting.clear()


def family_gap(
    family: Family,
    weights: np.ndarray,
    y: np.ndarray,
    eta: np.ndarray,
    coef: np.ndarray,
    gradient: np.ndarray,
    terms: Terms,
) -> float:
    """The gap of one fit of any family: (n, m) response and linear predictors, (m, p) coefficients and gradients."""
    gaps = Gaps(family, weights, y, np.zeros(1))
    some = np.flatnonzero((np.abs(gradient) > terms.l1) | (coef != 0))
    gaps.fit(0, eta, coef.ravel()[some], gradient.ravel()[some], terms.of(some, coef.shape[1]))
    gaps.flush()
    return float(gaps.out[0])


def group_gap(
    divergence: Callable[[float], float], coef: np.ndarray, gradient: np.ndarray, terms: GroupTerms
) -> float:
    """The gap of one fit under a group penalty, by the same split as `duality_gap`, group by group.

    The conjugate of `l1‖w‖₁ + l2/2 ‖w‖² + κ‖w‖` at v is `(‖S(v, l1)‖ − κ)₊² / (2 l2)`, S the soft threshold; without
    an L2 part the dual point shrinks until no norm exceeds its κ.

    Args:
        divergence: c -> `Σ_i ω_i D(y_i − c(y_i − μ_i), μ_i)`.
        coef, gradient: flat w and u, (d,).
    """
    free = terms.unpenalised
    u = np.where(free, 0.0, gradient)
    smooth = np.bincount(terms.labels, terms.l2, len(terms.charge)) > 0
    l2 = np.zeros(len(terms.charge))
    l2[terms.labels] = terms.l2

    def beyond(c: float) -> np.ndarray:
        return np.maximum(terms.excess(c * u) - 1e-15 * terms.charge, 0.0)

    def gap(c: float) -> float:
        over = beyond(c)
        conjugate = np.divide(over**2, 2 * l2, out=np.zeros_like(over), where=smooth)
        return float(terms.value(coef) - c * (coef @ gradient) + conjugate.sum()) + divergence(c)

    def feasible(allowed: np.ndarray) -> float:
        late = np.flatnonzero(beyond(1.0) > allowed)
        if not len(late):
            return 1.0
        if not terms.l1.any():
            return float(((allowed + terms.charge)[late] / terms.norms(u)[late]).min())
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            fits = (beyond(middle)[late] <= allowed[late]).all()
            low, high = (middle, high) if fits else (low, middle)
        return low

    # With an L2 part κ + l2‖w_g‖ serves as the bound, as for single coefficients.
    best = gap(feasible(l2 * terms.norms(coef)))
    return max(min(best, gap(1.0)) if (smooth | (beyond(1.0) == 0)).all() else best, 0.0)


def _any_bound(lower: Any, upper: Any) -> bool:
    return bool(np.isfinite(lower).any() or np.isfinite(upper).any())
