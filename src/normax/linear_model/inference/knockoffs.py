"""`knockoffs`: features chosen so that the expected share of false ones is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.covariance import ledoit_wolf

from normax.errors import InputError
from normax.linear_model.grid import grid_for
from normax.linear_model.inference.knockoff_copies import fixed_copies, gaps, gaussian_copies
from normax.linear_model.inference.result import check_seed
from normax.linear_model.inference.rows import Counted
from normax.linear_model.inference.tuned import problem_of, tuned
from normax.linear_model.path import follow_path
from normax.rows import PrintedTable
from normax.text import folded, markup

__all__ = ["Knockoffs", "knockoffs", "threshold_of"]

SERVES = ("gaussian", "binomial", "poisson", "cox")
STEPS, WEAKEST = 200, 1e-3
STREAM = 2015  # of the copies: X that was simulated from the same seed must not meet its own numbers again


@dataclass(frozen=True, repr=False)
class Knockoffs:
    """Which features beat their copies.

    Attributes:
        selected: (s,) indices of the features with W_j >= threshold, strongest first.
        statistic: (p,) W: how much more a feature mattered than its copy; a feature without an effect is as likely
            below 0 as above.
        threshold: the least t at which the estimated share of false ones among W_j >= t is at most `fdr`; infinite
            where there is none.
        fdr: bound on the expected share of false selections.
        estimated: that share as estimated at the threshold, NaN where nothing is selected.
        covers: what is bounded, and where.
        features: (p,) names; facts: name -> text of what was assumed or chosen.

    Made by `knockoffs`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(40, 3))
        >>> knockoffs(X, X[:, 0] + rng.normal(size=40), fdr=0.2).facts["none selected"]
        'an fdr of 0.2 takes 5 features at least, with offset=1'
    """

    selected: np.ndarray
    statistic: np.ndarray
    threshold: float
    fdr: float
    estimated: float
    covers: str
    features: tuple[str, ...]
    facts: dict[str, str] = field(default_factory=dict)

    def table(self) -> PrintedTable:
        """One row a feature whose statistic is not 0, the strongest first."""
        order = np.argsort(-self.statistic, kind="stable")
        return PrintedTable(
            {
                "feature": self.features[j],
                "statistic": float(self.statistic[j]),
                "selected": "x" if self.statistic[j] >= self.threshold else "",
            }
            for j in order
            if self.statistic[j] != 0
        )

    def frame(self) -> Any:
        """The rows of `table()` as a pandas data frame."""
        return self.table().frame()

    def __repr__(self) -> str:
        return (
            f"Knockoffs({len(self.selected)} of {len(self.statistic)} features selected, expected share of false ones "
            f"<= {self.fdr:.3g})"
        )

    def _repr_html_(self) -> str:
        told = {"bounds": self.covers} | self.facts
        facts = "".join(f"<p>{markup(name)}: {markup(value)}</p>" for name, value in told.items())
        return folded(markup(repr(self)), self.table().html() + facts)


def knockoffs(
    X: Any,
    y: Any,
    *,
    fdr: float = 0.1,
    kind: str = "model",
    statistic: str | Callable[[np.ndarray, np.ndarray, Any], Any] | None = None,
    gap: str = "reconstruction",
    offset: int = 1,
    covariance: Any = None,
    family: Any = "gaussian",
    cv: Any = None,
    seed: int = 0,
    fit_intercept: bool = True,
) -> Knockoffs:
    """Give each column a copy that hangs together with the columns as it does but knows nothing of y, and select the
    columns that beat their copies by enough: `W_j >= T` with

        T = min { t > 0 : (offset + #{j : W_j <= −t}) / #{j : W_j >= t} <= fdr }

    Args:
        X: (n, p) table of finite numbers; y: (n,), or for cox as `Cox` takes it.
        fdr: q, bound on the expected share of false selections. At 0.1 at least 10 features are selected, or none.
        kind: "model" (default) takes the rows of X as draws of a normal with the covariance of X, and bounds whatever
            y's distribution is; "fixed" takes X as it is, for squared error with n >= 2p + 1 rows and normal noise.
        statistic: "coefficient", `|β_j| − |β̃_j|` of a lasso on columns and copies whose strength is chosen by
            cross-validation; "entry", the strength at which the first of the two enters its path, negative where
            it is the copy, the only one that "fixed" copies allow. None takes the one that suits. Or a function of
            (X, copies, y) to (p,) W, which must change the sign of W_j where column and copy j change places.
        gap: how far copies stay from their columns, "reconstruction" (default), which has more power where columns
            correlate, or "equal".
        offset: 1 (default) bounds the share itself; 0 selects more and bounds only about it.
        covariance: (p, p) of the columns if known, for "model"; None estimates it, shrunk by Ledoit & Wolf's rule where
            rows are fewer than 10 p.
        family: of the lasso: "gaussian", "binomial", "poisson" or "cox", or an object of these.
        cv: as of `debiased_lasso`; seed: of the copies and of the folds.
        fit_intercept: as of `fit_path`.

    Returns:
        A `Knockoffs`.

    Raises:
        InputError: for data or arguments that cannot be used, and for "fixed" copies of too many columns.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(300, 30))
        >>> found = knockoffs(X, X[:, :12] @ np.ones(12) + rng.normal(size=300), fdr=0.2)
        >>> set(range(12)) <= set(found.selected.tolist())
        True

    Source:
        Barber & Candès, "Controlling the false discovery rate via knockoffs", Annals of Statistics 2015; Candès, Fan,
        Janson & Lv, JRSS B 2018.
    """
    if isinstance(fdr, bool) or not isinstance(fdr, (int, float, np.number)) or not 0 < fdr < 1:
        raise InputError(f"fdr: expected a number between 0 and 1, such as 0.1, got {fdr!r}")
    for name, value, known in (
        ("kind", kind, ("model", "fixed")),
        ("gap", gap, ("reconstruction", "equal")),
        ("offset", offset, (1, 0)),
    ):
        if value not in known:
            raise InputError(f"{name}: expected {' or '.join(map(repr, known))}, got {value!r}")
    statistic = statistic or ("coefficient" if kind == "model" else "entry")
    if not callable(statistic) and statistic not in ("coefficient", "entry"):
        raise InputError(f"statistic: expected 'coefficient', 'entry' or a function, got {statistic!r}")
    rows = Counted.of(X, y, family, None, None, fit_intercept, SERVES)
    dense = rows.X.toarray() if issparse(rows.X) else np.asarray(rows.X, dtype=float)
    rng = np.random.default_rng([STREAM, check_seed(seed)])
    if kind == "fixed":
        if statistic == "coefficient":
            raise InputError(
                "statistic: expected 'entry' for fixed copies, got 'coefficient': folds see more of the rows than the "
                "products that these copies keep; take kind='model'"
            )
        dense, copies, facts = _fixed(rows, dense, gap, rng)
    else:
        copies, facts = _model(rows, dense, gap, covariance, rng)
    if callable(statistic):
        W = np.asarray(statistic(dense * rows.scale, copies * rows.scale, rows.y), dtype=float)
        if W.shape != (dense.shape[1],) or not np.isfinite(W).all():
            raise InputError(f"statistic: expected {dense.shape[1]} finite numbers, got shape {W.shape}")
        facts["statistic"] = "given"
    else:
        W, facts["statistic"] = _statistic(rows, dense, copies, statistic, cv, seed)
    T = threshold_of(W, float(fdr), offset)
    selected = np.argsort(-W, kind="stable")[: int((W >= T).sum())]
    share = (offset + (W <= -T).sum()) / len(selected) if len(selected) else np.nan
    if offset and not len(selected):
        facts["none selected"] = (
            f"an fdr of {fdr:g} takes {np.ceil(1 / fdr):g} features at least, with offset=1"
        )
    return Knockoffs(
        selected, W, T, float(fdr), float(share), _covers(kind, float(fdr), offset), tuple(rows.names), facts
    )


def threshold_of(W: np.ndarray, fdr: float, offset: int = 1) -> float:
    """The least t > 0 among |W| at which `(offset + #{W <= −t}) / #{W >= t}` is at most fdr, or infinity.

    Example:
        >>> threshold_of(np.array([3.0, 2.5, 2.0, -1.0, 0.5]), 0.4), threshold_of(np.array([1.0, -2.0]), 0.4)
        (2.0, inf)
    """
    size = np.sort(np.abs(W[W != 0]))
    for t in size:
        kept, beaten = int((t <= W).sum()), int((t <= -W).sum())
        if kept and (offset + beaten) / kept <= fdr:
            return float(t)
    return np.inf


def _covers(kind: str, fdr: float, offset: int) -> str:
    bound = (
        f"the expected share of selected features without an effect of their own is at most {fdr:g}"
        if offset
        else f"the expected share of selected features without an effect of their own is about {fdr:g} or less"
    )
    if kind == "model":
        return f"{bound}, where the rows of X are like draws of a normal with this covariance, whatever y is"
    return f"{bound}, where y is linear in these columns with normal noise alike in every row"


def _fixed(rows: Counted, X: np.ndarray, gap: str, rng) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Columns, centred beside an intercept and of unit size, their copies, and facts."""
    n, p = X.shape
    if rows.family.name != "gaussian":
        raise InputError(
            f"kind: 'fixed' serves squared error alone, got family {rows.family.name!r}; take 'model'"
        )
    if n < 2 * p + 1:
        raise InputError(
            f"kind: 'fixed' needs at least 2p + 1 = {2 * p + 1} rows for {p} columns, got {n}; take kind='model'"
        )
    X = X - X.mean(axis=0) if rows.intercept else X
    unit = X / np.sqrt(n)
    R = unit.T @ unit
    s = gaps(R, gap)
    copies = np.sqrt(n) * fixed_copies(unit, R, s, rng)
    return (
        X,
        copies,
        {"copies": f"of X as it is, correlated {1 - s.max():.3g} to {1 - s.min():.3g} with their columns"},
    )


def _model(rows: Counted, X: np.ndarray, gap: str, covariance: Any, rng) -> tuple[np.ndarray, dict[str, str]]:
    """Copies of columns of unit size, and facts."""
    n, p = X.shape
    means = X.mean(axis=0)
    if covariance is not None:
        R = np.asarray(covariance, dtype=float)
        if R.shape != (p, p) or not np.isfinite(R).all() or np.abs(R - R.T).max() > 1e-8 * np.abs(R).max():
            raise InputError(f"covariance: expected a symmetric ({p}, {p}) matrix, got shape {R.shape}")
        R, told = R / np.outer(rows.scale, rows.scale), "given"
    elif n >= 10 * p:
        R, told = np.cov(X.T, bias=True).reshape(p, p), "of X"
    else:
        R, shrunk = ledoit_wolf(X)
        told = f"of X, shrunk by {shrunk:.3g} (Ledoit & Wolf)"
    sd = np.sqrt(np.diag(R))
    s = gaps(R / np.outer(sd, sd), gap)
    copies = sd * gaussian_copies(X / sd, means / sd, R / np.outer(sd, sd), s, rng)
    return copies, {
        "covariance": told,
        "copies": f"normal, correlated {1 - s.max():.3g} to {1 - s.min():.3g} with their columns",
    }


def _statistic(
    rows: Counted, X: np.ndarray, copies: np.ndarray, statistic: str, cv: Any, seed: int
) -> tuple[np.ndarray, str]:
    p = X.shape[1]
    both = rows.with_columns(np.hstack([X, copies]))
    if statistic == "coefficient":
        coef, _, strength = tuned(both, None, cv, seed)
        size = np.abs(coef)
        return size[:p] - size[p:], f"lasso coefficients at strength {strength:.4g}, by cross-validation"
    problem = problem_of(both)
    grid = grid_for(problem, STEPS, WEAKEST)
    inside = follow_path(problem, grid).coef[:, 0] != 0
    entry = np.where(inside.any(axis=0), grid[np.argmax(inside, axis=0)], 0.0)
    own, copy = entry[:p], entry[p:]
    return np.maximum(own, copy) * np.sign(own - copy), "strength at which column or copy enters the path"
