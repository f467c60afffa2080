"""The duality gap of a fit from sums over rows alone.

A dual point must leave alone what has no penalty: intercepts ask `Σθ = 0`, free columns `z_jᵀθ = 0`. The residuals of a
fit miss that by a little. Those of other linear predictors, with an intercept or a free coefficient shifted either way,
miss it by a lot, and on either side; residuals of any predictors are in the domain of the conjugate, which is convex, so
that the mixture that misses nothing is a dual point, and what it costs is known from sums:

    Σ_i ω_i [loss(η) + loss*(−v') + v'η]  <=  Σ_k κ_k Σ_i ω_i [loss(η) + loss*(−v_k) + v_kη],    v' = Σ_k κ_k v_k

with `loss*(−v_k) = −v_kη_k − loss(η_k)` at the η_k that v_k is the residual of. Shrinking by c mixes in the point 0,
which costs the deviance, and a little of it far less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from normax.linear_model.problem.terms import Terms
from normax.linear_model.solvers.certificate import duality_gap
from normax.linear_model.solvers.dual_point import ROUNDING
from normax.linear_model.streams.rows import NEAR

__all__ = ["Probe", "gap_of"]


@dataclass(frozen=True)
class Probe:
    """Residuals of one linear predictor, by sums over the rows, per unit of weight.

    Attributes:
        u: (q, p) gradients of centred columns; total: (q,) `Σθ`; conjugate: `Σ ω loss*(−v)`; offset: `Σ θ·offset`.
    """

    u: np.ndarray
    total: np.ndarray
    conjugate: float
    offset: float


def gap_of(
    probes: list[Probe],
    free: np.ndarray,
    centred: bool,
    squared: bool,
    coef: np.ndarray,
    intercept: np.ndarray,
    u: np.ndarray,
    total: np.ndarray,
    size: np.ndarray,
    loss: float,
    deviance: float,
    near: float,
    terms: Terms,
    reach: np.ndarray,
) -> float | None:
    """An upper bound on how far a fit's objective lies above its minimum; None where the probes do not span what it
    misses.

    Args:
        free: (a,) features without a penalty; coef: (q, p); intercept: (q,); u: (q, p); total, size: (q,) `Σθ` and
            `Σ|θ|`; loss, deviance, near: means over rows, the last as of `Said`; terms: of p features; reach: (p,) largest sizes of centred columns.
    """

    def missed(u: np.ndarray, total: np.ndarray) -> np.ndarray:
        return np.concatenate([u[:, free].ravel(), total if centred else total[:0]])

    scale = missed(np.outer(size, reach), size)
    miss, cost = np.divide(missed(u, total), scale, out=np.zeros_like(scale), where=scale > 0), 0.0
    share = 0.0
    if (np.abs(miss) > ROUNDING).any():
        if not probes:
            return None
        M = np.column_stack([missed(one.u, one.total) for one in probes]) / scale[:, None]
        kappa, rest = nnls(M, -miss)
        if rest > ROUNDING:
            return None
        whole = 1 + kappa.sum()
        share = 1 - 1 / whole
        each = [
            loss + one.conjugate + float((coef * one.u).sum() + intercept @ one.total) + one.offset
            for one in probes
        ]
        cost = float(kappa @ np.maximum(each, 0.0)) / whole
        u = (u + np.tensordot(kappa, np.array([one.u for one in probes]), 1)) / whole
    u = u.copy()
    u[:, free] = 0.0
    q, p = u.shape
    some = np.flatnonzero((np.abs(u) > terms.l1) | (coef != 0))
    charges = (part[None] for part in terms.of(some, p).charges)

    def rows(c: np.ndarray) -> np.ndarray:
        short = (1 - c) * deviance
        own = np.where(1 - c <= NEAR, np.minimum(short, (1 - c) / NEAR * near), short)
        if squared:
            own = (1 - c) ** 2 * loss
        return (1 - share) * own + share * short + c * cost

    return float(duality_gap(rows, coef.ravel()[None, some], u.ravel()[None, some], *charges)[0])
