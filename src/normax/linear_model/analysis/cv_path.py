"""`cv_path`: a path cross-validated by any measure of its family, and relaxed if asked, as glmnet's `cv.glmnet`."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normax.errors import InputError, Notice
from normax.linear_model.analysis.cv_result import CvPath
from normax.linear_model.analysis.cv_rows import cv_rows
from normax.linear_model.analysis.measures import (
    LARGER_IS_BETTER,
    check_measure,
    cox_deviance,
    of_rows,
    order,
    thresholds_of,
)
from normax.linear_model.analysis.relaxed import RelaxedPath, free_fits
from normax.linear_model.cross_validation.held_out import held_out
from normax.linear_model.cross_validation.scopes import refuse_missing_levels
from normax.linear_model.design.products import times
from normax.linear_model.design.validation import (
    Sound,
    check_design,
    check_offset,
    column_names,
    plain_weights,
    with_exclude,
)
from normax.linear_model.families import Family, family_of
from normax.linear_model.families.cox import survival_columns
from normax.linear_model.grid import grid_of, is_ridge
from normax.linear_model.path import LinearPath, fit_path
from normax.linear_model.sources.make import beyond_memory, row_source
from normax.selection import folds, widened

__all__ = ["cv_path"]


def cv_path(
    X: Any,
    y: Any,
    *,
    strengths: Any = 100,
    measure: str = "deviance",
    cv: Any = 10,
    foldid: Any = None,
    groups: Any = None,
    gammas: Any = None,
    grouped: bool = True,
    keep: bool = False,
    family: Any = "gaussian",
    sample_weight: Any = None,
    offset: Any = None,
    seed: int = 0,
    **options: Any,
) -> CvPath:
    """Fit a path in every fold and measure its held-out rows; fit it to all rows: glmnet's `cv.glmnet`.

    The measure at a strength is the mean over folds, weighted by their held-out weight, and its standard error
    `√(Σ_k n_k (e_k − mean)² / Σ_k n_k / (K − 1))`. Of it come the strength of the best mean and the strongest within
    one standard error.

    Args:
        X, y, sample_weight, offset, options: as of `fit_path`; rows beyond memory are judged by their deviance.
        strengths: a count (default 100, down to 1e-3 of the largest useful one, and on while the error is best at the
            weakest), or the values.
        measure: "deviance" (default), the mean unit deviance, which for gaussian is the squared error; "mse" and "mae",
            squared and absolute distance from the expected response, of classes summed over all of them, both of two
            included; "class", the share of wrong classes; "auc", the area under the ROC curve; "C", Harrell's
            concordance, for any response of one column that has an order. The deviance of cox is what a fold adds to
            that of its training rows, over the weight of its events.
        cv: a count of shuffled folds (default 10, as there; classes and events in like shares where each has as many
            rows), a splitter, or pairs of indices.
        foldid: (n,) labels of the folds, in place of cv. groups: (n,) groups of rows that stay together.
        gammas: mixtures with the unpenalised fit on the columns of each strength, as `relaxed_path` (glmnet's
            `relax=TRUE`), so that strength and mixture are chosen together; None (default) for none, and glmnet's five
            are `(0, 0.25, 0.5, 0.75, 1)`.
        grouped: whether the standard error is that of fold means (default) or of single rows.
        keep: whether to keep the linear predictors of held-out rows.
        family: as of `fit_path`. seed: of the shuffle.

    Returns:
        A `CvPath`.

    Raises:
        InputError: for data or arguments that cannot be used, measures that a family has not, and folds without an
            event or without two rows to order.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(60, 5))
        >>> found = cv_path(X, X[:, 0] + rng.normal(size=60), measure="mae", foldid=np.arange(60) % 5, strengths=20)
        >>> found.strength_min <= found.strength_1se, found.mean.shape, found.predict(X[:2]).shape
        (True, (20,), (2,))

    Source:
        Friedman, Hastie & Tibshirani, JSS 2010; Hastie, Tibshirani & Tibshirani, Statistical Science 2020; for cox
        Verweij & van Houwelingen, Statistics in Medicine 1993.
    """
    strange = [name for name in options if name not in inspect.signature(fit_path).parameters]
    if strange:
        raise TypeError(f"cv_path() got an unexpected keyword argument {strange[0]!r}")
    if gammas is not None and options.get("sparse_coef"):
        raise InputError(
            "sparse_coef: relaxed fits are dense, (k, g, m, p), got True beside gammas; leave it out"
        )
    if beyond_memory(X):
        source = row_source(X, y, sample_weight=sample_weight)
        factor = with_exclude(source, options.get("penalty_factor"), options.pop("exclude", None))
        other = {
            "gammas": gammas,
            "grouped": None if grouped else False,
            "keep": keep or None,
            "offset": offset,
        }
        told = {"strengths": strengths, "measure": measure, "family": family_of(family), "other": other}
        folded = {"cv": cv, "foldid": foldid, "groups": groups, "seed": seed}
        return cv_rows(source, **told, **folded, **options | {"penalty_factor": factor})
    factor = with_exclude(X, options.get("penalty_factor"), options.pop("exclude", None))
    names, X, options = column_names(X), check_design(X), options | {"penalty_factor": factor}
    n, loss, weights = X.shape[0], family_of(family), plain_weights(sample_weight, X.shape[0])
    Y = survival_columns(y, n) if loss.name == "cox" else loss.response(y, n)
    outputs = 1 if loss.name == "cox" else Y.shape[1]
    check_measure(measure, loss, outputs)
    pairs = _pairs(cv, foldid, groups, loss, Y, seed)
    mix = None if gammas is None else _mixtures(gammas)
    known = check_offset(offset, (n, outputs))
    rows = _Rows(X, Y, weights, known, pairs, loss, measure, mix, grouped, keep, options)
    rules = {k: v for k, v in options.items() if k not in ("tol", "max_iter", "sparse_coef")} | {
        "family": loss
    }
    grid = grid_of(strengths, Sound(X), Y, sample_weight=weights, offset=offset, **rules)
    with warnings.catch_warnings():
        if mix is not None:  # mixtures tame what unpenalised fits cannot: columns that separate classes
            warnings.simplefilter("ignore", Notice)
        score = rows.score()
        if np.ndim(strengths):
            values = score(grid)
        else:
            grid, values = widened(
                grid, score, lambda *v: rows.summary(v)[0].min(axis=1), stronger=is_ridge(**rules)
            )
        path = fit_path(
            Sound(X), Y, strengths=grid, family=loss, sample_weight=weights, offset=offset, **options
        )
        path = replace(path, feature_names=names)
        return rows.result(grid, values, path)


def _pairs(cv: Any, foldid: Any, groups: Any, loss: Family, Y: np.ndarray, seed: int) -> Any:
    """The folds; classes, levels and events in like shares where each has enough rows."""
    n = len(Y)
    if foldid is not None:
        if groups is not None:
            raise InputError(
                "foldid, groups: expected one of them, got both; folds that are given keep what they keep"
            )
        labels = np.asarray(foldid)
        if labels.shape != (n,) or len(np.unique(labels)) < 2:
            raise InputError(
                f"foldid: expected a label for each of the {n} rows, of two folds or more, got shape {labels.shape}"
            )
        cv = [(np.flatnonzero(labels != k), np.flatnonzero(labels == k)) for k in np.unique(labels)]
    if cv is None:
        raise InputError("cv: expected folds, got None; for a path without them use fit_path")
    if loss.name == "cox":
        kinds = Y[:, 2]
    else:
        kinds = np.argmax(Y, axis=1) if loss.coupled else Y[:, 0]
    spread = loss.classes or not loss.rows_apart
    if spread and isinstance(cv, (int, np.integer)):
        spread = len(values := np.unique(kinds, return_counts=True)[1]) < n // 2 and bool(values.min() >= cv)
    pairs = folds(cv, n, kinds, groups, stratify=spread, seed=seed)
    if len(pairs) < 2:
        raise InputError(f"cv: expected at least 2 folds, got {len(pairs)}, whose errors have no spread")
    if loss.name == "ordinal":
        refuse_missing_levels(Y[:, 0], np.ones(n), pairs)
    return pairs


def _mixtures(gammas: Any) -> np.ndarray:
    mix = np.atleast_1d(np.asarray(gammas, dtype=float))
    if mix.ndim != 1 or not len(mix) or not ((mix >= 0) & (mix <= 1)).all():
        raise InputError(f"gammas: expected numbers in [0, 1], got {gammas!r}")
    return mix


@dataclass(frozen=True)
class _Rows:
    """All rows, their folds, and how held-out rows are measured. Arrays of values have shape (k strengths, g mixtures,
    …)."""

    X: Any
    Y: np.ndarray
    weights: np.ndarray
    offset: np.ndarray | None
    pairs: Any
    loss: Family
    measure: str
    mix: np.ndarray | None
    grouped: bool
    keep: bool
    options: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int]:
        """Of linear predictors (n, m)."""
        return len(self.Y), 1 if self.loss.name == "cox" else self.Y.shape[1]

    @property
    def ordered(self) -> bool:
        return self.measure in LARGER_IS_BETTER

    @property
    def sizes(self) -> np.ndarray:
        """(K,) what the folds count: their held-out weight, that of events alone for the likelihood of cox."""
        events = self.loss.name == "cox" and not self.ordered
        counts = self.weights * self.Y[:, 2] if events else self.weights
        return np.array([counts[test].sum() for _, test in self.pairs])

    def score(self) -> Any:
        """From strengths to errors (k, g, K), and where asked for measures of rows (k, g, n) and predictors (k, g, n,
        m)."""
        common = {"sample_weight": self.weights, "offset": self.offset, "family": self.loss, **self.options}
        sizes = self.sizes
        if not sizes.all():
            raise InputError(
                f"cv: fold {np.argmin(sizes)} holds out no {'event' if self.loss.name == 'cox' else 'weight'}"
            )
        if self.loss.name == "gaussian" and self.measure in ("deviance", "mse") and self._plain:
            errors, _ = held_out(self.X, self.Y, self.pairs, **common)
            return lambda grid: (2 * errors(grid).T[:, None],)
        kept: dict[int, tuple[np.ndarray, Any, Any]] = {}
        finite = self.measure == "deviance"
        errors, _ = held_out(
            self.X, self.Y, self.pairs, judge=self._judge, finite=finite, seen=kept.__setitem__, **common
        )

        def score(grid: np.ndarray) -> tuple[np.ndarray, ...]:
            g, (n, m) = 1 if self.mix is None else len(self.mix), self.shape
            values = np.moveaxis(errors(grid), 0, 2)
            rows = np.full((len(grid), g, n), np.nan)
            held = np.full((len(grid), g, n, m) if self.keep else (len(grid), 0), np.nan)
            for test, losses, etas in kept.values():
                rows[:, :, test] = losses
                if self.keep:
                    held[:, :, test] = etas
            return values, rows, held

        return score

    @property
    def _plain(self) -> bool:
        return self.mix is None and self.grouped and not self.keep

    def _judge(self, k: int, path: LinearPath, test: np.ndarray) -> tuple[np.ndarray, Any]:
        """(k, g) of one fold; its rows, their measures (k, g, rows), NaN where single rows have none, and predictors."""
        train, present = self.pairs[k][0], np.isfinite(path.intercept[0])
        train = train[self.weights[train] > 0]
        whole = self.loss.name in ("cox", "ordinal")  # which look at training rows too
        some = np.arange(len(self.Y)) if whole else test
        etas = self._predictors(path, train, present, some)
        here = test if whole else slice(None)
        held = etas[:, :, here] if self.keep else None
        if self.loss.name == "cox" and not self.ordered:
            return np.array([self._likelihood(k, part[..., 0]) for part in etas.swapaxes(0, 1)]).T, (
                test,
                np.nan,
                held,
            )
        if self.ordered:
            cells = etas[:, :, here, 0].reshape(-1, len(test))
            found = np.array([order(self.loss, self.Y[test], eta, self.weights[test]) for eta in cells])
            if np.isnan(found).any():
                raise InputError(
                    f"cv: fold {k} holds out no two rows whose order is known, which {self.measure!r} needs; use fewer "
                    "folds"
                )
            return found.reshape(etas.shape[:2]), (test, np.nan, held)
        Y, own = self.Y[test], self.weights[test]
        Y, etas = (Y[:, present], etas[..., present]) if self.loss.coupled else (Y, etas)
        rows = np.empty((*etas.shape[:2], len(test)))
        for i, j in np.ndindex(*etas.shape[:2]):
            eta = etas[i, j]
            cuts = thresholds_of(self.loss, self.Y[train], eta[train], self.weights[train]) if whole else None
            rows[i, j] = of_rows(self.measure, self.loss, Y, eta[here], cuts)
        return rows @ (own / own.sum()), (test, rows, held)

    def _predictors(
        self, path: LinearPath, train: np.ndarray, present: np.ndarray, some: np.ndarray
    ) -> np.ndarray:
        """(k, g, rows, m) linear predictors of some rows."""
        offset = None if self.offset is None else self.offset[some]
        etas = path.predict(Sound(self.X[some]), offset)[:, None]
        if self.mix is None:
            return etas
        rows: dict[str, Any] = {"offset": None if self.offset is None else self.offset[train][:, present]}
        Y = self.Y[train][:, present] if self.loss.coupled else self.Y[train]
        chosen = replace(path, coef=path.coef[:, present], intercept=path.intercept[:, present])
        common = {"family": self.loss, **self.options, **rows}
        coef, intercept = free_fits(self.X[train], Y, chosen, self.weights[train], common)
        free = np.full(etas[:, 0].shape, -np.inf)
        shift = 0.0 if offset is None else offset[:, present]
        eta = times(self.X[some], coef.reshape(-1, coef.shape[-1]).T).reshape(len(some), *intercept.shape)
        free[..., present] = (eta + intercept).swapaxes(0, 1) + shift
        share = self.mix[:, None, None]
        mixed = np.full((len(free), len(self.mix), *free.shape[1:]), -np.inf)
        mixed[..., present] = share * etas[..., present] + (1 - share) * free[:, None][..., present]
        return mixed

    def _likelihood(self, k: int, etas: np.ndarray) -> np.ndarray:
        """(k,) what held-out rows add to the deviance of training rows, over the weight of their events."""
        train, test = self.pairs[k]
        totals = []
        for rows in (np.union1d(train, test), train):
            own = np.zeros_like(self.weights)
            own[rows] = self.weights[rows]
            totals.append(cox_deviance(self.loss, self.Y, etas, own))
        return (totals[0] - totals[1]) / self.sizes[k]

    def summary(self, values: Any) -> tuple[np.ndarray, np.ndarray]:
        """(k, g) means, which are to be small, and standard errors."""
        raw, share = values[0], self.sizes / self.sizes.sum()
        rows = not self.grouped and not self.ordered and self.loss.name != "cox"
        if rows:
            counted = np.isfinite(values[1]).all(axis=(0, 1))
            raw, share = values[1][:, :, counted], self.weights[counted] / self.weights[counted].sum()
        raw = -raw if self.ordered else raw
        mean = raw @ share
        spread = (raw - mean[..., None]) ** 2 @ share
        return mean, np.sqrt(spread / (raw.shape[-1] - 1))

    def result(self, grid: np.ndarray, values: Any, path: LinearPath) -> CvPath:
        mean, se = self.summary(values)
        mix = np.ones(1) if self.mix is None else self.mix
        best, simplest = _chosen(grid, mix, mean, se)
        sign = -1 if self.ordered else 1
        drop = (lambda a: a) if self.mix is not None else (lambda a: a[:, 0])
        held = drop(values[2]) if self.keep else None
        relaxed = None if self.mix is None else self._relaxed(path, mix, mean + self.ordered, se, simplest)
        times_held = np.bincount(np.concatenate([test for _, test in self.pairs]), minlength=len(self.Y))
        foldid = np.full(len(self.Y), -1)
        for k, (_, test) in enumerate(self.pairs):
            foldid[test] = k
        return CvPath(
            strengths=grid,
            gammas=self.mix,
            mean=drop(sign * mean),
            se=drop(se),
            fold_errors=np.moveaxis(drop(values[0]), -1, 0),
            measure=self.measure,
            nonzero=path.nonzero,
            min=best,
            one_se=simplest,
            foldid=foldid if times_held.max() <= 1 else None,
            held_out=None if held is None else np.moveaxis(held, -2, 0),
            path=path,
            relaxed=relaxed,
        )

    def _relaxed(
        self, path: LinearPath, mix: np.ndarray, mean: np.ndarray, se: np.ndarray, at: tuple[int, int]
    ) -> RelaxedPath:
        """The mixtures of the fits to all rows; `mean`: (k, g) errors, 1 less what is better when larger."""
        common = {"family": self.loss, "offset": self.offset, **self.options}
        coef, intercept = free_fits(self.X, self.Y, path, self.weights, common)
        share = mix[:, None]
        return RelaxedPath(
            path.strengths,
            mix,
            share[..., None] * path.coef[:, None] + (1 - share[..., None]) * coef[:, None],
            share * path.intercept[:, None] + (1 - share) * intercept[:, None],
            path.nonzero,
            mean,
            se,
            at,
            "1se",
            path,
            self.loss,
            path.feature_names,
        )


def _chosen(
    grid: np.ndarray, mix: np.ndarray, mean: np.ndarray, se: np.ndarray
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Places of the smallest mean, and of the strongest fit, then the one nearest to the penalised, within one
    standard error of it."""

    def simplest(within: np.ndarray) -> tuple[int, int]:
        i, j = np.nonzero(within)
        at = np.lexsort((mix[j], grid[i]))[-1]
        return int(i[at]), int(j[at])

    best = simplest(mean == np.nanmin(mean))
    return best, simplest(mean <= mean[best] + se[best])
