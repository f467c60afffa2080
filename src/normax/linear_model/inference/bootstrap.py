"""`bootstrap`: the whole pipeline again on resampled rows, its strength chosen anew each time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from joblib import parallel_config
from sklearn.base import is_classifier

from normax.errors import InputError
from normax.linear_model.design.engine import side_by_side
from normax.linear_model.inference.coefficients import coefficients, sizes_and_names
from normax.linear_model.inference.resampled_folds import FoldsOfRows, draws
from normax.linear_model.inference.result import Inference, check_level, check_seed
from normax.selection import is_count

__all__ = ["bootstrap"]

COVERS = (
    "each interval holds the middle {:.4g} of the estimates of resampled rows, the choice of the strength included: how far "
    "the pipeline's own estimate would move on other rows; since shrinkage pulls all of them the same way, the true "
    "coefficient may lie outside (debiased_lasso covers that)"
)


def bootstrap(
    model: Any,
    X: Any,
    y: Any,
    *,
    repeats: int = 200,
    level: float = 0.95,
    seed: int = 0,
    statistic: Callable[[Any], Any] | None = None,
    groups: Any = None,
    n_jobs: int | None = None,
    **fit: Any,
) -> Inference:
    """Percentile intervals of a whole pipeline: n rows are drawn with replacement, and everything is done again on them,
    preprocessing and the choice of the strength included.

    In cross-validation all copies of a row stay in one fold: each row keeps the fold that the model's own `cv` gives it
    in the data, so that no fit is judged by rows it has seen.

    Args:
        model: an estimator, fitted or not, which is cloned: any of normax or scikit-learn, with a strength of its own
            or a choice by `cv` (`LassoCV`, `CoxRegressorCV`, `PenalisedRegressor`, `GridSearchCV`), alone or at the end
            of a `Pipeline`.
        X, y: as the model's `fit` takes them; arrays, sparse matrices or data frames.
        repeats: how many times; the default 200 does for standard errors and frequencies, 1000 for limits to 3 digits.
        level: of the intervals.
        seed: of the draws, each of which has a stream of its own, so that `n_jobs` changes nothing.
        statistic: from a fitted model to numbers (t,), instead of its coefficients: a prediction, a hyperparameter.
        groups: (n,) labels of rows that belong together, which are drawn together and share a fold.
        n_jobs: None (default) for a thread a processor, or the engine of `joblib.parallel_config`; a number for joblib,
            which takes processes where no engine is named.
        **fit: more for `fit`; what has an entry for each row, `sample_weight` say, is drawn with the rows.

    Returns:
        An `Inference`: the estimate of the fit to all rows, the standard deviation of the resampled ones, their
        percentiles, and the share of them that are not zero. Coefficients are in the units of X's columns where
        the steps before the model only scale them (`StandardScaler`), otherwise in those of the last step's.

    Raises:
        InputError: for arguments that cannot be used, cross-validation within cross-validation, and statistics whose
            length changes.

    Example:
        >>> from normax.linear_model import LassoCV
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(60, 5))
        >>> found = bootstrap(LassoCV(), X, X[:, 1] + rng.normal(size=60), repeats=20)
        >>> found.frequency[1], bool(found.lower[1] > 0)
        (np.float64(1.0), True)

    Source:
        Efron & Tibshirani, "An introduction to the bootstrap", 1993; for what it cannot do at the lasso's zeros:
        Chatterjee & Lahiri, "Bootstrapping lasso estimators", JASA 2011.
    """
    level, seed = check_level(level), check_seed(seed)
    if not (is_count(repeats) and repeats >= 2):
        raise InputError(f"repeats: expected a whole number >= 2, got {repeats!r}")
    if not (n_jobs is None or n_jobs == -1 or is_count(n_jobs)):
        raise InputError(f"n_jobs: expected None, -1 or a whole number >= 1, got {n_jobs!r}")
    n = int(X.shape[0] if hasattr(X, "shape") else len(X))
    if n < 2 or len(y) != n:
        raise InputError(f"y: expected one entry for each of the {n} rows of X, at least 2, got {len(y)}")
    plan = FoldsOfRows.of(model, X, y, n, groups)
    labels = np.asarray(y) if is_classifier(model) else plan.events(y)
    rows, again = draws(n, int(repeats), seed, groups, labels)
    read = statistic or coefficients
    whole = plan.model_for(np.arange(n)).fit(X, y, **fit)
    estimate, names = sizes_and_names(read(whole), whole, X, statistic is None)

    def one(k: int) -> np.ndarray:
        own = {name: _drawn(value, rows[k]) if _per_row(value, n) else value for name, value in fit.items()}
        try:
            fitted = plan.model_for(rows[k]).fit(_drawn(X, rows[k]), _drawn(y, rows[k]), **own)
        except ValueError as error:
            raise InputError(
                f"bootstrap: the fit to resampled rows {k} of {repeats} failed: {error}"
            ) from error
        return np.asarray(read(fitted), dtype=float).ravel()

    with nullcontext() if n_jobs is None else parallel_config(n_jobs=n_jobs):
        found = side_by_side(one, int(repeats), what="resample")
    other = next((len(v) for v in found if len(v) != len(estimate)), None)
    if other is not None:
        raise InputError(
            f"model: expected as many coefficients in every fit, got {len(estimate)} and {other}; the steps before "
            "choose columns: give statistic=, a function of the fitted pipeline"
        )
    values = np.array(found)
    lower, upper = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    nan = np.full(len(estimate), np.nan)
    facts = {
        "resamples": f"{repeats} of {n} rows"
        + (f", {again} drawn again for want of a class or an event" * (again > 0))
    }
    facts |= plan.told
    return Inference(
        "bootstrap",
        COVERS.format(level),
        level,
        names,
        estimate,
        lower,
        upper,
        values.std(axis=0, ddof=1),
        nan,
        np.mean(values != 0, axis=0),
        facts,
    )


def _per_row(value: Any, n: int) -> bool:
    return not isinstance(value, str) and hasattr(value, "__len__") and len(value) == n


def _drawn(values: Any, rows: np.ndarray) -> Any:
    """Some rows of an array, a sparse matrix, a list or a data frame."""
    from sklearn.utils import _safe_indexing

    return _safe_indexing(values, rows)
