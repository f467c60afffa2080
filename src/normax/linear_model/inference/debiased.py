"""`debiased_lasso`: the lasso's estimates, freed of their shrinkage by one step, with standard errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import diags_array, issparse
from scipy.stats import norm
from scipy.stats import t as student

from normax.errors import InputError, Notice
from normax.linear_model.families.cox import Cox
from normax.linear_model.inference.nodewise import DEARER, directions
from normax.linear_model.inference.noise import residual_noise, scaled_lasso
from normax.linear_model.inference.result import Inference, check_level, check_seed
from normax.linear_model.inference.rows import Counted
from normax.linear_model.inference.tuned import tuned

__all__ = ["debiased_lasso"]

SERVES = ("gaussian", "binomial", "poisson", "cox")
ALIKE = 0.5  # correlation of what is particular to a column with another column, from which on it is told
MOST = 20_000  # columns whose products with each other are formed
COVERS = (
    "each interval by itself covers the coefficient of its column in the model of all columns, if few of these have "
    "an effect (fewer than about √n / log p) and the model is true; not all intervals at once (see adjusted())"
)
EXACT = (
    "each interval by itself covers the coefficient of its column in the model of all columns, as without a penalty; "
    "not all intervals at once (see adjusted())"
)


def debiased_lasso(
    X: Any,
    y: Any,
    *,
    family: Any = "gaussian",
    columns: Any = None,
    level: float = 0.95,
    strength: float | None = None,
    nodewise: float | None = None,
    noise: Any = "residual",
    robust: bool = False,
    cv: Any = None,
    seed: int = 0,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    offset: Any = None,
) -> Inference:
    """Standard errors, intervals and p-values of coefficients where columns are many, by the debiased (desparsified)
    lasso: with the lasso β̂, the gradient s of its log-likelihood and its Hessian H, both of the mean over rows,

        b_j = β̂_j + c_jᵀs / c_jᵀH_j,     se_j = σ √(c_jᵀH c_j / N) / |c_jᵀH_j|

    where c_j is 1 at j and minus the lasso of column j on all others elsewhere: what is particular to that column. σ is
    1 but for squared error. For `cox` H is the information of the partial likelihood. The intercept is profiled out.

    It is one Newton step from the lasso, exact for squared error, so that at n > p and strength 0 it is least squares
    or maximum likelihood with the usual intervals. Columns are standardised first, so that no unit matters.

    Args:
        X: (n, p) table of finite numbers, dense or sparse; y: (n,), or for cox as `Cox` takes it.
        family: "gaussian" (default), "binomial" (y of 0 and 1), "poisson" or "cox", or an object `Cox(ties="efron")`.
        columns: names or numbers of the columns to tell of; None for all. The others stay in the model.
        level: of the intervals.
        strength: of the lasso, in units of the mean loss on standardised columns. None (default) chooses it by
            cross-validation, at the smallest error. 0 is no penalty at all, and needs more rows than columns.
        nodewise: strength of the lassos of column on columns. None (default) chooses each by Zhang & Zhang's rule, without
            folds: as little bias as a standard error larger by a quarter buys; 0 where that is cheap. For cox nothing
            is paid so, since its information varies from sample to sample as its gradient does: weaker strengths cover
            too little (0.92 to 0.93 for 0.95, at 60 columns and 300 to 600 rows).
        noise: σ of squared error. "residual" (default) is √(RSS / (N − a − 1)) of the lasso with a non-zero coefficients,
            whose error at a strength from cross-validation is the smallest over most settings (Reid, Tibshirani &
            Friedman 2016). "scaled" is the scaled lasso's, which needs no folds and is rather too large. Or a number.
        robust: whether to let the noise differ from row to row (a sandwich, HC0); not for cox.
        cv: 10 folds for None, a count, a splitter, or pairs; seed: of the folds.
        fit_intercept, offset: as of `fit_path`.
        sample_weight: (n,) as how many rows each counts (>= 0), so that their size matters: 2 is two rows alike.

    Returns:
        An `Inference`. The limits use Student's t with N − a − 1 degrees of freedom for squared error, the normal
        otherwise.

    Raises:
        InputError: for data or arguments that cannot be used: constant columns, all rows censored, strength 0 with
            as many columns as rows or more, no residual degrees of freedom.

    Warns:
        Notice: of columns that others all but repeat, whose effects these rows cannot tell apart, and of a fit that
            tells the classes of all rows apart.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(80, 100))
        >>> found = debiased_lasso(X, 2 * X[:, 3] + rng.normal(size=80), columns=[3, 4])
        >>> bool(found.lower[0] > 1), bool(found.p_value[0] < 1e-6)
        (True, True)

    Source:
        van de Geer, Bühlmann, Ritov & Dezeure, "On asymptotically optimal confidence regions and tests for
        high-dimensional models", Annals of Statistics 2014; Zhang & Zhang, JRSS B 2014; Javanmard & Montanari, JMLR
        2014; Kong, Yu, Zhang & Cheng, "High-dimensional robust inference for Cox regression models using desparsified
        Lasso", Scandinavian Journal of Statistics 2021.
    """
    level, robust, seed = check_level(level), _checked(strength, nodewise, robust), check_seed(seed)
    rows = Counted.of(X, y, family, sample_weight, offset, fit_intercept, SERVES)
    wanted, p = rows.numbers(columns), rows.X.shape[1]
    if p > MOST:
        raise InputError(
            f"X: expected at most {MOST:,} columns, whose products are formed, got {p:,}; screen them first on rows of "
            "their own, or take knockoffs or stability_selection"
        )
    if robust and isinstance(rows.family, Cox):
        raise InputError("robust: expected False for cox, whose rows are tied to each other")
    coef, intercept, used = tuned(rows, strength, cv, seed)
    if rows.family.classes and strength != 0:
        _say_apart(rows, coef, intercept)
    H, s, sides = _second_order(rows, coef, intercept)
    size = np.sqrt(np.diag(H))
    if not (size > 0).all():
        raise InputError(
            "X: the fit leaves columns no curvature (classes that features separate, say); give a strength"
        )
    c, nodes = _directions(H / np.outer(size, size), rows, wanted, strength, nodewise)
    c /= size  # a direction by which to leave β̂, in units of the columns
    own = np.einsum("ij,ij->i", c, H[wanted])
    how = "chosen by cross-validation" if strength is None else "given"
    facts = {"strength": f"{used:.4g} on standardised columns, {how}"}
    sigma, df = 1.0, np.inf
    if rows.family.name == "gaussian":
        sigma, df, facts["noise"] = _noise(rows, noise, coef, intercept)
    if robust:
        variance = rows.weights @ sides(c) ** 2 / rows.total
        facts["standard errors"] = "robust to noise that differs from row to row (HC0)"
    else:
        variance = sigma**2 * np.einsum("ij,ij->i", c @ H, c)
    estimate = (coef[wanted] + c @ s / own) / rows.scale[wanted]
    error = np.sqrt(variance / rows.total) / np.abs(own) / rows.scale[wanted]
    spread = norm if np.isinf(df) else student(df)
    far = spread.ppf(0.5 + level / 2) * error
    p_value = 2 * spread.sf(np.abs(estimate) / error)
    exact = strength == 0
    facts["nodes"] = f"strengths {nodes.min():.3g} to {nodes.max():.3g}" + (
        ", exact inverse" if not nodes.any() else ""
    )
    covers = EXACT if exact or (rows.family.name == "gaussian" and not nodes.any()) else COVERS
    labels = tuple(rows.names[wanted])
    return Inference(
        "debiased lasso",
        covers,
        level,
        labels,
        estimate,
        estimate - far,
        estimate + far,
        error,
        p_value,
        facts=facts,
    )


def _say_apart(rows: Counted, coef: np.ndarray, intercept: float) -> None:
    """A Notice where the fit gets every row right."""
    eta = (rows.X @ coef + intercept)[:, None]
    eta = eta if rows.offset is None else eta + rows.offset
    if ((2 * rows.Y - 1) * eta > 0).all():
        warnings.warn(
            Notice(
                "y: the fit tells the classes of all rows apart, as where features separate them: without a penalty no "
                "coefficients are the best, estimates follow the strength, and the intervals need not cover; take more "
                "rows, or stability_selection or knockoffs, which do not ask how large effects are"
            ),
            stacklevel=3,
        )


def _directions(
    H: np.ndarray, rows: Counted, wanted: np.ndarray, strength: Any, nodewise: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Those of `directions`, exact where nothing is penalised."""
    node = 0.0 if strength == 0 else nodewise
    dearer = 0.0 if isinstance(rows.family, Cox) else DEARER
    try:
        c, strengths = directions(H, rows.total, wanted, node, dearer)
    except np.linalg.LinAlgError:
        raise InputError(
            f"{'strength' if strength == 0 else 'nodewise'}: 0 needs more rows than columns, none of which repeats "
            f"others, got {rows.total:g} rows and {len(H)} columns; leave it None"
        ) from None
    others = c @ H
    length = np.sqrt(np.einsum("ij,ij->i", others, c))
    others[np.arange(len(wanted)), wanted] = 0.0
    alike = np.abs(others).max(axis=1) > ALIKE * length
    if alike.any():
        told = ", ".join(map(str, rows.names[wanted[alike]][:5])) + (", ..." if alike.sum() > 5 else "")
        warnings.warn(
            Notice(
                f"{told}: other columns are so like {'it' if alike.sum() == 1 else 'them'} that little is left to tell an "
                "effect of its own by; the interval leans on the others' having none"
            ),
            stacklevel=3,
        )
    return c, strengths


def _checked(strength: Any, nodewise: Any, robust: Any) -> bool:
    for name, value in (("strength", strength), ("nodewise", nodewise)):
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
        if value is not None and not (number and 0 <= value < np.inf):
            raise InputError(f"{name}: expected a number >= 0 or None, got {value!r}")
    if not isinstance(robust, (bool, np.bool_)):
        raise InputError(f"robust: expected True or False, got {robust!r}")
    return bool(robust)


def _noise(rows: Counted, noise: Any, coef: np.ndarray, intercept: float) -> tuple[float, float, str]:
    """σ, its degrees of freedom, and a line about it."""
    if isinstance(noise, str) and noise == "residual":
        sigma, df = residual_noise(rows, coef, intercept)
        return sigma, df, f"{sigma:.4g}, from residuals with {df:g} degrees of freedom"
    if isinstance(noise, str) and noise == "scaled":
        sigma, _ = scaled_lasso(rows)
        return sigma, np.inf, f"{sigma:.4g}, by the scaled lasso"
    if (
        isinstance(noise, (str, bool))
        or not isinstance(noise, (int, float, np.number))
        or not 0 < noise < np.inf
    ):
        raise InputError(f"noise: expected 'residual', 'scaled' or a number > 0, got {noise!r}")
    return float(noise), np.inf, f"{noise:.4g}, given"


def _second_order(rows: Counted, coef: np.ndarray, intercept: float) -> tuple[np.ndarray, np.ndarray, Any]:
    """Hessian (p, p) and negative gradient (p,) of the mean loss with the intercept profiled out, and a function from
    directions (t, p) to what each row adds to their gradients, (n, t)."""
    X, N = rows.X, rows.total
    eta = (X @ coef + intercept)[:, None]
    eta = eta if rows.offset is None else eta + rows.offset
    share = rows.weights / N
    if isinstance(rows.family, Cox):
        family = rows.family.suited(rows.Y, share, np.zeros_like(rows.Y))
        X = X.toarray() if issparse(X) else np.asarray(X, dtype=float)
        d, tied = family.joint(rows.Y, eta)
        BX = tied(X)
        return X.T @ (d * X) - BX.T @ BX, X.T @ (share * family.residual(rows.Y, eta)[:, 0]), None
    v = share * rows.family.curvature(rows.Y, eta)[:, 0]
    r = rows.family.residual(rows.Y, eta)[:, 0]
    means = X.T @ v / v.sum() if rows.intercept else np.zeros(X.shape[1])
    if issparse(X):
        H = (X.T @ (diags_array(v) @ X)).toarray() - v.sum() * np.outer(means, means)
    else:
        Z = np.sqrt(v)[:, None] * (X - means)
        H = Z.T @ Z
    s = X.T @ (share * r) - means * (share @ r)

    def sides(c: np.ndarray) -> np.ndarray:
        return r[:, None] * (X @ c.T - means @ c.T)

    return H, s, sides
