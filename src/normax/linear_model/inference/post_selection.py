"""`post_selection`: exact intervals for the coefficients that a lasso at a fixed strength has chosen."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from scipy.sparse import issparse

from normax.errors import InputError
from normax.linear_model.design.validation import Sound
from normax.linear_model.inference.noise import scaled_lasso
from normax.linear_model.inference.result import Inference, check_level
from normax.linear_model.inference.rows import Counted
from normax.linear_model.inference.truncated_normal import mean_at, two_sided
from normax.linear_model.path import fit_path
from normax.linear_model.problem.terms import check_rules

__all__ = ["post_selection"]

MOST = 15  # selected columns whose patterns of signs, 2^15 at most, are gone through
COVERS = (
    "each interval covers the coefficient of its column in the best linear model of the selected columns alone (not of "
    "all columns), among samples in which the lasso at this strength selects {}; noise is taken as normal and alike in "
    "every row"
)


def post_selection(
    X: Any,
    y: Any,
    *,
    strength: float,
    sigma: Any = None,
    given: str = "signs",
    level: float = 0.95,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    penalty_factor: Any = None,
    offset: Any = None,
) -> Inference:
    """Intervals and p-values after selection for the lasso of squared error at a strength fixed beforehand.

    The lasso selects the columns M with signs s if and only if `Ay <= b`. Given that, the least squares coefficient
    of a column on M, `η_jᵀy`, is a normal cut off at two points that y tells, whatever else is in y, so that its
    distribution is known for every mean: the limits are the means at which what was seen is just at one of its
    outer shares. A coefficient that only just entered has a wide interval, infinite on one side in the extreme.

    Args:
        X: (n, p) table of finite numbers, as it is, dense or sparse; y: (n,) response.
        strength: s > 0 of `fit_path` on these X and y, fixed without looking at y: a strength that was chosen by
            cross-validation on these rows leaves nothing that is proved.
        sigma: standard deviation of the noise if known. None (default) estimates it by least squares on all columns,
            which needs more rows than columns; "scaled" by the scaled lasso, for more columns than rows. With an
            estimate coverage is approximate.
        given: "signs" (default) conditions on the selected columns and their signs; "model" on the columns alone, which
            is what one usually means, and gives shorter intervals for the price of going through all patterns of
            signs, of at most 15 columns.
        level: of the intervals.
        fit_intercept, penalty_factor, offset: as of `fit_path`; factors are finite, and a column with a
            factor of 0 is always in.
        sample_weight: (n,) as how many rows each counts; a row of weight 2 is two rows alike.

    Returns:
        An `Inference` of the selected columns, whose estimates are those of least squares on them.

    Raises:
        InputError: for data or arguments that cannot be used, where σ cannot be estimated, and where selected columns
            repeat each other.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(50, 10))
        >>> found = post_selection(X, 2 * X[:, 3] + rng.normal(size=50), strength=0.5)
        >>> found.features, bool(found.lower[0] < 2 < found.upper[0])
        (('x3',), True)

    Source:
        Lee, Sun, Sun & Taylor, "Exact post-selection inference, with application to the lasso", Annals of Statistics
        2016.
    """
    level = check_level(level)
    if given not in ("signs", "model"):
        raise InputError(f"given: expected 'signs' or 'model', got {given!r}")
    if (
        isinstance(strength, bool)
        or not isinstance(strength, (int, float, np.number))
        or not 0 < strength < np.inf
    ):
        raise InputError(f"strength: expected one number > 0, fixed before y is seen, got {strength!r}")
    rows = Counted.of(X, y, "gaussian", sample_weight, offset, fit_intercept, ("gaussian",))
    p = rows.X.shape[1]
    factor = check_rules(p, penalty_factor, None, None).factor
    path = fit_path(
        Sound(rows.X),
        rows.Y,
        strengths=[float(strength)],
        penalty_factor=factor / rows.scale,  # the unit columns' own coefficients are larger by the scale
        fit_intercept=rows.intercept,
        sample_weight=rows.weights,
        offset=rows.offset,
        tol=1e-10,
    )
    coef = path.coef[0, 0]
    chosen = np.flatnonzero((coef != 0) | (factor == 0))
    sd, told = _sigma(rows, sigma)
    lasso = _Selected.of(rows, chosen, coef, factor / rows.scale * float(strength))
    if given == "model" and lasso.signed.sum() > MOST:
        raise InputError(
            f"given: 'model' goes through the signs of at most {MOST} selected columns, got {lasso.signed.sum()}; take "
            "given='signs'"
        )
    patterns = lasso.signs[None] if given == "signs" else lasso.patterns()
    t = len(chosen)
    lower, upper, p_value = np.zeros(t), np.zeros(t), np.ones(t)
    spread = sd * np.sqrt(np.diag(lasso.inverse))
    for i in range(t):
        x = float(lasso.estimate[i])
        cuts = _union(lasso.cuts(i, patterns), x)
        lower[i] = mean_at(x, cuts, spread[i], 0.5 + level / 2)
        upper[i] = mean_at(x, cuts, spread[i], 0.5 - level / 2)
        p_value[i] = two_sided(x, cuts, spread[i])
    unit = rows.scale[chosen]
    facts = {"strength": f"{strength:.4g}, given", "sigma": told}
    what = "these columns with these signs" if given == "signs" else "these columns"
    return Inference(
        "lasso after selection",
        COVERS.format(what),
        level,
        tuple(rows.names[chosen]),
        lasso.estimate / unit,
        lower / unit,
        upper / unit,
        spread / unit,
        p_value,
        facts=facts,
    )


class _Selected:
    """The lasso on the columns that it selected, and what tells whether it would have selected them elsewhere.

    Attributes:
        estimate: (t,) least squares on them; inverse: (t, t) of their products; signs: (t,) of the lasso, and signed:
            which have one (unpenalised columns need none).
        charge: (t,) and rest: (p − t,) strength of each column times N; across: (p − t, t) products of the other
            columns with `X_M (X_MᵀX_M)⁻¹`; left: (p − t,) their products with the residuals of least squares.
    """

    def __init__(self, estimate, inverse, signs, signed, charge, rest, across, left):
        self.estimate, self.inverse, self.signs, self.signed = estimate, inverse, signs, signed
        self.charge, self.rest, self.across, self.left = charge, rest, across, left

    @classmethod
    def of(cls, rows: Counted, chosen: np.ndarray, coef: np.ndarray, charge: np.ndarray) -> _Selected:
        X = rows.X[:, chosen]
        X = X.toarray() if issparse(X) else np.asarray(X, dtype=float)
        y = rows.Y[:, 0] - (0.0 if rows.offset is None else rows.offset[:, 0])
        w, N = rows.weights, rows.total
        if rows.intercept:
            X, y = X - w @ X / N, y - w @ y / N
        K = X.T @ (w[:, None] * X)
        if len(chosen) and np.linalg.cond(K) > 1e12:
            told = ", ".join(map(str, rows.names[chosen][:5]))
            raise InputError(
                f"X: selected columns ({told}) repeat each other, so that none has an effect of its own"
            )
        inverse = np.linalg.inv(K)
        u = inverse @ (X.T @ (w * y))
        others = np.delete(np.arange(len(coef)), chosen)
        B = rows.X[:, others]
        across = np.asarray(B.T @ (w[:, None] * X)) @ inverse
        left = np.asarray(B.T @ (w * (y - X @ u)))  # X is centred, so that B need not be
        parts = (N * charge[chosen], N * charge[others])
        return cls(u, inverse, np.sign(coef[chosen]), charge[chosen] > 0, *parts, across, left)

    def patterns(self) -> np.ndarray:
        """(k, t) signs under which the lasso would select the same columns, for some estimates of theirs."""
        free = np.flatnonzero(self.signed)
        signs = np.tile(self.signs, (2 ** len(free), 1))
        signs[:, free] = list(product((-1.0, 1.0), repeat=len(free)))
        parts = np.array_split(signs, max(1, signs.size * len(self.rest) // 10**7))
        edge = self.rest * (1 + 1e-9)  # a twin of a selected column stands at it
        pulls = (np.abs(self.left + (part * self.charge) @ self.across.T) <= edge for part in parts)
        return signs[np.concatenate([pull.all(axis=1) for pull in pulls])]

    def cuts(self, i: int, signs: np.ndarray) -> np.ndarray:
        """(k, 2) between which values the i-th estimate leaves all of the signs (k, t) as they are, if what is
        independent of it stays; the first is not below the second where there are none."""
        shrunk = self.estimate - (self.charge * signs) @ self.inverse
        on = self.signed
        now, rise = (signs * shrunk)[:, on], (signs * self.inverse[:, i] / self.inverse[i, i])[:, on]
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = -now / rise  # now + rise · move >= 0
        low = np.where(rise > 0, ends, -np.inf).max(axis=1, initial=-np.inf)
        high = np.where(rise < 0, ends, np.inf).min(axis=1, initial=np.inf)
        high = np.where(((rise == 0) & (now < 0)).any(axis=1), -np.inf, high)
        return self.estimate[i] + np.column_stack([low, high])


def _union(cuts: np.ndarray, x: float) -> np.ndarray:
    """Intervals (k, 2) apart from each other, in order; x, which rounding may have left just outside, in one."""
    cuts = cuts[cuts[:, 0] < cuts[:, 1]]
    kept: list[list[float]] = []
    for a, b in cuts[np.argsort(cuts[:, 0], kind="stable")].tolist():
        if kept and a <= kept[-1][1]:
            kept[-1][1] = max(kept[-1][1], b)
        else:
            kept.append([a, b])
    near = min(kept, key=lambda k: max(k[0] - x, x - k[1]))
    near[:] = [min(near[0], x), max(near[1], x)]
    return np.array(kept)


def _sigma(rows: Counted, sigma: Any) -> tuple[float, str]:
    """The noise, and a line about it."""
    if sigma is None:
        left = rows.total - rows.X.shape[1] - rows.intercept
        if left <= 0:
            raise InputError(
                f"sigma: expected a number, or more rows than columns to estimate it from, got {rows.total:g} rows and "
                f"{rows.X.shape[1]} columns, which leave no residual degrees of freedom; take sigma='scaled', or "
                "debiased_lasso, which serves more columns than rows"
            )
        own: dict[str, Any] = {"fit_intercept": rows.intercept, "sample_weight": rows.weights}
        path = fit_path(Sound(rows.X), rows.Y, strengths=[0.0], offset=rows.offset, **own)
        e = rows.Y[:, 0] - path.predict(Sound(rows.X), rows.offset)[0, :, 0]
        squares = float(rows.weights @ e**2)
        if squares <= 1e-20 * float(rows.weights @ (rows.Y[:, 0] - rows.Y[:, 0].mean()) ** 2):
            raise InputError(
                "sigma: least squares leaves no residual, so that there is no noise to estimate; give it"
            )
        sd = np.sqrt(squares / left)
        return float(sd), f"{sd:.4g}, estimated by least squares on all columns ({left:g} degrees of freedom)"
    if isinstance(sigma, str) and sigma == "scaled":
        sd, _ = scaled_lasso(rows)
        return sd, f"{sd:.4g}, estimated by the scaled lasso"
    if (
        isinstance(sigma, (str, bool))
        or not isinstance(sigma, (int, float, np.number))
        or not 0 < sigma < np.inf
    ):
        raise InputError(f"sigma: expected a number > 0, 'scaled' or None, got {sigma!r}")
    return float(sigma), f"{sigma:.4g}, given"
