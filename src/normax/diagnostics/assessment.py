"""A path, judged on rows: every measure of its family, who was called what, and ROC curves, strength by strength."""

from __future__ import annotations

from typing import Any

import numpy as np

from normax.diagnostics.classification import Roc, roc
from normax.errors import InputError
from normax.linear_model.analysis.cv_result import CvPath
from normax.linear_model.analysis.measures import (
    LARGER_IS_BETTER,
    cox_deviance,
    measures_of,
    of_rows,
    order,
    thresholds_of,
)
from normax.linear_model.design.validation import plain_weights
from normax.linear_model.families import Family
from normax.linear_model.families.cox import survival_columns
from normax.linear_model.families.ordinal import level_probabilities
from normax.linear_model.path import LinearPath, as_kind
from normax.rows import PrintedTable

__all__ = ["assess", "confusion", "path_roc"]


def assess(
    path: LinearPath | CvPath, X: Any, y: Any, *, s: Any = None, sample_weight: Any = None, offset: Any = None
) -> PrintedTable:
    """Every measure that the family of a path has, on some rows, at every strength: glmnet's `assess.glmnet`.

    Args:
        path: of `fit_path`, an estimator's `path_`, whose responses are numbers of classes, or of `cv_path`; of the latter, X may be None for the rows that each fold held out, if they
            were kept (`keep=True`), at the penalised fits where there are mixtures.
        X, y: (n, p) rows and their response. s: strengths, and "min" or "1se" of a `CvPath`; None (default) for all.
        sample_weight: (n,) weights >= 0; offset: of the linear predictors.

    Returns:
        One row a strength: means over the rows, as `cv_path` defines the measures; for cox the deviance per event, and
        for ordinal by the thresholds that are best for these rows.

    Raises:
        InputError: for a path that does not know its family, and held-out rows that were not kept.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
        >>> assess(fit_path(X, y, family="binomial", strengths=[0.1]), X, y)
        strength  deviance      mse     mae  class  auc  C
             0.1    0.3542  0.07237  0.3102      0    1  1

    Source:
        `assess.glmnet` of glmnet, "An introduction to glmnet", section on assessing models.
    """
    strengths, etas, loss = _predictors(path, X, s, offset)
    n = etas.shape[1]
    Y = survival_columns(y, n) if loss.name == "cox" else loss.response(y, n)
    weights = plain_weights(sample_weight, n) * np.isfinite(etas).all(axis=(0, 2))
    names = measures_of(loss, etas.shape[2])
    return PrintedTable(
        {"strength": float(s)} | {name: _measure(name, loss, Y, eta, weights) for name in names}
        for s, eta in zip(strengths, etas)
    )


def confusion(
    path: LinearPath | CvPath, X: Any, y: Any, *, s: Any = None, offset: Any = None
) -> PrintedTable:
    """How many rows of each class were called what, at one strength: glmnet's `confusion.glmnet`. Levels are called by
    the thresholds that are best for these rows, which a path does not keep.

    Args:
        path, X, y, s, offset: as of `assess`; s is one strength, by default a `CvPath`'s "1se".

    Returns:
        One row a called class, one column a true one.

    Raises:
        InputError: for a family without classes, more than one strength, and as `assess`.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1])
        >>> confusion(fit_path(X, y, family="binomial", strengths=[0.1]), X, y)
        predicted  true 0  true 1
                0       1       1
                1       1       1
    """
    s = "1se" if s is None and isinstance(path, CvPath) else s
    strengths, etas, loss = _predictors(path, X, s, offset)
    if len(strengths) != 1:
        raise InputError(f"s: expected one strength, got {len(strengths)}; write s={strengths[-1]:.4g}, say")
    there, Y = np.isfinite(etas[0]).any(axis=1), loss.response(y, etas.shape[1])
    truth = np.argmax(Y, axis=1) if loss.coupled else Y[:, 0].astype(int)
    cuts = thresholds_of(loss, Y[there], etas[0][there], np.ones(int(there.sum())))
    if cuts is None:
        called = as_kind(etas[0], loss, "class")
    else:
        called = level_probabilities(etas[0][:, 0], cuts).argmax(axis=1)
    classes = range(Y.shape[1] if loss.coupled else 2 if cuts is None else len(cuts) + 1)
    return PrintedTable(
        {"predicted": c} | {f"true {t}": int(((called == c) & (truth == t))[there].sum()) for t in classes}
        for c in classes
    )


def path_roc(path: LinearPath | CvPath, X: Any, y: Any, *, s: Any = None, offset: Any = None) -> list[Roc]:
    """The ROC curve at every strength of a path of two classes: glmnet's `roc.glmnet`.

    Args:
        path, X, y, s, offset: as of `assess`.

    Returns:
        One `Roc` a strength, each drawn by `nx.plot.roc`.

    Raises:
        InputError: for other families, and as `assess`.

    Example:
        >>> from normax.linear_model import fit_path
        >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1])
        >>> path_roc(fit_path(X, y, family="binomial", strengths=[0.1, 0.05]), X, y)
        [Roc(5 thresholds, auc=0.75), Roc(5 thresholds, auc=0.75)]
    """
    _, etas, loss = _predictors(path, X, s, offset)
    if "auc" not in measures_of(loss, etas.shape[2]):
        raise InputError(f"family: expected binomial with one output, got {loss.name} with {etas.shape[2]}")
    there, y = np.isfinite(etas).all(axis=(0, 2)), np.asarray(y)
    return [roc(y[there], eta[there, 0]) for eta in etas]


def _predictors(
    path: LinearPath | CvPath, X: Any, s: Any, offset: Any
) -> tuple[np.ndarray, np.ndarray, Family]:
    """(k,) strengths, (k, n, m) linear predictors at them, and the family."""
    fits = path.path if isinstance(path, CvPath) else path
    loss = fits.family
    if loss is None:
        raise InputError(
            "path: expected one that knows its family, as those of fit_path, cv_path and estimators do"
        )
    if X is None:
        strengths, etas = _held_out(path, s)
        return strengths, etas, loss
    if s is not None:
        fits = path.at(s)
    return fits.strengths, fits.predict(X, offset), loss


def _held_out(path: LinearPath | CvPath, s: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(path, CvPath) or path.held_out is None:
        raise InputError(
            "X: expected a table, since this path kept no held-out rows; cv_path(keep=True) keeps them"
        )
    etas, strengths = np.moveaxis(path.held_out, 0, -2), path.strengths
    if path.gammas is not None:
        j = path.gammas.tolist().index(1.0) if 1.0 in path.gammas else -1
        if isinstance(s, str):
            j = (path.min if s == "min" else path.one_se)[1]
        if j < 0:
            raise InputError(
                "gamma: the penalised fit, 1, is not among the mixtures; give s='min' or s='1se'"
            )
        etas = etas[:, j]
    if s is not None:
        wanted = path.at(s, gamma=1.0).strengths
        at = [np.flatnonzero(strengths == one) for one in wanted]
        if not all(len(i) for i in at):
            raise InputError(
                "s: held-out rows have predictions at the strengths of the path alone, path.strengths"
            )
        etas, strengths = etas[np.concatenate(at)], wanted
    return strengths, etas


def _measure(name: str, loss: Family, Y: np.ndarray, eta: np.ndarray, weights: np.ndarray) -> float:
    some = weights > 0
    Y, eta, weights = Y[some], eta[some], weights[some]
    if name in LARGER_IS_BETTER:
        return order(loss, Y, eta[:, 0], weights)
    if loss.name == "cox":
        return float(cox_deviance(loss, Y, eta[None, :, 0], weights)[0] / (weights @ Y[:, 2]))
    cuts = thresholds_of(loss, Y, eta, weights)
    return float(np.average(of_rows(name, loss, Y, eta, cuts), weights=weights))
