"""`cv_path` of rows beyond memory: squared error from the moments of the folds, any other loss by passes they share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, KFold

from normax.errors import InputError
from normax.linear_model.analysis.cv_result import CvPath
from normax.linear_model.cross_validation.moments import held_out_moments
from normax.linear_model.cross_validation.streamed import streamed_folds
from normax.linear_model.design.validation import check_strengths
from normax.linear_model.families import Family
from normax.linear_model.grid import grid_for, is_ridge
from normax.linear_model.path import LinearPath, follow_rows, streamed_path
from normax.linear_model.sources.folds import RowFolds
from normax.linear_model.sources.source import Source
from normax.linear_model.streams.squares import Squares, by_moments
from normax.selection import choose, folds, summarise, widened

__all__ = ["cv_rows"]


def cv_rows(
    source: Source,
    *,
    strengths: Any,
    measure: str,
    family: Family,
    cv: Any,
    foldid: Any,
    groups: Any,
    seed: int,
    other: dict[str, Any],
    **options: Any,
) -> CvPath:
    """The answer of `cv_path` for a source; `other` are its arguments that blocks do not take, by name, None where they
    are not given.

    Raises:
        InputError: for these, for other measures and families, and as of `cv_path`.
    """
    moments = by_moments(source, family)
    offset = None if moments else other.pop("offset")
    odd = [name for name, value in other.items() if value is not None]
    squared = family.name == "gaussian"
    odd += (
        [f"measure={measure!r}"] if measure not in (("deviance", "mse") if squared else ("deviance",)) else []
    )
    if odd:
        raise InputError(
            f"{', '.join(odd)}: a source of rows is judged by the deviance of its folds; leave that out, or take the "
            "CV estimators, or a sample of the rows in memory"
        )
    rows = _folds(source.shape[0], cv, foldid, groups, seed)
    if not moments:
        sparse_coef = options.pop("sparse_coef", False)
        found = streamed_folds(source, strengths, rows, family=family, offset=offset, **options)
        path = streamed_path(found, source, family, options.get("tol", 1e-6), sparse_coef)
        path, values = replace(path, options=options), 2 * (found.held - found.floors[:, None]).T
        return _judged(found.strengths, values, found.sizes, measure, rows, path)
    squares = Squares.of(source, folds=rows)
    errors, sizes = held_out_moments(squares, **options)

    def score(grid: np.ndarray) -> tuple[np.ndarray]:
        return (2 * errors(grid).T,)

    def mean(values: np.ndarray) -> np.ndarray:
        return summarise(values.T, sizes)[0]

    if np.ndim(strengths):
        grid = check_strengths(strengths)
        (values,) = score(grid)
    else:
        grid = grid_for(squares.problem(**options), strengths)
        grid, (values,) = widened(grid, score, mean, stronger=is_ridge(**options))
    path = replace(follow_rows(squares, grid, **options).path, family=family, options=options)
    return _judged(grid, values, sizes, measure, rows, path)


def _judged(
    grid: np.ndarray, values: np.ndarray, sizes: np.ndarray, measure: str, rows: RowFolds, path: LinearPath
) -> CvPath:
    """What errors (k, K) of folds that weigh `sizes` say."""
    means, se = summarise(values.T, sizes)
    places = (choose(grid, means, se, rule) for rule in ("min", "1se"))
    best, simplest = ((int(at), 0) for at in places)
    return CvPath(
        strengths=grid,
        gammas=None,
        mean=means,
        se=se,
        fold_errors=values.T,
        measure=measure,
        nonzero=path.nonzero,
        min=best,
        one_se=simplest,
        foldid=rows.labels,
        held_out=None,
        path=path,
    )


def _folds(n: int, cv: Any, foldid: Any, groups: Any, seed: int) -> RowFolds:
    if foldid is not None:
        known, labels = np.unique(np.asarray(foldid), return_inverse=True)
        if labels.shape != (n,) or len(known) < 2 or groups is not None:
            raise InputError(
                f"foldid: expected a label for each of the {n} rows, of two folds or more and without groups, got shape "
                f"{np.shape(foldid)}"
            )
        return RowFolds(len(known), n, labels.astype(np.int16))
    if isinstance(cv, (int, np.integer)) and not isinstance(cv, bool):
        if not 2 <= cv <= n:
            raise InputError(f"cv: expected from 2 to {n} folds, as many as rows, got {cv}")
        cv = (KFold if groups is None else GroupKFold)(int(cv), shuffle=True, random_state=seed)
    if hasattr(cv, "split"):
        return RowFolds.listed(cv.split(np.zeros((n, 1), np.int8), None, groups), n)
    return RowFolds.listed(folds(cv, n), n)
