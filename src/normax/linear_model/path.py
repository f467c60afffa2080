"""`fit_path`: the fits of one penalised linear model at all strengths, each certified."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model.design.products import times
from normax.linear_model.design.threads import one_thread, one_thread_if_small
from normax.linear_model.design.validation import (
    check_design,
    check_offset,
    check_strengths,
    with_exclude,
)
from normax.linear_model.families import Family, family_of
from normax.linear_model.families.base import weighted_mean
from normax.linear_model.families.kinds import as_kind
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.free_columns import basis_of
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import Rules, Terms
from normax.linear_model.solvers.convergence import UNCONVERGED, warn_unconverged
from normax.linear_model.solvers.dual_point import WIDEST, certify
from normax.linear_model.solvers.nonsmooth import model_of
from normax.linear_model.solvers.strategy import solve
from normax.linear_model.sources.make import beyond_memory, row_source
from normax.linear_model.sources.source import Source
from normax.linear_model.streams.follow import follow_stream
from normax.linear_model.streams.newton import Streamed
from normax.linear_model.streams.squares import Followed, Squares, by_moments, refuse_offset
from normax.rows import PrintedTable
from normax.text import folded, markup

__all__ = [
    "LinearPath",
    "fit_path",
    "follow_path",
    "follow_rows",
    "follow_source",
    "response",
    "streamed_path",
]


@dataclass(frozen=True, repr=False)
class LinearPath:
    """The fits of k strengths, in the order in which the strengths were given.

    Attributes:
        strengths: (k,) as given.
        coef: (k, m, p) coefficients for m outputs and p features; from `sparse_coef` a tuple of k sparse (m, p) arrays.
        intercept: (k, m).
        gap: (k,) duality gap over the null deviance (the loss of the model with an intercept alone).
        dual_gap: (k,) duality gap in units of the objective.
        n_iter: (k,) steps of the solver: Newton steps, or for squared error passes over the columns in which some come
            or go; 0 where the start was the fit.
        feature_names: (p,) names of the columns, or None.
        cv_mean, cv_se: (k,) cross-validated error and its standard error, in an estimator's own units, or None.
        chosen: index of the strength that an estimator took, or None.
        null_deviance: of the model with an intercept alone, half of it, mean over the rows.
        stationary: whether the gaps tell only how far the fits are from stationary points, as for penalties that are
            not convex, and not how far from the minimum.
        family: the loss, a `Family`. options: what else `fit_path` was told but of
            rows, for `at(s, exact=True)`. passes: over the rows of a source; None of a table.
    """

    strengths: np.ndarray
    coef: Any
    intercept: np.ndarray
    gap: np.ndarray
    dual_gap: np.ndarray
    n_iter: np.ndarray
    feature_names: tuple[str, ...] | None = None
    cv_mean: np.ndarray | None = None
    cv_se: np.ndarray | None = None
    chosen: int | None = None
    null_deviance: float = np.nan
    stationary: bool = False
    family: Family | None = None
    options: dict[str, Any] | None = None
    passes: int | None = None

    @property
    def nonzero(self) -> np.ndarray:
        """(k,) number of non-zero coefficients."""
        if isinstance(self.coef, tuple):
            return np.array([w.nnz for w in self.coef])
        return np.count_nonzero(self.coef, axis=(1, 2))

    def table(self) -> PrintedTable:
        """One row a strength: non-zeros, gap, and the cross-validated error where there is one."""
        rows = PrintedTable()
        for i, s in enumerate(self.strengths):
            row = {"strength": float(s), "nonzero": int(self.nonzero[i]), "gap": float(self.gap[i])}
            if self.cv_mean is not None and self.cv_se is not None:
                row |= {"cv": float(self.cv_mean[i]), "se": float(self.cv_se[i])}
            rows.append(row | {"choice": "x" if i == self.chosen else ""})
        return rows

    def told(self, names: tuple[str, ...] | None, chosen: int, cv: Any = None) -> LinearPath:
        """With names of the columns, the chosen strength, and (mean, standard error) of its errors."""
        mean, se = (None, None) if cv is None else cv
        return replace(self, feature_names=names, chosen=chosen, cv_mean=mean, cv_se=se)

    def frame(self) -> Any:
        """The rows of `table()` as a pandas data frame."""
        return self.table().frame()

    def __repr__(self) -> str:
        (k, m), s = self.intercept.shape, self.strengths
        span = f" from {s.max():.4g} to {s.min():.4g}" if k > 1 else f" {s[0]:.4g}" if k else ""
        outputs = f", {m} outputs" if m > 1 else ""
        chosen = "" if self.chosen is None else f", chosen={s[self.chosen]:.4g}"
        most = f", gap<={self.gap.max():.2g}" if k else ""
        features = self.coef[0].shape[-1] if k else 0
        return f"LinearPath({k} strength{'s' * (k != 1)}{span}, {features} features{outputs}{most}{chosen})"

    def _repr_html_(self) -> str:
        return folded(markup(repr(self)), self.table().html())

    def plot(self) -> Any:
        """Traces of the coefficients, and the cross-validated error where there is one: a matplotlib Figure."""
        from normax.report.after_fit import model_figure

        return model_figure(self)

    def at(
        self,
        s: Any,
        *,
        exact: bool = False,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        offset: Any = None,
    ) -> LinearPath:
        """Fits at other strengths, as glmnet's `coef(s=, exact=)`: between those of the path by linear interpolation of
        the coefficients in the strength, which minimises nothing and has no gap (NaN), or by a fit at s.

        Args:
            s: a number or (t,), between the smallest and the largest strength unless `exact`.
            exact: whether to fit anew, with the options of the path, the rows of X, y, `sample_weight` and `offset`,
                which are those of `fit_path` and which a path does not keep.

        Raises:
            InputError: for strengths outside the path, and for a fit without X and y.

        Example:
            >>> X, y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]
            >>> path = fit_path(X, y, strengths=[0.4, 0.2])
            >>> path.at(0.3).coef.round(9).tolist(), path.at(0.3).predict([[2.0]]).round(9).tolist()
            ([[[0.55]]], [[[1.55]]])
            >>> path.at(0.1, exact=True, X=X, y=y).coef.round(9).tolist()
            [[[0.85]]]
        """
        if exact:
            return self._refit(s, X, y, sample_weight=sample_weight, offset=offset)
        wanted, order = check_strengths(s), np.argsort(self.strengths, kind="stable")
        grid = self.strengths[order]
        outside = wanted[(wanted < grid[0]) | (wanted > grid[-1])]
        if len(outside):
            raise InputError(
                f"s: expected strengths from {grid[0]:.6g} to {grid[-1]:.6g}, those of the path, got {outside[0]:.6g}; "
                "use exact=True with X and y for others"
            )
        above = np.searchsorted(grid, wanted)
        below = np.maximum(above - (grid[above] != wanted), 0)
        share = (wanted - grid[below]) / np.where(above > below, grid[above] - grid[below], 1.0)
        low, high, on = order[below], order[above], above == below

        def mixed(values: Any) -> Any:
            return [(1 - t) * values[i] + t * values[j] for t, i, j in zip(share, low, high)]

        coef: Any = mixed(self.coef)
        return replace(
            self,
            strengths=wanted,
            coef=tuple(coef) if isinstance(self.coef, tuple) else np.array(coef),
            intercept=np.array(mixed(self.intercept)),
            gap=np.where(on, self.gap[low], np.nan),
            dual_gap=np.where(on, self.dual_gap[low], np.nan),
            n_iter=np.where(on, self.n_iter[low], 0),
            cv_mean=None,
            cv_se=None,
            chosen=None,
        )

    def _refit(self, s: Any, X: Any, y: Any, **rows: Any) -> LinearPath:
        if X is None or y is None or self.options is None:
            what = (
                "X and y, which a path does not keep" if self.options is not None else "a path from fit_path"
            )
            raise InputError(
                f"exact: expected {what}; write at(s, exact=True, X=X, y=y), or fit_path(X, y, strengths=s)"
            )
        return fit_path(X, y, strengths=s, family=self.family, **self.options, **rows)

    def predict(self, X: Any, offset: Any = None, *, s: Any = None, kind: str = "link") -> np.ndarray:
        """Predictions for every strength by one matrix product.

        Args:
            X: (n, p) table; offset: (n,) or (n, m), added to the linear predictor.
            s: strengths to interpolate at, as `at(s)`; None (default) for those of the path.
            kind: "link" (default), the linear predictors; "response", expected responses, probabilities of classes
                among them, and hazards over that of the average row for cox; "class", the number of the likeliest
                class.

        Returns:
            (k, n, m), and (k, n) whole numbers for classes.

        Raises:
            InputError: for a kind that the family has not.

        Example:
            >>> path = fit_path([[0.0], [1.0], [2.0]], [0, 0, 1], family="binomial", strengths=[0.2, 0.1])
            >>> path.predict([[3.0]], s=0.15, kind="response").round(3).tolist(), path.predict([[3.0]], kind="class").tolist()
            ([[[0.899]]], [[1], [1]])
        """
        if s is not None:
            return self.at(s).predict(X, offset, kind=kind)
        k, m = self.intercept.shape
        X = check_design(X)
        if isinstance(self.coef, tuple):
            stacked = vstack(self.coef, format="csc")
            used = np.flatnonzero(np.diff(stacked.indptr))
            eta = times(X[:, used], stacked[:, used].toarray().T)
        else:
            eta = times(X, self.coef.reshape(k * m, -1).T)
        known = check_offset(offset, (len(eta), m))
        eta = eta.reshape(len(eta), k, m).transpose(1, 0, 2) + self.intercept[:, None, :]
        return as_kind(eta if known is None else eta + known, self.family, kind)


def fit_path(
    X: Any,
    y: Any,
    *,
    strengths: Any,
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
    tol: float = 1e-6,
    max_iter: int = 1000,
    sparse_coef: bool = False,
) -> LinearPath:
    """Minimise, for every strength s,

        Σ_i ω_i loss_i / Σ_i ω_i  +  s · (r‖w‖₁ + (1 − r)/2 ‖w‖₂²)

    with r = `l1_ratio`; the intercept is never penalised. X is a design matrix as it is: nothing is
    standardised. Solutions are finished exactly on their support, so the order of rows or columns does not
    show in them; the duality gap is computed from true residuals at every strength.

    Args:
        X: a source of rows beyond memory, `row_source` and what it takes; or
            (n, p) finite numbers, dense or sparse (SciPy's CSC or CSR), float64 or float32. It is read as it is, neither
            copied nor widened nor made dense, unless unpenalised columns nearly repeat each other or differ by more
            than 1e6 in size; all sums and the certificate are in float64.
        y: (n,) or (n, m), where outputs are fitted separately at the same strength (one against the rest, say):
            numbers, for binomial in [0, 1], for poisson counts >= 0. Multinomial takes (n,) of whole numbers 0..C−1,
            or (n, C) shares of the classes; cox (n, 2) of time and event, and more (`Cox`).
        strengths: (k,) values >= 0 in any order. At 0, gaussian gives the least squares solution of the
            smallest norm (of columns of like sizes, where they differ by more than 1e6); other families take Newton
            steps until the loss gains nothing. Where it falls for ever, as for classes that features separate, wholly
            or in part, the fit ends where it no longer gains, at finite coefficients and with a `Notice`. The gap at 0
            is that last gain.
        family: "gaussian", "binomial", "multinomial", "poisson", "negative-binomial", "gamma", "tweedie", "huber",
            "quantile", "ordinal" or "cox", or an object of `normax.linear_model.families`, which has parameters: `Quantile(0.9)`, `Huber(2.0)`,
            `Tweedie(1.7)`, or a `Family` of your own.
        l1_ratio: r in [0, 1]; 1 (default) is the lasso, 0 ridge.
        fit_intercept: whether to fit one intercept for each output.
        sample_weight: (n,) weights >= 0; None counts rows alike.
        penalty_factor: (p,) multiples >= 0 of the strength, one for each feature; 0 leaves a feature unpenalised,
            infinity leaves it out. None is 1 for all.
        exclude: features to leave out, by position, as (p,) booleans, or by the names of a data frame's columns: an
            infinite factor.
        lower, upper: bounds of the coefficients on X's scale, a number or (p,), with lower <= 0 <= upper; None for
            none. `lower=0` asks for coefficients that are not negative.
        penalty: a penalty object instead of `l1_ratio`, whose own strength multiplies each of the path: `GroupLasso(1,
            groups)`, `SparseGroupLasso`, `L1`, `L2`, `ElasticNet`, `MCP`, or a sum of them. Coefficients are (m, p),
            so that groups="in" ties the m coefficients of each feature together (multi-task, and glmnet's grouped
            multinomial), and labels of features tie all outputs of a group. Groups take one factor each and no bounds.
            Any other `Penalty` with `value` and `prox` will do: see `Penalty.slope` and `Penalty.polar` for what makes
            it fast and certified. Where it is not convex, fits are stationary points, found from strong to weak.
        offset: (n,) or (n, m) known part of the linear predictor, log exposures of counts, say; add it at `predict`
            as well.
        tol: the gap over the null deviance that every strength must reach. The finish normally lands far
            below; 1e-6 is what the certificate promises.
        max_iter: steps for each strength: Newton steps, or for squared error passes over the columns in which some
            come or go. A handful are used.
        sparse_coef: whether `coef` is a tuple of k sparse (m, p) arrays, for so many features that k dense rows of them
            are no longer small beside X.

    Returns:
        A `LinearPath`; m is the number of outputs, and C for multinomial.

    Raises:
        InputError: for data or arguments that cannot be used, such as counts that are 0 in every row, for which no
            finite intercept is the best; where strength 0 is among the strengths, a notice says so instead.

    Warns:
        ConvergenceWarning: where the gap stayed above `tol`, naming the strengths and the gap reached.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
        >>> path = fit_path(X, X[:, 0], strengths=[2.0, 0.25])
        >>> path.coef[:, 0].round(6).tolist(), path.intercept[:, 0].round(6).tolist()
        ([[0.0, 0.0], [0.8, 0.0]], [1.5, 0.3])
        >>> bool(path.gap.max() < 1e-12)
        True

    Source:
        Friedman, Hastie & Tibshirani, "Regularization paths for generalized linear models via coordinate
        descent", JSS 2010; Fercoq, Gramfort & Salmon, "Mind the duality gap", ICML 2015.
    """
    source = row_source(X, y, sample_weight=sample_weight) if beyond_memory(X) else None
    X = X if source is None else source
    options: dict[str, Any] = {"l1_ratio": l1_ratio, "fit_intercept": fit_intercept, "penalty": penalty}
    options |= {"penalty_factor": with_exclude(X, penalty_factor, exclude), "lower": lower, "upper": upper}
    options |= {"tol": tol, "max_iter": max_iter, "sparse_coef": sparse_coef}
    strengths, loss = check_strengths(strengths), family_of(family)
    # Who asks for strength 0 is told of what has no minimiser there, and gets finite numbers.
    rows: dict[str, Any] = {"sample_weight": sample_weight, "offset": offset, "endless": not strengths.all()}
    if source is not None:
        path = follow_source(source, strengths, loss, offset, **options)
    else:
        path = follow_path(Problem.of(X, y, family=loss, **options, **rows), strengths)
    return replace(path, family=loss, options=options)


def follow_path(problem: Problem, strengths: Any, told: str = UNCONVERGED) -> LinearPath:
    """`fit_path` of a problem that is made; `told` is what the warning of a fit that falls short begins with."""
    strengths = check_strengths(strengths)
    given, tol = problem.design, problem.tol
    if given.centred and problem.family.at_edge(problem.y).all():
        return _at_edge(problem, strengths)
    basis = basis_of(given, problem.rules)
    if basis is not None:
        problem = replace(problem, design=basis.design, start=basis.started(problem.start))
    design, loss, y = problem.design, problem.family, problem.y
    model = model_of(problem)
    # A constant response leaves nothing to explain but rounding.
    same = design.centred and problem.offset is None and loss.rows_apart and bool((y == y[0]).all())
    null = 0.0 if same else float(design.weights @ loss.deviance(y, model.null()[1]))
    order = np.argsort(-strengths, kind="stable")
    with one_thread() if design.sparse or loss.nonsmooth else one_thread_if_small(design.n, design.p):
        fit = solve(problem, strengths[order] * problem.unit)
    if isinstance(problem.rules, Rules) and not isinstance(fit.coef, tuple):
        _bound_by_loss(fit, np.flatnonzero(fit.gap > tol * null), problem, strengths[order] * problem.unit)
    if basis is not None:
        fit.coef = basis.original(fit.coef)
    # Reordering copies all coefficients, which a decreasing grid is spared.
    back = slice(None) if (np.diff(order) == 1).all() else np.argsort(order)
    coef: Any = (
        tuple(csr_array(fit.coef[i]) for i in np.argsort(order)) if problem.sparse_coef else fit.coef[back]
    )
    shift = np.array([w @ given.means for w in fit.coef]) + problem.level if given.centred else 0.0
    result = LinearPath(
        strengths,
        coef,
        (fit.intercept - shift)[back],
        (fit.gap / null if null > 0 else fit.gap)[back],
        fit.gap[back],
        fit.n_iter[back],
        null_deviance=null,
        stationary=fit.stationary or not loss.convex_at(y),
        family=loss.plain(),
    )
    warn_unconverged(result.strengths, result.gap, tol, told)
    _tell_endless(strengths[fit.endless[back]], model.family)
    return result


def follow_rows(squares: Squares, strengths: Any, **options: Any) -> Followed:
    """`follow_path` of a source's rows."""
    found = squares.followed(follow_path, check_strengths(strengths), **options)
    warn_unconverged(found.path.strengths, found.path.gap, found.problem.tol)
    return found


def follow_source(
    source: Source, strengths: Any, loss: Family, offset: Any = None, **options: Any
) -> LinearPath:
    """`fit_path` of a source: from moments of its rows where they say all, else by Newton steps of all strengths at
    once, a pass each."""
    strengths, before = check_strengths(strengths), source.passes
    if by_moments(source, loss):
        refuse_offset(offset)
        path = follow_rows(Squares.of(source), strengths, **options).path
        return replace(path, passes=source.passes - before)
    sparse_coef = options.pop("sparse_coef", False)
    found = follow_stream(source, strengths, family=loss, offset=offset, **options)
    return streamed_path(found, source, loss, options.get("tol", 1e-6), sparse_coef)


def streamed_path(
    found: Streamed, source: Source, loss: Family, tol: float, sparse_coef: bool = False
) -> LinearPath:
    """What passes have found, with its warnings."""
    coef: Any = tuple(csr_array(w) for w in found.coef) if sparse_coef else found.coef
    gap, null = found.gap[0], float(found.null[0])
    result = LinearPath(
        *(found.strengths, coef, found.intercept, gap / null if null > 0 else gap, gap, found.n_iter[0]),
        feature_names=source.columns,
        null_deviance=null,
        family=loss,
        passes=found.passes,
    )
    warn_unconverged(result.strengths, result.gap, tol)
    _tell_endless(result.strengths[found.endless[0]], loss)
    return result


def response(y: Any, family: Any, n: int) -> np.ndarray:
    """y as (n, m) floats that suit the family."""
    return family_of(family).response(y, n)


class NoMinimiser(Notice, ConvergenceWarning):
    """No coefficients are the best ones: a notice of the data, and no convergence for those who filter by that."""


def _at_edge(problem: Problem, strengths: np.ndarray) -> LinearPath:
    """No features, and an intercept whose mean is the response to within `EDGE`: it would grow for ever."""
    design, family, (k, m) = problem.design, problem.family, (len(strengths), problem.y.shape[1])
    start = family.link(weighted_mean(problem.y, design.weights))
    eta = start + (np.zeros_like(problem.y) if problem.offset is None else problem.offset)
    gap = np.full(k, float(design.weights @ family.deviance(problem.y, eta)))
    warnings.warn(
        f"y is the same in every row that counts and at the end of what {family.name} can be: no finite "
        "intercept is the best, and that of these fits stops where the likelihood no longer gains; give rows that "
        "differ",
        NoMinimiser,
        stacklevel=4,
    )
    zeros: Any = np.zeros((k, m, design.p))
    coef = tuple(csr_array(w) for w in zeros) if problem.sparse_coef else zeros
    intercept = np.tile(start - problem.level, (k, 1))
    told: dict[str, Any] = {"null_deviance": 0.0, "family": family.plain()}
    return LinearPath(strengths, coef, intercept, gap, gap, np.ones(k, dtype=int), **told)


def _tell_endless(strengths: np.ndarray, family: Family) -> None:
    """A notice where no coefficients are the best ones."""
    if not len(strengths):
        return
    rows = (
        "separate classes, or some of their rows" if family.classes else "tell some rows whose response is 0"
    )
    cure = "penalise what is free" if strengths.any() else "give a strength > 0"
    warnings.warn(
        f"there is no minimiser at strengths {', '.join(f'{s:.4g}' for s in strengths[:5])}: the features "
        f"{rows}, so that without a penalty the best coefficients are infinite; these stopped growing where the "
        f"likelihood no longer gained; {cure}",
        NoMinimiser,
        stacklevel=3,
    )


def _bound_by_loss(fit: Fit, late: np.ndarray, problem: Problem, strengths: np.ndarray) -> None:
    """Gaps by what the loss alone could fall, and all of the penalty: a bound too, and the better one where a penalty
    is but rounding beside the gradients, or a box far away."""
    design, p = problem.design, problem.design.p
    if p * problem.y.shape[1] > WIDEST or design.scale is not None:
        return
    free = Terms(np.zeros(p), np.zeros(p), np.full(p, -np.inf), np.full(p, np.inf), False)
    for i in late:
        eta = design.predict(fit.coef[i]) + fit.intercept[i]
        eta = eta if problem.offset is None else eta + problem.offset
        bound = certify(design, problem.family, problem.y, eta, fit.coef[i], free)
        if bound is not None:
            terms = problem.rules.terms(strengths[i])
            fit.gap[i] = min(fit.gap[i], bound + sum(terms.value(w) for w in fit.coef[i]))
