"""A dual point that coefficients without a penalty allow, and the gap it gives.

What nothing keeps at zero, a coefficient without any penalty or an intercept, asks `z_jᵀθ = 0` of a dual point θ. The
residuals of a fit miss that by as much as the fit misses its minimum, and no shrinking makes it good. So θ moves,
along what a step of Newton's method on these columns alone would do to the residuals,

    θ − DZ (ZᵀDZ)⁺ Zᵀθ,    D the curvature of the loss,

which costs half that step's decrement, and leaves the residuals in their range while the step is short. Where no
point is found the loss itself is the bound: its least value is no less than 0 once that of each row is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import qr

from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import thin_svd
from normax.linear_model.families import Family
from normax.linear_model.problem.group_terms import GroupTerms
from normax.linear_model.problem.terms import Terms
from normax.linear_model.solvers.certificate import duality_gap, group_gap

__all__ = ["WIDEST", "certify", "is_free", "misses", "moved_residuals"]

# Free coefficients of all outputs beyond which no dual point is looked for.
WIDEST = 1000
# What is left of Zᵀθ over the sum of the sizes of its terms, above which the point does not count as one, and what of y
# counts as rounding beside that.
ROUNDING, DIGITS = 1e-12, 1e-3
# Share of the largest curvature that rows of a loss with kinks move by where they have none.
STIFF = 1e-3
# Directions of the free columns, each of length 1, that count as none below this share of the largest.
FLAT = 1e-13
# Corrections of a point, and of what bounds let move, at most.
ROUNDS, BOUNDS = 20, 5


def is_free(terms: Terms | GroupTerms, u: np.ndarray) -> np.ndarray:
    """(m, p) coefficients that ask u = 0: no penalty, and no bound in the direction of their gradient."""
    if not u.size:  # no direction is left of the columns
        return np.zeros(u.shape, dtype=bool)
    loose = np.broadcast_to(terms.unpenalised.reshape(-1, u.shape[1]), u.shape)
    if isinstance(terms, GroupTerms) or not terms.bounded:
        return loose
    return loose & np.isinf(np.where(u > 0, terms.upper, terms.lower))


def misses(theta: np.ndarray) -> bool:
    """Whether weighted residuals do not add up to 0, as intercepts ask, by more than rounding."""
    return bool((np.abs(theta.sum(axis=0)) > ROUNDING * np.abs(theta).sum(axis=0)).any())


def certify(
    design: Design,
    family: Family,
    y: np.ndarray,
    eta: np.ndarray,
    coef: np.ndarray,
    terms: Terms | GroupTerms,
) -> float | None:
    """The duality gap of a fit with free coefficients; None where the loss knows no conjugate.

    Args:
        y, eta: (n, m) response and linear predictors; coef: (m, p).
    """
    v = family.residual(y, eta)
    if family.young(y, eta, v) is None:
        return None
    u = design.gradient(design.weighted(v))
    free, settled = is_free(terms, u), False
    for _ in range(BOUNDS):
        moved, settled = moved_residuals(design, family, y, eta, v, free)
        u = design.gradient(design.weighted(moved))
        more = is_free(terms, u) & ~free & (np.abs(u) > ROUNDING * np.abs(u).max(initial=0.0))
        if not more.any():
            break
        free = free | more
    else:
        settled = False
    u[free] = 0.0
    own = terms.value(coef.ravel()) if isinstance(terms, GroupTerms) else sum(terms.value(w) for w in coef)
    worst = own + float(design.weights @ family.deviance(y, eta))
    if not settled:
        return worst

    def divergence(c: float) -> float:
        return float(design.weights @ family.young(y, eta, c * moved))

    if isinstance(terms, GroupTerms):
        gap = group_gap(divergence, coef.ravel(), u.ravel(), terms)
    else:
        parts = [terms.l1, terms.l2, terms.lower, terms.upper]
        rows = (np.broadcast_to(part, coef.shape) for part in parts)
        flat = (part.reshape(1, -1) for part in (coef, u, *rows))
        gap = float(duality_gap(lambda c: np.array([divergence(c[0])]), *flat)[0])
    return min(gap, worst) if gap == gap else worst


def moved_residuals(
    design: Design, family: Family, y: np.ndarray, eta: np.ndarray, v: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Residuals in their range that free coefficients (m, p) and intercepts leave alone, and whether they do.

    Where a step leads out of the range, the row stays at its edge, and the others make up for it.
    """
    outputs, v, settled = np.arange(v.shape[1]), v.copy(), True
    low, high = (np.broadcast_to(edge, v.shape) for edge in family.residual_range(y))
    d = family.curvature(y, eta)
    d = np.maximum(d, STIFF * d.max()) if family.nonsmooth else d
    for some in [outputs] if family.coupled else outputs[:, None]:  # outputs that are tied move together
        features = np.flatnonzero(free[some].any(axis=0))
        own = np.hstack(
            [free[np.ix_(some, features)], np.full((len(some), int(design.centred)), True)]
        ).ravel()
        if not own.any():
            continue
        Z = np.hstack([design.columns(features), np.ones((design.n, int(design.centred)))])
        inside, step = np.ones((design.n, len(some)), dtype=bool), None
        for _ in range(ROUNDS):
            theta = design.weighted(v[:, some])
            left = (theta.T @ Z).ravel()[own]
            sizes = design.weighted(np.abs(v[:, some]) + DIGITS * np.abs(y).max(axis=1, keepdims=True))
            if (np.abs(left) <= ROUNDING * (sizes.T @ np.abs(Z)).ravel()[own]).all():
                break
            if step is None:
                bent = (y - v if family.coupled else d)[:, some] * inside
                step = _step(_roots(np.maximum(bent, 0.0), family.coupled), Z, design.weights, own)
            new = v[:, some] - step(left)
            kept = np.clip(new, low[:, some], high[:, some])
            if (kept != new).any():
                inside, step = inside & (kept == new), None
                if family.coupled:  # means of a row add up to 1
                    mean = y[:, some] - kept
                    kept = y[:, some] - mean / mean.sum(axis=1, keepdims=True)
            v[:, some] = kept
        else:
            settled = False
    return v, settled


def _step(
    root: np.ndarray, Z: np.ndarray, weights: np.ndarray, own: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """What residuals (n, m) take off for Zᵀθ (a,) to vanish, by the rows' curvature.

    Args:
        root: (n, m, m), the transposed S of each row's second derivative SSᵀ; own: (m·q,) which products count, a of
            them.
    """
    n, m = root.shape[:2]
    B = (np.einsum("iec,ij->iecj", root, Z) * np.sqrt(weights)[:, None, None, None]).reshape(n * m, -1)[
        :, own
    ]
    lengths = np.sqrt(np.einsum("ij,ij->j", B, B))
    unit = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    _, sigma, W = thin_svd(qr(B * unit, mode="r", check_finite=False)[0][: len(unit)])
    kept = sigma > FLAT * sigma[0]
    W, sigma = W[: len(sigma)][kept], sigma[kept]

    def step(left: np.ndarray) -> np.ndarray:
        along = B @ (unit * ((W @ (unit * left) / sigma**2) @ W))
        return np.einsum("iec,ie->ic", root, along.reshape(n, m)) / np.sqrt(weights)[:, None]

    return step


def _roots(d: np.ndarray, coupled: bool) -> np.ndarray:
    """(n, m, m) the transposed S of `diag(d) = SSᵀ`, or, where outputs are coupled, of `diag(d) − ddᵀ`."""
    q, one = np.sqrt(d), np.eye(d.shape[1])
    return (one - q[:, :, None] * q[:, None] if coupled else one) * q[:, None]
